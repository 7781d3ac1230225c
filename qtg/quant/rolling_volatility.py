"""Volatility of the last bars' returns."""

import math

from qtg.kernels import trackers
from qtg.kernels.trackers import VolatilityState

from ..number_checks import check_counts, check_number
from .columns import C
from .indicator import OneColumn, moments, no_bars, nothing


class RollingVolatility(OneColumn):
    """Sample standard deviation of the last n log returns, by the year: the volatility factor.

    Parameters
    ----------
    price : float64 (T,) or (T, M), Series or DataFrame
    n : int                  window [returns], >= 2
    periods : float          bars in a year, > 0; 1 leaves the result per bar, daily bars have 252

    Returns
    -------
    as price                 a fraction per square root of a year; NaN for the first n bars, and as
                             long as a price that is not above 0 is among the last n + 1

    Raises
    ------
    ConfigError              n or periods out of its range; price of another dtype, or without rows

    Source
    ------
    Hull (2018), Options, Futures, and Other Derivatives, 10th ed., section 15.4; as a factor: Ang,
    Hodrick, Xing, Zhang (2006), The Cross-Section of Volatility and Expected Returns, Journal of
    Finance 61(1)

    Examples
    --------
    >>> quant.rolling_volatility(np.array([100.0, 110.0, 100.0, 110.0]), n=2).round(4)
    array([   nan,    nan, 0.1348, 0.1348])
    """

    name = "rolling_volatility"
    inputs = ("price",)
    _kernel = trackers.advance_volatility

    def __call__(self, price: C, n: int = 20, periods: float = 1.0) -> C:
        return self._over((n, periods), price)

    def start(self, markets: int, n: int = 20, periods: float = 1.0) -> VolatilityState:
        """A state before the first bar."""
        self._check(markets)
        check_counts(self.name, least=2, n=n)
        scale = math.sqrt(check_number(self.name, "periods", periods, above=0.0))
        return VolatilityState(no_bars(markets), scale, nothing(markets), moments(markets, n))


rolling_volatility = RollingVolatility()
