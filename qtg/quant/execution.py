"""Schedules that cut a large order into child orders, one for each bar.

Quantities are int64 [shares] and never negative; give the side to the orders. A schedule follows a
target for the quantity done so far, rounded to whole shares, so it adds up to the share and is
never more than one share from where it should be.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtg.schemas import F64, I64

from ..errors import ConfigError
from ..number_checks import check_counts, check_number
from .columns import array_of


def twap_schedule(qty: Any, bars: int) -> I64:
    """Equal quantities in equal times (time-weighted average price).

    Parameters
    ----------
    qty : int or int64 (M,)  order quantity [shares], >= 0
    bars : int               how many bars to spread it over, >= 1

    Returns
    -------
    int64 (bars,) or (bars, M)   child order of each bar [shares]; they add up to qty

    Raises
    ------
    ConfigError              qty or bars out of its range

    Source
    ------
    Kissell (2014), The Science of Algorithmic Trading and Portfolio Management

    Examples
    --------
    >>> quant.twap_schedule(10, 4)
    array([2, 3, 3, 2])
    """
    check_counts("twap_schedule", bars=bars)
    whole = _quantities("twap_schedule", qty)
    share = np.arange(1, bars + 1).reshape(-1, *(1,) * whole.ndim) / bars
    return _children(np.rint(share * whole))


def vwap_schedule(qty: Any, volume: Any) -> I64:
    """Quantities in proportion to a volume profile (volume-weighted average price).

    Filled at each bar's price, the order's mean price is the VWAP of the profile, to the rounding
    of shares. The profile is a forecast: usually the mean volume of each time of day in the past.

    Parameters
    ----------
    qty : int or int64 (M,)  order quantity [shares], >= 0
    volume : float64 (T,) or (T, M), Series or DataFrame; expected volume of each bar, >= 0, in any
                             unit

    Returns
    -------
    int64 (T,) or (T, M)     child order of each bar [shares]; they add up to qty

    Raises
    ------
    ConfigError              qty out of its range; volume of another dtype or shape, negative, NaN,
                             infinite, or 0 in all bars of a market

    Source
    ------
    Berkowitz, Logue, Noser (1988), The Total Cost of Transactions on the NYSE, Journal of Finance
    43(1); Kissell (2014), The Science of Algorithmic Trading and Portfolio Management

    Examples
    --------
    >>> quant.vwap_schedule(100, np.array([3.0, 1.0, 1.0, 3.0]))
    array([38, 12, 12, 38])
    """
    done = np.cumsum(_volume("vwap_schedule", volume, qty), axis=0)
    if not (done[-1] > 0.0).all():
        raise ConfigError("vwap_schedule: a market has no volume in any bar; give it a profile")
    return _children(np.rint(done / done[-1] * _quantities("vwap_schedule", qty)))


def pov_schedule(qty: Any, volume: Any, rate: float = 0.1) -> I64:
    """A constant share of the market's volume, until the order is done (percentage of volume).

    Bar t depends on no later bar, so in a tick the next child order is the last row of the schedule
    for the volume so far. Shares short of a whole one wait for later bars.

    Parameters
    ----------
    qty : int or int64 (M,)  order quantity [shares], >= 0
    volume : float64 (T,) or (T, M), Series or DataFrame; volume of each bar without this order
                             [shares], >= 0
    rate : float             share of that volume, between 0 and 1

    Returns
    -------
    int64 (T,) or (T, M)     child order of each bar [shares]; they add up to qty or, where the
                             market trades less than qty / rate, to less

    Raises
    ------
    ConfigError              qty or rate out of its range; volume of another dtype or shape,
                             negative, NaN or infinite

    Source
    ------
    Kissell (2014), The Science of Algorithmic Trading and Portfolio Management

    Examples
    --------
    >>> quant.pov_schedule(30, np.array([100.0, 55.0, 200.0]), rate=0.1)
    array([10,  5, 15])
    """
    share = check_number("pov_schedule", "rate", rate, above=0.0, below=1.0)
    done = np.cumsum(_volume("pov_schedule", volume, qty), axis=0)
    due = np.floor(share * done + 1e-9)  # 29% of 100 is 28.999... in binary
    return _children(np.minimum(due, _quantities("pov_schedule", qty)))


def _children(done: F64) -> I64:
    """The child orders that lead to these cumulative quantities."""
    return np.diff(done, axis=0, prepend=0.0).astype(np.int64)


def _quantities(where: str, qty: Any) -> NDArray[Any]:
    whole = np.asarray(qty)
    if whole.dtype.kind not in "iu" or whole.ndim > 1 or (whole < 0).any():
        raise ConfigError(f"{where}: qty is {qty!r}; pass whole numbers of at least 0")
    if (whole >= 2**53).any():
        raise ConfigError(f"{where}: qty is {qty!r}; pass quantities below 2**53")
    return whole


def _volume(where: str, volume: Any, qty: Any) -> F64:
    array = array_of(f"{where}: volume", volume)
    if array.ndim not in (1, 2) or len(array) < 1:
        raise ConfigError(
            f"{where}: volume has shape {array.shape}; pass (time,) or (time, market) with at "
            "least one row"
        )
    if np.shape(qty) not in ((), array.shape[1:]):
        raise ConfigError(
            f"{where}: qty has shape {np.shape(qty)} but volume has {array.shape}; pass one "
            "quantity, or one for each market"
        )
    if not (np.isfinite(array) & (array >= 0.0)).all():
        raise ConfigError(f"{where}: a volume is negative, NaN or infinite; fill it first")
    return array
