"""A venue that keeps its orders, beside the slow account of what its events mean."""

from collections.abc import Sequence

import numpy as np

from qtg.lifecycle import OrderLog
from qtg.schemas import Events, LifecycleViolations, OrdStatus
from qtg.venue import Venue
from tests.reference.columns import as_columns, as_dicts
from tests.reference.lifecycle import SlowLifecycle
from tests.reference.rules import Message

_COLUMNS = (
    *("order_id", "market", "agent", "side", "status", "reason", "price"),
    *("qty", "cum_qty", "leaves", "fills", "first_tick", "last_tick"),
)
LIVE = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)


def found(violations: LifecycleViolations) -> list[tuple[int, int]]:
    """(event number, order id) of each violation."""
    return list(zip(violations.at.tolist(), violations.order_id.tolist()))


def compare(log: OrderLog, slow: SlowLifecycle) -> None:
    """Every order, its average price, and every step are the same."""
    columns = [log.states[name].tolist() for name in _COLUMNS]
    assert list(zip(*columns)) == slow.rows()
    notional = [float(order.paid) for order in slow.orders.values()]
    np.testing.assert_allclose(log.states.notional, notional, rtol=1e-12)
    steps = log.steps
    names = ("at", "order_id", "status", "cum_qty", "leaves")
    assert list(zip(*(steps[name].tolist() for name in names))) == slow.told


class Followed:
    """A venue with `track_orders`, and the slow account of it."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        venue.track_orders()
        self.slow = SlowLifecycle(venue.symbols, len(venue.envs))

    def submit(
        self, messages: Sequence[Message], tick: int | None = None, auction: bool = False
    ) -> None:
        """One batch, read by both."""
        tick = self.venue.tick if tick is None else tick
        events = self.venue.submit(as_columns(messages), tick=tick, auction=auction)
        self._read(events, messages)

    def uncross(self, markets: list[int] | None = None) -> None:
        """End the call, of all markets or of some."""
        self._read(self.venue.uncross(market=markets), None)

    def _read(self, events: Events, messages: Sequence[Message] | None) -> None:
        self.slow.read(as_dicts(events), self.venue.tick, messages)

    def check(self) -> None:
        """No step was impossible, nothing rests that may not, and books and orders agree."""
        log = self.venue.order_log
        assert not found(log.violations), log.violations
        assert self.slow.impossible == []
        assert self.slow.left_over(self.venue.gathering.tolist()) == []
        compare(log, self.slow)
        states = log.states
        live = states[np.isin(states.status, LIVE)]
        told = sorted(zip(live.market.tolist(), live.order_id.tolist(), live.leaves.tolist()))
        rest = []
        for market in range(self.venue.n_markets):
            book = self.venue.book(market).orders()
            rest += [(market, *row) for row in book.select("order_id", "qty").rows()]
        assert told == sorted(rest)

    def owners(self) -> dict[int, tuple[int, int]]:
        """(owner, market) of every live order by its id."""
        return {
            order_id: (order.owner[1], order.owner[0])
            for (_, order_id), order in self.slow.orders.items()
            if order.open
        }
