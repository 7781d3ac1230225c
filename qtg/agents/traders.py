"""Tier 1 agents that hold a position for a reason: a rule says what, a desk trades towards it."""

from typing import ClassVar

import numpy as np

from qtg.kernels.desk import Plan, Sight, work_orders
from qtg.schemas import Desk, Execution, TraderRows, allocate, nbytes

from ..config import ExecutionConfig
from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .group import rows_for
from .population import Members


class Traders(Stateful):
    """The traders of one population; a kind says in `_aim` what they want to hold."""

    STATE: ClassVar[tuple[str, ...]] = ("rows.working", "desk")
    execution = ExecutionConfig()  # where the population names none

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        population = members.population
        self.rows = rows = rows_for(TraderRows, members)
        self.desk = allocate(Desk, len(rows.agent), exchange.terms.symbols)
        for column in (self.desk.base, self.desk.target, self.desk.start_qty):
            column[:] = members.shares
        if population.short_selling:
            rows.floor[:] = -exchange.terms.max_short
        self.symbols = members.symbols
        execution = population.execution or self.execution
        style = Execution(execution.style)
        self._plan = Plan(int(style), execution.ticks, execution.participation)
        self._board = board
        self.most_orders = len(members.symbols) * len(rows.agent)

    def decide(self, exchange: Exchange) -> None:
        sight = self._board.sight(exchange.view)
        self._aim(exchange, sight)
        work_orders(
            self.rows,
            self.desk,
            self.symbols,
            self._plan,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows, self.desk)

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        raise NotImplementedError

    def _readings(self, members: Members, name: str) -> np.ndarray:
        """int32 (n,): each trader's row of a reading that its kind declares."""
        kind = members.kind
        return self._board.rows(kind.name, kind.needs[name], members.params)
