"""The kernel's venue and the slow venue side by side, one batch after the other."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from qtg.schemas import Events, ExecType, Matching, SelfTradePrevention
from qtg.venue import Venue
from tests.reference.book import SlowVenue
from tests.reference.columns import as_columns, as_table
from tests.reference.rules import Message

from .invariants import check_market

FIELDS = Events._fields
EXEC_TYPE, MARKET = FIELDS.index("exec_type"), FIELDS.index("market")
ROW = FIELDS.index("row")
_values = itemgetter(*FIELDS)


class Setup(NamedTuple):
    """What both venues are built from; `terms` is (tick size, lot size) of each symbol."""

    terms: tuple[tuple[int, int], ...] = ((1, 1), (25, 10))
    self_trade: SelfTradePrevention = SelfTradePrevention.CANCEL_INCOMING
    pool_trades_itself: bool = False
    protection_bps: int = 0
    envs: int = 1
    matching: Matching = Matching.PRICE_TIME

    def slow(self) -> SlowVenue:
        """The oracle."""
        return SlowVenue(
            self.terms,
            self_trade=self.self_trade,
            pool_trades_itself=self.pool_trades_itself,
            protection_bps=self.protection_bps,
            envs=self.envs,
        )

    def fast(self) -> Venue:
        """The kernels, with so little room that growing and sliding happen all the time."""
        return Venue(
            len(self.terms),
            tick_size=[f"{tick / 10_000:.4f}" for tick, _ in self.terms],
            lot_size=[lot for _, lot in self.terms],
            matching=self.matching,
            self_trade=self.self_trade,
            pool_trades_itself=self.pool_trades_itself,
            protection_bps=self.protection_bps,
            envs=range(self.envs),
            window=64,
            orders=16,
            events=64,
        )


class Difference(AssertionError):
    """The venues disagree; `message` counts from the start of the stream."""


class Pair:
    """Both venues, and the open quantity of every order as the kernel's events tell it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.slow = setup.slow()
        self.fast = setup.fast()
        self.open: dict[tuple[int, int], int] = {}
        self.messages = 0
        self.counts: Counter[str] = Counter()

    def submit(self, messages: Sequence[Message], tick: int | None = None) -> None:
        """Work one batch on both and compare every event."""
        events = as_table(self.fast.submit(as_columns(messages), tick=tick))
        sequence = arrival_order(events) if self.setup.matching == Matching.SHUFFLED else None
        told = self.slow.submit(messages, tick, sequence)
        expected = np.array([_values(event) for event in told], np.int64).reshape(-1, len(FIELDS))
        self._compare(events, expected)
        self.messages += len(messages)
        self._conserve(events)

    def set_closed(self, market: int, closed: bool) -> None:
        """Close a market to new orders and replaces, or open it."""
        self.slow.markets[market].closed = closed
        (self.fast.close if closed else self.fast.open)(market)

    def check_books(self) -> None:
        """Compare all books and examine the kernel's own columns."""
        resting = {}
        for market in self.slow.markets:
            view = self.fast.book(market.number).orders().rows()
            if view != market.orders():
                raise Difference(f"after message {self.messages} the books differ: {view}")
            check_market(self.fast, market.number)
            env = market.number // self.slow.symbols
            resting.update({(env, order[0]): order[4] for order in view})
        if resting != self.open:
            raise Difference(f"after message {self.messages} quantity was lost or made")

    def _compare(self, events: np.ndarray, expected: np.ndarray) -> None:
        """Exactly equal; expiries, which come first market by market, as sets."""
        for table in (events, expected):
            n = int((table[:, ROW] == -1).sum())
            if (table[:n, ROW] != -1).any() or (np.diff(table[:n, MARKET]) < 0).any():
                raise Difference(f"before message {self.messages} expiries are out of place")
            table[:n] = table[np.lexsort(table[:n].T[::-1])]
        n = min(len(events), len(expected))
        unequal = np.flatnonzero((events[:n] != expected[:n]).any(axis=1))
        if len(unequal) == 0 and len(events) == len(expected):
            return
        k = int(unequal[0]) if len(unequal) else n
        rows = [table[k, ROW] for table in (events, expected) if k < len(table)]
        raise Difference(
            f"message {self.messages + max(int(min(rows)), 0)}, event {k} of its batch:\n"
            f"  kernel {_told(events, k)}\n  oracle {_told(expected, k)}"
        )

    def _conserve(self, events: np.ndarray) -> None:
        """Follow each order's open quantity: accepted = traded + cancelled + open."""
        for values in events.tolist():
            e = dict(zip(FIELDS, values))
            kind, env = ExecType(e["exec_type"]), e["market"] // self.slow.symbols
            self.counts[kind.name] += 1
            order = (env, e["order_id"])
            if kind == ExecType.REJECTED:
                continue
            if kind == ExecType.NEW:
                self.open[order] = e["qty"]
            elif kind == ExecType.TRADE:
                self._take((env, e["contra_id"]), e["qty"])
                self._take(order, e["qty"])
            elif kind == ExecType.REPLACED:
                self._take(order, e["qty"])
                self.open[order] = e["leaves"]
            else:
                self._take(order, e["qty"])
            if self.open.get(order, 0) != e["leaves"]:
                raise Difference(f"message {self.messages}: leaves of order {order} is wrong: {e}")

    def _take(self, order: tuple[int, int], qty: int) -> None:
        left = self.open.pop(order, 0) - qty
        if left < 0:
            raise Difference(f"order {order} gave {-left} more than it had")
        if left:
            self.open[order] = left


def arrival_order(events: np.ndarray) -> list[int]:
    """Batch rows in the order in which the venue worked them, as its events show."""
    return [row for row in dict.fromkeys(events[:, ROW].tolist()) if row != -1]


def _told(table: np.ndarray, k: int) -> str:
    if k >= len(table):
        return "no such event"
    event = dict(zip(FIELDS, table[k].tolist()))
    return str(event | {"exec_type": ExecType(event["exec_type"]).name})
