"""Statistics of returns: moments, autocorrelation, realised volatility, density."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TRADING_SECONDS_PER_YEAR = 252 * 6.5 * 3600


class Moments(NamedTuple):
    """The first four moments of a sample, without small-sample corrections."""

    n: int
    mean: float
    std: float
    skewness: float
    excess_kurtosis: float


class Density(NamedTuple):
    """An empirical density in units of the standard deviation, and what it leaves out."""

    center: Floats
    density: Floats
    outside: int


def log_returns(price: ArrayLike, step: int = 1) -> Floats:
    """Log returns over non-overlapping intervals of `step` rows.

    Parameters
    ----------
    price : float64 (T,)   prices [currency]; NaN or a value <= 0 means there was none
    step : int             rows per return, >= 1

    Returns
    -------
    float64 (n,)           n <= (T - 1) // step; an interval without both prices is left out

    Examples
    --------
    >>> log_returns([100.0, 110.0, 121.0]).round(4)
    array([0.0953, 0.0953])
    """
    sampled = np.asarray(price, np.float64)[::step]
    usable = np.where(sampled > 0, sampled, np.nan)
    returns = np.diff(np.log(usable))
    return returns[np.isfinite(returns)]


def moments(sample: ArrayLike) -> Moments:
    """Count, mean, standard deviation, skewness and excess kurtosis.

    Parameters
    ----------
    sample : float64 (n,)   finite values

    Returns
    -------
    Moments                 NaN where undefined: no values, or no variance

    Examples
    --------
    >>> round(moments([1.0, 2.0, 3.0, 4.0]).excess_kurtosis, 2)
    -1.36
    """
    x = np.asarray(sample, np.float64)
    if not len(x):
        return Moments(0, np.nan, np.nan, np.nan, np.nan)
    mean, std = float(x.mean()), float(x.std())
    if not std > 0:
        return Moments(len(x), mean, std, np.nan, np.nan)
    z = (x - mean) / std
    return Moments(len(x), mean, std, float((z**3).mean()), float((z**4).mean()) - 3.0)


def autocorrelation(sample: ArrayLike, lags: int) -> Floats:
    """Sample autocorrelation at lags 1 to `lags`.

    Parameters
    ----------
    sample : float64 (n,)   finite values
    lags : int              longest lag [rows], 1 <= lags < n

    Returns
    -------
    float64 (lags,)         -1..1; NaN where the sample has no variance

    Source
    ------
    Box, Jenkins, Reinsel, Ljung (2015), Time Series Analysis, 5th ed., eq. 2.1.12
    """
    x = np.asarray(sample, np.float64)
    x = x - x.mean()
    variance = float(x @ x)
    if not variance > 0:
        return np.full(lags, np.nan)
    return np.array([float(x[lag:] @ x[:-lag]) for lag in range(1, lags + 1)]) / variance


def white_noise_band(count: int) -> float:
    """Half-width of the 95% band of the autocorrelation of `count` independent values.

    Source
    ------
    Box, Jenkins, Reinsel, Ljung (2015), Time Series Analysis, 5th ed., section 2.1.6
    """
    return 1.959963984540054 / float(np.sqrt(count))


def realised_volatility(returns: ArrayLike, seconds: float) -> float:
    """Annualised realised volatility, from the sum of squared returns.

    Parameters
    ----------
    returns : float64 (n,)   log returns over equal intervals
    seconds : float          length of one interval [simulated seconds]

    Returns
    -------
    float                    per square root of a year of 252 days of 6.5 hours; NaN if n is 0

    Source
    ------
    Andersen, Bollerslev, Diebold, Labys (2003), Modeling and Forecasting Realized Volatility,
    Econometrica 71(2), section 2
    """
    r = np.asarray(returns, np.float64)
    if not len(r) or not seconds > 0:
        return float("nan")
    return float(np.sqrt(r @ r / (len(r) * seconds) * TRADING_SECONDS_PER_YEAR))


def standardised_density(
    returns: ArrayLike, quantum: float = 0.0, bins: int = 61, reach: float = 12.0
) -> Density:
    """Density of standardised returns with bins centred on zero.

    Bins are a whole number of `quantum` wide: prices move in ticks, and bins that are not would
    hold now one and now two of the possible returns, which looks like a comb.

    Parameters
    ----------
    returns : float64 (n,)   log returns with a positive variance
    quantum : float          smallest difference between two returns; 0 if there is none
    bins : int               about how many bins cover the sample
    reach : float            widest range shown [standard deviations]

    Returns
    -------
    Density                  bin centres, density per standard deviation, and how many
                             returns lie beyond `reach`
    """
    r = np.asarray(returns, np.float64)
    mean, std = float(r.mean()), float(r.std())
    limit = min(float(np.abs(r).max()), reach * std)
    width = 2 * limit / bins
    if quantum > 0:
        width = max(1.0, round(width / quantum)) * quantum
    half = int(np.ceil(limit / width))
    edges = (np.arange(-half, half + 2) - 0.5) * width
    count = np.histogram(r, edges)[0]
    center = np.asarray((edges[:-1] + width / 2 - mean) / std, np.float64)
    density = np.asarray(count * (std / (len(r) * width)), np.float64)
    return Density(center, density, int(len(r) - count.sum()))


def normal_density(x: ArrayLike) -> Floats:
    """Density of the standard normal distribution."""
    return np.asarray(np.exp(-(np.asarray(x, np.float64) ** 2) / 2) / np.sqrt(2 * np.pi))
