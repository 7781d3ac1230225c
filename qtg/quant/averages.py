"""Averages of the price: simple and exponential."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import EmaState, SmaState

from .columns import C
from .indicator import OneColumn, exponential, no_bars, window


class Sma(OneColumn):
    """Simple moving average: the mean of the last n bars.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  window [bars], >= 1

    Returns
    -------
    as x                     NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows

    Examples
    --------
    >>> quant.sma(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    array([nan, 1.5, 2.5, 3.5])
    """

    name = "sma"
    inputs = ("x",)
    _kernel = kernels.advance_sma

    def __call__(self, x: C, n: int) -> C:
        return self._over((n,), x)

    def start(self, markets: int, n: int) -> SmaState:
        """A state before the first bar."""
        self._check(markets, n=n)
        return SmaState(no_bars(markets), window(markets, n))


class Ema(OneColumn):
    """Exponential moving average with alpha 2 / (n + 1), seeded with the mean of n bars.

    That is TA-Lib's default; its Metastock mode seeds with the first bar, and an unstable period
    there hides further values, which are all shown here.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  length [bars], >= 1

    Returns
    -------
    as x                     NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows

    Source
    ------
    TA-Lib, EMA

    Examples
    --------
    >>> quant.ema(np.array([1.0, 2.0, 3.0, 4.0]), 3)
    array([nan, nan,  2.,  3.])
    """

    name = "ema"
    inputs = ("x",)
    _kernel = kernels.advance_ema

    def __call__(self, x: C, n: int) -> C:
        return self._over((n,), x)

    def start(self, markets: int, n: int) -> EmaState:
        """A state before the first bar."""
        self._check(markets, n=n)
        return EmaState(no_bars(markets), exponential(markets, n))


sma = Sma()
ema = Ema()
