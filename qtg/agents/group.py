"""What groups of agents have in common."""

from collections.abc import Mapping
from typing import Any, Protocol

from qtg.schemas import allocate

from ..exchange import Exchange
from ..stateful import State
from .population import Members


class Group(Protocol):
    """A kind's agents. `decide` reads the market and writes orders to the outbox."""

    most_orders: int

    def decide(self, exchange: Exchange) -> None: ...

    def nbytes(self) -> int: ...

    def state(self) -> State: ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


class Onlooker(Protocol):
    """Who looks at a market at the end of a tick, as learners do, and not at the start."""

    def look(self, exchange: Exchange, warming_up: bool) -> None: ...


def rows_for(table: Any, members: Members) -> Any:
    """A table with a row per agent: who it is, when it acts, and its parameters, as far as the
    table has columns of their names."""
    rows = allocate(table, len(members.agent))
    rows.env[:] = members.env
    rows.agent[:] = members.agent
    rows.latency[:] = members.latency
    rows.every[:] = members.population.every
    rows.probability[:] = members.population.probability
    for name in rows._fields:
        if name in members.params:
            getattr(rows, name)[:] = members.params[name]
    return rows
