"""Work a parent order."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Discrete

from qtg.kernels.parents import Parent, Worked, judge, work
from qtg.schemas import F64, I64

from ...errors import ConfigError
from ...number_checks import check_counts, check_number
from ..batch import U64, Flags
from ..market import LearnersMarket
from ..rewards import Composite, Reward


class Execution:
    """Buy or sell a parent order within the episode, at better prices than at its start.

    Action: 0 cancels what rests and sends a market order of `size` shares, 1 cancels and sends a
    limit order of `size` at the best price of the own side, 2 does nothing. The last order is only
    as large as what remains; where an order trades while its cancel is on the way, up to `size`
    shares more than the parent order can be filled.

    Reward: for what was filled in the step, how much better than the mid at the start (the arrival
    price) it was, a share of the parent order [currency]; at the end, what remains costs `leftover`
    a share. The episode terminates when the parent order is filled.

    The actions, the reward and the end are those of the execution task of ABIDES-gym (Amrouni et
    al., 2021, arXiv 2110.14771), where `leftover` is 10. Otherwise: the parent order can be filled
    in an episode, the arrival price is that of each episode, and a sale that is complete costs
    nothing.

    Parameters
    ----------
    parent : int        shares to trade
    size : int          shares of an order
    side : int          1 to buy, -1 to sell
    leftover : float    cost of a share that remains [currency]
    """

    name = "qtg/Execution-v0"
    measures: tuple[str, ...] = ("parent", "size", "side")
    features: tuple[str, ...] = ("order", "price", "book")

    def __init__(
        self, parent: int = 1_000, size: int = 50, *, side: int = 1, leftover: float = 1.0
    ) -> None:
        check_counts("Execution", parent=parent, size=size)
        if size > parent:
            raise ConfigError(f"size must be 1 to the parent order's {parent}, got {size}")
        if side not in (1, -1):
            raise ConfigError(f"side must be 1 (buy) or -1 (sell), got {side}")
        if leftover != 0.0:
            check_number("Execution", "leftover", leftover, above=0.0)
        self.reward: Reward = Composite(())
        self.parent, self.size, self.side, self.leftover = parent, size, side, leftover
        self.action_space: Space[Any] = Discrete(3)

    def start(self, market: LearnersMarket, steps: int) -> None:
        if len(market.symbols) != 1:
            raise ConfigError(
                f"a parent order is of one symbol; the market has {len(market.symbols)}"
            )
        self.market, n, of, symbol = market, market.num_envs, market.column, market.symbols[0]
        self._parent = Parent(
            self.parent,
            self.size,
            self.side,
            float(self.leftover),
            of[f"{symbol}.{'bid' if self.side > 0 else 'ask'}"],
            of[f"{symbol}.mid"],
            of[f"{symbol}.position"],
            of["cash"],
            of["left"],
            of["remaining"],
            of["arrival"],
        )
        self._worked = Worked(np.zeros(n), np.zeros(n), np.zeros(n))

    def begin(self, rows: I64, seeds: U64) -> None:
        scene, at, worked = self.market.scene, self._parent, self._worked
        worked.first[rows] = scene[rows, at.held]
        worked.filled[rows], worked.cash[rows] = 0.0, scene[rows, at.cash]
        scene[rows, at.remaining], scene[rows, at.arrival] = 1.0, scene[rows, at.mid]

    @property
    def remaining(self) -> F64:
        """Shares that are still to be traded, float64 (num_envs,)."""
        held = self.market.scene[:, self._parent.held]
        remaining: F64 = self.parent - self.side * (held - self._worked.first)
        return remaining

    def act(self, actions: np.ndarray) -> None:
        market = self.market
        live, out = market.live(self.side), market.outbox(2 * market.num_envs)
        work(actions, market.scene, self._parent, self._worked, market.seated, live, out)

    def judge(self) -> tuple[F64 | float, Flags]:
        reward, over = np.empty(self.market.num_envs), np.empty(self.market.num_envs, bool)
        judge(self.market.scene, self._parent, self._worked, reward, over)
        return reward, over
