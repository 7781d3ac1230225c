"""Tier 1: agents who work one parent order."""

import numpy as np

from qtg.kernels.desk import Sight
from qtg.kernels.executor import give_orders
from qtg.schemas import Execution, ExecutorRows, allocate

from ..config import ExecutionConfig
from ..exchange import Exchange
from .board import Board
from .population import Members
from .traders import Traders


class Executors(Traders):
    """By VWAP, unless the population says otherwise."""

    STATE = (*Traders.STATE, "_first_tick")
    execution = ExecutionConfig(style=Execution.VWAP)

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        self._executor = allocate(ExecutorRows, len(self.rows.agent))
        self._executor.qty[:] = members.params["size"]
        self._executor.start[:] = members.params["start"]
        # Of trading; 0 until then.
        self._first_tick = np.zeros(len(exchange.venue.envs), np.int64)

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        give_orders(
            self.rows,
            self.desk,
            self._executor,
            self.symbols,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            self._first_tick,
        )
