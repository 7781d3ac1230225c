"""Volume-weighted average price."""

from typing import Any

import numpy as np

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import RunningVwapState, VwapState

from .columns import C
from .indicator import OneColumn, no_bars, window


class Vwap(OneColumn):
    """Volume-weighted average price: of the last n bars, or of all bars so far.

    Parameters
    ----------
    price, volume : float64 (T,) or (T, M), Series or DataFrame; volume >= 0
    n : int or None          window [bars], >= 1; None: all bars since the start

    Returns
    -------
    as price                 NaN for the first n - 1 bars, and where no volume was traded

    Raises
    ------
    ConfigError              n not an int >= 1; inputs of another dtype, unequal, or without rows

    Examples
    --------
    >>> quant.vwap(np.array([10.0, 11.0, 12.0]), np.array([1.0, 3.0, 0.0]))
    array([10.  , 10.75, 10.75])
    """

    name = "vwap"
    inputs = ("price", "volume")

    def __call__(self, price: C, volume: C, n: int | None = None) -> C:
        return self._over((n,), price, volume)

    def start(self, markets: int, n: int | None = None) -> VwapState | RunningVwapState:
        """A state before the first bar."""
        if n is None:
            self._check(markets)
            return RunningVwapState(np.zeros(markets), np.zeros(markets))
        self._check(markets, n=n)
        return VwapState(no_bars(markets), window(markets, n), window(markets, n))

    def _kernel_of(self, state: Any) -> Any:
        running = isinstance(state, RunningVwapState)
        return kernels.advance_running_vwap if running else kernels.advance_vwap


vwap = Vwap()
