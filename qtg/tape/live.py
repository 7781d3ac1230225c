"""The events of a running simulation as rows to store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtg.kernels.publish import write_order_events
from qtg.schemas import OrderEvents, allocate

if TYPE_CHECKING:
    from qtg.simulation import Simulation


def events_of(sim: Simulation) -> OrderEvents:
    """The events of the last tick of a simulation of one environment; a copy."""
    columns = allocate(OrderEvents, sim.exchange.n_events)
    copy_events(sim, columns)
    return columns


def copy_events(sim: Simulation, out: OrderEvents) -> int:
    """Copy the events of the last tick to the first rows of `out`; how many there are."""
    n = sim.exchange.n_events
    clock = (sim.tick, sim.time_ns(sim.tick), int(sim.publisher.event_count[0]) - n)
    terms = sim.exchange.message_terms()
    write_order_events(sim.exchange.events, terms, clock, len(sim.symbols), out, 0)
    return n
