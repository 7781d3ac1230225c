"""Learners: where they sit, how far their episodes are, what a step came to in their accounts."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import ExecType

from ._jit import kernel


class Seated(NamedTuple):
    """Who sits in each row."""

    market: np.ndarray  # int64 (row,): of the first symbol
    agent: np.ndarray  # int64 (row,): among the agents of an environment
    account: np.ndarray  # int64 (row,): of the ledger
    latency: int  # of their orders [ticks]


class Places(NamedTuple):
    """Where a scene has an account."""

    cash: int
    equity: int
    start: int  # equity then
    step: int
    left: int
    mids: np.ndarray  # int64 (symbol,)
    held: np.ndarray  # int64 (symbol,)


@kernel
def count_step(scene, places, steps, out_late):
    """Count a step of episodes of `steps` (scene modified in place), and say which time is up
    (bool (row,))."""
    for row in range(scene.shape[0]):
        step = scene[row, places.step] + 1.0
        scene[row, places.step] = step
        scene[row, places.left] = 1.0 - step / steps
        out_late[row] = step >= steps


@kernel
def _inventory(scene, row, places):
    """Units held; of several symbols, their value."""
    if len(places.held) == 1:
        return scene[row, places.held[0]]
    total = 0.0
    for k in range(len(places.held)):
        total += scene[row, places.held[k]] * scene[row, places.mids[k]]
    return total


@kernel
def account_for(before, after, places, out):
    """What happened between two scenes, float64 (6, row): all of `qtg.gym.AccountStep` but how it
    ended."""
    for row in range(after.shape[0]):
        traded, worth = 0.0, 0.0
        for k in range(len(places.held)):
            bought = after[row, places.held[k]] - before[row, places.held[k]]
            worth += bought * before[row, places.mids[k]]
            traded += abs(bought * before[row, places.mids[k]])
        out[0, row] = before[row, places.equity]
        out[1, row] = after[row, places.equity]
        out[2, row] = _inventory(before, row, places)
        out[3, row] = _inventory(after, row, places)
        out[4, row] = traded
        out[5, row] = before[row, places.cash] - after[row, places.cash] - worth


@kernel
def stand(scene, places, out):
    """Where each row stands, float64 (3, row): its equity, its profit since the start of the
    episode, and its inventory."""
    for row in range(scene.shape[0]):
        out[0, row] = scene[row, places.equity]
        out[1, row] = scene[row, places.equity] - scene[row, places.start]
        out[2, row] = _inventory(scene, row, places)


@kernel
def hear_refusals(events, n, symbols, first, out_refused, out_reason):
    """Count the orders of learners that were refused among the first `n` events, int64
    (environment, learner), and note the last reason; `first` is the first learner's agent row.
    An order for a market that does not exist is in no environment."""
    envs, learners = out_refused.shape
    for k in range(n):
        if events.exec_type[k] != ExecType.REJECTED:
            continue
        env, learner = events.market[k] // symbols, events.agent[k] - first
        if 0 <= env < envs and 0 <= learner < learners:
            out_refused[env, learner] += 1
            out_reason[env, learner] = events.reason[k]
