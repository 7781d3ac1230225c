"""Momentum of the price."""

import numpy as np

from qtg.kernels import trackers
from qtg.kernels.trackers import MomentumState

from ..errors import ConfigError
from ..number_checks import check_counts
from .columns import C
from .indicator import OneColumn, no_bars


class Momentum(OneColumn):
    """Return from n bars ago to `skip` bars ago: the momentum factor.

    The defaults are 12-1 momentum on daily bars: the year before the last month, which is left out
    because returns over a month tend to turn. `momentum(price, n, 0)` is TA-Lib's ROCP, and
    `momentum(price, 1, 0)` the simple return, in a form that rolls.

    Parameters
    ----------
    price : float64 (T,) or (T, M), Series or DataFrame
    n : int                  bars looked back, >= 1
    skip : int               newest bars left out, 0 <= skip < n

    Returns
    -------
    as price                 a fraction; NaN for the first n bars, and as long as a price that is
                             not above 0 is among the last n + 1

    Raises
    ------
    ConfigError              n or skip out of its range; price of another dtype, or without rows

    Source
    ------
    Jegadeesh, Titman (1993), Returns to Buying Winners and Selling Losers, Journal of Finance
    48(1); the skipped month: Asness, Moskowitz, Pedersen (2013), Value and Momentum Everywhere,
    Journal of Finance 68(3)

    Examples
    --------
    >>> quant.momentum(np.array([10.0, 11.0, 12.0, 6.0]), n=2, skip=1)
    array([       nan,        nan, 0.1       , 0.09090909])
    """

    name = "momentum"
    inputs = ("price",)
    _kernel = trackers.advance_momentum

    def __call__(self, price: C, n: int = 252, skip: int = 21) -> C:
        return self._over((n, skip), price)

    def start(self, markets: int, n: int = 252, skip: int = 21) -> MomentumState:
        """A state before the first bar."""
        self._check(markets, n=n)
        check_counts(self.name, least=0, skip=skip)
        if skip >= n:
            raise ConfigError(f"momentum: skip is {skip} and n is {n}; choose skip less than n")
        return MomentumState(no_bars(markets), int(skip), np.zeros((n + 1, markets)))


momentum = Momentum()
