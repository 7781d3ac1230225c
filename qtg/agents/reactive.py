"""Tier 2: agents that sleep until something happens."""

from ..economy import Economy
from ..exchange import Exchange
from ..stateful import Stateful
from .population import Members
from .rotators import SectorRotators
from .watchers import Watchers

ROTATOR = "sector_rotator"


class ReactiveAgents(Stateful):
    """All tier 2 agents of a run: those who watch symbols, and those with a whole portfolio."""

    STATE = ("watchers", "rotators")

    def __init__(self, members: list[Members], exchange: Exchange) -> None:
        numbered = list(enumerate(members))
        self.watchers = Watchers(
            [(number, group) for number, group in numbered if group.kind.name != ROTATOR], exchange
        )
        self.rotators = [
            SectorRotators(group, number, exchange)
            for number, group in numbered
            if group.kind.name == ROTATOR
        ]
        rotators = sum(group.most_orders for group in self.rotators)
        self.most_orders = self.watchers.most_orders + rotators

    def decide(self, exchange: Exchange, economy: Economy) -> int:
        """Wake who has a reason and let them act; returns how many woke."""
        woken = self.watchers.wake(exchange)
        self.watchers.decide(exchange)
        return woken + sum(group.decide(exchange, economy) for group in self.rotators)

    def apply_updates(self, exchange: Exchange) -> None:
        """Put the conditions chosen during the tick into force."""
        self.watchers.apply_updates(exchange)

    def nbytes(self) -> int:
        return self.watchers.nbytes() + sum(group.nbytes() for group in self.rotators)
