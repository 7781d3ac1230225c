"""Made-up tables with values that can be recognised."""

from typing import Any

import numpy as np
import polars as pl

from qtg.schemas import STORED, Trades, columns
from qtg.schemas.arrow import enum_of, labels

SYMBOLS = ["AAPL", "MSFT", "O'NEIL"]
KINDS = ["pool", "house", "noise_trader"]
RUN: dict[str, Any] = {
    "config": {"ticks": 10, "symbols": SYMBOLS},
    "seed": 7,
    "fingerprint": "1f2e",
    "symbols": SYMBOLS,
    "kinds": KINDS,
}


def random_table(table: type, n: int, seed: int = 0) -> Any:
    """A table of `n` rows, any value that its dtype and unit allow; ticks ascend."""
    draw = np.random.default_rng(seed)
    return table(*(_random_column(column, n, draw) for column in columns(table)))


def _random_column(column: Any, n: int, draw: np.random.Generator) -> Any:
    if column.name == "tick":
        return np.sort(draw.integers(0, 1_000, n))
    if column.unit == "quote":
        return draw.integers(0, 3, n) * 1_234_500
    enum = enum_of(column.unit)
    if enum is not None:
        codes = [int(member) for member in enum]
    else:
        names = labels(column.unit, SYMBOLS, KINDS)
        codes = None if names is None else list(range(len(names)))
    if codes is not None:
        return draw.choice(np.array(codes, column.dtype), n)
    if column.dtype.kind == "f":
        return draw.normal(size=n)
    limits = np.iinfo(column.dtype)
    return draw.integers(limits.min, limits.max, n, column.dtype, endpoint=True)


def counted_trades(first: int, n: int) -> Trades:
    """Trades number `first` to `first + n - 1`; every value follows from the number."""
    number = np.arange(first, first + n)
    return Trades(
        tick=number // 10,
        time=number * 1_000_000,
        trade_id=number,
        symbol=(number % len(SYMBOLS)).astype(np.int32),
        side=(1 - 2 * (number % 2)).astype(np.int8),
        price=1_000_000 + number % 777 * 100,
        qty=1 + number % 13,
        buyer_id=(number % 101).astype(np.int32),
        seller_id=(number % 103).astype(np.int32),
        buy_order_id=number * 2,
        sell_order_id=number * 2 + 1,
    )


def expected(rows: Any) -> pl.DataFrame:
    """The raw frame that these columns should come back as, spelled out value by value."""
    data: dict[str, Any] = {}
    for column, values in zip(columns(type(rows)), rows, strict=True):
        names = labels(column.unit, SYMBOLS, KINDS)
        enum = enum_of(column.unit)
        if column.unit == "ns":
            data[column.name] = pl.Series(values).cast(pl.Datetime("ns"))
        elif enum is not None:
            data[column.name] = pl.Series(
                [enum(code).name.lower() for code in values.tolist()], dtype=pl.Enum(names)
            )
        elif names is not None:
            data[column.name] = pl.Series([names[v] for v in values.tolist()], dtype=pl.Enum(names))
        else:
            data[column.name] = pl.Series(values)
    return pl.DataFrame(data)


def tables() -> list[str]:
    """Names of all stored tables."""
    return list(STORED)
