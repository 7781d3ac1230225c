"""Hold, buy or sell; or a position to have."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from qtg.schemas import F64, I64, OrdType

from ...agents.moves import towards, traded
from ...errors import ConfigError
from ...number_checks import check_counts, check_flags, check_share
from ..batch import U64, Flags
from ..market import LearnersMarket
from ..rewards import ProfitAndLoss, Reward


class Trading:
    """Trade for profit by market orders.

    Action, with `target` off: 0 hold, 1 buy, 2 sell `size` shares, for each symbol. With `target`
    on: float32 in -1 .. 1 for each symbol, the position to have as part of `most`; the difference
    is bought or sold, in whole lots.

    An episode terminates when the equity is down to `ruin` of what it was.

    Parameters
    ----------
    size : int      shares of an order
    target : bool   whether actions are positions
    most : int      largest position either way, with `target`
    ruin : float    part of the equity, 0 to below 1
    """

    name = "qtg/Trading-v0"
    measures: tuple[str, ...] = ("size", "target", "most")
    features: tuple[str, ...] = ("price", "book", "portfolio")

    def __init__(
        self, size: int = 10, *, target: bool = False, most: int = 100, ruin: float = 0.3
    ) -> None:
        check_counts("Trading", size=size, most=most)
        check_share("Trading", "ruin", ruin)
        check_flags("Trading", target=target)
        self.reward: Reward = ProfitAndLoss()
        self.size, self.target, self.most, self.ruin = size, target, most, ruin

    def start(self, market: LearnersMarket, steps: int) -> None:
        self.market, symbols = market, len(market.symbols)
        self._lot = np.array([each.lot_size for each in market.config.symbols])
        if (self.size % self._lot).any():
            raise ConfigError(f"size {self.size} is not a multiple of the lot sizes {self._lot}")
        self.action_space: Space[Any] = (
            Box(-1.0, 1.0, (symbols,), np.float32)
            if self.target
            else Discrete(3)
            if symbols == 1
            else MultiDiscrete([3] * symbols)
        )
        of = market.column
        self._held = np.array([of[f"{symbol}.position"] for symbol in market.symbols])

    def begin(self, rows: I64, seeds: U64) -> None:
        """Nothing is remembered."""

    def act(self, actions: np.ndarray) -> None:
        n, symbols = self.market.num_envs, len(self.market.symbols)
        asked = np.asarray(actions).reshape(n, symbols)
        if self.target:
            wanted = towards(asked, self.market.scene[:, self._held], self.most, self._lot)
        else:
            wanted = traded(asked, self.size)
        env, symbol = np.nonzero(wanted)
        orders = self.market.new_orders(env, symbol)
        signed = wanted[env, symbol]
        orders.ord_type[:] = OrdType.MARKET
        orders.side[:], orders.qty[:] = np.sign(signed), np.abs(signed)

    def judge(self) -> tuple[F64 | float, Flags]:
        scene, of = self.market.scene, self.market.column
        ruined: Flags = scene[:, of["equity"]] <= self.ruin * scene[:, of["start"]]
        return 0.0, ruined
