"""Stochastic oscillator."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import Stochastic, StochasticState

from .columns import C
from .indicator import SeveralColumns, no_bars, window


class StochasticIndicator(SeveralColumns[Stochastic]):
    """Stochastic oscillator: the close's place between the lowest low and the highest high.

    k is the `smooth`-bar mean of that place, d the `d`-bar mean of k. Where the highest high equals
    the lowest low the place is 0, as in TA-Lib.

    Parameters
    ----------
    high, low, close : float64 (T,) or (T, M), Series or DataFrame
    k, smooth, d : int       windows [bars], each >= 1

    Returns
    -------
    Stochastic(k, d), each as high, 0..100, NaN for the first k + smooth + d - 3 bars

    Raises
    ------
    ConfigError              a window not an int >= 1; inputs of another dtype, unequal, or no rows

    Source
    ------
    TA-Lib, STOCH with simple averages

    Examples
    --------
    >>> high, low = np.array([3.0, 4.0, 5.0]), np.array([1.0, 2.0, 3.0])
    >>> quant.stochastic(high, low, np.array([2.0, 3.0, 4.5]), k=2, smooth=1, d=1).k.round(2)
    array([  nan, 66.67, 83.33])
    """

    name = "stochastic"
    inputs = ("high", "low", "close")
    parts = Stochastic
    _kernel = kernels.advance_stochastic

    def __call__(
        self, high: C, low: C, close: C, k: int = 14, smooth: int = 3, d: int = 3
    ) -> Stochastic:
        return self._over((k, smooth, d), high, low, close)

    def start(self, markets: int, k: int = 14, smooth: int = 3, d: int = 3) -> StochasticState:
        """A state before the first bar."""
        self._check(markets, k=k, smooth=smooth, d=d)
        windows = [window(markets, n) for n in (k, k, smooth, d)]
        return StochasticState(no_bars(markets), *windows)


stochastic = StochasticIndicator()
