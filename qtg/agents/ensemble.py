"""Tier 1: traders who follow the votes of a trained ensemble."""

from __future__ import annotations

import numpy as np

from qtg.kernels.desk import Sight
from qtg.kernels.ensemble import Votes, follow_votes, vote_rows

from ..ensemble_model import EnsembleModel
from ..errors import ContractMismatch
from ..exchange import Exchange
from .board import Board
from .follower import Follower
from .market_rows import MarketRows
from .population import Members
from .traders import Traders


class EnsembleAgents(Follower, Traders):
    """Long after a decision to buy, short after one to sell, until the next.

    They look at the end of a tick and act in the next, as learners do. What they look at is the
    market alone, so the models are asked once for each symbol and not for each agent.
    """

    STATE = (*Traders.STATE, "_market")

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        self._path = str(members.population.model)
        self._model = model = EnsembleModel.load(self._path)
        try:
            self._market = MarketRows(exchange, board, self.symbols, model.contract)
        except ContractMismatch as error:
            raise ContractMismatch(f"{self._path}: {error}") from None
        self._said = np.zeros((len(self._market.market), 4), np.int8)
        self._votes = Votes(np.zeros(exchange.venue.n_markets, np.int8))

    def look(self, exchange: Exchange, warming_up: bool) -> None:
        """See the market at the end of a tick, and of every tick of the warm-up."""
        self._market.look(exchange)

    @property
    def votes(self) -> np.ndarray:
        """What the models said last of each symbol: forest, line, vectors and decision, int8
        (symbols * environments, 4); a copy."""
        return self._said.copy()

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        vote_rows(self._model.tables, self._market.rows, self._said)
        self._said[~self._market.looked] = 0
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
