"""Numbers for traders, over columns of shape (time, market).

Indicators (`sma`, `rsi`, ...) and trackers (`momentum`, `hedge`, ...) take whole columns or one bar
at a time:

    fast = qtg.quant.ema(close, 12)                 # all bars at once

    state = qtg.quant.ema.start(markets=3, n=12)    # or one bar of all markets at a time
    for bar in close:
        row = qtg.quant.ema.step(state, bar)

Both are the same kernel, given all bars or one: the state holds everything that the next bar
needs, so the results are equal to the bit, and `step` changes it in place.

Columns are float64 of shape (time,) or (time, market), a polars Series, or a polars DataFrame with
a column for each market; the result has the same shape and type, with NaN where a value is not
defined yet. The parts of one result start at the same bar, as in TA-Lib. A NaN (null, infinity) in
a market's input makes the windows that contain it NaN; averages, and the running `vwap`, start anew
after it; the peak of `drawdown` stays.

The rest is for whole series: risk, statistics, cross-sections, cointegration, schedules.
"""

from qtg.kernels.indicators import Bands, Macd, Stochastic
from qtg.kernels.trackers import Hedge

from .atr import atr
from .averages import ema, sma
from .bollinger import bollinger
from .cointegration import Cointegration, engle_granger
from .drawdown import drawdown, max_drawdown
from .execution import pov_schedule, twap_schedule, vwap_schedule
from .exposure import Exposure, sector_exposure
from .factors import cross_sectional_zscore, quality, value
from .hedge import hedge
from .macd import macd
from .momentum import momentum
from .risk import beta, historical_var, parametric_var, sharpe, sortino, volatility
from .rolling_volatility import rolling_volatility
from .rsi import rsi
from .statistics import correlation, log_returns, returns
from .stochastic import stochastic
from .vwap import vwap
from .zscore import mean_reversion, zscore

__all__ = [
    "Bands",
    "Cointegration",
    "Exposure",
    "Hedge",
    "Macd",
    "Stochastic",
    "atr",
    "beta",
    "bollinger",
    "correlation",
    "cross_sectional_zscore",
    "drawdown",
    "ema",
    "engle_granger",
    "hedge",
    "historical_var",
    "log_returns",
    "macd",
    "max_drawdown",
    "mean_reversion",
    "momentum",
    "parametric_var",
    "pov_schedule",
    "quality",
    "returns",
    "rolling_volatility",
    "rsi",
    "sector_exposure",
    "sharpe",
    "sma",
    "sortino",
    "stochastic",
    "twap_schedule",
    "value",
    "volatility",
    "vwap",
    "vwap_schedule",
    "zscore",
]
