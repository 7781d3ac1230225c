"""The recorded book, order by order, kept in step with a venue.

Orders of the recording have ids of their own; the venue gives theirs. Non-trading messages are
collected and sent in batches, while the venue gathers: whatever the recording shows rests, and
only an aggressor trades.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from qtg.errors import InvariantError
from qtg.schemas import ExecType, MsgType, OrdType, TimeInForce
from qtg.venue import Venue

from .frame import Message

Fill = tuple[int, int]  # recorded order id, quantity
Level = tuple[int, int]  # side, price

_COLUMNS = ("msg_type", "ord_type", "tif", "side", "price", "qty", "order_id")


@dataclass(slots=True, eq=False)
class Order:
    """An order of the recording; it rests while `qty` is above 0."""

    recorded_id: int
    side: int
    price: int
    qty: int  # open, recorded fills taken off at once
    shown: int  # open when it was last shown
    our_id: int = 0  # 0 while it is not in the venue
    peak: int = 0  # what an iceberg shows when it refills; 0 for orders not known to be one


class Mirror:
    """What the recording says is in the book, and the venue that holds the same orders."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.orders: dict[int, Order] = {}
        self.levels: defaultdict[Level, dict[int, Order]] = defaultdict(dict)
        self.unknown = 0  # cancels of orders never shown
        self._settled: set[int] = set()  # orders taken out before their cancel is printed
        self._recorded = [0]  # recorded id by our id
        self._rows: list[tuple[int, ...]] = []

    # -- messages

    def add(self, message: Message) -> None:
        """A: a new order at the end of its queue."""
        if message.order_id in self.orders:
            self.drop(self.orders[message.order_id])
        order = Order(message.order_id, message.side, message.price, 0, 0)
        self.orders[message.order_id] = order
        self._enter(order, message.size)

    def cancel(self, message: Message) -> None:
        """C: less is open by `size`, or it confirms fills that were applied already."""
        order = self.orders.get(message.order_id)
        if order is None:
            if message.order_id in self._settled:
                self._settled.discard(message.order_id)
            else:
                self.unknown += 1
        elif order.qty > 0 and message.size == order.shown - order.qty:
            order.shown = order.qty
        elif message.size < order.qty:
            self._lower(order, order.qty - message.size)
        else:
            self.drop(order)

    def modify(self, message: Message) -> None:
        """M: the order's new price and open quantity."""
        order = self.orders.get(message.order_id)
        if order is None:
            if message.side:
                self.add(message)
            return
        if message.size == 0:
            self.drop(order)
        elif order.qty <= 0:
            _learn_peak(order, message)
            order.side, order.price = message.side or order.side, message.price
            self._enter(order, message.size)
        elif message.price != order.price or message.size > order.qty:
            self._requeue(order, message)
        else:
            self._lower(order, message.size)

    def clear(self) -> None:
        """R, or a new snapshot: all orders are gone."""
        for order in list(self.orders.values()):
            self.drop(order)
        self._settled.clear()

    # -- what trades do

    def settle(self, order: Order) -> None:
        """Take an order out before its cancel is printed."""
        self.drop(order)
        self._settled.add(order.recorded_id)

    def withdraw(self, order: Order) -> None:
        """Take an order out that becomes an aggressor; what is left of it is shown again."""
        self._leave(order)
        order.qty = order.shown = 0

    def send(self, side: int, price: int, qty: int) -> list[tuple[int, int, int]]:
        """Let an aggressor trade: (recorded id, price, quantity) of each fill."""
        self.flush()
        self.venue.calling = False
        self._recorded.append(0)
        events = self.venue.submit(
            {"side": [side], "price": [price], "qty": [qty], "tif": [int(TimeInForce.IOC)]}
        )
        trades = events.exec_type == ExecType.TRADE
        columns = (events.contra_id, events.price, events.qty)
        filled = zip(*(column[trades].tolist() for column in columns), strict=True)
        return [(self._recorded[our_id], price, qty) for our_id, price, qty in filled]

    def uncross(self) -> tuple[int, dict[int, int], int]:
        """End a call: (price, quantity by recorded id over both sides, volume)."""
        self.flush()
        events = self.venue.uncross()
        trades = events.exec_type == ExecType.TRADE
        filled: dict[int, int] = defaultdict(int)
        for our_ids in (events.order_id, events.contra_id):
            for our_id, qty in zip(our_ids[trades].tolist(), events.qty[trades].tolist()):
                filled[self._recorded[our_id]] += qty
        price = int(events.price[trades][0]) if trades.any() else 0
        return price, dict(filled), int(events.qty[trades].sum())

    def add_slice(self, order: Order, qty: int) -> None:
        """Let a hidden part of an iceberg rest at the end of its queue, in the venue only."""
        self._send_new(order.recorded_id, order.side, order.price, qty)

    def add_at_market(self, recorded_id: int, side: int, qty: int) -> None:
        """A market order that waits for the call to end, in the venue only."""
        self._send_new(recorded_id, side, 0, qty, OrdType.MARKET)

    def resolve(self, ours: Sequence[Fill], recorded: Sequence[Fill]) -> None:
        """Book what was recorded; where the venue did something else, make it follow.

        A level on which the two differ is taken out of the venue and entered again, so that
        nobody's place in the queue suffers from a wrong prediction. Who was passed over has
        evidently lost its place.
        """
        wrong = dict(ours) != dict(recorded)
        touched = self._levels_of([*ours, *recorded]) if wrong else set()
        for recorded_id, qty in ours:
            order = self.orders.get(recorded_id)
            if order is not None and qty >= order.qty > 0:
                order.our_id = 0
        filled = {recorded_id for recorded_id, _ in recorded}
        for level in touched:
            self._put_last(level, filled)
        for recorded_id, qty in recorded:
            self._take(recorded_id, qty)
        for level in touched:
            self._enter_again(level)

    def flush(self) -> None:
        """Send what has been collected."""
        if not self._rows:
            return
        table = np.array(self._rows, np.int64).T
        self._rows.clear()
        self.venue.calling = True
        events = self.venue.submit(dict(zip(_COLUMNS, table, strict=True)))
        refused = np.flatnonzero(events.exec_type == ExecType.REJECTED)
        if len(refused):
            row = events.row[refused[0]]
            raise InvariantError(
                f"the venue refused a recorded message (reason {events.reason[refused[0]]}): "
                f"{dict(zip(_COLUMNS, table[:, row].tolist(), strict=True))}"
            )

    def drop(self, order: Order) -> None:
        """Forget an order."""
        self._leave(order)
        del self.orders[order.recorded_id]

    # -- the venue's side

    def _enter(self, order: Order, qty: int) -> None:
        order.qty = order.shown = qty
        if qty > 0:
            self.levels[order.side, order.price][order.recorded_id] = order
            order.our_id = self._send_new(order.recorded_id, order.side, order.price, qty)

    def _leave(self, order: Order) -> None:
        self.levels[order.side, order.price].pop(order.recorded_id, None)
        self._cancel_ours(order)

    def _requeue(self, order: Order, message: Message) -> None:
        """A new price or more quantity: the order goes to the end of the queue."""
        if message.side not in (0, order.side):
            self._leave(order)
            order.side, order.price = message.side, message.price
            self._enter(order, message.size)
            return
        self.levels[order.side, order.price].pop(order.recorded_id)
        order.price, order.qty, order.shown = message.price, message.size, message.size
        self.levels[order.side, order.price][order.recorded_id] = order
        self._send_replace(order)

    def _lower(self, order: Order, qty: int) -> None:
        """Less quantity keeps the order's place."""
        lower = qty < order.qty
        order.qty = order.shown = qty
        if lower:
            self._send_replace(order)

    def _take(self, recorded_id: int, qty: int) -> None:
        """Book a recorded fill."""
        order = self.orders.get(recorded_id)
        if order is None:
            return
        order.qty -= qty
        if order.qty <= 0:
            self._leave(order)

    def _levels_of(self, fills: Iterable[Fill]) -> set[Level]:
        orders = (self.orders.get(recorded_id) for recorded_id, _ in fills)
        return {(order.side, order.price) for order in orders if order is not None}

    def _put_last(self, level: Level, filled: set[int]) -> None:
        """Move the orders that stand before a filled one, but were not, to the queue's end."""
        queue = self.levels[level]
        ids = list(queue)
        last = max((k for k, recorded_id in enumerate(ids) if recorded_id in filled), default=0)
        for recorded_id in ids[:last]:
            if recorded_id not in filled:
                queue[recorded_id] = queue.pop(recorded_id)

    def _enter_again(self, level: Level) -> None:
        for order in self.levels[level].values():
            self._cancel_ours(order)
            order.our_id = self._send_new(order.recorded_id, order.side, order.price, order.qty)

    def _cancel_ours(self, order: Order) -> None:
        if order.our_id:
            self._rows.append((int(MsgType.CANCEL), 0, 0, order.side, 0, 0, order.our_id))
            order.our_id = 0

    def _send_new(
        self, recorded_id: int, side: int, price: int, qty: int, ord_type: OrdType = OrdType.LIMIT
    ) -> int:
        self._rows.append((int(MsgType.NEW), int(ord_type), 0, side, price, qty, 0))
        self._recorded.append(recorded_id)
        return len(self._recorded) - 1

    def _send_replace(self, order: Order) -> None:
        self._rows.append(
            (int(MsgType.REPLACE), 0, 0, order.side, order.price, order.qty, order.our_id)
        )


def _learn_peak(order: Order, message: Message) -> None:
    """An order that is shown again after its shown part was filled is an iceberg.

    What was filled beyond the shown part, plus what is shown now, is a number of whole peaks.
    """
    if order.shown == 0 or message.price != order.price:
        return
    hidden = -order.qty
    total = hidden + message.size
    if hidden == 0:
        order.peak = message.size if message.size >= order.peak else 0
    elif order.peak == 0 or total % order.peak:
        least = max(message.size, order.shown)
        order.peak = next((n for n in range(least, total) if total % n == 0), total)
