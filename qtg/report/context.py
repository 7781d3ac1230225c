"""What every chart needs: tables, quotes by symbol, the warm-up, and how many points to draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .tables import SymbolQuotes, Tables, read_tables, seconds_per_tick, symbol_quotes

if TYPE_CHECKING:
    import polars as pl

POINTS_PER_LINE = 1_000
POINTS_PER_PAGE = 12_000
FEWEST_POINTS = 120
MOST_SYMBOLS = 60


@dataclass(frozen=True)
class Context:
    """The run as the charts see it.

    Attributes
    ----------
    config : mapping                  the run's configuration, empty if unknown
    tables : Tables
    quotes : symbol -> SymbolQuotes   all symbols that have quotes
    symbols : list of str             the symbols drawn, at most `MOST_SYMBOLS`
    seconds : float                   simulated seconds per tick; NaN if unknown
    warmup_end : int                  last tick of the warm-up; -1 if there was none
    most_points : int                 most buckets of a line
    """

    config: Mapping[str, Any]
    tables: Tables
    quotes: dict[str, SymbolQuotes]
    symbols: list[str]
    seconds: float
    warmup_end: int
    most_points: int

    @property
    def drawn(self) -> dict[str, SymbolQuotes]:
        """The quotes of the symbols drawn."""
        return {name: self.quotes[name] for name in self.symbols if name in self.quotes}

    def own(self, frame: "pl.DataFrame") -> "pl.DataFrame":
        """Rows after the warm-up, or all of them where nothing came after it."""
        after = frame.filter(frame["tick"] > self.warmup_end)
        return after if after.height else frame


def read_context(result: Any) -> Context:
    """Read a run once for all charts."""
    config: Mapping[str, Any] = result.config or {}
    tables = read_tables(result)
    quotes = symbol_quotes(tables)
    symbols = _busiest(_symbols(tables, quotes), quotes)
    points = max(FEWEST_POINTS, min(POINTS_PER_LINE, POINTS_PER_PAGE // max(1, len(symbols))))
    return Context(
        config=config,
        tables=tables,
        quotes=quotes,
        symbols=symbols,
        seconds=seconds_per_tick(tables),
        warmup_end=_warmup_end(config, tables),
        most_points=points,
    )


def _symbols(tables: Tables, quotes: dict[str, SymbolQuotes]) -> list[str]:
    """Symbols that have quotes or candles, in the order of the instruments."""
    named: list[str] = list(quotes)
    candles = tables.get("candles")
    if candles is not None:
        named += sorted(set(candles["symbol"].cast(str)) - set(named))
    return named


def _busiest(names: list[str], quotes: dict[str, SymbolQuotes]) -> list[str]:
    if len(names) <= MOST_SYMBOLS:
        return names
    chosen = set(sorted(names, key=lambda n: -_turnover(quotes.get(n)))[:MOST_SYMBOLS])
    return [name for name in names if name in chosen]


def _turnover(quotes: SymbolQuotes | None) -> float:
    return 0.0 if quotes is None else float(np.nansum(quotes["volume"] * quotes["last"]))


def _warmup_end(config: Mapping[str, Any], tables: Tables) -> int:
    """Ticks before the configured number of ticks, counted from the end, are the warm-up.

    A run that was stopped has fewer ticks than configured; then the configured length counts.
    """
    frame = tables.get("metrics")
    frame = tables.get("quotes") if frame is None else frame
    warmup = config.get("warmup")
    length = int((warmup.get("ticks") if isinstance(warmup, Mapping) else 0) or 0)
    if frame is None or length <= 0:
        return -1
    first, last = int(frame["tick"].min()), int(frame["tick"].max())  # type: ignore[arg-type]
    surplus = last - first + 1 - int(config.get("ticks") or 0)
    return first - 1 + (min(length, surplus) if surplus > 0 else min(length, last - first + 1))
