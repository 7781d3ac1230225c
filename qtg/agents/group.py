"""What every group of tier 1 has in common."""

from typing import Any, Protocol

from ..exchange import Exchange
from .population import Members


class Group(Protocol):
    """A kind's agents. `decide` reads the market and writes orders to the outbox."""

    most_orders: int

    def decide(self, exchange: Exchange, tick: int) -> None: ...

    def nbytes(self) -> int: ...


def identify(rows: Any, members: Members) -> None:
    """Who the rows are."""
    rows.env[:] = members.env
    rows.agent[:] = members.agent
    rows.latency[:] = members.latency
