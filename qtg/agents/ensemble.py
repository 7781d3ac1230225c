"""Tier 1: traders who follow the votes of a trained ensemble."""

import numpy as np

from qtg.kernels.desk import Sight
from qtg.kernels.ensemble import Votes, follow_votes, vote_rows

from ..ensemble_model import EnsembleModel
from ..exchange import Exchange
from .board import Board
from .market_rows import MarketRows
from .population import Members
from .traders import Traders


class EnsembleAgents(Traders):
    """Long after a decision to buy, short after one to sell, until the next.

    What they look at is the market alone, so the models are asked once for each symbol and not for
    each agent.
    """

    STATE = (*Traders.STATE, "_market")

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        model = EnsembleModel.load(str(members.population.model))
        self._tables = model.tables
        self._market = MarketRows(exchange, board, self.symbols, model.contract)
        self._said = np.zeros((len(self._market.rows), 4), np.int8)
        self._votes = Votes(np.zeros(exchange.venue.n_markets, np.int8))

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        vote_rows(self._tables, self._market.look(exchange), self._said)
        self._votes.decision[self._market.market] = self._said[:, 3]
        follow_votes(
            self.rows,
            self.desk,
            self._votes,
            self.symbols,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
        )

    def nbytes(self) -> int:
        return super().nbytes() + self._market.nbytes()
