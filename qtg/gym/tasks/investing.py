"""The daily investor of ABIDES-gym."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Discrete

from qtg.schemas import F64, I64, OrdType

from ...agents.moves import invested
from ...errors import ConfigError
from ...number_checks import check_counts, check_share
from ..batch import U64, Flags
from ..market import LearnersMarket
from ..rewards import Composite, Reward


class DailyInvestor:
    """Buy or sell a fixed size, or hold, over a day; actions, reward and end are those of
    ABIDES-gym (Amrouni et al., 2021, arXiv 2110.14771).

    Action: 0 buys `size` shares by a market order, 1 holds, 2 sells.

    Reward: the change of what the investor has, at the last trade price, by `size` and by the
    number of steps of an episode; with `sparse` all of it at the end. The episode terminates when
    that is down to `ruin` of the cash at the start. Otherwise than there, an episode's first reward
    does not know of the episode before.

    Parameters
    ----------
    size : int      shares of an order
    ruin : float    part of the start, 0 to below 1
    sparse : bool
    """

    name = "qtg/DailyInvestor-v0"
    measures: tuple[str, ...] = ("size",)
    features: tuple[str, ...] = ("abides_investor",)

    def __init__(self, size: int = 10, *, ruin: float = 0.3, sparse: bool = False) -> None:
        check_counts("DailyInvestor", size=size)
        check_share("DailyInvestor", "ruin", ruin)
        self.size, self.ruin, self.sparse = size, ruin, sparse
        self.reward: Reward = Composite(())
        self.action_space: Space[Any] = Discrete(3)

    def start(self, market: LearnersMarket, steps: int) -> None:
        if len(market.symbols) != 1:
            raise ConfigError(f"an investor has one symbol; the market has {len(market.symbols)}")
        self.market, of, symbol = market, market.column, market.symbols[0]
        self._worth = of["cash"], of[f"{symbol}.position"], of[f"{symbol}.last"]
        self._left, self._steps = of["left"], steps
        self._first, self._before = np.zeros((2, market.num_envs))

    def begin(self, rows: I64, seeds: U64) -> None:
        self._first[rows] = self._before[rows] = self.worth[rows]

    @property
    def worth(self) -> F64:
        """Cash, and what is held at the last trade price, float64 (num_envs,) [currency]."""
        cash, held, last = (self.market.scene[:, at] for at in self._worth)
        worth: F64 = cash + held * last
        return worth

    def act(self, actions: np.ndarray) -> None:
        wanted = invested(np.asarray(actions), self.size)
        env = np.flatnonzero(wanted)
        orders = self.market.new_orders(env, 0)
        orders.ord_type[:], orders.qty[:] = OrdType.MARKET, self.size
        orders.side[:] = np.sign(wanted[env])

    def judge(self) -> tuple[F64 | float, Flags]:
        scene, worth = self.market.scene, self.worth
        ruined: Flags = worth <= self.ruin * self._first
        since = self._first if self.sparse else self._before
        gain = (worth - since) / (self.size * self._steps)
        self._before = worth
        if self.sparse:
            gain = np.where((scene[:, self._left] <= 0.0) | ruined, gain, 0.0)
        return gain, ruined
