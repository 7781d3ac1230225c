"""Tier 1: market makers, plain and Avellaneda-Stoikov."""

import numpy as np

from qtg.kernels.maker import make_markets
from qtg.schemas import MakerRows, nbytes

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .group import rows_for
from .population import Members


class MarketMakers(Stateful):
    """All market makers of one population."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        self.rows = rows = rows_for(MakerRows, members)
        # A quote must have reached the book before it is moved again.
        rows.every[:] = np.maximum(members.population.every, members.latency + 1)
        for name, need in members.kind.needs.items():
            getattr(rows, name)[:] = board.rows(members.kind.name, need, members.params)
        rows.inventory[:] = np.maximum(rows.inventory, 1.0)
        rows.target[:] = members.shares[:, members.symbols].mean(axis=1)
        self._symbols = members.symbols
        self._board = board
        self.most_orders = 2 * len(members.symbols) * len(rows.agent)

    def decide(self, exchange: Exchange) -> None:
        venue = exchange.venue
        make_markets(
            self.rows,
            self._symbols,
            venue.book_columns,
            self._board.sight(exchange.view),
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)
