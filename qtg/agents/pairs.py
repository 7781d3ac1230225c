"""Tier 1: pairs traders."""

from itertools import combinations

import numpy as np

from qtg.kernels.desk import Sight
from qtg.kernels.pairs import trade_pairs
from qtg.kernels.random import fill_uniform, lane
from qtg.schemas import PairRows, Stream, allocate

from ..errors import ConfigError
from ..exchange import Exchange
from .board import Board
from .population import Members
from .traders import Traders

_PAIR_DRAW = 1 << 22


class PairsTraders(Traders):
    """Each trader has one pair: of the population's `pairs`, or any two of its symbols."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        known = _pairs(members)
        rows = allocate(PairRows, len(self.rows.agent))
        used, rows.pair[:] = np.unique(_drawn(members, len(known), exchange), return_inverse=True)
        pairs = known[used]
        rows.first[:], rows.second[:] = pairs[rows.pair].T
        windows, rows.reading[:] = np.unique(np.rint(members.params["window"]), return_inverse=True)
        rows.enter[:], rows.leave[:] = members.params["enter"], members.params["leave"]
        self._pairs, self._n_pairs = rows, len(pairs)
        start = np.arange(len(exchange.venue.envs))[:, None] * exchange.terms.symbols
        y, x = ((start + side).ravel() for side in pairs.T)
        self._spreads = board.spreads(members.kind.name, windows.astype(np.int64), y, x)

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        trade_pairs(
            self.rows,
            self.desk,
            self._pairs,
            self._n_pairs,
            self._spreads,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
        )


def _pairs(members: Members) -> np.ndarray:
    """int64 (pairs, 2): the population's pairs as symbol rows, or any two of its symbols."""
    if members.population.pairs is None:
        if len(members.symbols) < 2:
            raise ConfigError(f"{members.kind.name} needs two symbols to trade; give it another")
        return np.array(list(combinations(members.symbols.tolist(), 2)), np.int64)
    names = [each.symbol for each in members.listed]
    return np.array([[names.index(name) for name in pair] for pair in members.population.pairs])


def _drawn(members: Members, pairs: int, exchange: Exchange) -> np.ndarray:
    """int64 (n,): a pair for each trader, by its own draw."""
    drawn = np.empty(len(members.agent), np.int64)
    first = int(members.agent[0]) if len(drawn) else 0
    for env, env_id in enumerate(exchange.populations):
        mine = members.env == env
        u = np.empty(int(mine.sum()))
        entity = _PAIR_DRAW + first
        fill_uniform(exchange.venue.seed, lane(env_id, Stream.SETUP), entity, u)
        drawn[mine] = u * pairs
    return drawn
