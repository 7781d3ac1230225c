"""Statistics that are followed bar by bar: momentum, volatility, z-score, hedge, drawdown.

The kernels are as in `indicators`: each moves a state on by the bars it is given, span by span, and
a bar that is not usable clears its market. Only `advance_drawdown` keeps its peak over such a bar.
"""

from typing import Any, NamedTuple

import numpy as np

from ._jit import kernel
from .rolling import Moments, PairMoments, open_moments, open_pairs, push_moments, push_pair
from .spans import FINITE, FINITE_PAIR, POSITIVE, fill, sweep

# Residuals smaller than this share of y's squared deviations are rounding: y is a line of x.
ROUNDING = 1e-13


class MomentumState(NamedTuple):
    seen: np.ndarray  # int64 (market,), bars since the start or the last clear; so in all states
    skip: int  # newest bars that are left out
    ring: np.ndarray  # float64 (n + 1, market), the last prices, the first at 0


class VolatilityState(NamedTuple):
    seen: np.ndarray
    scale: float  # square root of the bars in a year
    last: np.ndarray  # float64 (market,), price of the bar before
    moments: Moments  # of log returns


class ZScoreState(NamedTuple):
    seen: np.ndarray
    sign: float  # 1, or -1 where a low value is to score high
    moments: Moments


class HedgeState(NamedTuple):
    seen: np.ndarray
    pairs: PairMoments


class DrawdownState(NamedTuple):
    peak: np.ndarray  # float64 (market,), highest value so far; NaN: none


class Hedge(NamedTuple):
    """Regression of y on x over a window, and where the last bar lies.

    ratio: slope. intercept: of the line. spread: y less the line, at the last bar [as y].
    zscore: the spread in standard deviations of the window's residuals.
    Each part is a float64 column of the input's shape and type.
    """

    ratio: Any
    intercept: Any
    spread: Any
    zscore: Any


@kernel
def momentum_span(state, span, out, price, *_):
    """The recent price by the oldest one, in their places of the ring."""
    ring, markets, out = state.ring, span.markets, out[span.bar, span.markets]
    at = span.seen - 1
    new, oldest = ring[at % len(ring), markets], ring[(at + 1) % len(ring), markets]
    recent = ring[(at - state.skip) % len(ring), markets]
    for m in range(len(out)):
        new[m] = price[m]
        out[m] = recent[m] / oldest[m] - 1.0
    if span.seen < len(ring):
        fill(out)


@kernel
def advance_momentum(state, price, out):
    """Return from n bars ago to `skip` bars ago."""
    sweep(momentum_span, POSITIVE, state, price, price, price, out)


@kernel
def volatility_span(state, span, out, price, *_):
    """From the returns since the last bar, of which there is one less than bars."""
    out = out[span.bar, span.markets]
    last, n, returns = state.last[span.markets], len(state.moments.tail_mean), span.seen - 1
    slot = open_moments(state.moments, span.markets, returns)
    for m in range(len(out)):
        _, squares = push_moments(slot, m, np.log(price[m] / last[m]))
        last[m] = price[m]
        out[m] = state.scale * np.sqrt(squares / (n - 1))
    if returns < n:
        fill(out)


@kernel
def advance_volatility(state, price, out):
    """Sample standard deviation of the last n log returns, scaled."""
    sweep(volatility_span, POSITIVE, state, price, price, price, out)


@kernel
def zscore_span(state, span, out, x, *_):
    """Not defined where all values are equal."""
    n, out = len(state.moments.tail_mean), out[span.bar, span.markets]
    slot = open_moments(state.moments, span.markets, span.seen)
    for m in range(len(out)):
        mean, squares = push_moments(slot, m, x[m])
        score = state.sign * ((x[m] - mean) / np.sqrt(squares / n))
        out[m] = score if squares > 0.0 else np.nan
    if span.seen < n:
        fill(out)


@kernel
def advance_zscore(state, x, out):
    """Distance from the mean of the last n bars in their standard deviations."""
    sweep(zscore_span, FINITE, state, x, x, x, out)


@kernel
def hedge_span(state, span, out, x, y, _):
    """Not defined where x does not move."""
    at = span.bar, span.markets
    ratio_out, intercept_out = out.ratio[at], out.intercept[at]
    spread_out, zscore_out = out.spread[at], out.zscore[at]
    n = len(state.pairs.tail)
    slot = open_pairs(state.pairs, span.markets, span.seen)
    for m in range(len(x)):
        mean_x, mean_y, xx, xy, yy = push_pair(slot, m, x[m], y[m])
        ratio = xy / xx if xx > 0.0 and span.seen >= n else np.nan
        spread = (y[m] - mean_y) - ratio * (x[m] - mean_x)
        residuals = yy - ratio * xy
        ratio_out[m] = ratio
        intercept_out[m] = mean_y - ratio * mean_x
        spread_out[m] = spread
        zscore_out[m] = spread / np.sqrt(residuals / n) if residuals > ROUNDING * yy else np.nan


@kernel
def advance_hedge(state, y, x, out):
    """Least squares line of the last n bars, and the last bar's distance from it."""
    sweep(hedge_span, FINITE_PAIR, state, x, y, x, out)


@kernel
def advance_drawdown(state, equity, out):
    """Loss since the highest value so far, as a share of it."""
    peak = state.peak
    for t in range(equity.shape[0]):
        for m in range(equity.shape[1]):
            value = equity[t, m]
            usable = np.isfinite(value)
            peak[m] = value if usable and not value <= peak[m] else peak[m]
            out[t, m] = (peak[m] - value) / peak[m] if usable and peak[m] > 0.0 else np.nan
