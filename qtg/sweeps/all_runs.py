"""The tables of all finished runs of a sweep as one, with `run_id`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StorageError
from ..store.run_info import RunInfo, read_run
from ..store.source import Source, literal
from .folder import Places

if TYPE_CHECKING:
    import duckdb
    import polars as pl

KEY = "run_id"


class AllRuns(Source):
    """Reads the parts that the runs' manifests name; `run_id` comes from the folders' names.

    Parameters
    ----------
    path : path                of the sweep
    run_ids : of int           finished runs
    table : polars.DataFrame   the sweep's own table, which SQL calls `runs`
    """

    keys = (KEY,)

    def __init__(self, path: Path, run_ids: Sequence[int], table: "pl.DataFrame") -> None:
        self.path = path
        self.beside = {"runs": table}
        self._infos = {Places(path).run(each): read_run(Places(path).run(each)) for each in run_ids}
        self.info = _joined(path, list(self._infos.values()))

    def rows(self, name: str) -> int:
        """Number of rows in all runs."""
        parts = (part for info in self._infos.values() for part in info.manifest)
        return sum(part.rows for part in parts if part.table == name)

    def chunks(self, name: str) -> Iterator[Any]:
        """Not for all runs at once: numbers of symbols and kinds differ between them."""
        raise StorageError(f"read the {name} of one run at a time: sweep.run(run_id).chunks(...)")

    def scan(self, name: str) -> "pl.LazyFrame":
        """The table as a lazy frame; names are Categorical."""
        import polars as pl

        self.need(name)
        return pl.scan_parquet(
            self._files(name), glob=False, hive_partitioning=True, hive_schema={KEY: pl.Int64}
        ).select(KEY, pl.exclude(KEY))

    def relation(self, connection: "duckdb.DuckDBPyConnection", name: str) -> str:
        """What a SQL FROM clause needs to say to read the table."""
        files = ", ".join(literal(file) for file in self._files(name))
        return f"read_parquet([{files}], hive_partitioning=true, hive_types={{'{KEY}': BIGINT}})"

    def _files(self, name: str) -> list[str]:
        return [
            str(place / part.path)
            for place, info in self._infos.items()
            for part in info.manifest
            if part.table == name
        ]


def _joined(path: Path, infos: list[RunInfo]) -> RunInfo:
    """What all runs are together: tables, symbols and kinds that any of them has."""
    if not infos:
        raise StorageError(f"no run of {path} is finished; there is nothing to read")
    stored = {part.table for info in infos for part in info.manifest}
    return replace(
        infos[0],
        tables=sorted(stored),
        symbols=list(dict.fromkeys(name for info in infos for name in info.symbols)),
        kinds=list(dict.fromkeys(name for info in infos for name in info.kinds)),
    )
