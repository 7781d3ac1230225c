"""The hedge of one market by another, and their spread."""

from qtg.kernels import trackers
from qtg.kernels.trackers import Hedge, HedgeState

from ..number_checks import check_counts
from .columns import Columns
from .indicator import SeveralColumns, no_bars, pair_moments


class HedgeIndicator(SeveralColumns[Hedge]):
    """Least squares of y on x over the last n bars: hedge ratio, spread and the spread's z-score.

    y = intercept + ratio * x + spread, fitted anew at each bar. `spread` is the last bar's
    residual and `zscore` the same in population standard deviations of the window's residuals,
    whose mean is 0. Of returns on a benchmark's returns, `ratio` is the rolling beta.

    Parameters
    ----------
    y, x : float64 (T,) or (T, M), Series or DataFrame; column by column
    n : int                  window [bars], >= 3

    Returns
    -------
    Hedge(ratio, intercept, spread, zscore), each as y. NaN for the first n - 1 bars, and where x
    does not move in the window; `zscore` also where y is a straight line of x (residuals below
    1e-13 of y's squared deviations, which is rounding)

    Raises
    ------
    ConfigError              n not an int >= 3; inputs of another dtype, unequal, or without rows

    Source
    ------
    Vidyamurthy (2004), Pairs Trading: Quantitative Methods and Analysis

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> quant.hedge(np.array([3.0, 5.0, 7.0, 6.0]), x, 3).ratio.round(6)
    array([nan, nan, 2. , 0.5])
    """

    name = "hedge"
    inputs = ("y", "x")
    parts = Hedge
    _kernel = trackers.advance_hedge

    def __call__(self, y: Columns, x: Columns, n: int = 100) -> Hedge:
        return self._over((n,), y, x)

    def start(self, markets: int, n: int = 100) -> HedgeState:
        """A state before the first bar."""
        self._check(markets)
        check_counts(self.name, least=3, n=n)
        return HedgeState(no_bars(markets), pair_moments(markets, n))


hedge = HedgeIndicator()
