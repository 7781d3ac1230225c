"""What a run of a sweep leaves: one row of the sweep's table."""

import json
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..store.files import reason_of, write_atomically

FILE_NAME = "row.json"
COMPLETE, FAILED, WAITING = "complete", "failed", "waiting"

# Figures of every run, in the order of the table. Those that tell the time differ from run to run.
FIGURES = ("orders", "trades", "active_share", "violations", "benched")
SPEEDS = ("tick_ms_p50", "tick_ms_p99", "orders_per_s", "fills_per_s")
TIMES = ("seconds", "worker", "memory_mb", *SPEEDS)
RESERVED = frozenset(
    ("run_id", "seed", "status", "error", "trace_hash", "fingerprint", *FIGURES, *TIMES)
)


@dataclass(frozen=True)
class Row:
    """How one run went."""

    run_id: int
    fingerprint: str  # of its configuration
    status: str  # complete or failed
    error: str | None = None
    trace_hash: str | None = None
    seconds: float | None = None  # that the run took, without measuring
    worker: str | None = None  # who made it
    memory_mb: float | None = None  # the most that its process has held so far
    figures: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write it into the run's folder."""
        write_atomically(folder / FILE_NAME, json.dumps(asdict(self)))


RowStream = Generator[Row, None, None]  # rows as they come; closed early, it ends its workers


def read_row(folder: Path) -> Row | None:
    """The row in a run's folder; None if there is none.

    Raises
    ------
    StorageError    it cannot be read, or is damaged
    """
    file = folder / FILE_NAME
    try:
        return Row(**json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"{file} cannot be read: {reason_of(error)}; remove {folder}, and resume the sweep"
        ) from None
