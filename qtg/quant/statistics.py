"""Returns, and how they move together."""

from typing import Any

import numpy as np

from qtg.schemas import F64

from ..errors import ConfigError
from ..number_checks import check_counts
from .columns import C, array_of, like, mapped


def returns(price: C, n: int = 1) -> C:
    """Simple return over n bars: price / price n bars ago - 1.

    Parameters
    ----------
    price : float64 (T,) or (T, M), Series or DataFrame
    n : int                  bars, >= 1

    Returns
    -------
    as price                 a fraction; NaN for the first n bars, and where one of the two prices
                             is missing or not above 0

    Raises
    ------
    ConfigError              n not an int >= 1; price of another dtype, or without rows

    Examples
    --------
    >>> quant.returns(np.array([100.0, 110.0, 99.0])).round(4)
    array([ nan,  0.1, -0.1])
    """
    check_counts("returns", n=n)
    result: C = mapped("returns", lambda p: _growth(p, n) - 1.0, price=price)
    return result


def log_returns(price: C, n: int = 1) -> C:
    """Logarithm of price / price n bars ago: adds up over time.

    Parameters
    ----------
    price : float64 (T,) or (T, M), Series or DataFrame
    n : int                  bars, >= 1

    Returns
    -------
    as price                 NaN as in `returns`

    Raises
    ------
    ConfigError              n not an int >= 1; price of another dtype, or without rows

    Examples
    --------
    >>> quant.log_returns(np.array([100.0, 110.0, 99.0])).round(4)
    array([    nan,  0.0953, -0.1054])
    """
    check_counts("log_returns", n=n)
    result: C = mapped("log_returns", lambda p: np.log(_growth(p, n)), price=price)
    return result


def correlation(x: Any) -> Any:
    """Correlation matrix of the markets: Pearson's r of each two columns.

    Parameters
    ----------
    x : float64 (T, M) or DataFrame; usually returns. For each two markets, bars where one of them
                             is NaN or infinite are left out

    Returns
    -------
    float64 (M, M) or DataFrame; -1..1, symmetric. NaN where two markets share less than 2 bars, or
    one of them does not move over these (to 1e-14 of its size)

    Raises
    ------
    ConfigError              x of another shape or dtype, or without rows

    Source
    ------
    Pearson (1895), Notes on Regression and Inheritance in the Case of Two Parents, Proceedings of
    the Royal Society 58

    Examples
    --------
    >>> quant.correlation(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]]))
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    array = array_of("correlation: x", x)
    if array.ndim != 2 or len(array) < 1:
        raise ConfigError(
            f"correlation: x has shape {array.shape}; pass (time, market) with at least one row"
        )
    return like(x, _pairwise_correlation(array))


def _growth(price: F64, n: int) -> F64:
    usable = np.where((price > 0.0) & np.isfinite(price), price, np.nan)
    result: F64 = np.full(price.shape, np.nan)
    if n < len(price):
        np.divide(usable[n:], usable[:-n], out=result[n:])
    return result


def _pairwise_correlation(x: F64) -> F64:
    """Sums over the bars that two markets share are matrix products with the masks."""
    there = np.isfinite(x)
    shared = there.astype(float)
    size = np.where(there, np.abs(x), 0.0).max(axis=0)
    with np.errstate(all="ignore"):
        centre = np.where(there, x, 0.0).sum(axis=0) / shared.sum(axis=0)
        away = np.where(there, x - centre, 0.0)
        n = shared.T @ shared
        total = away.T @ shared  # of the row's market, over the bars shared with the column's
        squares = (away**2).T @ shared - total**2 / n
        moves = squares > n * (1e-14 * size[:, np.newaxis]) ** 2
        spread = np.sqrt(np.where(moves & (n > 1), squares, np.nan))
        r = (away.T @ away - total * total.T / n) / (spread * spread.T)
    r = (r + r.T) / 2.0
    result: F64 = np.clip(r, -1.0, 1.0)
    diagonal = np.diag_indices_from(r)
    result[diagonal] = np.where(np.isnan(r[diagonal]), np.nan, 1.0)
    return result
