"""Recorded auctions: orders never shown are added at market, then our venue uncrosses."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .frame import Message
from .mirror import Fill, Mirror


class Auction(NamedTuple):
    """A recorded auction: price, volume, and what each order got, buyers and sellers."""

    price: int
    volume: int
    fills: list[Fill]


def run_auction(mirror: Mirror, volume: int, fills: Sequence[Message]) -> Auction:
    """Uncross our venue as the recording did.

    Orders that traded without ever being shown must be known to explain the price: they take
    part as market orders, their sides such that buys and sells balance.
    """
    hidden = [fill for fill in fills if _is_hidden(mirror, fill.order_id)]
    for fill, side in zip(hidden, hidden_sides(mirror, volume, fills), strict=True):
        mirror.add_at_market(fill.order_id, side, fill.size)
    price, ours, traded = mirror.uncross()
    return Auction(price, traded, list(ours.items()))


def hidden_sides(mirror: Mirror, volume: int, fills: Sequence[Message]) -> list[int]:
    """Sides of the orders never shown, in their order: 1 or -1."""
    shown = [mirror.orders[f.order_id] for f in fills if not _is_hidden(mirror, f.order_id)]
    sides = {order.recorded_id: order.side for order in shown}
    hidden = [fill for fill in fills if _is_hidden(mirror, fill.order_id)]
    bought = sum(f.size for f in fills if sides.get(f.order_id, f.side) == 1)
    open_sizes = [fill.size for fill in hidden if fill.side == 0]
    buys = iter(subset_with_sum(open_sizes, volume - bought))
    return [fill.side or (1 if next(buys) else -1) for fill in hidden]


def subset_with_sum(sizes: Sequence[int], total: int) -> list[bool]:
    """Which of the sizes to take so that they add up to `total`, or as near below as possible.

    >>> subset_with_sum([4, 1, 5, 1], 10)
    [True, True, True, False]
    """
    reachable = [1]
    for size in sizes:
        reachable.append(reachable[-1] | reachable[-1] << size)
    within = reachable[-1] & ((1 << (max(total, 0) + 1)) - 1)
    left = within.bit_length() - 1
    taken = [False] * len(sizes)
    for n in range(len(sizes) - 1, -1, -1):
        if not reachable[n] >> left & 1:
            taken[n] = True
            left -= sizes[n]
    return taken


def recorded_auction(trades: Iterable[Message], fills: Sequence[Message]) -> Auction:
    """The auction as it was recorded."""
    trades = list(trades)
    total: dict[int, int] = {}
    for fill in fills:
        total[fill.order_id] = total.get(fill.order_id, 0) + fill.size
    return Auction(trades[0].price, sum(trade.size for trade in trades), list(total.items()))


def _is_hidden(mirror: Mirror, recorded_id: int) -> bool:
    order = mirror.orders.get(recorded_id)
    return order is None or order.qty <= 0
