"""Continuous trades: what our book fills when a recorded aggressor arrives."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .frame import Message
from .mirror import Fill, Mirror, Order

AHEAD, ICEBERG = "look_ahead", "iceberg"


def merged(fills: Iterable[Fill]) -> list[Fill]:
    """One row for each order, in the order of its first fill."""
    total: dict[int, int] = defaultdict(int)
    for recorded_id, qty in fills:
        total[recorded_id] += qty
    return list(total.items())


def predict(mirror: Mirror, trade: Message) -> tuple[list[Fill], str]:
    """Let the aggressor trade in our venue: (fills as they would be listed, what helped)."""
    shown = mirror.send(trade.side, trade.price, trade.size)
    fills = [(recorded_id, qty) for recorded_id, _, qty in shown]
    emptied = [order for order in _orders(mirror, fills) if _is_emptied(order, fills)]
    short = trade.size - sum(qty for _, qty in fills)
    icebergs = _icebergs(emptied, trade.price) if short else []
    if icebergs:
        fills += _fill_hidden(mirror, trade, icebergs, short)
    listed = _refilled_last(merged(fills), [order for order in emptied if order.peak])
    return listed, ICEBERG if icebergs or listed != merged(fills) else ""


def cancelled_ahead(mirror: Mirror, block: Sequence[Message]) -> list[Order]:
    """Orders that left the book in front of a trade, though their cancel is printed after it.

    `block` is what happened at one instant from its first trade on. Each cancel in it confirms a
    complete fill or is a cancel of its own, such as an order that was in the way of its owner's
    aggressor. Fills are printed first; so the last cancels are taken back one by one until
    first in, first out fills exactly the orders whose cancels remain. Recorded fills are not
    looked at.
    """
    trades = [m for m in block if m.action == "T" and m.side]
    gone = _cancelled(mirror, block, trades)
    amended = {m.order_id for m in block if m.action == "M"}
    for n in range(len(gone) + 1):
        kept, ahead = gone[: len(gone) - n], gone[len(gone) - n :]
        emptied = _first_in_first_out(mirror, trades, {order.recorded_id for order in ahead})
        confirmed = {order.recorded_id for order in kept}
        if confirmed <= emptied and emptied - confirmed <= amended:
            return ahead
    return []


def _cancelled(mirror: Mirror, block: Sequence[Message], trades: Sequence[Message]) -> list[Order]:
    """Resting orders within reach of the trades that have a cancel in the block."""
    aggressors = {trade.order_id for trade in trades}
    gone = []
    for message in block:
        order = mirror.orders.get(message.order_id) if message.action == "C" else None
        if order is None or order.qty <= 0 or order.recorded_id in aggressors:
            continue
        if any(t.side == -order.side and t.side * (t.price - order.price) >= 0 for t in trades):
            gone.append(order)
    return gone


def _first_in_first_out(mirror: Mirror, trades: Sequence[Message], without: set[int]) -> set[int]:
    """Orders that the trades fill completely if some have left before."""
    taken: dict[int, int] = defaultdict(int)
    emptied = set()
    for trade in trades:
        left = trade.size
        for order in mirror.levels[-trade.side, trade.price].values():
            if left == 0:
                break
            if order.recorded_id in without:
                continue
            qty = min(left, order.qty - taken[order.recorded_id])
            taken[order.recorded_id] += qty
            left -= qty
            if taken[order.recorded_id] == order.qty:
                emptied.add(order.recorded_id)
    return emptied


def _orders(mirror: Mirror, fills: Iterable[Fill]) -> list[Order]:
    return [mirror.orders[recorded_id] for recorded_id, _ in merged(fills)]


def _is_emptied(order: Order, fills: Iterable[Fill]) -> bool:
    return sum(qty for recorded_id, qty in fills if recorded_id == order.recorded_id) >= order.qty


def _icebergs(emptied: Sequence[Order], price: int) -> list[Order]:
    """Who had more than was shown, if a price traded more than it held.

    Orders known to refill; else the only order there, which must have.
    """
    there = [order for order in emptied if order.price == price]
    known = [order for order in there if order.peak]
    return known or (there if len(there) == 1 else [])


def _fill_hidden(
    mirror: Mirror, trade: Message, icebergs: Sequence[Order], short: int
) -> list[Fill]:
    """Icebergs refill at the end of the queue, in the order in which they were emptied."""
    left = short
    while left:
        for order in icebergs:
            qty = min(left, order.peak or left)
            if qty:
                mirror.add_slice(order, qty)
            left -= qty
    filled = mirror.send(trade.side, trade.price, short)
    return [(recorded_id, qty) for recorded_id, _, qty in filled]


def _refilled_last(fills: list[Fill], refilled: Sequence[Order]) -> list[Fill]:
    """An iceberg that refills is listed where it then stands: at the end."""
    last = {order.recorded_id for order in refilled}
    first = [fill for fill in fills if fill[0] not in last]
    return first + [fill for fill in fills if fill[0] in last]
