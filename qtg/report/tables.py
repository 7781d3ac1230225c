"""What the report reads from a run: its tables, whichever of them exist, as NumPy columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtg.errors import StorageError

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

PRICES = ("bid", "ask", "last", "fair_value")
SIZES = ("volume", "bid_qty", "ask_qty", "bid_orders", "ask_orders")
BARS = ("open", "high", "low", "close", "volume", "notional", "trades")

# What is read of each table; agents and orders may be larger than memory and are read elsewhere.
COLUMNS: dict[str, list[str]] = {
    "quotes": ["tick", "time", "symbol", *PRICES, *SIZES],
    "candles": ["tick", "symbol", "timeframe", *BARS],
    "metrics": ["*"],
    "instruments": ["symbol", "sector", "tick_size"],
    "news": ["tick", "kind", "sector", "symbol", "sentiment"],
}


@dataclass(frozen=True)
class Tables:
    """The tables of a run that could be read and hold at least one row.

    Attributes
    ----------
    frames : name -> frame
    missing : name -> sentence   why a table is not in `frames`
    """

    frames: dict[str, "pl.DataFrame"] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> "pl.DataFrame | None":
        """The frame of this name, or None."""
        return self.frames.get(name)

    def why(self, name: str) -> str:
        """Why the table is missing, as a sentence."""
        return self.missing.get(name, f"The run holds no {name}.")


@dataclass(frozen=True)
class SymbolQuotes:
    """The quotes of one symbol, one row per tick. Prices are NaN where there is none."""

    symbol: str
    tick_size: float
    tick: NDArray[np.int64]
    columns: Mapping[str, Floats]

    def __getitem__(self, column: str) -> Floats:
        return self.columns[column]

    @property
    def spread(self) -> Floats:
        """Ask less bid [currency], NaN where a side is empty."""
        return self["ask"] - self["bid"]

    @property
    def mid(self) -> Floats:
        """Middle of bid and ask; where a side is empty, the last trade price."""
        middle = (self["bid"] + self["ask"]) / 2
        return np.where(np.isfinite(middle), middle, self["last"])

    def after(self, tick: int) -> "SymbolQuotes":
        """The rows after a tick, or all of them where nothing came after it."""
        rows = self.tick > tick
        if rows.all() or not rows.any():
            return self
        columns = {name: values[rows] for name, values in self.columns.items()}
        return SymbolQuotes(self.symbol, self.tick_size, self.tick[rows], columns)


def read_tables(result: Any) -> Tables:
    """Read the tables the report uses; one that the run did not store is noted, not raised.

    Parameters
    ----------
    result : Result
    """
    tables = Tables()
    for name, wanted in COLUMNS.items():
        try:
            frame = result.scan(name).select(wanted).collect()
        except StorageError as error:
            tables.missing[name] = sentence(error)
            continue
        if frame.height:
            tables.frames[name] = frame
        else:
            tables.missing[name] = f"The table {name} is empty."
    return tables


def sentence(error: Exception) -> str:
    """An error's message as a sentence."""
    message = str(error)
    return message[:1].upper() + message[1:].rstrip(".") + "."


def symbol_quotes(tables: Tables) -> dict[str, SymbolQuotes]:
    """The quotes split by symbol, in the order of the instruments."""
    quotes = tables.get("quotes")
    if quotes is None:
        return {}
    sizes = tick_sizes(tables)
    parts = {str(key[0]): part for key, part in quotes.partition_by("symbol", as_dict=True).items()}
    order = [name for name in sizes if name in parts]
    order += [name for name in parts if name not in sizes]
    return {name: _quotes(name, sizes.get(name, np.nan), parts[name]) for name in order}


def tick_sizes(tables: Tables) -> dict[str, float]:
    """Tick size per symbol [currency], in the order of the instruments."""
    instruments = tables.get("instruments")
    if instruments is None:
        return {}
    names = instruments["symbol"].cast(str).to_list()
    return dict(zip(names, instruments["tick_size"].cast(float).to_list(), strict=True))


def _quotes(name: str, tick_size: float, part: "pl.DataFrame") -> SymbolQuotes:
    part = part.sort("tick")
    columns = {c: _price(column(part, c)) for c in PRICES}
    columns |= {c: column(part, c) for c in SIZES}
    return SymbolQuotes(name, tick_size, part["tick"].cast(int).to_numpy(), columns)


def column(frame: "pl.DataFrame", name: str) -> Floats:
    """A column as float64 with NaN for null; all NaN if the frame does not have it."""
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    values = frame[name].cast(float, strict=False).fill_null(float("nan"))
    return np.asarray(values.to_numpy(), np.float64)


def _price(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)


def seconds_per_tick(tables: Tables) -> float:
    """Simulated seconds between two ticks, from the time columns; NaN if unknown."""
    for name in ("metrics", "quotes"):
        frame = tables.get(name)
        if frame is None or "time" not in frame.columns:
            continue
        ends = frame.select("tick", "time").sort("tick")[[0, -1]]
        ticks = int(ends["tick"][1]) - int(ends["tick"][0])
        if ticks > 0:
            return float((ends["time"][1] - ends["time"][0]).total_seconds()) / ticks
    return float("nan")
