"""Tier 1: noise traders."""

from qtg.kernels.noise import trade_noise
from qtg.schemas import NoiseRows, nbytes

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .group import rows_for
from .population import Members


class NoiseTraders(Stateful):
    """All noise traders of one population."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        self.rows = rows_for(NoiseRows, members)
        self._symbols = members.symbols
        self.most_orders = len(self.rows.agent)

    def decide(self, exchange: Exchange) -> None:
        trade_noise(
            self.rows,
            self._symbols,
            exchange.view,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)
