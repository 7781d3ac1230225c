"""Factors of the cross-section: what tells one market from the others.

The usual five are `momentum`, `value`, `rolling_volatility`, `mean_reversion` and `quality`. All
but value and quality come from prices alone and roll bar by bar. To compare or add factors, make
them z-scores over the markets first: `cross_sectional_zscore(momentum(price))`.
"""

from typing import Any

import numpy as np

from qtg.schemas import F64

from ..errors import ConfigError
from . import sample
from .columns import C, arrays_of, like, mapped


def value(fundamental: C, price: C) -> C:
    """What a share is worth over what it costs, as a logarithm: the value factor.

    Parameters
    ----------
    fundamental : float64 (T,) or (T, M), Series or DataFrame; per share: book value, earnings, or a
                             run's fair value [currency]
    price                    as fundamental [currency]

    Returns
    -------
    as fundamental           0 where the two are equal, higher where the share is cheap; NaN where
                             one of them is missing or not above 0

    Raises
    ------
    ConfigError              inputs of another dtype, unequal, or without rows

    Source
    ------
    Fama, French (1992), The Cross-Section of Expected Stock Returns, Journal of Finance 47(2):
    ln(BE/ME)

    Examples
    --------
    >>> quant.value(np.array([100.0, 110.0]), np.array([100.0, 100.0])).round(4)
    array([0.    , 0.0953])
    """
    result: C = mapped(
        "value",
        lambda f, p: np.log(_positive(f) / _positive(p)),
        fundamental=fundamental,
        price=price,
    )
    return result


def quality(*measures: Any) -> Any:
    """Markets ranked by several measures at once: the quality factor.

    Each measure is ranked over the markets (equal values share their mean rank) and made a z-score;
    the result is the z-score of their sum.

    Parameters
    ----------
    measures : float64 (M,) or (T, M), Series or DataFrame; one or more, higher is better, such as
                             profitability, growth, and safety (minus `rolling_volatility`)

    Returns
    -------
    as the first measure     NaN for a market without all measures, and where less than 2 markets
                             have them, or these are all equal

    Raises
    ------
    ConfigError              no measures; another dtype, or unequal shapes

    Source
    ------
    Asness, Frazzini, Pedersen (2019), Quality Minus Junk, Review of Accounting Studies 24

    Examples
    --------
    >>> profit, growth = np.array([0.1, 0.2, 0.3]), np.array([0.0, 0.05, 0.02])
    >>> quant.quality(profit, growth).round(3)
    array([-1.414,  0.707,  0.707])
    """
    if not measures:
        raise ConfigError("quality: no measures were given; pass one or more")
    from scipy.stats import rankdata

    arrays = _cross_sections("quality", {f"measure {i}": x for i, x in enumerate(measures, 1)})
    whole = np.logical_and.reduce([np.isfinite(a) for a in arrays])
    ranks = (rankdata(np.where(whole, a, np.nan), axis=-1, nan_policy="omit") for a in arrays)
    total = np.sum([_scores(rank) for rank in ranks], axis=0)
    return like(measures[0], _scores(total))


def cross_sectional_zscore(x: C) -> C:
    """Each bar's distance from the mean of the markets, in their population standard deviations.

    Parameters
    ----------
    x : float64 (M,) or (T, M), Series or DataFrame; one dimension is one bar of all markets. Rows
                             of a batch hold several environments: pass each one's markets by itself

    Returns
    -------
    as x                     NaN where x is NaN or infinite (the other markets are scored without
                             it), and in a bar with less than 2 markets, or where all are equal

    Raises
    ------
    ConfigError              x of another dtype or shape

    Examples
    --------
    >>> quant.cross_sectional_zscore(np.array([1.0, 2.0, np.nan, 3.0])).round(3)
    array([-1.225,  0.   ,    nan,  1.225])
    """
    (array,) = _cross_sections("cross_sectional_zscore", {"x": x})
    result: C = like(x, _scores(array))
    return result


def _scores(x: F64) -> F64:
    spread = sample.std(x, ddof=0)
    some = (np.isfinite(x).sum(-1, keepdims=True) > 1) & (spread > 0.0)
    return (sample.present(x) - sample.mean(x)) / np.where(some, spread, np.nan)


def _cross_sections(where: str, inputs: dict[str, Any]) -> list[F64]:
    arrays = arrays_of(where, inputs)
    if arrays[0].ndim not in (1, 2):
        raise ConfigError(
            f"{where}: {next(iter(inputs))} has shape {arrays[0].shape}; pass (market,) or "
            "(time, market)"
        )
    return arrays


def _positive(x: F64) -> F64:
    return np.where((x > 0.0) & np.isfinite(x), x, np.nan)
