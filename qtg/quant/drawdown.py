"""Loss since the peak."""

from typing import Any

import numpy as np

from qtg.kernels import trackers
from qtg.kernels.trackers import DrawdownState
from qtg.schemas import F64

from .columns import C, reduced
from .indicator import OneColumn, nothing


class Drawdown(OneColumn):
    """Loss since the highest value so far, as a share of it.

    The peak outlasts a missing bar: unlike the windows of the other indicators, it is not cleared.

    Parameters
    ----------
    equity : float64 (T,) or (T, M), Series or DataFrame; wealth or price [currency]

    Returns
    -------
    as equity                0 at a peak, above 1 where equity is negative; NaN where equity is NaN
                             or infinite, and before it was above 0

    Raises
    ------
    ConfigError              equity of another dtype, or without rows

    Source
    ------
    Magdon-Ismail, Atiya (2004), Maximum Drawdown, Risk 17(10)

    Examples
    --------
    >>> quant.drawdown(np.array([100.0, 120.0, 90.0, 130.0]))
    array([0.  , 0.  , 0.25, 0.  ])
    """

    name = "drawdown"
    inputs = ("equity",)
    _kernel = trackers.advance_drawdown

    def __call__(self, equity: C) -> C:
        return self._over((), equity)

    def start(self, markets: int) -> DrawdownState:
        """A state before the first bar."""
        self._check(markets)
        return DrawdownState(nothing(markets))


drawdown = Drawdown()


def max_drawdown(equity: Any) -> Any:
    """The largest `drawdown`.

    Parameters
    ----------
    equity : float64 (T,) or (T, M), Series or DataFrame; wealth or price [currency]

    Returns
    -------
    float, float64 (M,) or a frame of one row; a fraction, NaN where equity never was above 0

    Raises
    ------
    ConfigError              equity of another dtype, or without rows

    Source
    ------
    Magdon-Ismail, Atiya (2004), Maximum Drawdown, Risk 17(10)

    Examples
    --------
    >>> quant.max_drawdown(np.array([100.0, 120.0, 90.0, 130.0]))
    0.25
    """
    return reduced("max_drawdown", _deepest, equity=equity)


def _deepest(equity: F64) -> F64:
    result: F64 = np.fmax.reduce(drawdown(equity.T), axis=0)[:, np.newaxis]
    return result
