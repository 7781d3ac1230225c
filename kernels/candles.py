"""Open, high, low, close and volume per market and timeframe, built from trades as they happen."""

from typing import NamedTuple

import numpy as np

from ._jit import kernel


class OpenCandles(NamedTuple):
    """Candles under construction, shape (timeframe, market)."""

    open: np.ndarray  # int64, 1e-4
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    notional: np.ndarray
    trades: np.ndarray


@kernel
def add_trades(events, trades, candles):
    """Take the trades, event rows, into the first (shortest) timeframe's candles."""
    for k in trades:
        m, price, qty = events.market[k], events.price[k], events.qty[k]
        if candles.trades[0, m] == 0:
            candles.open[0, m] = price
            candles.high[0, m] = price
            candles.low[0, m] = price
        candles.high[0, m] = max(candles.high[0, m], price)
        candles.low[0, m] = min(candles.low[0, m], price)
        candles.close[0, m] = price
        candles.volume[0, m] += qty
        candles.notional[0, m] += price * qty
        candles.trades[0, m] += 1


@kernel
def merge_up(candles, source, target):
    """Add the closed candles of one timeframe to those of a longer one (modified in place)."""
    for m in range(candles.open.shape[1]):
        if candles.trades[source, m] == 0:
            continue
        if candles.trades[target, m] == 0:
            candles.open[target, m] = candles.open[source, m]
            candles.high[target, m] = candles.high[source, m]
            candles.low[target, m] = candles.low[source, m]
        candles.high[target, m] = max(candles.high[target, m], candles.high[source, m])
        candles.low[target, m] = min(candles.low[target, m], candles.low[source, m])
        candles.close[target, m] = candles.close[source, m]
        candles.volume[target, m] += candles.volume[source, m]
        candles.notional[target, m] += candles.notional[source, m]
        candles.trades[target, m] += candles.trades[source, m]


@kernel
def clear(candles, timeframe):
    """Start new candles of a timeframe (modified in place)."""
    for m in range(candles.open.shape[1]):
        candles.volume[timeframe, m] = 0
        candles.notional[timeframe, m] = 0
        candles.trades[timeframe, m] = 0
