"""Venue benchmarks: a whole workload as one batch through `Venue.submit`, all event columns."""

from functools import partial
from time import perf_counter

import numpy as np

from qtg.order_columns import as_orders
from qtg.schemas import Events, ExecType, MsgType, Orders, OrdType, Side
from qtg.venue import Venue

from .registry import Benchmark, Probe
from .slow_book import Answer
from .workloads import CANCEL, LIMIT, MARKET, NAMES, WHAT, Messages, Workload, load


class VenueRun:
    """One workload on one venue, again and again, each time on an empty book.

    The first run is made here, untimed: it compiles the kernels and lets the columns grow to
    the size that the workload needs.
    """

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.orders = to_orders(workload.messages)
        self.venue = Venue()
        self.events: Events | None = None
        self.once()

    def empty(self) -> None:
        """Start with an empty book again."""
        self.events = None  # a caller that kept them would make the venue write to new columns
        self.venue.reset()

    def submit(self) -> None:
        """One batch; the book must be empty."""
        self.events = self.venue.submit(self.orders)

    def once(self) -> float:
        """Seconds that one batch takes; emptying the book is not timed."""
        self.empty()
        start = perf_counter()
        self.submit()
        return perf_counter() - start

    def rate(self) -> float:
        """Messages per second of one batch."""
        return len(self.orders.msg_type) / self.once()

    def answer(self) -> Answer:
        """What the venue made of the last batch."""
        assert self.events is not None
        traded = self.events.exec_type == ExecType.TRADE
        qty, price = self.events.qty[traded], self.events.price[traded]
        sides = self.venue.book().bids(), self.venue.book().asks()
        live = sum(int(side.orders.sum()) for side in sides)
        levels = sum(len(side.price) for side in sides)
        return Answer(len(qty), int(qty.sum()), int((qty * price).sum()), live, levels)

    def wrong(self) -> str:
        """Empty if the last batch was answered rightly, else which figures were not."""
        differing = self.answer().differences(self.workload.answer)
        return f"WRONG {', '.join(differing)}" if differing else ""


def to_orders(messages: Messages) -> Orders:
    """A workload's messages as order columns; one tick is 0.0001."""
    new = messages.kind != CANCEL
    kinds = np.zeros(3, np.int8)
    kinds[[LIMIT, CANCEL, MARKET]] = OrdType.LIMIT, OrdType.LIMIT, OrdType.MARKET
    return as_orders(
        {
            "msg_type": np.where(new, MsgType.NEW, MsgType.CANCEL),
            "ord_type": kinds[messages.kind],
            "side": np.where(messages.buy == 1, Side.BUY, Side.SELL),
            "price": messages.price,
            "qty": messages.qty,
            "order_id": np.where(new, 0, messages.order_id),
        }
    )


def _prepare(name: str) -> Probe:
    workload = load(name)
    run = VenueRun(workload)
    return Probe(run.rate, run.wrong, workload.source)


BENCHMARKS = tuple(
    Benchmark(f"venue.{name}", WHAT[name], "messages/s", partial(_prepare, name), repeats=21)
    for name in NAMES
)
