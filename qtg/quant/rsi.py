"""Relative strength index."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import RsiState

from .columns import C
from .indicator import OneColumn, no_bars, nothing, wilder


class Rsi(OneColumn):
    """Relative strength index, Wilder's smoothing.

    Without losses it is 100; where there were neither gains nor losses it is 0. That is TA-Lib's
    default mode, without an unstable period.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  smoothing length [bars], >= 1

    Returns
    -------
    as x                     0..100; NaN for the first n bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows

    Source
    ------
    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib, RSI

    Examples
    --------
    >>> quant.rsi(np.array([10.0, 11.0, 10.5, 11.5]), 2).round(2)
    array([  nan,   nan, 66.67, 85.71])
    """

    name = "rsi"
    inputs = ("x",)
    _kernel = kernels.advance_rsi

    def __call__(self, x: C, n: int = 14) -> C:
        return self._over((n,), x)

    def start(self, markets: int, n: int = 14) -> RsiState:
        """A state before the first bar."""
        self._check(markets, n=n)
        gain, loss = wilder(markets, n), wilder(markets, n)
        return RsiState(no_bars(markets), nothing(markets), gain, loss)


rsi = Rsi()
