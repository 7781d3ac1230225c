"""Technical indicators: each kernel moves a state on by the bars it is given.

`advance_*(state, ..., out)` takes input columns of shape (time, market). A state is a tuple of
arrays with one entry per market and holds all that the next bar needs, so the bars may come all at
once, in pieces or one by one, with the same results to the bit. `out` arrives full of NaN; only
values that are defined are written. A bar whose input is NaN or infinite clears its market: no
window reaches across it, and averages are seeded anew.
"""

from typing import Any, NamedTuple

import numpy as np

from ._jit import kernel
from .rolling import LOWEST, SUM, Average, Moments, Window, push, push_average, push_moments


class RsiState(NamedTuple):
    last: np.ndarray  # float64 (market,), price of the bar before; NaN: none
    gain: Average
    loss: Average


class MacdState(NamedTuple):
    fast: Average
    slow: Average
    signal: Average


class BollingerState(NamedTuple):
    width: float  # standard deviations from the middle to a band
    moments: Moments


class AtrState(NamedTuple):
    last: np.ndarray  # float64 (market,), close of the bar before; NaN: none
    true_range: Average


class VwapState(NamedTuple):
    money: Window  # price * volume
    volume: Window


class RunningVwapState(NamedTuple):
    money: np.ndarray  # float64 (market,), sum of price * volume
    volume: np.ndarray  # float64 (market,)


class StochasticState(NamedTuple):
    low: Window
    high: Window  # of negated values
    raw: Window
    smooth: Window


class Macd(NamedTuple):
    """Difference of two averages, its own average, and the difference of these two.

    Each part is a float64 column of the input's shape and type; so in the results below.
    """

    macd: Any
    signal: Any
    histogram: Any


class Bands(NamedTuple):
    """Bollinger bands."""

    upper: Any
    middle: Any
    lower: Any


class Stochastic(NamedTuple):
    """Stochastic oscillator, 0..100."""

    k: Any
    d: Any


@kernel
def advance_sma(state, x, out):
    """Mean of the last n bars."""
    n = state.tail.shape[0]
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m]):
                state.seen[m] = 0
                continue
            total = push(state, m, x[t, m], SUM)
            if state.seen[m] >= n:
                out[t, m] = total / n


@kernel
def advance_ema(state, x, out):
    """Exponential average."""
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m]):
                state.seen[m] = 0
                continue
            value = push_average(state, m, x[t, m])
            if state.seen[m] >= state.n:
                out[t, m] = value


@kernel
def advance_rsi(state, x, out):
    """Average gain as a percentage of average gain plus average loss; 0 where both are 0."""
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            last = state.last[m]
            state.last[m] = x[t, m]
            if not np.isfinite(x[t, m]):
                state.last[m] = np.nan
                state.gain.seen[m] = 0
                state.loss.seen[m] = 0
                continue
            if np.isnan(last):
                continue
            gain = push_average(state.gain, m, max(x[t, m] - last, 0.0))
            loss = push_average(state.loss, m, max(last - x[t, m], 0.0))
            if state.gain.seen[m] >= state.gain.n:
                moved = gain + loss
                out[t, m] = 100.0 * (gain / moved) if moved > 0.0 else 0.0


@kernel
def advance_macd(state, x, out):
    """Fast less slow average; the fast one is seeded with the last of the slow one's first bars."""
    fast, slow, signal = state.fast, state.slow, state.signal
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m]):
                fast.seen[m] = 0
                slow.seen[m] = 0
                signal.seen[m] = 0
                continue
            quick = 0.0
            if slow.seen[m] >= slow.n - fast.n:
                quick = push_average(fast, m, x[t, m])
            line = quick - push_average(slow, m, x[t, m])
            if slow.seen[m] < slow.n:
                continue
            smoothed = push_average(signal, m, line)
            if signal.seen[m] >= signal.n:
                out.macd[t, m] = line
                out.signal[t, m] = smoothed
                out.histogram[t, m] = line - smoothed


@kernel
def advance_bollinger(state, x, out):
    """Mean of the last n bars, and bands at `width` population standard deviations from it."""
    moments = state.moments
    n = moments.tail_mean.shape[0]
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m]):
                moments.seen[m] = 0
                continue
            mean, squares = push_moments(moments, m, x[t, m])
            if moments.seen[m] >= n:
                away = state.width * np.sqrt(squares / n)
                out.upper[t, m] = mean + away
                out.middle[t, m] = mean
                out.lower[t, m] = mean - away


@kernel
def advance_atr(state, high, low, close, out):
    """Wilder's average of the true range."""
    for t in range(close.shape[0]):
        for m in range(close.shape[1]):
            last = state.last[m]
            state.last[m] = close[t, m]
            if not np.isfinite(high[t, m] + low[t, m] + close[t, m]):
                state.last[m] = np.nan
                state.true_range.seen[m] = 0
                continue
            if np.isnan(last):
                continue
            reach = max(high[t, m] - low[t, m], abs(high[t, m] - last), abs(low[t, m] - last))
            value = push_average(state.true_range, m, reach)
            if state.true_range.seen[m] >= state.true_range.n:
                out[t, m] = value


@kernel
def advance_vwap(state, price, volume, out):
    """Mean price of the last n bars, weighted by volume; NaN where no volume."""
    n = state.money.tail.shape[0]
    for t in range(price.shape[0]):
        for m in range(price.shape[1]):
            paid = price[t, m] * volume[t, m]
            if not np.isfinite(paid):
                state.money.seen[m] = 0
                state.volume.seen[m] = 0
                continue
            money = push(state.money, m, paid, SUM)
            shares = push(state.volume, m, volume[t, m], SUM)
            if state.money.seen[m] >= n and shares > 0.0:
                out[t, m] = money / shares


@kernel
def advance_running_vwap(state, price, volume, out):
    """Mean price since the start, weighted by volume; NaN where no volume yet."""
    for t in range(price.shape[0]):
        for m in range(price.shape[1]):
            paid = price[t, m] * volume[t, m]
            if not np.isfinite(paid):
                state.money[m] = 0.0
                state.volume[m] = 0.0
                continue
            state.money[m] += paid
            state.volume[m] += volume[t, m]
            if state.volume[m] > 0.0:
                out[t, m] = state.money[m] / state.volume[m]


@kernel
def advance_stochastic(state, high, low, close, out):
    """Where the close lies in the range of the last bars, smoothed once and twice."""
    widest, n_smooth, n_d = (
        state.low.tail.shape[0],
        state.raw.tail.shape[0],
        state.smooth.tail.shape[0],
    )
    for t in range(close.shape[0]):
        for m in range(close.shape[1]):
            if not np.isfinite(high[t, m] + low[t, m] + close[t, m]):
                state.low.seen[m] = 0
                state.high.seen[m] = 0
                state.raw.seen[m] = 0
                state.smooth.seen[m] = 0
                continue
            lowest = push(state.low, m, low[t, m], LOWEST)
            highest = -push(state.high, m, -high[t, m], LOWEST)
            if state.low.seen[m] < widest:
                continue
            raw = 0.0
            if highest != lowest:
                raw = 100.0 * ((close[t, m] - lowest) / (highest - lowest))
            k = push(state.raw, m, raw, SUM) / n_smooth
            if state.raw.seen[m] < n_smooth:
                continue
            d = push(state.smooth, m, k, SUM) / n_d
            if state.smooth.seen[m] >= n_d:
                out.k[t, m] = k
                out.d[t, m] = d
