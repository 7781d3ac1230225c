"""Work a parent order."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Discrete

from qtg.schemas import F64, I64, PRICE_SCALE, OrdType

from ...agents.moves import cancel
from ...errors import ConfigError
from ...number_checks import check_counts, check_number
from ..batch import U64, Flags
from ..market import LearnersMarket
from ..rewards import Composite, Reward


class Execution:
    """Buy or sell a parent order within the episode, at better prices than at its start.

    Action: 0 cancels what rests and sends a market order of `size` shares, 1 cancels and sends a
    limit order of `size` at the best price of the own side, 2 does nothing. The last order is only
    as large as what remains.

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
        self.market, n = market, market.num_envs
        of = market.column
        symbol = market.symbols[0]
        self._touch = of[f"{symbol}.{'bid' if self.side > 0 else 'ask'}"]
        self._mid, self._held = of[f"{symbol}.mid"], of[f"{symbol}.position"]
        self._cash, self._left, self._at_remaining = of["cash"], of["left"], of["remaining"]
        self._at_arrival = of["arrival"]
        self._first = np.zeros(n)
        self._filled, self._spent = np.zeros(n), np.zeros(n)

    def begin(self, rows: I64, seeds: U64) -> None:
        scene = self.market.scene
        self._first[rows] = scene[rows, self._held]
        self._filled[rows], self._spent[rows] = 0.0, scene[rows, self._cash]
        scene[rows, self._at_remaining], scene[rows, self._at_arrival] = 1.0, scene[rows, self._mid]

    @property
    def remaining(self) -> F64:
        """Shares that are still to be traded, float64 (num_envs,)."""
        done = self.side * (self.market.scene[:, self._held] - self._first)
        remaining: F64 = self.parent - done
        return remaining

    def act(self, actions: np.ndarray) -> None:
        market = self.market
        acts = np.flatnonzero(actions != 2)
        live = market.live_orders()[0 if self.side > 0 else 1][acts, 0]
        cancel(market.new_orders(acts[live != 0], 0), live[live != 0])
        price = np.rint(market.scene[acts, self._touch] * PRICE_SCALE).astype(np.int64)
        qty = np.minimum(self.remaining[acts], self.size).astype(np.int64)
        possible = (qty > 0) & ((actions[acts] == 0) | (price > 0))
        orders = market.new_orders(acts[possible], 0)
        orders.side[:], orders.qty[:] = self.side, qty[possible]
        is_market = actions[acts[possible]] == 0
        orders.ord_type[:] = np.where(is_market, OrdType.MARKET, OrdType.LIMIT)
        orders.price[:] = np.where(is_market, 0, price[possible])

    def bonus(self) -> F64 | float:
        scene = self.market.scene
        filled, cash = self.parent - self.remaining, scene[:, self._cash]
        bought, paid = filled - self._filled, self._spent - cash
        gain = bought * self.side * scene[:, self._at_arrival] - paid
        self._filled, self._spent = filled, cash.copy()
        ended = (scene[:, self._left] <= 0.0) | (self.remaining <= 0)
        scene[:, self._at_remaining] = self.remaining / self.parent
        left = np.where(ended, np.maximum(self.remaining, 0.0) * self.leftover, 0.0)
        return np.asarray((gain - left) / self.parent)

    def over(self) -> Flags:
        return np.asarray(self.remaining <= 0)
