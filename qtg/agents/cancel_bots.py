"""Tier 1: cancel bots."""

from qtg.kernels.cancel_bot import flicker
from qtg.schemas import CancelBotRows, allocate, nbytes

from ..exchange import Exchange
from .board import Board
from .group import identify
from .population import Members


class CancelBots:
    """All cancel bots of one population."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        rows = allocate(CancelBotRows, len(members.agent))
        identify(rows, members)
        rows.every[:] = members.population.every
        rows.probability[:] = members.population.probability
        for name in ("distance", "patience", "cancel_share", "size", "lifetime"):
            getattr(rows, name)[:] = members.params[name]
        self.rows = rows
        self._symbols = members.symbols
        self.most_orders = len(rows.agent)

    def decide(self, exchange: Exchange, tick: int) -> None:
        venue = exchange.venue
        flicker(
            self.rows,
            self._symbols,
            (exchange.view, venue.book_columns),
            exchange.ledger,
            exchange.terms,
            (venue.seed, venue.envs),
            tick,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)
