"""Venue benchmarks: a whole workload as one batch through `Venue.submit`, all event columns."""

from functools import partial
from time import perf_counter

import numpy as np

from qtg.schemas import Events, ExecType, MsgType, Orders, OrdType, Side

from qtg.venue import Venue, as_orders
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

    def once(self) -> float:
        """Seconds that one batch takes; emptying the book is not timed."""
        self.events = None  # a caller that kept them would make the venue write to new columns
        self.venue.reset()
        start = perf_counter()
        self.events = self.venue.submit(self.orders)
        return perf_counter() - start

    def rate(self) -> float:
        """Messages per second of one batch."""
        return len(self.orders.msg_type) / self.once()

    def answer(self) -> Answer:
        """What the venue made of the last batch."""
        assert self.events is not None
        traded = self.events.exec_type == ExecType.TRADE
        qty, price = self.events.qty[traded], self.events.price[traded]
        book = self.venue.book()
        levels = len(book.bids().price) + len(book.asks().price)
        live = int(self.venue.book_columns.markets.live[0])
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
    run = VenueRun(load(name))
    return Probe(run.rate, run.wrong)


BENCHMARKS = tuple(
    Benchmark(f"venue.{name}", WHAT[name], "messages/s", partial(_prepare, name), repeats=21)
    for name in NAMES
)
