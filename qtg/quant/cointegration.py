"""Whether two prices are tied to each other: the test of Engle and Granger."""

from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import F64

from ..number_checks import check_counts
from .columns import arrays_of, check_rows
from .mackinnon import CONSTANT, TREND, critical_values, p_value

LEAST_BARS = 10
ROUNDING = 1e-13  # a share of the squares that counts as 0


class Cointegration(NamedTuple):
    """Result of `engle_granger`: floats for one pair, float64 (M,) for M of them."""

    statistic: Any  # t of the residual's level; the lower, the more cointegrated
    p_value: Any  # of no cointegration, for long series
    critical: F64  # float64 (3,), the statistic at 1%, 5% and 10%, for this length
    ratio: Any  # slope of y on x: the hedge ratio
    intercept: Any
    lags: Any  # lagged differences in the second regression; -1 without a result


def engle_granger(y: Any, x: Any, *, trend: bool = False, lags: int | None = None) -> Cointegration:
    """Test y and x for cointegration: is there a spread y - ratio * x that returns to its mean?

    First y is regressed on x and a constant, then the residual's change on its level and its lagged
    changes (the augmented Dickey-Fuller test). The null hypothesis is that there is no
    cointegration; a low p-value speaks against it. Which of two prices is y matters.

    This is qtg's own code, checked against statsmodels' `coint`, because statsmodels needs pandas
    and would be the heaviest dependency for two least squares and a table. It differs in two
    places: where the residual is tiny, yet not rounding, statsmodels returns -inf (R^2 above
    1 - 1.5e-6) and this the statistic; and for some lengths below 21 bars statsmodels tries lags
    whose regression has no degree of freedom left.

    Parameters
    ----------
    y, x : float64 (T,) or (T, M), Series or DataFrame; prices or their logarithms, column by column
    trend : bool             whether the first regression has a linear trend too
    lags : int or None       lagged changes, >= 0; None: the number up to 12 (T / 100)^(1/4) with
                             the best AIC

    Returns
    -------
    Cointegration            NaN for a pair with a NaN or infinite value (gaps would join bars that
                             are not neighbours), with an x that does not move or a y that is a
                             straight line of it, for less than 10 bars, or 2 * lags + 3

    Raises
    ------
    ConfigError              lags not an int >= 0; inputs of another dtype, unequal, or without rows

    Source
    ------
    Engle, Granger (1987), Co-Integration and Error Correction, Econometrica 55(2); MacKinnon (1994,
    2010), see `mackinnon.py`; the longest lag: Schwert (1989), Tests for Unit Roots, Journal of
    Business & Economic Statistics 7(2)

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = 100.0 + rng.normal(size=500).cumsum()
    >>> found = quant.engle_granger(5.0 + 0.5 * x + rng.normal(size=500), x)
    >>> found.p_value < 0.01, round(found.ratio, 1)
    (True, 0.5)
    """
    if lags is not None:
        check_counts("engle_granger", least=0, lags=lags)
    arrays = arrays_of("engle_granger", {"y": y, "x": x})
    check_rows("engle_granger", "y", arrays[0])
    bars = len(arrays[0])
    ys, xs = (a.reshape(bars, -1 if a.size else 0) for a in arrays)
    pairs = [_test(ys[:, m], xs[:, m], trend, lags) for m in range(ys.shape[1])]
    columns = [np.array([pair[i] for pair in pairs]) for i in range(5)]
    if arrays[0].ndim == 1:
        columns = [column[0].item() for column in columns]
    statistic, chance, ratio, intercept, chosen = columns
    surface = TREND if trend else CONSTANT
    critical = critical_values(surface, bars - 1) if bars > 1 else np.full(3, np.nan)
    return Cointegration(statistic, chance, critical, ratio, intercept, chosen)


def _test(y: F64, x: F64, trend: bool, lags: int | None) -> tuple[float, float, float, float, int]:
    """Statistic, p-value, ratio, intercept and lags of one pair."""
    nothing = (np.nan, np.nan, np.nan, np.nan, -1)
    short = len(y) < max(LEAST_BARS, 2 * (lags or 0) + 3)
    if short or not np.isfinite(x + y).all() or np.ptp(x) == 0.0:
        return nothing
    terms = [x - x.mean(), np.ones_like(x)]
    if trend:
        terms.append(np.arange(1.0, len(x) + 1.0))
    line = np.linalg.lstsq(np.column_stack(terms), y)[0]
    residual = y - np.column_stack(terms) @ line
    away = y - y.mean()
    if residual @ residual <= ROUNDING * (away @ away):
        return nothing
    chosen = _best_lags(residual) if lags is None else int(lags)
    statistic = _dickey_fuller(residual, chosen)
    if np.isnan(statistic):
        return nothing
    intercept = line[1] - line[0] * x.mean()
    chance = p_value(TREND if trend else CONSTANT, statistic)
    return statistic, chance, float(line[0]), float(intercept), chosen


def _changes(x: F64, lags: int) -> tuple[F64, F64]:
    """The changes of x, and what explains them: x before, and the `lags` changes before."""
    change = np.diff(x)
    rows = len(change) - lags
    before = [change[lags - lag : lags - lag + rows] for lag in range(1, lags + 1)]
    return change[lags:], np.column_stack([x[lags:-1], *before])


def _best_lags(x: F64) -> int:
    """How many lags have the best AIC, all on the bars that the longest one has."""
    most = min(int(np.ceil(12.0 * (len(x) / 100.0) ** 0.25)), (len(x) - 3) // 2)
    change, terms = _changes(x, most)
    total = change @ change
    explained = np.cumsum((np.linalg.qr(terms).Q.T @ change) ** 2)  # by the first 1, 2, ... terms
    left = np.maximum(total - explained, ROUNDING * total)
    with np.errstate(divide="ignore"):
        aic = len(change) * np.log(left / len(change)) + 2.0 * np.arange(1, most + 2)
    return int(np.argmin(aic))


def _dickey_fuller(x: F64, lags: int) -> float:
    """t of the level of x; NaN where the regression leaves nothing unexplained."""
    change, terms = _changes(x, lags)
    q, r = np.linalg.qr(terms)
    if not np.abs(np.diag(r)).min() > ROUNDING * np.abs(np.diag(r)).max():
        return float("nan")
    slopes = np.linalg.solve(r, q.T @ change)
    left = change - terms @ slopes
    if left @ left <= ROUNDING * (change @ change):
        return float("nan")
    variance = (left @ left) / (len(change) - lags - 1)
    return float(slopes[0] / np.sqrt(variance * (np.linalg.inv(r)[0] ** 2).sum()))
