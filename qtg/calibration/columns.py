"""The columns of a table of trades or quotes, by the names that people give them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.errors import TapeError
from qtg.schemas import F64, I64

if TYPE_CHECKING:
    import polars as pl

NAMES = {
    "time": ("time", "timestamp", "datetime", "date_time", "ts", "ts_event", "date"),
    "price": ("price", "px", "last", "trade_price"),
    "qty": ("qty", "quantity", "size", "volume", "amount", "shares"),
    "side": ("side", "sign", "aggressor", "aggressor_side", "direction"),
    "symbol": ("symbol", "ticker", "instrument"),
    "bid": ("bid", "bid_price", "bid_px"),
    "ask": ("ask", "ask_price", "ask_px", "offer"),
}
_UNITS = {1: "ns", 1_000: "us", 1_000_000: "ms", 1_000_000_000: "s"}  # ns in each
_YEAR_NS = 31_556_952_000_000_000
_EARLIEST, _LATEST = 10 * _YEAR_NS, 130 * _YEAR_NS  # 1980 and 2100
_EXAMPLE = "2024-03-01 14:30:00.125"


def read_frame(source: Any, what: str) -> pl.DataFrame:
    """A frame of any kind, or a Parquet or CSV file, as a polars frame. `what` names it in errors.

    Raises
    ------
    TapeError    the file cannot be read, or `source` is neither a path nor a frame
    """
    import polars as pl

    if isinstance(source, (str, Path)):
        return _read_file(Path(source), what)
    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, pl.LazyFrame):
        return source.collect()
    if type(source).__module__.startswith("pandas"):
        return pl.from_pandas(source)
    if isinstance(source, Mapping) or hasattr(source, "__arrow_c_stream__"):
        return pl.DataFrame(source)
    raise TapeError(
        f"{what}: give the path of a Parquet or CSV file, or a polars, pandas or arrow frame, not "
        f"{type(source).__name__}"
    )


def find_column(frame: pl.DataFrame, column: str) -> str | None:
    """The frame's own name of a column of `NAMES`, whatever its case; None if there is none."""
    present = {name.strip().lower(): name for name in reversed(frame.columns)}
    return next((present[name] for name in NAMES[column] if name in present), None)


def need_column(frame: pl.DataFrame, column: str, what: str) -> pl.Series:
    """The same as a series.

    Raises
    ------
    TapeError    there is no such column
    """
    name = find_column(frame, column)
    if name is None:
        have = ", ".join(frame.columns) or "nothing"
        raise TapeError(
            f"{what}: there is no column {column!r}; rename the one that holds it to "
            f"{' or '.join(NAMES[column][:3])} (there are {have})"
        )
    return frame[name]


def read_times(column: pl.Series, what: str) -> I64:
    """Times as int64 nanoseconds since 1970, UTC.

    Integers are ns, us, ms or s since 1970, whichever puts them into the years 1980 to 2100; text
    is read as a date and time; what has no time zone is taken as UTC.

    Raises
    ------
    TapeError    another type, a missing or unreadable time, or one before its predecessor
    """
    import polars as pl

    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        read = column.dt.epoch("ns")
    elif kind == pl.String:
        read = _from_text(column)
    elif kind.is_integer():
        read = _since_1970(column, what)
    else:
        raise TapeError(
            f"{what}: column {column.name!r} holds {kind}; make it a date and time such as "
            f"{_EXAMPLE}, or whole ns, us, ms or s since 1970"
        )
    if read.null_count():
        row = int(read.is_null().arg_true()[0])
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the {column.name} {column[row]!r}; write it "
            f"like {_EXAMPLE}"
        )
    time: I64 = read.cast(pl.Int64).to_numpy()
    _check_sorted(time, str(column.name), what)
    return time


def read_amounts(column: pl.Series, what: str) -> F64:
    """Prices or quantities as float64, all positive.

    Raises
    ------
    TapeError    not numbers, or one that is missing, not finite, or not above 0
    """
    import polars as pl

    if not (column.dtype.is_numeric() or column.dtype.is_decimal()):
        raise TapeError(
            f"{what}: column {column.name!r} holds {column.dtype}; make it numbers, without "
            "currency signs or separators"
        )
    if column.dtype == pl.Float32:  # 100.01 and not what is nearest to it in 32 bits
        column = column.cast(pl.String).cast(pl.Float64)
    values: F64 = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(wrong):
        row = int(wrong[0])
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the {column.name} {column[row]}; every one "
            f"must be above 0, so correct or remove {_rows(len(wrong))}"
        )
    return values


def _rows(n: int) -> str:
    return "this row" if n == 1 else f"the {n:,} rows like it"


def _read_file(path: Path, what: str) -> pl.DataFrame:
    import polars as pl

    try:
        with path.open("rb") as file:
            start = file.read(4_096)
    except FileNotFoundError:
        raise TapeError(f"{what}: no such file; check the path") from None
    except IsADirectoryError:
        raise TapeError(f"{what}: is a folder; give a Parquet or CSV file") from None
    except OSError as error:
        raise TapeError(f"{what}: cannot be read, {error.strerror}") from None
    if not start:
        raise TapeError(f"{what}: the file is empty; give one with trades")
    packed = start[:2] == b"\x1f\x8b"
    try:
        if start[:4] == b"PAR1":
            return pl.read_parquet(path)
        if b"\0" not in start or packed:
            return _read_csv(path)
    except (pl.exceptions.PolarsError, OSError, ValueError):
        pass
    raise TapeError(f"{what}: is neither a Parquet nor a CSV file, or is damaged; convert it")


def _read_csv(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(path, try_parse_dates=True, infer_schema_length=10_000)
    except pl.exceptions.ComputeError:  # a type that only later rows show: slow, so not at first
        return pl.read_csv(path, try_parse_dates=True, infer_schema_length=None)


def _since_1970(column: pl.Series, what: str) -> pl.Series:
    import polars as pl

    known = column.drop_nulls()
    first, last = (int(known[row]) if len(known) else 0 for row in (0, -1))
    for scale in _UNITS:
        if _EARLIEST <= first * scale <= _LATEST and last * scale <= _LATEST:
            return column.cast(pl.Int64, strict=False) * scale
    raise TapeError(
        f"{what}: column {column.name!r} starts with {first}, which is no time since 1970 in "
        f"{', '.join(_UNITS.values())} that lies in 1980 to 2100; convert it to one of them"
    )


def _from_text(column: pl.Series) -> pl.Series:
    """Dates and times as ns; null where the text is none."""
    import polars as pl

    try:
        return column.str.to_datetime(strict=False, time_unit="ns").dt.epoch("ns")
    except pl.exceptions.PolarsError:
        return pl.Series(column.name, [None] * len(column), dtype=pl.Int64)


def _check_sorted(time: I64, name: str, what: str) -> None:
    back = np.flatnonzero(np.diff(time) < 0)
    if len(back):
        row = int(back[0]) + 1
        seconds = (time[row - 1] - time[row]) / 1e9
        raise TapeError(
            f"{what}: row {row} (counted from 0) lies {seconds:g} s before the row above it; sort "
            f"the file by {name}"
        )
