"""How far the last bar lies from its own past."""

from qtg.kernels import trackers
from qtg.kernels.trackers import ZScoreState

from ..number_checks import check_counts
from .columns import C
from .indicator import OneColumn, moments, no_bars


class ZScore(OneColumn):
    """Distance from the mean of the last n bars, in their population standard deviations.

    Give it a spread for the spread's z-score; `hedge` has the z-score of a regression's residual.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  window [bars], >= 2; the last bar is part of it

    Returns
    -------
    as x                     within +-sqrt(n - 1); NaN for the first n - 1 bars, and where the
                             window's values are all equal

    Raises
    ------
    ConfigError              n not an int >= 2; x of another dtype, or without rows

    Examples
    --------
    >>> quant.zscore(np.array([1.0, 3.0, 5.0, 5.0]), 2)
    array([nan,  1.,  1., nan])
    """

    name = "zscore"
    inputs = ("x",)
    _kernel = trackers.advance_zscore
    _sign = 1.0

    def __call__(self, x: C, n: int = 20) -> C:
        return self._over((n,), x)

    def start(self, markets: int, n: int = 20) -> ZScoreState:
        """A state before the first bar."""
        self._check(markets)
        check_counts(self.name, least=2, n=n)
        return ZScoreState(no_bars(markets), self._sign, moments(markets, n))


class MeanReversion(ZScore):
    """How far the price lies below its own mean: minus its `zscore`, the mean reversion factor.

    High where a return to the mean is a rise. -2 and 2 are the upper and lower Bollinger band.

    Parameters
    ----------
    x : float64 (T,) or (T, M), Series or DataFrame
    n : int                  window [bars], >= 2; the last bar is part of it

    Returns
    -------
    as x                     as `zscore`, with the other sign

    Raises
    ------
    ConfigError              n not an int >= 2; x of another dtype, or without rows

    Source
    ------
    The contrarian idea: Lehmann (1990), Fads, Martingales, and Market Efficiency, Quarterly
    Journal of Economics 105(1)

    Examples
    --------
    >>> quant.mean_reversion(np.array([5.0, 5.0, 2.0]), 3).round(3)
    array([  nan,   nan, 1.414])
    """

    name = "mean_reversion"
    _sign = -1.0


zscore = ZScore()
mean_reversion = MeanReversion()
