"""Quote both sides of a market."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box

from qtg.schemas import F64, I64, PRICE_SCALE

from ...agents.moves import QuoteTerms, cancel, quotes
from ...errors import ConfigError
from ...number_checks import check_counts
from ..batch import U64, Flags
from ..market import LearnersMarket
from ..rewards import ProfitAndLoss, Reward


class MarketMaking:
    """Quote a bid and an ask in each step, post-only; the quotes of the step before are withdrawn.

    Action: float32 (4,) in -1 .. 1: how far bid and ask are from the mid, from 0 to `widest` ticks,
    then their sizes, from 0 to `size` shares. A side with less than a lot is not quoted, nor one
    that would take the inventory beyond `most`.

    Parameters
    ----------
    widest : int    largest distance from the mid [ticks]
    size : int      largest quantity of a quote [shares]
    most : int      largest inventory either way [shares]
    """

    name = "qtg/MarketMaking-v0"
    measures: tuple[str, ...] = ("widest", "size", "most")
    features: tuple[str, ...] = ("price", "book", "portfolio")

    def __init__(self, widest: int = 20, size: int = 100, most: int = 1_000) -> None:
        check_counts("MarketMaking", widest=widest, size=size, most=most)
        self.reward: Reward = ProfitAndLoss()
        self.widest, self.size, self.most = widest, size, most
        self.action_space: Space[Any] = Box(-1.0, 1.0, (4,), np.float32)

    def start(self, market: LearnersMarket, steps: int) -> None:
        if len(market.symbols) != 1:
            raise ConfigError(
                f"a market maker quotes one symbol; the market has {len(market.symbols)}"
            )
        self.market = market
        terms = market.config.symbols[0]
        tick, lot = int(market.sim.exchange.view.tick_size[0]), int(terms.lot_size)
        self._quoting = QuoteTerms(self.widest, self.size, self.most, tick, lot)
        self._mid = market.column[f"{terms.symbol}.mid"]
        self._held = market.column[f"{terms.symbol}.position"]

    def begin(self, rows: I64, seeds: U64) -> None:
        """Nothing is remembered."""

    def act(self, actions: np.ndarray) -> None:
        market, scene = self.market, self.market.scene
        for live in market.live_orders():
            env = np.flatnonzero(live[:, 0])
            cancel(market.new_orders(env, 0), live[env, 0])
        mid = np.rint(scene[:, self._mid] * PRICE_SCALE)
        for each in quotes(actions, mid, scene[:, self._held], self._quoting):
            each.write(market.new_orders(each.row, 0))

    def judge(self) -> tuple[F64 | float, Flags]:
        return 0.0, np.zeros(self.market.num_envs, bool)
