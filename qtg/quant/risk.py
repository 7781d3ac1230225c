"""Risk of a finished series of returns.

Returns are float64 of shape (time,) or (time, market), a polars Series or DataFrame; the result is
a float, float64 (market,), or a frame of one row. Returns that are NaN or infinite are left out, so
the NaN in the first row of `returns(price)` does no harm; where too few are left, the result is
NaN. Losses are positive numbers. `periods` is the number of bars in a year: 252 for daily bars, and
1 leaves a result per bar.
"""

import math
from typing import Any

import numpy as np

from qtg.schemas import F64

from ..number_checks import check_number
from . import sample
from .columns import reduced


def volatility(returns: Any, periods: float = 1.0) -> Any:
    """Sample standard deviation of the returns, by the year.

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    periods : float          bars in a year, > 0

    Returns
    -------
    float, float64 (M,) or a frame of one row; NaN for less than 2 returns

    Raises
    ------
    ConfigError              periods out of its range; returns of another dtype, or without rows

    Examples
    --------
    >>> round(quant.volatility(np.array([0.01, -0.01, 0.03]), periods=252), 4)
    0.3175
    """
    scale = _root(periods, "volatility")
    return reduced("volatility", lambda r: scale * sample.std(r), returns=returns)


def sharpe(returns: Any, risk_free: float = 0.0, periods: float = 1.0) -> Any:
    """Mean return above the risk-free one, by the standard deviation of returns.

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    risk_free : float        what is earned without risk [fraction per bar]
    periods : float          bars in a year, > 0

    Returns
    -------
    float, float64 (M,) or a frame of one row; NaN for less than 2 returns, or where all are equal

    Raises
    ------
    ConfigError              a parameter out of its range; returns of another dtype, or without rows

    Source
    ------
    Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21(1); by the year: Lo (2002),
    The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), for independent returns

    Examples
    --------
    >>> round(quant.sharpe(np.array([0.01, -0.01, 0.03])), 4)
    0.5
    """
    scale = _root(periods, "sharpe")
    rate = check_number("sharpe", "risk_free", risk_free, above=-np.inf)

    def ratio(r: F64) -> F64:
        return scale * _over_positive(sample.mean(r) - rate, sample.std(r))

    return reduced("sharpe", ratio, returns=returns)


def sortino(returns: Any, target: float = 0.0, periods: float = 1.0) -> Any:
    """Mean return above a target, by the downside deviation.

    The downside deviation is the root of the mean square of what returns fall short of the target;
    returns above it count as 0, and the mean is over all returns.

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    target : float           return that is asked for [fraction per bar]
    periods : float          bars in a year, > 0

    Returns
    -------
    float, float64 (M,) or a frame of one row; NaN where no return falls short of the target

    Raises
    ------
    ConfigError              a parameter out of its range; returns of another dtype, or without rows

    Source
    ------
    Sortino, Price (1994), Performance Measurement in a Downside Risk Framework, Journal of
    Investing 3(3)

    Examples
    --------
    >>> round(quant.sortino(np.array([0.01, -0.01, 0.03])), 4)
    1.7321
    """
    scale = _root(periods, "sortino")
    aim = check_number("sortino", "target", target, above=-np.inf)

    def ratio(r: F64) -> F64:
        short = np.minimum(sample.present(r) - aim, 0.0)
        return scale * _over_positive(sample.mean(r) - aim, np.sqrt(sample.mean(short**2)))

    return reduced("sortino", ratio, returns=returns)


def historical_var(returns: Any, level: float = 0.95) -> Any:
    """Value at risk: the loss that a bar exceeds with a chance of 1 - level, from past returns.

    The quantile is interpolated linearly, as NumPy does (Hyndman and Fan's type 7).

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    level : float            between 0 and 1; 0.95 and 0.99 are usual

    Returns
    -------
    float, float64 (M,) or a frame of one row; a loss as a positive fraction, NaN without returns

    Raises
    ------
    ConfigError              level out of its range; returns of another dtype, or without rows

    Source
    ------
    Jorion (2006), Value at Risk, 3rd ed.; Hyndman, Fan (1996), Sample Quantiles in
    Statistical Packages, American Statistician 50(4)

    Examples
    --------
    >>> quant.historical_var(np.array([-0.04, -0.02, 0.0, 0.02, 0.04]), level=0.75)
    0.02
    """
    share = 1.0 - check_number("historical_var", "level", level, above=0.0, below=1.0)
    return reduced("historical_var", lambda r: -_quantile(r, share), returns=returns)


def parametric_var(returns: Any, level: float = 0.95) -> Any:
    """Value at risk of normally distributed returns of the same mean and standard deviation.

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    level : float            between 0 and 1; 0.95 and 0.99 are usual

    Returns
    -------
    float, float64 (M,) or a frame of one row; a loss as a positive fraction (negative where even
    such a bar gains), NaN for less than 2 returns

    Raises
    ------
    ConfigError              level out of its range; returns of another dtype, or without rows

    Source
    ------
    Jorion (2006), Value at Risk, 3rd ed.

    Examples
    --------
    >>> round(quant.parametric_var(np.array([0.01, -0.01, 0.03]), level=0.99), 4)
    0.0365
    """
    from scipy.special import ndtri

    z = float(ndtri(1.0 - check_number("parametric_var", "level", level, above=0.0, below=1.0)))
    return reduced(
        "parametric_var", lambda r: -(sample.mean(r) + z * sample.std(r)), returns=returns
    )


def beta(returns: Any, benchmark: Any) -> Any:
    """Slope of returns on a benchmark's returns; bars where one of them is missing are left out.

    Parameters
    ----------
    returns : float64 (T,) or (T, M), Series or DataFrame; fractions per bar
    benchmark                as returns, of the same shape

    Returns
    -------
    float, float64 (M,) or a frame of one row; NaN for less than 2 bars, or where the benchmark
    does not move

    Raises
    ------
    ConfigError              inputs of another dtype, unequal, or without rows

    Source
    ------
    Sharpe (1964), Capital Asset Prices, Journal of Finance 19(3)

    Examples
    --------
    >>> market = np.array([0.01, -0.02, 0.03])
    >>> round(quant.beta(2.0 * market + 0.001, market), 6)
    2.0
    """

    def slope(r: F64, b: F64) -> F64:
        both = np.isfinite(r) & np.isfinite(b)
        r, b = np.where(both, r, np.nan), np.where(both, b, np.nan)
        away = b - sample.mean(b)
        moves = np.where(sample.std(b) > 0.0, sample.mean(away**2), 0.0)
        return _over_positive(sample.mean((r - sample.mean(r)) * away), moves)

    return reduced("beta", slope, returns=returns, benchmark=benchmark)


def _root(periods: float, where: str) -> float:
    return math.sqrt(check_number(where, "periods", periods, above=0.0))


def _over_positive(a: F64, b: F64) -> F64:
    """a / b; NaN where b is 0."""
    return a / np.where(b > 0.0, b, np.nan)


def _quantile(x: F64, share: float) -> F64:
    """float64 (market, 1): the quantile of each row's finite values."""
    ordered = np.sort(sample.present(x))  # NaN last
    last = np.maximum(np.isfinite(ordered).sum(-1, keepdims=True) - 1, 0)
    place = last * share
    below = place.astype(np.int64)
    low = np.take_along_axis(ordered, below, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(below + 1, last), axis=-1)
    result: F64 = low + (high - low) * (place - below)
    return result
