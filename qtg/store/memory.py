"""The sink of a run that is kept in memory."""

from typing import Any

from .buffer import Chunk
from .run_info import RunInfo, new_run
from .sink import NAMES, ROW_GROUP, Sink


class MemorySink(Sink):
    """Keeps the tables of a run as chunks of columns.

    Parameters are those of `RunWriter`, without a place.

    Examples
    --------
    >>> from qtg.schemas import Instruments
    >>> sink = MemorySink(config={}, seed=7, fingerprint="", symbols=["AAPL"])
    >>> columns, at = sink.table(Instruments).reserve(1)
    >>> for column in columns:
    ...     column[at] = 0
    >>> sink.table(Instruments).commit(1)
    >>> sink.close(trace_hash="00", ticks=0)
    >>> len(sink.chunks["instruments"])
    1
    """

    def __init__(
        self,
        *,
        config: dict[str, Any],
        seed: int,
        fingerprint: str,
        symbols: list[str],
        kinds: list[str] | None = None,
        row_group: int = ROW_GROUP,
    ) -> None:
        info: RunInfo = new_run(config, seed, fingerprint, symbols, kinds or [])
        super().__init__(info, row_group, float("inf"))
        self.chunks: dict[str, list[Any]] = {}

    def take(self, chunk: Chunk) -> None:
        """Keep a copy; the columns go straight back."""
        if chunk.rows:
            kept = (column.copy() for column in chunk.filled)
            self.chunks[NAMES[chunk.home.table]].append(chunk.home.table(*kept))
            chunk.home.give_back(chunk.columns)

    def _announce(self, name: str) -> None:
        self.chunks[name] = []
        self.info.tables.append(name)

    def _end(
        self, status: str, reason: str | None, trace_hash: str | None, ticks: int | None
    ) -> None:
        self._open = False
        self.info.end(status, reason, trace_hash, ticks)
