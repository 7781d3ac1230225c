"""What a learner is to do in a market."""

from __future__ import annotations

from typing import Any, Protocol

from gymnasium import Space

from qtg.schemas import F64, I64

from .batch import U64, Flags
from .market import LearnersMarket
from .rewards import Reward


class Task(Protocol):
    """Actions into orders, and when an episode is over.

    Attributes
    ----------
    name : str                  of its environments, as Gymnasium knows them
    measures : tuple of str     settings that say what an action means
    action_space : Space        of one environment
    features : tuple of str     the builders that its observation has by default
    reward : Reward             that it has by default, beside what it judges itself
    """

    name: str
    measures: tuple[str, ...]
    action_space: Space[Any]
    features: tuple[str, ...]
    reward: Reward

    def start(self, market: LearnersMarket, steps: int) -> None:
        """Get to know the market, and how many steps an episode has at most."""

    def begin(self, rows: I64, seeds: U64) -> None:
        """New episodes begin in `rows`."""

    def act(self, actions: Any) -> None:
        """Write what learners send for their actions (num_envs, ...): `market.new_orders`."""

    def judge(self) -> tuple[F64 | float, Flags]:
        """What the step that was made adds to the reward, 0 for most tasks; and which episodes came
        to their own end with it, bool (num_envs,)."""
