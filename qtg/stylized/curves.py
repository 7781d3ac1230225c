"""The curves behind the facts, for the plots."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.report.statistics import autocorrelation

from .bars import Bars, log_returns
from .facts import FEWEST, mean_depth

if TYPE_CHECKING:
    from qtg.result import Result

    from .impact import Impact

LAGS = 20
_TAIL_POINTS = 60


class Curves(NamedTuple):
    """What one run looks like; an array is empty where it could not be measured."""

    returns: np.ndarray  # float64 (20,): ACF of log returns by lag in minutes, mean over symbols
    sizes: np.ndarray  # float64 (20,): the same of absolute returns
    tail: np.ndarray  # float64 (2, n): |return| in standard deviations, share of returns beyond
    depth: np.ndarray  # float64 (distance,): mean depth over its mean, mean over symbols
    impact: "Impact | None"


def curves(bars: Bars, run: "Result", impact: "Impact | None") -> Curves:
    """The curves of a run."""
    series = [r for r in log_returns(bars.close) if len(r) >= max(FEWEST, 2 * LAGS) and r.std() > 0]
    none = np.zeros(0)
    if not series:
        return Curves(none, none, np.zeros((2, 0)), _depth(run), impact)
    return Curves(
        np.mean([autocorrelation(r, LAGS) for r in series], axis=0),
        np.mean([autocorrelation(np.abs(r), LAGS) for r in series], axis=0),
        _tail(np.concatenate([np.abs(r - r.mean()) / r.std() for r in series])),
        _depth(run),
        impact,
    )


def _tail(sizes: np.ndarray) -> np.ndarray:
    """Complementary distribution of sizes above one half, at few points."""
    ordered = np.sort(sizes)
    x = np.geomspace(0.5, max(ordered[-1], 1.0), _TAIL_POINTS)
    beyond = 1.0 - np.searchsorted(ordered, x, side="left") / len(ordered)
    return np.stack([x, beyond])[:, beyond > 0]


def _depth(run: "Result") -> np.ndarray:
    if "depth" not in run.tables:
        return np.zeros(0)
    mean = mean_depth(run)
    level = mean.mean(axis=1, keepdims=True)
    shape: np.ndarray = np.mean(mean / np.where(level > 0, level, 1.0), axis=0)
    return shape
