"""What every group of tier 1 has in common."""

from collections.abc import Mapping
from typing import Any, Protocol

from ..exchange import Exchange
from ..stateful import State
from .population import Members


class Group(Protocol):
    """A kind's agents. `decide` reads the market and writes orders to the outbox."""

    most_orders: int

    def decide(self, exchange: Exchange, tick: int) -> None: ...

    def nbytes(self) -> int: ...

    def state(self) -> State: ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


def identify(rows: Any, members: Members) -> None:
    """Who the rows are."""
    rows.env[:] = members.env
    rows.agent[:] = members.agent
    rows.latency[:] = members.latency
