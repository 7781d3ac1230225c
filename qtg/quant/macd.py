"""Moving average convergence divergence."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import Macd, MacdState

from ..errors import ConfigError
from .columns import C
from .indicator import SeveralColumns, exponential, no_bars


class MacdIndicator(SeveralColumns[Macd]):
    """Moving average convergence divergence: the fast less the slow `ema`, and the `ema` of that.

    The fast average is seeded with the last `fast` of the first `slow` bars, so that both start at
    the same bar, as in TA-Lib.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    fast, slow, signal : int lengths [bars], 1 <= fast < slow, signal >= 1

    Returns
    -------
    Macd(macd, signal, histogram), each as x, NaN for the first slow + signal - 2 bars

    Raises
    ------
    ConfigError              a length out of its range; x of another dtype, or without rows

    Source
    ------
    TA-Lib, MACD

    Examples
    --------
    >>> quant.macd(np.array([1.0, 2.0, 3.0, 4.0, 8.0]), fast=2, slow=3, signal=2).histogram.round(3)
    array([  nan,   nan,   nan, 0.   , 0.167])
    """

    name = "macd"
    inputs = ("x",)
    parts = Macd
    _kernel = kernels.advance_macd

    def __call__(self, x: C, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
        return self._over((fast, slow, signal), x)

    def start(self, markets: int, fast: int = 12, slow: int = 26, signal: int = 9) -> MacdState:
        """A state before the first bar."""
        self._check(markets, fast=fast, slow=slow, signal=signal)
        if fast >= slow:
            raise ConfigError(
                f"macd: fast is {fast} and slow is {slow}; choose fast less than slow"
            )
        averages = [exponential(markets, n) for n in (fast, slow, signal)]
        return MacdState(no_bars(markets), *averages)


macd = MacdIndicator()
