"""Average true range."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import AtrState

from .columns import C
from .indicator import OneColumn, no_bars, nothing, wilder


class Atr(OneColumn):
    """Average true range, Wilder's smoothing.

    The true range is the largest of high - low, |high - last close| and |low - last close|.

    Parameters
    ----------
    high, low, close : float64 (T,) or (T, M), Series or DataFrame
    n : int                  smoothing length [bars], >= 1

    Returns
    -------
    as high                  NaN for the first n bars

    Raises
    ------
    ConfigError              n not an int >= 1; inputs of another dtype, unequal, or without rows

    Source
    ------
    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib, ATR

    Examples
    --------
    >>> close = np.array([4.5, 5.5, 7.0])
    >>> quant.atr(np.array([5.0, 6.0, 8.0]), np.array([4.0, 5.0, 6.0]), close, 2)
    array([nan, nan,  2.])
    """

    name = "atr"
    inputs = ("high", "low", "close")
    _kernel = kernels.advance_atr

    def __call__(self, high: C, low: C, close: C, n: int = 14) -> C:
        return self._over((n,), high, low, close)

    def start(self, markets: int, n: int = 14) -> AtrState:
        """A state before the first bar."""
        self._check(markets, n=n)
        return AtrState(no_bars(markets), nothing(markets), wilder(markets, n))


atr = Atr()
