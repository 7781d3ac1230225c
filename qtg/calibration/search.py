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
MOST_STEPS = 2.0  # of a knob, in one round
RIDGE = 0.05
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
    """How many markets a search of so many rounds tries."""
    return 1 + rounds * (len(knobs) + 1)


def search(
    start: Config,
    real: Measures,
    statistics: Sequence[Statistic],
    measured: Callable[[Config], Measures],
    rounds: int,
) -> Found:
    """Gauss-Newton steps with numerical slopes, from `start`, within the knobs' limits.

    A round tries one market per knob for the slopes and one at the end of the step, which reaches
    at most two steps of any knob; if that is no better, the next step reaches half as far. The best
    market of all that were tried is kept.

    Parameters
    ----------
    start : the first market
    real : what to match
    statistics : by which
    measured : runs a market and measures it; the same market gives the same numbers
    rounds : how many
    """
    knobs = told_knobs(statistics)
    steps = np.array([knob.step for knob in knobs])
    low = np.array([knob.place(knob.low) for knob in knobs])
    high = np.array([knob.place(knob.high) for knob in knobs])

    def tried(place: F64) -> _Point:
        config = turned(start, knobs, list(place))
        off = distances(statistics, real, measured(config))
        return _Point(config, place, off, loss_of(off))

    at = tried(np.array([knob.read(start) for knob in knobs]))
    reach = MOST_STEPS
    for _ in range(rounds):
        aside = []
        for i in range(len(knobs)):
            place = at.place.copy()
            place[i] += steps[i] if place[i] + steps[i] <= high[i] else -steps[i]
            aside.append(tried(place))
        moves = _newton(at, aside, steps)
        moves *= min(1.0, reach / max(float(np.abs(moves).max()), 1e-9))
        ahead = tried(np.clip(at.place + moves * steps, low, high))
        best = min([at, *aside, ahead], key=lambda point: point.loss)
        reach = reach if best is ahead else reach / 2
        at = best
    return Found(at.config, at.loss, most_tries(knobs, rounds))


class _Point(NamedTuple):
    """A market that was tried."""

    config: Config
    place: F64  # of each knob
    off: F64  # distance of each statistic
    loss: float


def _newton(at: _Point, aside: list[_Point], steps: F64) -> F64:
    """The move of each knob, in steps, that should bring the loss down most.

    Distances are weighted as the loss says, and long moves discouraged: slopes are noisy.
    """
    widths = np.array([point.place[i] - at.place[i] for i, point in enumerate(aside)]) / steps
    slopes = np.array([point.off - at.off for point in aside]).T / widths
    weighted = slopes / np.sqrt(1.0 + at.off**2)[:, np.newaxis]
    curvature = weighted.T @ slopes + RIDGE * np.eye(len(aside))
    return np.asarray(-np.linalg.solve(curvature, weighted.T @ at.off), np.float64)
