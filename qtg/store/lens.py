"""DuckDB over a run: a view per table in readable units, and the stored integers in `raw`."""

import re
import threading
from typing import TYPE_CHECKING

from qtg.errors import StorageError

from .source import Source
from .units import select_list

if TYPE_CHECKING:
    import duckdb
    import polars as pl


class Lens:
    """Answers SQL over the tables of a run. Safe to use from several threads."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def query(self, sql: str) -> "pl.DataFrame":
        """The answer as a frame; whole-number sums are Int64 where they fit.

        Raises
        ------
        StorageError    DuckDB cannot answer; says why
        """
        import duckdb

        if not sql.strip():
            raise StorageError("the query is empty; write one, such as 'select * from trades'")
        for name in self._source.names():
            if re.search(rf"\b{name}\b", sql, re.IGNORECASE):
                self._source.check(name)
        with self._lock:
            if self._connection is None:
                self._connection = _connect(self._source)
            try:
                return _frame(self._connection.sql(sql))
            except duckdb.Error as error:
                raise StorageError(f"the query failed: {_sentence(error)}") from None


def _connect(source: Source) -> "duckdb.DuckDBPyConnection":
    import duckdb

    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA raw")
    for name in source.names():
        relation = source.relation(connection, name)
        connection.execute(f'CREATE VIEW raw."{name}" AS SELECT * FROM {relation}')
        shown = ", ".join((*source.keys, select_list(name)))
        connection.execute(f'CREATE VIEW "{name}" AS SELECT {shown} FROM raw."{name}"')
    for name, frame in source.beside.items():
        connection.register(name, frame)
    return connection


def _frame(relation: "duckdb.DuckDBPyRelation | None") -> "pl.DataFrame":
    import polars as pl

    if relation is None:
        return pl.DataFrame()
    frame: pl.DataFrame = relation.pl()
    for name, kind in zip(frame.columns, relation.types, strict=True):
        if str(kind) == "HUGEINT":  # what DuckDB makes of a sum of integers
            narrow = frame[name].cast(pl.Int64, strict=False)
            if narrow.null_count() == frame[name].null_count():
                frame = frame.with_columns(narrow)
    return frame


def _sentence(error: Exception) -> str:
    """DuckDB's message without the picture of the query."""
    return " ".join(str(error).split("\n\nLINE ")[0].split())
