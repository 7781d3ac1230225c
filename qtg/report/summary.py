"""One row per symbol: what its price did and how much of it traded."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .buckets import Buckets
from .statistics import Floats, log_returns, realised_volatility
from .tables import SymbolQuotes, Tables, tick_sizes

if TYPE_CHECKING:
    import polars as pl

NAN = float("nan")
SAMPLE_SECONDS = 60.0
FEWEST_SAMPLES = 30
SPARK_POINTS = 80


class SymbolSummary(NamedTuple):
    """What the summary table says about a symbol; NaN where it cannot be known."""

    symbol: str
    sector: str
    decimals: int  # of a price
    open: float  # currency
    close: float  # currency
    change: float  # close / open - 1
    volume: float  # shares
    trades: float
    vwap: float  # currency
    spread: float  # mean, price ticks
    volatility: float  # annualised
    spark: Floats  # (n,) last prices for a small line


class Turnover(NamedTuple):
    """Sums over the trades of a symbol."""

    open: float = NAN
    close: float = NAN
    volume: float = NAN
    notional: float = NAN
    trades: float = NAN


def summarise(
    tables: Tables, quotes: dict[str, SymbolQuotes], seconds: float
) -> list[SymbolSummary]:
    """One summary per instrument.

    Parameters
    ----------
    tables : Tables
    quotes : symbol -> SymbolQuotes
    seconds : float   simulated seconds per tick

    Returns
    -------
    list of SymbolSummary, in the order of the instruments
    """
    traded = turnover(tables)
    names = list(dict.fromkeys([*_sectors(tables), *quotes, *sorted(traded)]))
    sectors, steps = _sectors(tables), tick_sizes(tables)
    nothing = Turnover(volume=0.0, trades=0.0) if traded or quotes else Turnover()
    return [
        _summary(
            name,
            sectors.get(name, ""),
            steps.get(name, NAN),
            traded.get(name, nothing),
            quotes.get(name),
            seconds,
        )
        for name in names
    ]


def turnover(tables: Tables) -> dict[str, Turnover]:
    """Sums by symbol from the finest candles, which hold every trade once."""
    import polars as pl

    candles = tables.get("candles")
    if candles is None:
        return {}
    finest = candles.filter(timeframe=candles["timeframe"].min()).sort("tick")
    sums = finest.group_by(pl.col("symbol").cast(pl.String)).agg(
        pl.col("open").cast(pl.Float64).first(),
        pl.col("close").cast(pl.Float64).last(),
        *(pl.col(name).cast(pl.Float64).sum() for name in ("volume", "notional", "trades")),
    )
    return {row[0]: Turnover(*row[1:]) for row in sums.iter_rows()}


def _summary(
    name: str,
    sector: str,
    tick_size: float,
    traded: Turnover,
    quotes: SymbolQuotes | None,
    seconds: float,
) -> SymbolSummary:
    last = quotes["last"][np.isfinite(quotes["last"])] if quotes else np.array([])
    start = traded.open if traded.open == traded.open else _edge(last, 0)
    end = traded.close if traded.close == traded.close else _edge(last, -1)
    volume = traded.volume
    if quotes and not traded.volume > 0:
        volume = float(np.nansum(quotes["volume"]))
    return SymbolSummary(
        symbol=name,
        sector=sector,
        decimals=_decimals(tick_size),
        open=start,
        close=end,
        change=end / start - 1,
        volume=volume,
        trades=traded.trades,
        vwap=traded.notional / traded.volume if traded.volume > 0 else NAN,
        spread=_mean_spread(quotes),
        volatility=_volatility(quotes, seconds),
        spark=Buckets(len(last), SPARK_POINTS).last(last) if len(last) else last,
    )


def _decimals(tick_size: float) -> int:
    """Decimals of a price: two, or as many as the tick size needs."""
    needed = [d for d in range(2, 5) if abs(round(tick_size, d) - tick_size) < 1e-9]
    return needed[0] if needed else 2 if tick_size != tick_size else 4


def _edge(values: Floats, row: int) -> float:
    return float(values[row]) if len(values) else NAN


def _mean_spread(quotes: SymbolQuotes | None) -> float:
    if quotes is None:
        return NAN
    ticks = quotes.spread / quotes.tick_size
    return float(ticks[np.isfinite(ticks)].mean()) if np.isfinite(ticks).any() else NAN


def _volatility(quotes: SymbolQuotes | None, seconds: float) -> float:
    """From mid prices one minute apart, or of every tick where the run is short."""
    if quotes is None:
        return NAN
    step = max(1, round(SAMPLE_SECONDS / seconds)) if seconds > 0 else 1
    if (len(quotes.tick) - 1) // step < FEWEST_SAMPLES:
        step = 1
    return realised_volatility(log_returns(quotes.mid, step), step * seconds)


def _sectors(tables: Tables) -> "dict[str, str]":
    instruments: pl.DataFrame | None = tables.get("instruments")
    if instruments is None:
        return {}
    names = [str(name) for name in instruments["symbol"]]
    if "sector" not in instruments.columns:
        return dict.fromkeys(names, "")
    return dict(zip(names, (_words(s) for s in instruments["sector"]), strict=True))


def _words(code: object) -> str:
    return str(code).replace("_", " ").lower()
