"""The folder of a sweep.

    sweep.json                   what the sweep is: configuration, code, runs
    runs/run_id=17/              a finished run: an ordinary run directory, and row.json
    unfinished/run_id=18/        a run that failed (with a row.json), or was stopped half way
    summary.parquet              the table, when the sweep ended

A run is made in `unfinished` and moved to `runs` in one step when it is over and measured, so that
whatever reads `runs` never sees half of one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import StorageError, SweepError
from ..store.files import read_described, write_atomically
from .plan import Job
from .row import FAILED, Row, read_row

FILE_NAME, SUMMARY = "sweep.json", "summary.parquet"
RUNS, UNFINISHED = "runs", "unfinished"
FORMAT, FORMAT_VERSION = "qtg-sweep", 1


@dataclass(frozen=True)
class Places:
    """Where the runs of a sweep are."""

    path: Path

    def run(self, run_id: int) -> Path:
        """Of a finished run."""
        return self.path / RUNS / f"run_id={run_id}"

    def unfinished(self, run_id: int) -> Path:
        """Of a run that is not."""
        return self.path / UNFINISHED / f"run_id={run_id}"

    def mark(self) -> str:
        """A hash of sweep.json; empty where the folder cannot be seen, or not be written to."""
        try:
            text = (self.path / FILE_NAME).read_bytes()
        except OSError:
            return ""
        writable = os.access(self.path / UNFINISHED, os.W_OK)
        return hashlib.sha256(text).hexdigest() if writable else ""

    def begin(self, run_id: int) -> Path:
        """A place where a run can be made; what was left of it is removed.

        Raises
        ------
        SweepError    the folder of the sweep is not there
        """
        if not (self.path / FILE_NAME).is_file():
            raise SweepError(
                f"the folder {self.path} cannot be seen by this worker; a sweep on several "
                "machines needs a folder that all of them share"
            )
        place = self.unfinished(run_id)
        shutil.rmtree(place, ignore_errors=True)
        return place

    def finish(self, row: Row) -> None:
        """Move a run that is over to the others."""
        made, final = self.unfinished(row.run_id), self.run(row.run_id)
        row.save(made)
        final.parent.mkdir(exist_ok=True)
        os.replace(made, final)

    def keep_failure(self, row: Row) -> None:
        """Write down why a run failed, beside what there is of it."""
        place = self.unfinished(row.run_id)
        place.mkdir(parents=True, exist_ok=True)
        row.save(place)

    def _failure(self, run_id: int) -> Row | None:
        """The row of a run that failed; one that was stopped just before its move has not."""
        row = read_row(self.unfinished(run_id))
        return row if row is not None and row.status == FAILED else None

    def any_begun(self) -> bool:
        """Whether any run has begun."""
        return any(any((self.path / name).glob("run_id=*")) for name in (RUNS, UNFINISHED))

    def rows(self, jobs: Iterable[Job]) -> dict[int, Row]:
        """The rows of the runs that are over, by number.

        Raises
        ------
        StorageError    a row is damaged, or of something else than this sweep
        """
        found = {}
        for job in jobs:
            place = self.run(job.run_id)
            row = read_row(place) or self._failure(job.run_id)
            if row is None:
                continue
            if (row.run_id, row.fingerprint) != (job.run_id, job.fingerprint):
                raise StorageError(
                    f"{place} is no run of this sweep; remove it, and the run is made again"
                )
            found[job.run_id] = row
        return found


@dataclass(frozen=True)
class Stored:
    """What sweep.json says."""

    name: str
    created: str
    config: dict[str, Any]
    code: dict[str, str]
    runs: list[dict[str, Any]]
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All runs of the sweep."""
        return tuple(Job(**each) for each in self.runs)

    def save(self, path: Path) -> None:
        """Write it."""
        write_atomically(path / FILE_NAME, json.dumps(asdict(self), indent=1))


def read_stored(path: Path) -> Stored:
    """Read sweep.json.

    Raises
    ------
    StorageError    not a sweep, not readable, or of another version of qtg
    """
    file = path / FILE_NAME
    told = read_described(path, FILE_NAME, FORMAT, "the folder of a sweep")
    if told.get("format_version") != FORMAT_VERSION:
        raise StorageError(
            f"{file} has format_version {told.get('format_version')}, this qtg reads "
            f"{FORMAT_VERSION}; open it with the qtg that wrote it"
        )
    try:
        stored = Stored(**told)
        assert stored.jobs is not None
    except TypeError as error:
        raise StorageError(f"{file} is incomplete: {error}; restore it from a copy") from None
    return stored
