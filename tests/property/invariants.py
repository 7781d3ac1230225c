"""What must hold inside the book's columns, whatever has happened to them."""

import numpy as np

from qtg.kernels.directory import find
from qtg.kernels.ladder import NO_KEY
from qtg.kernels.market import market_book
from qtg.kernels.timers import CHUNK
from qtg.schemas import LADDERS, NO_ROW, Account, Book
from qtg.venue import Venue


def check_market(venue: Venue, market: int) -> None:
    """Raise AssertionError if the columns of one market contradict each other."""
    book = venue.book_columns
    live = set(np.flatnonzero(book.orders.order_id[market]).tolist())
    assert venue.resting[market] == len(live)
    _check_slots(book, market, live)
    _check_directory(book, market, live)
    _check_timers(book, market, live, venue.tick)
    _check_priorities(book, market, live)
    held: set[int] = set()
    for ladder in range(LADDERS):
        held |= check_ladder(book, market, ladder)
    assert held == live, "every live order rests in its ladder"
    _check_not_crossed(venue, market)


def check_ladder(book: Book, market: int, ladder: int) -> set[int]:
    """Check one of a market's ladders; returns the slots it holds."""
    row = market * LADDERS + ladder
    orders = book.orders
    in_ladder = (orders.order_id[market] != 0) & (orders.ladder[market] == ladder)
    slots = np.flatnonzero(in_ladder)
    assert book.ladders.orders[row] == len(slots)
    key, low = orders.key[market], book.ladders.low[row]
    window = book.levels.shape[1]
    inside = slots[orders.parked[market, slots] == 0]
    parked = slots[orders.parked[market, slots] != 0]
    assert (key[inside] >= low).all()
    assert (key[inside] - low < window).all()
    assert (key[parked] < low).all()
    assert (key[slots] < 0).all() if ladder >= 2 else (key[slots] > 0).all()
    assert ((orders.agent[market, slots] == 0) == bool(ladder & 1)).all()
    assert book.ladders.best[row] == (key[inside].max() if len(inside) else NO_KEY)
    assert len(inside) or not len(parked), "an empty window leaves nobody parked"
    assert _level_slots(book, market, row) == set(inside.tolist())
    assert _heap_slots(book, market, row) == set(parked.tolist())
    return set(slots.tolist())


def _level_slots(book: Book, market: int, row: int) -> set[int]:
    """Walk every level of a ladder; its bit, links, order and sum must agree."""
    orders, levels = book.orders, book.levels
    window = levels.head.shape[1]
    words = book.occupied[row]
    found: set[int] = set()
    for i in range(window):
        occupied = bool(int(words[i >> 6]) >> (i & 63) & 1)
        assert occupied == (levels.head[row, i] != NO_ROW) == (levels.tail[row, i] != NO_ROW)
        if not occupied:
            continue
        queue, before, slot = [], NO_ROW, int(levels.head[row, i])
        while slot != NO_ROW:
            assert orders.prev[market, slot] == before
            queue.append(slot)
            before, slot = slot, int(orders.next[market, slot])
        assert before == levels.tail[row, i]
        assert len(set(orders.key[market, queue].tolist())) == 1
        assert orders.key[market, queue[0]] & (window - 1) == i
        assert (np.diff(orders.priority[market, queue]) > 0).all(), "queues are first come first"
        assert (orders.qty[market, queue] > 0).all()
        assert orders.qty[market, queue].sum() == levels.qty[row, i]
        found.update(queue)
    return found


def _heap_slots(book: Book, market: int, row: int) -> set[int]:
    """Walk a ladder's heap of parked orders; no child may come before its parent."""
    orders = book.orders
    found: set[int] = set()
    stack = [(int(book.ladders.parked[row]), NO_ROW)]
    while stack:
        slot, parent = stack.pop()
        if slot == NO_ROW:
            continue
        assert slot not in found
        assert orders.parent[market, slot] == parent
        assert parent == NO_ROW or _place(book, market, parent) < _place(book, market, slot)
        found.add(slot)
        stack += [(int(child[market, slot]), slot) for child in (orders.prev, orders.next)]
    return found


def _place(book: Book, market: int, slot: int) -> tuple[int, int]:
    """Sorts by price, best first, then time."""
    return -int(book.orders.key[market, slot]), int(book.orders.priority[market, slot])


def _check_slots(book: Book, market: int, live: set[int]) -> None:
    """Every slot ever used is live or on the free list, once."""
    stack = book.free[market, : book.markets.free[market]].tolist()
    free = set(stack)
    assert len(free) == len(stack)
    assert not free & live
    assert free | live == set(range(int(book.markets.fresh[market])))


def _check_directory(book: Book, market: int, live: set[int]) -> None:
    """The directory finds every live id but the pool's, and no other."""
    listed = {slot for slot in live if book.orders.agent[market, slot] != Account.POOL}
    view = getattr(market_book, "py_func", market_book)(book, market)
    for slot in listed:
        assert find(view, book.orders.order_id[market, slot]) == slot
    ids = {int(book.orders.order_id[market, slot]) for slot in listed}
    for order_id in set(book.directory.order_id[market].tolist()) - ids - {0}:
        assert find(view, order_id) == NO_ROW, "the order has ended"
    elsewhere = book.overflow.order_id[market]
    displaced = {
        int(book.orders.order_id[market, s]) for s in listed if book.orders.displaced[market, s]
    }
    assert sorted(elsewhere[elsewhere != 0].tolist()) == sorted(displaced)


def _check_timers(book: Book, market: int, live: set[int], tick: int) -> None:
    """Every order with a lifetime is listed in the bucket of its tick, which is still to come."""
    expire_tick = book.orders.expire_tick[market]
    waiting = {slot for slot in live if expire_tick[slot] > 0}
    buckets = book.timers.shape[1]
    for bucket in {int(expire_tick[slot]) % buckets for slot in waiting}:
        mine = {slot for slot in waiting if expire_tick[slot] % buckets == bucket}
        assert mine <= set(listed(book, market, bucket))
    assert all(expire_tick[slot] > tick for slot in waiting)


def listed(book: Book, market: int, bucket: int) -> list[int]:
    """The order rows in a bucket's list."""
    rows: list[int] = []
    chunks = book.chunks[market].reshape(-1, CHUNK)
    chunk, n = int(book.timers.head[market, bucket]), int(book.timers.listed[market, bucket])
    while len(rows) < n:
        rows += chunks[chunk, 1:].tolist()
        chunk = int(chunks[chunk, 0])
    return rows[:n]


def _check_priorities(book: Book, market: int, live: set[int]) -> None:
    given = book.orders.priority[market, sorted(live)]
    assert len(set(given.tolist())) == len(given)
    assert (given <= book.markets.priority[market]).all()


def _check_not_crossed(venue: Venue, market: int) -> None:
    """Best bid below best ask, over all orders and as the view tells it."""
    orders = venue.book(market).orders()
    bids = orders.filter(orders["side"] == 1)["price"].max()
    asks = orders.filter(orders["side"] == -1)["price"].min()
    assert (venue.book(market).best(1), venue.book(market).best(-1)) == (bids, asks)
    assert bids is None or asks is None or bids < asks, "the book is locked or crossed"
