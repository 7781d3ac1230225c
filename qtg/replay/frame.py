"""Reading a recording: any frame or Parquet file to checked columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from qtg.errors import ConfigError, OrderError, StorageError
from qtg.kernels.validation import MAX_PRICE, MAX_QTY
from qtg.money import to_currency, to_units

ACTIONS = ("A", "C", "M", "T", "F", "R", "N")
SIDES = {"B": 1, "A": -1, "N": 0}
CHUNK = 1 << 18

_INTEGERS = ("ts_event", "price", "size", "order_id")
_REQUIRED = ("ts_event", "action", "side", "price", "size", "order_id")


class Message(NamedTuple):
    """One row of a recording."""

    ts: int
    action: str
    side: int  # 1 bid, -1 ask, 0 none
    price: int
    size: int
    order_id: int
    snapshot: bool


class Recording(NamedTuple):
    """Checked columns of a recording and the tick its prices lie on [1e-4]."""

    columns: pl.DataFrame
    tick: int

    def chunks(self) -> Iterator[tuple[int, list[Message]]]:
        """Messages in pieces that never split what happened at one instant: (first row, rows)."""
        ts, n = self.columns["ts_event"].to_numpy(), len(self.columns)
        fills = (self.columns["action"] == "F").to_numpy()
        start = 0
        while start < n:
            end = min(start + CHUNK, n)
            while end < n and (ts[end] == ts[end - 1] or fills[end]):
                end += 1
            rows = self.columns.slice(start, end - start).iter_rows()
            yield start, [Message(*row) for row in rows]
            start = end


def read_recording(frame: Any, tick_size: str | float | None) -> Recording:
    """Check a recording and find its tick.

    Raises
    ------
    OrderError      a column is missing or of the wrong type, or a value makes no sense
    StorageError    the file cannot be read
    ConfigError     `tick_size` is not a positive price
    """
    table = _checked(as_polars(frame))
    _check_values(table)
    return Recording(table, _tick(table, tick_size))


def as_polars(frame: Any) -> pl.DataFrame:
    """Any kind of frame, or the path of a Parquet file, as a polars frame."""
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, (str, Path)):
        return _read_parquet(Path(frame))
    if type(frame).__module__.startswith("pandas"):
        return pl.from_pandas(frame)
    if isinstance(frame, Mapping) or hasattr(frame, "__arrow_c_stream__"):
        return pl.DataFrame(frame)
    raise OrderError(
        f"a recording must be a polars, pandas or arrow frame or the path of a Parquet file, "
        f"not {type(frame).__name__}"
    )


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StorageError(f"the recording {path} cannot be read: {reason}") from error


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of a `Message`, in its dtypes."""
    missing = [name for name in _REQUIRED if name not in frame.columns]
    if missing:
        raise OrderError(
            f"the recording has no column {missing[0]!r}; it needs {', '.join(_REQUIRED)} "
            "(and `snapshot`, if it has snapshots)"
        )
    columns = [_integers(frame[name]) for name in _INTEGERS]
    columns += [_letters(frame["action"], ACTIONS), _letters(frame["side"], tuple(SIDES))]
    if "snapshot" in frame.columns:
        if frame["snapshot"].dtype != pl.Boolean:
            raise OrderError(f"column 'snapshot' must be boolean, not {frame['snapshot'].dtype}")
        columns.append(frame["snapshot"])
    else:
        columns.append(pl.repeat(False, len(frame), eager=True).alias("snapshot"))
    table = pl.DataFrame(columns)
    for name in table.columns:
        if table[name].null_count():
            row = table[name].is_null().arg_true()[0]
            raise OrderError(f"row {row} of the recording has no {name}")
    sides = pl.col("side").replace_strict(SIDES, return_dtype=pl.Int8)
    return table.with_columns(sides).select(
        "ts_event", "action", "side", "price", "size", "order_id", "snapshot"
    )


def _integers(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.epoch("ns")
    if not column.dtype.is_integer():
        unit = "; prices are integers at 1e-4" if column.name == "price" else ""
        raise OrderError(f"column {column.name!r} must hold integers, not {column.dtype}{unit}")
    try:
        return column.cast(pl.Int64)
    except pl.exceptions.PolarsError:
        raise OrderError(f"column {column.name!r} holds a number above 2**63 - 1") from None


def _letters(column: pl.Series, known: tuple[str, ...]) -> pl.Series:
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise OrderError(f"column {column.name!r} must hold letters, not {column.dtype}")
    letters = column.cast(pl.String)
    strange = (~letters.is_in(known)).arg_true()
    if len(strange):
        row = strange[0]
        raise OrderError(
            f"row {row} of the recording has {column.name} {letters[row]!r}; "
            f"known are {', '.join(known)}"
        )
    return letters


def _check_values(table: pl.DataFrame) -> None:
    """Prices, sizes and sides that no order can have."""
    placed = pl.col("action").is_in(("A", "M"))
    kinds = {
        f"price outside 1 .. {MAX_PRICE}": placed & ~pl.col("price").is_between(1, MAX_PRICE),
        f"size outside 0 .. {MAX_QTY}": ~pl.col("size").is_between(0, MAX_QTY),
        "no side": (pl.col("action") == "A") & (pl.col("side") == 0),
    }
    for what, wrong in kinds.items():
        rows = table.select(wrong.arg_true()).to_series()
        if len(rows):
            row = rows[0]
            shown = dict(zip(table.columns, table.row(row), strict=True))
            raise OrderError(f"row {row} of the recording has {what}: {shown}")


def _tick(table: pl.DataFrame, tick_size: str | float | None) -> int:
    """The given tick, or the coarsest one on which all orders and their fills lie."""
    if tick_size is None:
        prices = table.filter(pl.col("action").is_in(("A", "M", "F")))["price"].to_numpy()
        return max(int(np.gcd.reduce(prices)), 1)
    tick = to_units(tick_size, "tick_size")
    if tick < 1:
        raise ConfigError(f"tick_size must be positive, got {tick_size}")
    prices = table.filter(pl.col("action").is_in(("A", "M")))["price"].to_numpy()
    off = np.flatnonzero(prices % tick)
    if len(off):
        price = to_currency(int(prices[off[0]]))
        raise ConfigError(f"the recording has a price of {price}, off the tick_size {tick_size}")
    return tick
