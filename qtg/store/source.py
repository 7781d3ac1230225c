"""The reading side of a run: its tables as they are stored, from files or from memory."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from qtg.errors import StorageError, StorageWarning
from qtg.schemas import STORED
from qtg.schemas.arrow import arrow_schema, table_to_arrow

from .memory import MemorySink
from .run_info import Part, RunInfo, read_run

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa


# Setting that makes a run store a table, where a run may leave it out.
SETTINGS = {
    "candles": 'storage.candles = ["1m"]',
    "quotes": "storage.quotes = true",
    "orders": "storage.orders = true",
    "agents": "storage.agents_every = 100",
    "positions": "storage.agents_every = 100",
    "equity": "storage.equity_every = 10",
    "news": "news.enabled = true",
    "depth": "storage.depth_every = 10",
    "halts": "halts.band_bps = 500",
    "openings": 'kind = "guest" for a population',
    "borrows": "short_selling = true for a population",
}


class Source(ABC):
    """Where the tables of a run come from. Numbers are the stored integers."""

    info: RunInfo
    path: Path | None = None
    keys: tuple[str, ...] = ()  # columns that tables have before their own
    beside: "Mapping[str, pl.DataFrame]" = {}  # other frames that SQL may name

    def names(self) -> list[str]:
        """The tables that this run has, in the order of the data dictionary."""
        return [name for name in STORED if name in self.info.tables]

    def need(self, name: str) -> None:
        """Raise a StorageError unless the run has this table."""
        if name not in STORED:
            raise StorageError(f"no table is called {name!r}; there are {', '.join(STORED)}")
        if name not in self.info.tables:
            setting = SETTINGS.get(name)
            hint = f"; set {setting} and run again" if setting else ""
            raise StorageError(f"this run did not store {name}{hint}")

    def check(self, name: str) -> None:
        """Raise a StorageError if what is stored of a table is damaged."""
        self.need(name)

    @abstractmethod
    def rows(self, name: str) -> int:
        """Number of rows."""

    @abstractmethod
    def chunks(self, name: str) -> Iterator[Any]:
        """The table in pieces of NumPy columns, in order, so that it need not fit in memory."""

    @abstractmethod
    def scan(self, name: str) -> "pl.LazyFrame":
        """The table as a lazy frame; names are Categorical."""

    @abstractmethod
    def relation(self, connection: "duckdb.DuckDBPyConnection", name: str) -> str:
        """What a SQL FROM clause needs to say to read the table."""


class RunFiles(Source):
    """The committed parts of a run directory."""

    def __init__(self, path: Path, info: RunInfo) -> None:
        self.path = path
        self.info = info
        self._checked: set[Part] = set()

    def check(self, name: str) -> None:
        """Raise a StorageError if a part of the table is damaged; each is read once for that."""
        from .parts import check_contents

        assert self.path is not None
        for part in self._parts(name):
            if part not in self._checked:
                check_contents(self.path, part)
                self._checked.add(part)

    def rows(self, name: str) -> int:
        """Number of rows."""
        return sum(part.rows for part in self._parts(name))

    def chunks(self, name: str) -> Iterator[Any]:
        """The table in pieces of NumPy columns, in order, so that it need not fit in memory."""
        from .parts import read_part

        self.check(name)
        for file in self._files(name):
            yield from read_part(file, STORED[name], self.info)

    def scan(self, name: str) -> "pl.LazyFrame":
        """The table as a lazy frame; names are Categorical."""
        import polars as pl

        self.check(name)
        files = self._files(name)
        if not files:
            return pl.LazyFrame(_empty(name))
        return pl.scan_parquet(files, glob=False)

    def relation(self, connection: "duckdb.DuckDBPyConnection", name: str) -> str:
        """What a SQL FROM clause needs to say to read the table."""
        files = self._files(name)
        if not files:
            return _registered(connection, name, _empty(name))
        return f"read_parquet([{', '.join(literal(file) for file in files)}])"

    def _files(self, name: str) -> list[str]:
        assert self.path is not None
        return [str(self.path / part.path) for part in self._parts(name)]

    def _parts(self, name: str) -> list[Part]:
        return [part for part in self.info.manifest if part.table == name]


class Memory(Source):
    """The chunks of a run that was kept in memory."""

    def __init__(self, sink: MemorySink) -> None:
        self.info = sink.info
        self._sink = sink
        self._tables: dict[str, Any] = {}

    def rows(self, name: str) -> int:
        """Number of rows."""
        return sum(len(chunk[0]) for chunk in self.chunks(name))

    def chunks(self, name: str) -> Iterator[Any]:
        """The table in pieces of NumPy columns, as they were handed over."""
        return iter(self._sink.chunks.get(name, []))

    def scan(self, name: str) -> "pl.LazyFrame":
        """The table as a lazy frame; names are Categorical."""
        import polars as pl

        frame = pl.from_arrow(self._arrow(name))
        assert isinstance(frame, pl.DataFrame)
        return frame.lazy()

    def relation(self, connection: "duckdb.DuckDBPyConnection", name: str) -> str:
        """What a SQL FROM clause needs to say to read the table."""
        return _registered(connection, name, self._arrow(name))

    def _arrow(self, name: str) -> "pa.Table":
        import pyarrow as pa

        if name not in self._tables:
            info = self.info
            pieces = [table_to_arrow(c, info.symbols, info.kinds) for c in self.chunks(name)]
            self._tables[name] = pa.concat_tables([_empty(name), *pieces])
        return self._tables[name]


def open_files(path: Path, skip_damaged: bool) -> RunFiles:
    """The committed parts of a run directory, each checked.

    Raises
    ------
    StorageError    not a run directory, another version, or a part that is missing, truncated or
                    foreign (unless `skip_damaged`, which leaves those out with a
                    StorageWarning, and damaged ones too)
    """
    from .parts import check_contents, check_part

    info = read_run(path)
    whole, damaged = [], []
    for part in info.manifest:
        try:
            check_part(path, part, info)
            if skip_damaged:
                check_contents(path, part)
        except StorageError:
            if not skip_damaged:
                raise
            damaged.append(part.path)
        else:
            whole.append(part)
    if damaged:
        warn(f"{path}: left out as damaged: {', '.join(damaged)}", StorageWarning, stacklevel=3)
    info.manifest = whole
    return RunFiles(path, info)


@cache
def _empty(name: str) -> "pa.Table":
    return arrow_schema(STORED[name]).empty_table()


def _registered(connection: "duckdb.DuckDBPyConnection", name: str, table: "pa.Table") -> str:
    connection.register(f"memory_{name}", table)
    return f"memory_{name}"


def literal(path: str) -> str:
    """A path as SQL text, for a function that would take * ? [ as a pattern."""
    return "'" + re.sub(r"([*?\[])", r"[\1]", path).replace("'", "''") + "'"
