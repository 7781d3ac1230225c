"""Tier 1: cancel bots."""

from qtg.kernels.cancel_bot import flicker
from qtg.schemas import CancelBotRows, nbytes

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .group import rows_for
from .population import Members


class CancelBots(Stateful):
    """All cancel bots of one population."""

    STATE = ("rows.placed", "rows.symbol", "rows.side", "rows.keeps")

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        self.rows = rows_for(CancelBotRows, members)
        self._symbols = members.symbols
        self.most_orders = len(self.rows.agent)

    def decide(self, exchange: Exchange) -> None:
        venue = exchange.venue
        flicker(
            self.rows,
            self._symbols,
            (exchange.view, venue.book_columns),
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)
