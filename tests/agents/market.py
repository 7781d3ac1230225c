"""Hand-made markets for one kind of agent, and what it sends."""

from typing import Any

import qtg
from qtg.agents.registry import kinds
from qtg.schemas import Tier
from qtg.simulation import Simulation
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.simulation.small import IDLE, SYMBOL, messages_of, quiet

# A statistical test fails by bad luck with this probability, once per change of the random streams.
CHANCE = 1e-4
FINE = {**SYMBOL, "tick_size": "0.0001"}


class Outgoing:
    """Keeps the orders of tiers 1 and 2 in every tick, as they leave for the risk check."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.sent: list[tuple[int, Message]] = []
        admit, exchange = sim.exchange.admit, sim.exchange

        def noting() -> None:
            tick = int(exchange.moment.tick[0])
            self.sent += [
                (tick, m) for m in messages_of(exchange.outbox.orders, exchange.pending())
            ]
            admit()

        exchange.admit = noting  # type: ignore[method-assign]

    def step(self) -> list[Message]:
        """Advance a tick; what was sent in it."""
        self.sim.reactive.watchers.refresh()  # a test may have set conditions
        self.sim.step()
        return self.sent_last()

    def sent_last(self) -> list[Message]:
        """What was sent in the last tick."""
        return [m for tick, m in self.sent if tick == self.sim.tick]


def population(kind: str, count: int = 1, **fields: Any) -> dict[str, Any]:
    """A population that is rich in cash, with parameters under `params`."""
    return {"kind": kind, "count": count, "cash": 1_000_000, "shares": 1_000} | fields


def market(*groups: dict[str, Any], **changes: Any) -> Outgoing:
    """A quiet market of these populations (four idle accounts come first)."""
    tiers = {"smart": [IDLE], "reactive": []}
    for group in groups:
        reactive = kinds()[group["kind"]].tier == Tier.REACTIVE
        tiers["reactive" if reactive else "smart"].append(group)
    base = {"symbols": [{**SYMBOL, "shares_outstanding": 10_000_000}]}
    config = quiet({**base, **{key.replace("__", "."): value for key, value in changes.items()}})
    return Outgoing(Simulation(config.with_(tiers)))


def send(sim: Simulation, **columns: int) -> None:
    """Submit one limit order of the first idle account."""
    sim.submit(as_columns([Message(agent=2)._replace(**columns)]))


def set_last(sim: Simulation, price: int, symbol: int = 0) -> None:
    """Pretend that the last trade was at `price`."""
    sim.exchange.venue.book_columns.markets.last_price[symbol] = price


def config_of(*groups: dict[str, Any]) -> qtg.Config:
    """The config of `market`, for what must be refused before it runs."""
    return quiet({"smart": list(groups)})
