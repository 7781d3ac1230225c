"""Technical indicators: each kernel moves a state on by the bars it is given.

`advance_*(state, ..., out)` takes input columns of shape (time, market). A state is a tuple of
arrays with one entry per market and holds all that the next bar needs, so the bars may come all at
once, in pieces or one by one, with the same results to the bit. `out` is written everywhere, with
NaN where a value is not defined. A bar whose input is NaN or infinite clears its market: no window
reaches across it, and averages are seeded anew.

The bars are taken span by span (`spans`): `*_span` moves neighbouring markets on by one bar. What
a part of an indicator has seen follows from what the market has: RSI's first change is in its
second bar, so its averages have seen one value less.
"""

from typing import Any, NamedTuple

import numpy as np

from ._jit import kernel
from .rolling import (
    LOWEST,
    SUM,
    Average,
    Moments,
    Window,
    averaged,
    open_moments,
    open_window,
    push,
    push_moments,
)
from .spans import FINITE, FINITE_PRODUCT, FINITE_TRIPLE, fill, sweep


class SmaState(NamedTuple):
    seen: np.ndarray  # int64 (market,), bars since the start or the last clear; so in all states
    window: Window


class EmaState(NamedTuple):
    seen: np.ndarray
    average: Average


class RsiState(NamedTuple):
    seen: np.ndarray
    last: np.ndarray  # float64 (market,), price of the bar before
    gain: Average
    loss: Average


class MacdState(NamedTuple):
    seen: np.ndarray
    fast: Average
    slow: Average
    signal: Average


class BollingerState(NamedTuple):
    seen: np.ndarray
    width: float  # standard deviations from the middle to a band
    moments: Moments


class AtrState(NamedTuple):
    seen: np.ndarray
    last: np.ndarray  # float64 (market,), close of the bar before
    true_range: Average


class VwapState(NamedTuple):
    seen: np.ndarray
    money: Window  # price * volume
    volume: Window


class RunningVwapState(NamedTuple):
    money: np.ndarray  # float64 (market,), sum of price * volume
    volume: np.ndarray  # float64 (market,)


class StochasticState(NamedTuple):
    seen: np.ndarray
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
def mean_span(window, markets, seen, x, out):
    """Mean of the last n values, with x as the value number `seen`; x and out do not overlap."""
    n = len(window.tail)
    slot = open_window(window, markets, seen, SUM)
    for m in range(len(x)):
        out[m] = push(slot, m, x[m], SUM) / n
    if seen < n:
        fill(out)


@kernel
def sma_span(state, span, out, x, *_):
    """Mean of the last n bars."""
    mean_span(state.window, span.markets, span.seen, x, out[span.bar, span.markets])


@kernel
def advance_sma(state, x, out):
    """Mean of the last n bars."""
    sweep(sma_span, FINITE, state, x, x, x, out)


@kernel
def ema_span(state, span, out, x, *_):
    """Exponential average."""
    average, out = state.average, out[span.bar, span.markets]
    value = average.value[span.markets]
    for m in range(len(x)):
        value[m] = averaged(average, value[m], x[m], span.seen)
        out[m] = value[m]
    if span.seen < average.n:
        fill(out)


@kernel
def advance_ema(state, x, out):
    """Exponential average."""
    sweep(ema_span, FINITE, state, x, x, x, out)


@kernel
def rsi_span(state, span, out, x, *_):
    """The index from the changes since the last bar, of which there is one less than bars."""
    last, out = state.last[span.markets], out[span.bar, span.markets]
    gain, loss = state.gain.value[span.markets], state.loss.value[span.markets]
    changes = span.seen - 1
    for m in range(len(x)):
        gain[m] = averaged(state.gain, gain[m], max(x[m] - last[m], 0.0), changes)
        loss[m] = averaged(state.loss, loss[m], max(last[m] - x[m], 0.0), changes)
        last[m] = x[m]
        moved = gain[m] + loss[m]
        out[m] = 100.0 * (gain[m] / moved) if moved > 0.0 else 0.0
    if changes < state.gain.n:
        fill(out)


@kernel
def advance_rsi(state, x, out):
    """Average gain as a percentage of average gain plus average loss; 0 where both are 0."""
    sweep(rsi_span, FINITE, state, x, x, x, out)


@kernel
def macd_span(state, span, out, x, *_):
    """Both averages end at this bar: the fast one starts later, the signal with the line."""
    at = span.bar, span.markets
    line, signal, histogram = out.macd[at], out.signal[at], out.histogram[at]
    fast = state.fast.value[span.markets]
    slow = state.slow.value[span.markets]
    smooth = state.signal.value[span.markets]
    seen = span.seen
    lines = seen - state.slow.n + 1
    for m in range(len(x)):
        fast[m] = averaged(state.fast, fast[m], x[m], seen - state.slow.n + state.fast.n)
        slow[m] = averaged(state.slow, slow[m], x[m], seen)
        apart = fast[m] - slow[m]
        smooth[m] = averaged(state.signal, smooth[m], apart, lines)
        line[m], signal[m], histogram[m] = apart, smooth[m], apart - smooth[m]
    if lines < state.signal.n:
        fill(line)
        fill(signal)
        fill(histogram)


@kernel
def advance_macd(state, x, out):
    """Fast less slow average; the fast one is seeded with the last of the slow one's first bars."""
    sweep(macd_span, FINITE, state, x, x, x, out)


@kernel
def moments_span(moments, span, x, mean, squares):
    """Mean and sum of squared deviations of the last n values."""
    slot = open_moments(moments, span.markets, span.seen)
    for m in range(len(x)):
        mean[m], squares[m] = push_moments(slot, m, x[m])


@kernel
def bollinger_span(state, span, out, x, *_):
    """Mean and bands; first `upper` holds the squares."""
    at = span.bar, span.markets
    upper, middle, lower = out.upper[at], out.middle[at], out.lower[at]
    n = len(state.moments.tail_mean)
    moments_span(state.moments, span, x, middle, upper)
    for m in range(len(x)):
        away = state.width * np.sqrt(upper[m] / n)
        upper[m], lower[m] = middle[m] + away, middle[m] - away
    if span.seen < n:
        fill(upper)
        fill(middle)
        fill(lower)


@kernel
def advance_bollinger(state, x, out):
    """Mean of the last n bars, and bands at `width` population standard deviations from it."""
    sweep(bollinger_span, FINITE, state, x, x, x, out)


@kernel
def atr_span(state, span, out, high, low, close):
    """The true range needs a close before it."""
    out = out[span.bar, span.markets]
    last, value = state.last[span.markets], state.true_range.value[span.markets]
    ranges = span.seen - 1
    for m in range(len(out)):
        reach = max(high[m] - low[m], abs(high[m] - last[m]), abs(low[m] - last[m]))
        last[m] = close[m]
        value[m] = averaged(state.true_range, value[m], reach, ranges)
        out[m] = value[m]
    if ranges < state.true_range.n:
        fill(out)


@kernel
def advance_atr(state, high, low, close, out):
    """Wilder's average of the true range."""
    sweep(atr_span, FINITE_TRIPLE, state, high, low, close, out)


@kernel
def vwap_span(state, span, out, price, volume, *_):
    """Money by volume."""
    out = out[span.bar, span.markets]
    money = open_window(state.money, span.markets, span.seen, SUM)
    shares = open_window(state.volume, span.markets, span.seen, SUM)
    for m in range(len(out)):
        paid = push(money, m, price[m] * volume[m], SUM)
        traded = push(shares, m, volume[m], SUM)
        out[m] = paid / traded if traded > 0.0 else np.nan
    if span.seen < len(state.money.tail):
        fill(out)


@kernel
def advance_vwap(state, price, volume, out):
    """Mean price of the last n bars, weighted by volume; NaN where no volume."""
    sweep(vwap_span, FINITE_PRODUCT, state, price, volume, price, out)


@kernel
def advance_running_vwap(state, price, volume, out):
    """Mean price since the start, weighted by volume; NaN where no volume yet."""
    money, shares = state.money, state.volume
    for t in range(price.shape[0]):
        for m in range(price.shape[1]):
            paid = price[t, m] * volume[t, m]
            usable = np.isfinite(paid)
            money[m] = money[m] + paid if usable else 0.0
            shares[m] = shares[m] + volume[t, m] if usable else 0.0
            out[t, m] = money[m] / shares[m] if shares[m] > 0.0 else np.nan


@kernel
def extreme_span(window, span, sign, x, out):
    """Lowest of the last values, or the highest where sign is -1."""
    slot = open_window(window, span.markets, span.seen, LOWEST)
    for m in range(len(x)):
        out[m] = sign * push(slot, m, sign * x[m], LOWEST)


@kernel
def place_span(close, lowest, highest):
    """Where the close lies in the range, 0..100, in place of the highest."""
    for m in range(len(close)):
        place = 100.0 * ((close[m] - lowest[m]) / (highest[m] - lowest[m]))
        highest[m] = place if highest[m] != lowest[m] else 0.0


@kernel
def stochastic_span(state, span, out, high, low, close):
    """k and d have seen fewer values, and first hold the lowest, the highest and the place."""
    at = span.bar, span.markets
    k, d = out.k[at], out.d[at]
    extreme_span(state.low, span, 1.0, low, k)
    extreme_span(state.high, span, -1.0, high, d)
    place_span(close, k, d)
    places = span.seen - len(state.low.tail) + 1
    means = places - len(state.raw.tail) + 1
    mean_span(state.raw, span.markets, places, d, k)
    mean_span(state.smooth, span.markets, means, k, d)
    if means < len(state.smooth.tail):
        fill(k)


@kernel
def advance_stochastic(state, high, low, close, out):
    """Where the close lies in the range of the last bars, smoothed once and twice."""
    sweep(stochastic_span, FINITE_TRIPLE, state, high, low, close, out)
