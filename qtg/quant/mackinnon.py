"""Critical values and p-values of the Engle-Granger statistic, for two series.

The statistic has no closed distribution; these are MacKinnon's response surfaces, fitted to
simulations. Polynomials are written from the constant term up.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import F64


class Surface(NamedTuple):
    """What is needed for one form of the first regression."""

    critical: tuple[tuple[float, ...], ...]  # in 1 / bars: at 1%, 5% and 10%
    lowest: float  # below it, p is 0
    bend: float  # below it `left`, above it `right`
    highest: float  # above it, p is 1
    left: tuple[float, ...]  # normal quantile of p, in the statistic
    right: tuple[float, ...]


# Two series. `critical`: MacKinnon (2010), Critical Values for Cointegration Tests, Queen's
# Economics Department Working Paper 1227. The others: MacKinnon (1994), Approximate Asymptotic
# Distribution Functions for Unit-Root and Cointegration Tests, Journal of Business & Economic
# Statistics 12(2).
CONSTANT = Surface(
    critical=(
        (-3.89644, -10.9519, -33.527, 0.0),
        (-3.33613, -6.1101, -6.823, 0.0),
        (-3.04445, -4.2412, -2.720, 0.0),
    ),
    lowest=-18.86,
    bend=-2.62,
    highest=0.92,
    left=(2.92, 1.5012, 0.039796),
    right=(2.1945, 0.64695, -0.29198, -0.042377),
)
TREND = Surface(
    critical=(
        (-4.32762, -15.4387, -35.679, 0.0),
        (-3.78057, -9.5106, -12.074, 0.0),
        (-3.49631, -7.0815, -7.538, 21.892),
    ),
    lowest=-21.15,
    bend=-3.19,
    highest=0.63,
    left=(3.6646, 1.5419, 0.036448),
    right=(2.85, 0.5272, -0.36622, -0.051695),
)


def critical_values(surface: Surface, bars: int) -> F64:
    """float64 (3,): the statistics at 1%, 5% and 10%, for `bars` differences."""
    return np.array([_polynomial(row, 1.0 / bars) for row in surface.critical])


def p_value(surface: Surface, statistic: float) -> float:
    """The chance of a statistic this low without cointegration, for long series."""
    from scipy.special import ndtr

    if statistic > surface.highest:
        return 1.0
    if statistic < surface.lowest:
        return 0.0
    side = surface.left if statistic <= surface.bend else surface.right
    return float(ndtr(_polynomial(side, statistic)))


def _polynomial(terms: tuple[float, ...], at: float) -> float:
    return float(np.polynomial.polynomial.polyval(at, terms))
