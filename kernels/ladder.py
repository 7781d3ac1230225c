"""A ladder: the price levels of one side and owner class of a market.

Levels live in a ring of W slots (slot = key & (W - 1)) that covers the keys low .. low + W - 1;
a bitmap finds the next occupied level. Every order in the window is better than every parked
one, and whenever the window is empty so is the heap: `best` is the ladder's best key or NO_KEY.

Indices are made unsigned (`np.uint64`) where it counts: numba then skips the check for counting
from the end. Kernels here work on one market's part of the book: levels (ladder, W), ladders (ladder,),
resting orders (slot,), with `r` one of its four ladders.
"""

import numpy as np

from qtg.schemas import NO_ROW

from . import timers
from .bits import bit_below, clear_bit, set_bit
from .directory import remove as forget
from .parked import park, parked_qty, unpark

from ._jit import kernel

NO_KEY = -(1 << 62)


@kernel
def occupied_at_or_below(book, r, key):
    """Best occupied key not above `key` in the window, or NO_KEY."""
    ladders = book.ladders
    if ladders.best[r] == NO_KEY:
        return NO_KEY
    if key >= ladders.best[r]:
        return ladders.best[r]
    if key < ladders.low[r]:
        return NO_KEY
    mask = book.levels.head.shape[1] - 1
    found = key - bit_below(ladders.occupied, r, key & mask)
    return found if found >= ladders.low[r] and found <= key else NO_KEY


@kernel
def _append(book, r, slot):
    """Put an order at the end of its level, which lies in the window."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, r = np.uint64(slot), np.uint64(r)
    key = orders.key[s]
    i = np.uint64(key & (levels.head.shape[1] - 1))
    last = levels.tail[r, i]
    orders.prev[s] = last
    orders.next[s] = NO_ROW
    levels.tail[r, i] = slot
    if last == NO_ROW:
        levels.head[r, i] = slot
        levels.qty[r, i] = orders.qty[s]
        set_bit(ladders.occupied, r, i)
        if key > ladders.best[r]:
            ladders.best[r] = key
    else:
        orders.next[np.uint64(last)] = slot
        levels.qty[r, i] += orders.qty[s]


@kernel
def _slide_down(book, r):
    """Bring the best parked orders back into an empty window."""
    orders, ladders = book.orders, book.ladders
    window = book.levels.head.shape[1]
    ladders.low[r] = orders.key[ladders.parked[r]] - (window - window // 4)
    while True:
        root = ladders.parked[r]
        if root == NO_ROW or orders.key[root] < ladders.low[r]:
            break
        unpark(book, r, root)
        _append(book, r, root)


@kernel
def _empty_level(book, r, i):
    book.levels.head[r, i] = NO_ROW
    book.levels.tail[r, i] = NO_ROW
    clear_bit(book.ladders.occupied, r, i)


@kernel
def _next_best(book, r):
    """Find the new best key after the best level emptied."""
    ladders = book.ladders
    mask = book.levels.head.shape[1] - 1
    best = ladders.best[r]
    distance = bit_below(ladders.occupied, r, best & mask)
    if distance >= 0:
        ladders.best[r] = best - distance
    else:
        ladders.best[r] = NO_KEY
        if ladders.parked[r] != NO_ROW:
            _slide_down(book, r)


@kernel
def _slide_up(book, r, low):
    """Move the window up to start at `low`, parking the levels that fall out."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    mask = levels.head.shape[1] - 1
    key = occupied_at_or_below(book, r, low - 1)
    while key != NO_KEY:
        i = key & mask
        slot = levels.head[r, i]
        while slot != NO_ROW:
            later = orders.next[slot]
            park(book, r, slot)
            slot = later
        _empty_level(book, r, i)
        if key == ladders.best[r]:
            ladders.best[r] = NO_KEY
        distance = bit_below(ladders.occupied, r, i)
        key = key - distance if distance >= 0 and key - distance >= ladders.low[r] else NO_KEY
    ladders.low[r] = low


@kernel
def rest(book, slot):
    """Let an order (all its columns but the links set) rest in its ladder."""
    orders, ladders = book.orders, book.ladders
    s = np.uint64(slot)
    r = np.uint64(orders.ladder[s])
    window = book.levels.head.shape[1]
    key = orders.key[s]
    if ladders.orders[r] == 0:
        ladders.low[r] = key - (window - window // 4)
    elif key - ladders.low[r] >= window:
        _slide_up(book, r, key - (window - window // 4))
    ladders.orders[r] += 1
    book.markets.live[0] += 1
    if key >= ladders.low[r]:
        orders.parked[s] = 0
        _append(book, r, slot)
    else:
        park(book, r, slot)
    if orders.expire_tick[s] > 0:
        timers.start(book, slot)


@kernel
def _unlink(book, r, slot):
    """Take an order out of its level or heap."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, u = np.uint64(slot), np.uint64(r)
    if orders.parked[s]:
        unpark(book, r, slot)
        return
    key = orders.key[s]
    i = np.uint64(key & (levels.head.shape[1] - 1))
    before, after = orders.prev[s], orders.next[s]
    levels.qty[u, i] -= orders.qty[s]
    if before == NO_ROW:
        levels.head[u, i] = after
    else:
        orders.next[np.uint64(before)] = after
    if after == NO_ROW:
        levels.tail[u, i] = before
    else:
        orders.prev[np.uint64(after)] = before
    if before == NO_ROW and after == NO_ROW:
        clear_bit(ladders.occupied, u, i)
        if key == ladders.best[u]:
            _next_best(book, r)


@kernel
def _forget_slot(book, r, slot):
    """Give back the slot and id of an order that is in no level or heap any more."""
    orders, markets = book.orders, book.markets
    s = np.uint64(slot)
    forget(book.directory, orders.order_id[s])
    orders.order_id[s] = 0
    orders.next[s] = markets.free[0]
    markets.free[0] = slot
    markets.live[0] -= 1
    book.ladders.orders[np.uint64(r)] -= 1


@kernel
def remove(book, slot):
    """Take a resting order off the book and free its slot."""
    orders = book.orders
    s = np.uint64(slot)
    r = np.int64(orders.ladder[s])
    if orders.expire_tick[s] > 0:
        timers.stop(book, slot)
    _unlink(book, r, slot)
    _forget_slot(book, r, slot)


@kernel
def fill_front(book, r, slot, qty):
    """Fill `qty` of the first order of ladder `r`'s best level; it leaves once nothing is open.

    What `remove` and `reduce` do in general, with the order's place known.
    """
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, u = np.uint64(slot), np.uint64(r)
    best = ladders.best[u]
    i = np.uint64(best & (levels.head.shape[1] - 1))
    levels.qty[u, i] -= qty
    orders.qty[s] -= qty
    if orders.qty[s] > 0:
        return
    if orders.expire_tick[s] > 0:
        timers.stop(book, slot)
    after = orders.next[s]
    levels.head[u, i] = after
    if after == NO_ROW:
        levels.tail[u, i] = NO_ROW
        clear_bit(ladders.occupied, u, i)
        _next_best(book, r)
    else:
        orders.prev[np.uint64(after)] = NO_ROW
    _forget_slot(book, r, slot)


@kernel
def reduce(book, slot, qty):
    """Lower a resting order's open quantity by `qty`, which leaves more than 0."""
    orders, levels = book.orders, book.levels
    s = np.uint64(slot)
    orders.qty[s] -= qty
    if not orders.parked[s]:
        i = np.uint64(orders.key[s] & (levels.head.shape[1] - 1))
        levels.qty[np.uint64(orders.ladder[s]), i] -= qty


@kernel
def take_slot(book):
    """A free order slot; the caller has checked that there is one."""
    markets = book.markets
    slot = np.int64(markets.free[0])
    if slot == NO_ROW:
        slot = np.int64(markets.fresh[0])
        markets.fresh[0] += 1
    else:
        markets.free[0] = book.orders.next[slot]
    return slot


@kernel
def available(book, r, lowest_key, agent):
    """Open quantity at `lowest_key` or better: (other agents', the agent's own)."""
    orders, levels = book.orders, book.levels
    mask = levels.head.shape[1] - 1
    others, own = np.int64(0), np.int64(0)
    key = book.ladders.best[r]
    while key != NO_KEY and key >= lowest_key:
        slot = levels.head[r, key & mask]
        while slot != NO_ROW:
            if orders.agent[slot] == agent:
                own += orders.qty[slot]
            else:
                others += orders.qty[slot]
            slot = orders.next[slot]
        key = occupied_at_or_below(book, r, key - 1)
    parked_others, parked_own = parked_qty(book, r, lowest_key, agent)
    return others + parked_others, own + parked_own
