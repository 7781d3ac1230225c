"""How episodes went, and what many of them say about a policy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from qtg.schemas import F64, I64

CONFIDENCE = 0.95


class Episodes(NamedTuple):
    """Columns, one row for each episode, float64 (n,); money in currency."""

    seed: I64
    reward: F64  # all of it
    profit: F64  # change of equity, with what is held at the mid
    sharpe: F64  # mean over standard deviation of the steps' profits; 0 if these do not vary
    drawdown: F64  # deepest fall of the equity below its highest so far
    inventory: F64  # mean of what was held, either way
    left: F64  # what was held at the end
    length: F64  # steps


class Line(NamedTuple):
    """A policy in the table of an evaluation."""

    policy: str
    reward: float  # mean of the seeds' means
    low: float  # of its 95% confidence interval
    high: float
    profit: float
    sharpe: float
    drawdown: float
    inventory: float
    left: float
    length: float  # steps

    def beats(self, other: Line) -> bool:
        """Whether the interval lies above the other's."""
        return self.low > other.high


class Tally:
    """Adds up episodes step by step; rows that are over are left alone.

    Parameters
    ----------
    equity : float64 (n,)    at the start
    """

    def __init__(self, equity: F64) -> None:
        n = len(equity)
        self.live = np.ones(n, bool)
        self._first, self._equity, self._peak = equity.copy(), equity.copy(), equity.copy()
        self._reward, self._squares, self._deepest, self._held = np.zeros((4, n))
        self._left, self._steps = np.zeros(n), np.zeros(n)

    def add(self, reward: F64, ended: np.ndarray, equity: F64, held: F64) -> None:
        """Count a step."""
        live = self.live
        self._reward[live] += reward[live]
        self._squares[live] += (equity - self._equity)[live] ** 2
        self._equity[live], self._left[live] = equity[live], held[live]
        np.maximum(self._peak, self._equity, out=self._peak)
        np.maximum(self._deepest, self._peak - self._equity, out=self._deepest)
        self._held[live] += np.abs(held[live])
        self._steps[live] += 1.0
        self.live = live & ~ended

    def episodes(self, seed: I64) -> Episodes:
        """All episodes, which are over."""
        profit, n = self._equity - self._first, np.maximum(self._steps, 1.0)
        mean = profit / n
        spread = np.sqrt(np.maximum(self._squares / n - mean**2, 0.0))
        known = spread > 1e-12
        return Episodes(
            seed,
            self._reward,
            profit,
            np.where(known, mean / np.where(known, spread, 1.0), 0.0),
            self._deepest,
            self._held / n,
            self._left,
            self._steps,
        )


def line_of(policy: str, episodes: Episodes) -> Line:
    """A policy's line: each seed counts once, with the mean of its episodes."""
    seeds, place = np.unique(episodes.seed, return_inverse=True)
    counts = np.bincount(place)
    of_seed = np.bincount(place, weights=episodes.reward) / counts
    mean, half = float(of_seed.mean()), half_width(of_seed)
    others = [float(np.mean(column)) for column in episodes[2:]]
    assert len(seeds) > 1
    return Line(policy, mean, mean - half, mean + half, *others)


def half_width(values: F64) -> float:
    """Half of the confidence interval of a mean, by Student's distribution."""
    n = len(values)
    quantile = float(student.ppf(0.5 + CONFIDENCE / 2.0, n - 1))
    return quantile * float(values.std(ddof=1)) / float(np.sqrt(n))


def as_rows(lines: list[Line]) -> list[dict[str, Any]]:
    """As they are written to files."""
    return [line._asdict() for line in lines]
