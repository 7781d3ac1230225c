"""Statistics that are followed bar by bar: momentum, volatility, z-score, hedge, drawdown.

The kernels are as in `indicators`: each moves a state on by the bars it is given, and a bar that is
not usable clears its market. Only `advance_drawdown` keeps its peak over such a bar.
"""

from typing import Any, NamedTuple

import numpy as np

from ._jit import kernel
from .rolling import Moments, push_moments, push_pair

# Residuals smaller than this share of y's squared deviations are rounding: y is a line of x.
ROUNDING = 1e-13


class MomentumState(NamedTuple):
    skip: int  # newest bars that are left out
    seen: np.ndarray  # int64 (market,), prices since the start or the last clear
    ring: np.ndarray  # float64 (n + 1, market), the last prices, at `seen` modulo n + 1


class VolatilityState(NamedTuple):
    scale: float  # square root of the bars in a year
    last: np.ndarray  # float64 (market,), price of the bar before; NaN: none
    moments: Moments  # of log returns


class ZScoreState(NamedTuple):
    sign: float  # 1, or -1 where a low value is to score high
    moments: Moments


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
def advance_momentum(state, price, out):
    """Return from n bars ago to `skip` bars ago."""
    slots = state.ring.shape[0]
    for t in range(price.shape[0]):
        for m in range(price.shape[1]):
            if not 0.0 < price[t, m] < np.inf:
                state.seen[m] = 0
                continue
            seen = state.seen[m]
            state.ring[seen % slots, m] = price[t, m]
            state.seen[m] = seen + 1
            if seen + 1 >= slots:
                recent = state.ring[(seen - state.skip) % slots, m]
                out[t, m] = recent / state.ring[(seen + 1) % slots, m] - 1.0


@kernel
def advance_volatility(state, price, out):
    """Sample standard deviation of the last n log returns, scaled."""
    moments = state.moments
    n = moments.tail_mean.shape[0]
    for t in range(price.shape[0]):
        for m in range(price.shape[1]):
            last = state.last[m]
            if not 0.0 < price[t, m] < np.inf:
                state.last[m] = np.nan
                moments.seen[m] = 0
                continue
            state.last[m] = price[t, m]
            if np.isnan(last):
                continue
            _, squares = push_moments(moments, m, np.log(price[t, m] / last))
            if moments.seen[m] >= n:
                out[t, m] = state.scale * np.sqrt(squares / (n - 1))


@kernel
def advance_zscore(state, x, out):
    """Distance from the mean of the last n bars in their standard deviations."""
    moments = state.moments
    n = moments.tail_mean.shape[0]
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m]):
                moments.seen[m] = 0
                continue
            mean, squares = push_moments(moments, m, x[t, m])
            if moments.seen[m] >= n and squares > 0.0:
                out[t, m] = state.sign * ((x[t, m] - mean) / np.sqrt(squares / n))


@kernel
def advance_hedge(state, y, x, out):
    """Least squares line of the last n bars, and the last bar's distance from it."""
    n = state.tail.shape[0]
    for t in range(x.shape[0]):
        for m in range(x.shape[1]):
            if not np.isfinite(x[t, m] + y[t, m]):
                state.seen[m] = 0
                continue
            mean_x, mean_y, xx, xy, yy = push_pair(state, m, x[t, m], y[t, m])
            if state.seen[m] < n or not xx > 0.0:
                continue
            ratio = xy / xx
            spread = (y[t, m] - mean_y) - ratio * (x[t, m] - mean_x)
            residuals = yy - ratio * xy
            out.ratio[t, m] = ratio
            out.intercept[t, m] = mean_y - ratio * mean_x
            out.spread[t, m] = spread
            if residuals > ROUNDING * yy:
                out.zscore[t, m] = spread / np.sqrt(residuals / n)


@kernel
def advance_drawdown(state, equity, out):
    """Loss since the highest value so far, as a share of it."""
    for t in range(equity.shape[0]):
        for m in range(equity.shape[1]):
            value = equity[t, m]
            if not np.isfinite(value):
                continue
            if not value <= state.peak[m]:
                state.peak[m] = value
            if state.peak[m] > 0.0:
                out[t, m] = (state.peak[m] - value) / state.peak[m]
