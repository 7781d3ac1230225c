"""The method of simulated moments: turn the knobs until simulated statistics match the real ones.

Every market that is tried uses the same seed (common random numbers), so that two of them differ
by their settings and not by luck. The loss is the sum over statistics of 2 (sqrt(1 + d^2) - 1),
where d is the distance in tolerances (`Statistic.distance`): quadratic near 0 and linear further
away, so that what a market cannot reach does not pull everything else along.

Source
------
McFadden (1989), A method of simulated moments, Econometrica 57(5); for markets of agents Franke and
Westerhoff (2012), Structural stochastic volatility in asset pricing dynamics, Journal of Economic
Dynamics and Control 36(8)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.schemas import F64

from .knobs import KNOBS, Knob, turned
from .measures import HORIZONS, SIGN_LAGS, Measures
from .statistics import STATISTICS, Statistic

if TYPE_CHECKING:
    from qtg.config import Config

FARTHEST = 20.0  # tolerances
ENOUGH_RETURNS = 100


class Found(NamedTuple):
    """The best market."""

    config: Config
    loss: float
    tried: int


def searched_statistics(real: Measures, seconds: float, copies: int) -> list[Statistic]:
    """Those that the tape has, and that `copies` sessions of so many seconds measure well."""
    too_long = {
        f"volatility_{name}"
        for name, horizon in HORIZONS.items()
        if copies * (seconds // horizon) < ENOUGH_RETURNS
    }
    too_long |= {f"sign_acf_{lag}" for lag in SIGN_LAGS if real["rate"] * seconds < 2 * lag}
    return [
        each
        for each in STATISTICS
        if each.searched and each.key not in too_long and np.isfinite(real[each.key])
    ]


def distances(statistics: Sequence[Statistic], real: Measures, fitted: Measures) -> F64:
    """How far each is off, in tolerances; what could not be measured is as far as can be."""
    found = [each.distance(real[each.key], fitted[each.key]) for each in statistics]
    return np.clip(np.nan_to_num(found, nan=FARTHEST), -FARTHEST, FARTHEST)


def loss_of(off: F64) -> float:
    """The loss of distances."""
    return float(np.sum(2.0 * (np.sqrt(1.0 + off**2) - 1.0)))


def told_knobs(statistics: Sequence[Statistic]) -> list[Knob]:
    """The knobs that these statistics tell."""
    keys = {each.key for each in statistics}
    return [knob for knob in KNOBS if keys.intersection(knob.told_by)]


def most_tries(knobs: Sequence[Knob], rounds: int) -> int:
    """How many markets a search of so many rounds tries at most."""
    return rounds * (len(knobs) + 1)


def search(
    start: Config,
    real: Measures,
    statistics: Sequence[Statistic],
    measured: Callable[[Config], Measures],
    rounds: int,
) -> Found:
    """Least squares with numerical slopes, from `start`, within the knobs' limits.

    Parameters
    ----------
    start : the first market
    real : what to match
    statistics : by which
    measured : runs a market and measures it; the same market gives the same numbers
    rounds : steps at most; each tries one market per knob and one more
    """
    from scipy.optimize import least_squares

    knobs = told_knobs(statistics)
    begin = np.array([knob.read(start) for knob in knobs])
    steps = np.array([knob.step for knob in knobs])
    best = Found(start, np.inf, 0)

    # Places are counted in steps from the start plus 10, since slopes are taken over a part of x.
    def off(x: F64) -> F64:
        nonlocal best
        config = turned(start, knobs, list(begin + (x - 10.0) * steps))
        found = distances(statistics, real, measured(config))
        loss = loss_of(found)
        better = (config, loss) if loss < best.loss else best[:2]
        best = Found(*better, best.tried + 1)
        return found

    low = np.array([knob.place(knob.low) for knob in knobs])
    high = np.array([knob.place(knob.high) for knob in knobs])
    bounds = [10.0 + (edge - begin) / steps for edge in (low - 1e-9, high + 1e-9)]
    least_squares(
        off,
        np.full(len(knobs), 10.0),
        bounds=bounds,
        loss="soft_l1",
        diff_step=0.1,
        max_nfev=rounds,
    )
    return best
