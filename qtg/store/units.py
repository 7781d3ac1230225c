"""How people read stored numbers: prices in the currency, names as names, nothing as null."""

from typing import TYPE_CHECKING

from qtg.schemas import PRICE_SCALE, STORED, columns
from qtg.schemas.arrow import labels

from .run_info import RunInfo

if TYPE_CHECKING:
    import polars as pl

MONEY = ("price", "cash", "quote")


def readable(frame: "pl.LazyFrame", name: str, info: RunInfo, raw: bool) -> "pl.LazyFrame":
    """Names as Enum; unless `raw`, money as Float64 in the currency and missing quotes as null."""
    import polars as pl

    expressions = []
    for column in columns(STORED[name]):
        value = pl.col(column.name)
        names = labels(column.unit, info.symbols, info.kinds)
        if names is not None:
            expressions.append(value.cast(pl.Enum(names)))
        elif column.unit in MONEY and not raw:
            # Polars divides by multiplying with the inverse, which misses the nearest float.
            money = (value / float(PRICE_SCALE)).round(4)
            expressions.append(pl.when(value != 0).then(money) if column.unit == "quote" else money)
    return frame.with_columns(expressions)


def select_list(name: str) -> str:
    """The same as a SQL select list, with names as text."""
    return ", ".join(_sql(column.name, column.unit) for column in columns(STORED[name]))


def _sql(name: str, unit: str) -> str:
    if unit not in MONEY:
        return f'"{name}"'
    value = f'nullif("{name}", 0)' if unit == "quote" else f'"{name}"'
    return f'{value} / {PRICE_SCALE}::DOUBLE AS "{name}"'
