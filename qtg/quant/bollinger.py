"""Bollinger bands."""

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import Bands, BollingerState

from ..number_checks import check_number
from .columns import C
from .indicator import SeveralColumns, moments, no_bars


class Bollinger(SeveralColumns[Bands]):
    """Bollinger bands: `sma`, and `width` population standard deviations to either side.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  window [bars], >= 1
    width : float            half width of the bands [standard deviations], finite, > 0

    Returns
    -------
    Bands(upper, middle, lower), each as x, NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n or width out of its range; x of another dtype, or without rows

    Source
    ------
    Bollinger (2001), Bollinger on Bollinger Bands; TA-Lib, BBANDS

    Examples
    --------
    >>> quant.bollinger(np.array([1.0, 3.0, 5.0]), 2).upper
    array([nan,  4.,  6.])
    """

    name = "bollinger"
    inputs = ("x",)
    parts = Bands
    _kernel = kernels.advance_bollinger

    def __call__(self, x: C, n: int = 20, width: float = 2.0) -> Bands:
        return self._over((n, width), x)

    def start(self, markets: int, n: int = 20, width: float = 2.0) -> BollingerState:
        """A state before the first bar."""
        self._check(markets, n=n)
        away = check_number(self.name, "width", width, above=0.0)
        return BollingerState(no_bars(markets), away, moments(markets, n))


bollinger = Bollinger()
