"""Tier 1: noise traders."""

from qtg.kernels.noise import trade_noise
from qtg.schemas import NoiseRows, allocate, nbytes

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .group import identify
from .population import Members


class NoiseTraders(Stateful):
    """All noise traders of one population."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        rows = allocate(NoiseRows, len(members.agent))
        identify(rows, members)
        rows.every[:] = members.population.every
        rows.probability[:] = members.population.probability
        for name in ("deviation", "market_share", "size", "lifetime"):
            getattr(rows, name)[:] = members.params[name]
        self.rows = rows
        self._symbols = members.symbols
        self.most_orders = len(rows.agent)

    def decide(self, exchange: Exchange, tick: int) -> None:
        venue = exchange.venue
        trade_noise(
            self.rows,
            self._symbols,
            exchange.view,
            exchange.ledger,
            exchange.terms,
            (venue.seed, venue.envs),
            tick,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)
