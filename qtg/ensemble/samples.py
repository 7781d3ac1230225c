"""What an ensemble learns from: states, what winners did in them, and what prices did next."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from qtg.schemas import F64, I64

BPS = 1e-4


@dataclass(frozen=True)
class Samples:
    """Rows, one for each episode, tick and symbol.

    Parameters
    ----------
    x : float64 (n, feature)    the observation at the start of the tick
    action : int8 (n,)          what most of the episode's winners did in the tick, judged by what
        they held before and after it: sold -1, neither 0, bought 1
    ahead : float64 (n,)        log return of the mid over `horizon` ticks from here
    far : float64 (n,)          and over the vectors' horizon
    episode : int64 (n,)        its seed
    """

    x: F64
    action: np.ndarray
    ahead: F64
    far: F64
    episode: I64

    def __len__(self) -> int:
        return len(self.episode)

    def taken(self, rows: Any) -> Samples:
        """Some of the rows."""
        return Samples(*(getattr(self, each.name)[rows] for each in fields(self)))

    def of(self, episodes: list[int]) -> Samples:
        """The rows of these episodes."""
        return self.taken(np.isin(self.episode, episodes))

    def with_shuffled_future(self, seed: int) -> Samples:
        """The same states, with the returns of each episode dealt out among its rows by chance:
        whatever can be learned from it is not about what comes next."""
        draw, order = np.random.default_rng(seed), np.arange(len(self))
        for episode in np.unique(self.episode):
            rows = np.flatnonzero(self.episode == episode)
            order[rows] = draw.permutation(rows)
        return Samples(self.x, self.action, self.ahead[order], self.far[order], self.episode)


def joined(parts: list[Samples]) -> Samples:
    """All rows, one part after the other."""
    return Samples(
        *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Samples))
    )


def forward_returns(mids: F64, horizon: int) -> F64:
    """Log returns from each tick over the next `horizon`; NaN where the future is not known.

    Parameters
    ----------
    mids : float64 (ticks, ...)
    horizon : int    [ticks]

    Examples
    --------
    >>> forward_returns(np.array([1.0, np.e, np.e]), 1)
    array([ 1.,  0., nan])
    """
    returns = np.full(mids.shape, np.nan)
    if horizon < len(mids):
        returns[:-horizon] = np.log(mids[horizon:] / mids[:-horizon])
    return returns


def classes(returns: F64, threshold_bps: float) -> np.ndarray:
    """int8 (n,): 1 above the threshold, -1 below its negative, else 0."""
    bar = threshold_bps * BPS
    return (returns > bar).astype(np.int8) - (returns < -bar).astype(np.int8)


def proved(samples: Samples, threshold_bps: float) -> np.ndarray:
    """int8 (n,): what winners did where the forward return proved them right by more than the
    threshold, else 0."""
    gained = samples.action * samples.ahead > threshold_bps * BPS
    return np.where(gained, samples.action, 0).astype(np.int8)
