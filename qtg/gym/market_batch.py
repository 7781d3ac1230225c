"""A market, a task in it, what is seen of it and what it is worth: a `Batch`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box

from qtg.kernels.learners import Places, account_for, count_step, stand
from qtg.schemas import F64, I64, Reason

from ..contract import Contract
from ..features import features_of
from ..number_checks import check_counts, check_flags
from ..observation import Observation
from .batch import F32, U64, Outcome
from .markets import Markets
from .rewards import AccountStep, Composite, Reward, reward_of
from .task import Task

_REASONS = np.full(max(Reason) + 1, "", f"<U{max(len(each.name) for each in Reason)}")
for _each in Reason:
    _REASONS[_each] = _each.name if _each else ""


class MarketBatch:
    """Learners with a task on the real book, one in each of many markets.

    Where learners of several kinds, or several of one, share a market, a `MarketBatch` is what one
    kind does; its rows are then (environment, learner) pairs, and whoever has them all calls
    `enter`, `act` and `outcome`, and moves the markets (`qtg.gym.petting_zoo`).

    Parameters
    ----------
    markets : Markets
    task : Task
    kind : int                    which of the markets' kinds of learners
    features : names, optional    builders of the observation; by default the task's
    reward : Reward or its name, optional    by default the task's
    ticks : int                   ticks of a step
    steps : int                   steps of an episode; it is truncated then
    truncates : bool              whether the end by time is a truncation; else it terminates
    """

    def __init__(
        self,
        markets: Markets,
        task: Task,
        *,
        kind: int = 0,
        features: Sequence[str] | None = None,
        reward: Reward | str | None = None,
        ticks: int = 1,
        steps: int = 200,
        truncates: bool = True,
    ) -> None:
        check_counts("environments", ticks=ticks, steps=steps)
        check_flags("environments", truncates=truncates)
        self.markets, self.task = markets, task
        self.market = market = markets.learners[kind]
        self.num_envs = market.num_envs
        self.ticks, self.steps, self._truncates = ticks, steps, truncates
        task.start(market, steps)
        builders = task.features if features is None else features
        self.observation = Observation(features_of(builders, market.symbols), market.column)
        n = len(self.observation.features)
        low = np.array([each.low for each in self.observation.features], np.float32)
        high = np.array([each.high for each in self.observation.features], np.float32)
        self.observation_space: Space[Any] = Box(low, high, (n,), np.float32)
        self.action_space = task.action_space
        self.reward = task.reward if reward is None else reward_of(reward)
        self.reward.start(self.num_envs)
        self._pays = not isinstance(self.reward, Composite) or len(self.reward.parts) > 0
        self._exact = np.zeros((self.num_envs, n))
        self._before = market.scene
        self._places = Places(
            market.column["cash"],
            market.column["equity"],
            market.column["start"],
            market.column["step"],
            market.column["left"],
            np.array([market.column[f"{symbol}.mid"] for symbol in market.symbols]),
            np.array([market.column[f"{symbol}.position"] for symbol in market.symbols]),
        )

    @property
    def contract(self) -> Contract:
        """What each number of an observation is, and by what the numbers and the actions beside
        them are measured."""
        task, seen = self.task, self.market.seen
        measures = {name: getattr(task, name) for name in task.measures}
        steps = {"ticks": self.ticks, "steps": self.steps}
        depth = {"history": seen.history, "near": seen.near, "deep": seen.deep}
        environment = {"id": task.name, **measures, **steps, **depth}
        return replace(self.observation.contract, environment=environment)

    def begin(self, rows: I64, seeds: U64) -> None:
        self.markets.begin(rows, seeds)
        self.enter(rows, seeds)

    def step(self, actions: np.ndarray) -> Outcome:
        self.act(actions)
        self.markets.move(self.ticks)
        return self.outcome()

    def enter(self, rows: I64, seeds: U64) -> None:
        """Learners take their seats in `rows`, whose markets have just begun."""
        scene, at = self.market.scene, self._places
        scene[rows, at.start] = equity = scene[rows, at.equity]
        scene[rows, at.step], scene[rows, at.left] = 0.0, 1.0
        self.task.begin(rows, seeds)
        self.reward.begin(rows, equity)

    def act(self, actions: np.ndarray) -> None:
        """Write what the learners send."""
        self._before = self.market.scene.copy()
        self.task.act(actions)

    def outcome(self) -> Outcome:
        """What the step came to, now that the markets have moved."""
        late = np.empty(self.num_envs, bool)
        count_step(self.market.scene, self._places, self.steps, late)
        judged, over = self.task.judge()
        ended = over | late
        reward = np.zeros(self.num_envs) + judged
        if self._pays:
            reward += self.reward(self._accounts(ended))
        if not self._truncates:
            return Outcome(reward, ended, np.zeros(self.num_envs, bool))
        return Outcome(reward, over, late & ~over)

    def _accounts(self, ended: np.ndarray) -> AccountStep:
        step = np.empty((6, self.num_envs))
        account_for(self._before, self.market.scene, self._places, step)
        before, equity, held_before, held, traded, cost = step
        return AccountStep(before, equity, held_before, held, traded, cost, ended)

    def observe(self, out: F32, rows: I64 | None = None) -> None:
        if rows is None:
            self.observation.write(self.market.scene, self._exact)
            out[:] = self._exact
        else:
            seen = np.empty((len(rows), self._exact.shape[1]))
            self.observation.write(self.market.scene[rows], seen)
            out[:] = seen

    @property
    def exact(self) -> F64:
        """The last observation before it was rounded to float32, float64 (num_envs, n)."""
        return self._exact

    def raw_market_data(self) -> dict[str, F64]:
        """Everything that features are made of, by name, float64 (num_envs,) each."""
        return self.market.raw()

    def info(self) -> dict[str, np.ndarray]:
        """Equity, profit since the start, inventory; how many orders were refused since the last
        step, and the name of the last reason for it (`qtg.Reason`), or ""."""
        equity, profit, inventory = told = np.empty((3, self.num_envs))
        stand(self.market.scene, self._places, told)
        refused, reason = self.markets.refusals_of(self.market)
        return {
            "equity": equity,
            "profit": profit,
            "inventory": inventory,
            "refused": refused,
            "reason": _REASONS[reason],
        }

    def close(self) -> None:
        """Holds memory only."""
