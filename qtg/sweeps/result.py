"""What a sweep left behind: its table, and the tables of its runs."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StorageError
from ..result import Result, open_run
from ..store.lens import Lens
from ..store.units import readable
from .all_runs import AllRuns
from .folder import SUMMARY, Places, read_stored
from .grid import paths_of
from .plan import Job
from .row import COMPLETE, FAILED, Row
from .table import by_point, table_of

if TYPE_CHECKING:
    import polars as pl


class Sweep:
    """A sweep that ended, or as far as it came.

    Attributes
    ----------
    name : str             of the configuration
    path : Path or None    the sweep's folder; None if it kept no runs
    paths : list of str    settings that differ between runs
    """

    def __init__(
        self, name: str, jobs: tuple[Job, ...], rows: dict[int, Row], path: Path | None
    ) -> None:
        self.name, self.path = name, path
        self.paths = paths_of(job.changes for job in jobs)
        self._jobs, self._rows = jobs, rows

    @cached_property
    def runs(self) -> "pl.DataFrame":
        """One row per run: see `qtg.sweeps.table.table_of`."""
        return table_of(self._jobs, self._rows, self.paths)

    @property
    def failures(self) -> "pl.DataFrame":
        """Runs that failed: run_id, settings, seed, error."""
        import polars as pl

        failed = self.runs.filter(pl.col("status") == FAILED)
        return failed.select("run_id", *self.paths, "seed", "error")

    @cached_property
    def points(self) -> "pl.DataFrame":
        """One row per point of the grid, over its seeds: settings, number of runs and of complete
        ones, then mean and standard error (`_se`; null for a single run) of every number."""
        return by_point(self.runs, self.paths)

    def counts(self) -> dict[str, int]:
        """Runs by status."""
        told = [row.status for row in self._rows.values()]
        complete, failed = told.count(COMPLETE), told.count(FAILED)
        waiting = len(self._jobs) - complete - failed
        return {"complete": complete, "failed": failed, "waiting": waiting}

    def run(self, run_id: int) -> Result:
        """One finished run.

        Raises
        ------
        StorageError    it is not finished, or the sweep kept no runs
        """
        row = self._rows.get(run_id)
        if row is None or row.status != COMPLETE:
            raise StorageError(f"run {run_id} is not finished; the table `runs` says which are")
        return open_run(self._places().run(run_id))

    def scan(self, name: str, raw: bool = False) -> "pl.LazyFrame":
        """A table of all finished runs as a lazy frame with `run_id`; else as `Result.scan`.

        Raises
        ------
        StorageError    no such table, no run stored it, or the sweep kept no runs
        """
        source = self._all_runs
        return readable(source.scan(name), name, source.info, raw)

    def sql(self, query: str) -> "pl.DataFrame":
        """Ask DuckDB: every table has all finished runs and a column `run_id`; `runs` is the
        sweep's own table, whose columns with dots are written in double quotes.

        Raises
        ------
        StorageError    the query cannot be answered, or the sweep kept no runs
        """
        return self._lens.query(query)

    def save_summary(self) -> None:
        """Write the table to summary.parquet, if the sweep has a folder."""
        if self.path is not None:
            self.runs.write_parquet(self.path / SUMMARY)

    @cached_property
    def _all_runs(self) -> AllRuns:
        complete = [n for n, row in sorted(self._rows.items()) if row.status == COMPLETE]
        return AllRuns(self._places().path, complete, self.runs)

    @cached_property
    def _lens(self) -> Lens:
        return Lens(self._all_runs)

    def _places(self) -> Places:
        if self.path is None:
            raise StorageError("this sweep kept no runs; give it a folder (out=...)")
        return Places(self.path)

    def __repr__(self) -> str:
        told = ", ".join(f"{n} {status}" for status, n in self.counts().items() if n)
        return f"<qtg sweep {self.path or 'in memory'}: {told or 'no runs'}>"


def open_sweep(path: str | Path) -> Sweep:
    """Open the folder of a sweep, also of one that was stopped or is still going on.

    Raises
    ------
    StorageError    not the folder of a sweep, or a damaged one
    """
    place = Path(path)
    stored = read_stored(place)
    return Sweep(stored.name, stored.jobs, Places(place).rows(stored.jobs), place)
