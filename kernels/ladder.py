"""A ladder: the price levels of one side and owner class of a market.

Levels live in a ring of W slots (slot = key & (W - 1)) that covers the keys low .. low + W - 1;
a bitmap finds the next occupied level. Every order in the window is better than every parked
one, and whenever the window is empty so is the heap: `best` is the ladder's best key or NO_KEY.

Indices are made unsigned (`np.uint64`) where it counts: numba then skips the check for counting
from the end. Kernels here work on one market's part of the book: levels (ladder, W), ladders
(ladder,), resting orders (slot,), with `r` one of its four ladders.
"""

import numpy as np

from qtg.schemas import NO_ROW

from . import timers
from ._jit import kernel
from .bits import bit_below, clear_bit, set_bit
from .directory import remove as forget
from .parked import PLENTY, park, parked_qty, unpark
from .prefetch import prefetch

NO_KEY = -(1 << 62)
AHEAD = 8  # free slots
DEPTH = 8  # orders of a level
SMALL = 4096  # order slots that the inner caches hold


@kernel
def occupied_at_or_below(book, r, key):
    """Best occupied key not above `key` in the window, or NO_KEY."""
    ladders = book.ladders
    if ladders[r].best == NO_KEY:
        return NO_KEY
    if key >= ladders[r].best:
        return ladders[r].best
    if key < ladders[r].low:
        return NO_KEY
    mask = book.levels.shape[1] - 1
    found = key - bit_below(book.occupied, r, key & mask)
    return found if found >= ladders[r].low and found <= key else NO_KEY


@kernel
def _append(book, r, slot):
    """Put an order at the end of its level, which lies in the window."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, r = np.uint64(slot), np.uint64(r)
    key = orders[s].key
    i = np.uint64(key & (levels.shape[1] - 1))
    last = levels[r, i].tail
    orders[s].prev = last
    orders[s].next = NO_ROW
    levels[r, i].tail = slot
    if last == NO_ROW:
        levels[r, i].head = slot
        levels[r, i].qty = orders[s].qty
        set_bit(book.occupied, r, i)
        if key > ladders[r].best:
            ladders[r].best = key
    else:
        orders[np.uint64(last)].next = slot
        levels[r, i].qty += orders[s].qty


@kernel
def _slide_down(book, r):
    """Bring the best parked orders back into an empty window."""
    orders, ladders = book.orders, book.ladders
    window = book.levels.shape[1]
    ladders[r].low = orders[ladders[r].parked].key - (window - window // 4)
    while True:
        root = ladders[r].parked
        if root == NO_ROW or orders[root].key < ladders[r].low:
            break
        unpark(book, r, root)
        _append(book, r, root)


@kernel
def _empty_level(book, r, i):
    book.levels[r, i].head = NO_ROW
    book.levels[r, i].tail = NO_ROW
    clear_bit(book.occupied, r, i)


@kernel
def _next_best(book, r):
    """Find the new best key after the best level emptied."""
    ladders = book.ladders
    mask = book.levels.shape[1] - 1
    best = ladders[r].best
    distance = bit_below(book.occupied, r, best & mask)
    if distance >= 0:
        ladders[r].best = best - distance
    else:
        ladders[r].best = NO_KEY
        if ladders[r].parked != NO_ROW:
            _slide_down(book, r)


@kernel
def _slide_up(book, r, low):
    """Move the window up to start at `low`, parking the levels that fall out."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    mask = levels.shape[1] - 1
    key = occupied_at_or_below(book, r, low - 1)
    while key != NO_KEY:
        i = key & mask
        slot = levels[r, i].head
        while slot != NO_ROW:
            later = orders[slot].next
            park(book, r, slot)
            slot = later
        _empty_level(book, r, i)
        if key == ladders[r].best:
            ladders[r].best = NO_KEY
        distance = bit_below(book.occupied, r, i)
        key = key - distance if distance >= 0 and key - distance >= ladders[r].low else NO_KEY
    ladders[r].low = low


@kernel
def rest(book, slot):
    """Let an order (all its columns but the links set) rest in its ladder."""
    orders, ladders = book.orders, book.ladders
    s = np.uint64(slot)
    r = np.uint64(orders[s].ladder)
    window = book.levels.shape[1]
    key = orders[s].key
    if ladders[r].orders == 0:
        ladders[r].low = key - (window - window // 4)
    elif key - ladders[r].low >= window:
        _slide_up(book, r, key - (window - window // 4))
    ladders[r].orders += 1
    if key >= ladders[r].low:
        orders[s].parked = 0
        _append(book, r, slot)
    else:
        park(book, r, slot)
    if orders[s].expire_tick > 0:
        timers.start(book, slot)


@kernel
def fetch_around(book, slot):
    """Fetch what taking an order out of the book will touch: its level and its neighbours."""
    orders, s = book.orders, np.uint64(slot & (book.orders.shape[0] - 1))
    prefetch(orders, orders[s].prev)
    prefetch(orders, orders[s].next)
    level = orders[s].key & (book.levels.shape[1] - 1)
    prefetch(book.levels[np.uint64(orders[s].ladder)], level)


@kernel
def _unlink(book, r, slot):
    """Take an order out of its level or heap."""
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, u = np.uint64(slot), np.uint64(r)
    if orders[s].parked:
        unpark(book, r, slot)
        return
    key = orders[s].key
    i = np.uint64(key & (levels.shape[1] - 1))
    before, after = orders[s].prev, orders[s].next
    levels[u, i].qty -= orders[s].qty
    if before == NO_ROW:
        levels[u, i].head = after
    else:
        orders[np.uint64(before)].next = after
    if after == NO_ROW:
        levels[u, i].tail = before
    else:
        orders[np.uint64(after)].prev = before
    if before == NO_ROW and after == NO_ROW:
        clear_bit(book.occupied, u, i)
        if key == ladders[u].best:
            _next_best(book, r)


@kernel
def _forget_slot(book, r, slot):
    """Give back the slot and id of an order that is in no level or heap any more."""
    orders, markets = book.orders, book.markets
    s = np.uint64(slot)
    forget(book, orders[s].order_id, slot)
    orders[s].order_id = 0
    book.free[np.uint64(markets[0].free)] = slot
    markets[0].free += 1
    book.ladders[np.uint64(r)].orders -= 1


@kernel
def remove(book, slot):
    """Take a resting order off the book and free its slot."""
    orders = book.orders
    s = np.uint64(slot)
    r = np.int64(orders[s].ladder)
    _unlink(book, r, slot)
    _forget_slot(book, r, slot)


@kernel
def _fetch_behind(book, gone, first):
    """Fetch the order DEPTH places behind the new first one of a level, as far as `behind` knows.

    `behind` of the first order says how far was fetched: of `gone`, which was it until now, and
    then of its successor.
    """
    behind = book.behind
    if book.orders.shape[0] <= SMALL:
        return
    far = np.int64(behind[np.uint64(gone)])
    if far == first:  # nothing was fetched
        for _ in range(DEPTH - 1):
            far = np.int64(behind[np.uint64(far)])
    far = np.int64(behind[np.uint64(far)])
    behind[np.uint64(first)] = far
    prefetch(book.orders, far)
    prefetch(behind, far)


@kernel
def fill_front(book, r, slot, qty):
    """Fill `qty` of the first order of ladder `r`'s best level; it leaves once nothing is open.

    What `remove` and `reduce` do in general, with the order's place known.
    """
    orders, levels, ladders = book.orders, book.levels, book.ladders
    s, u = np.uint64(slot), np.uint64(r)
    best = ladders[u].best
    i = np.uint64(best & (levels.shape[1] - 1))
    levels[u, i].qty -= qty
    orders[s].qty -= qty
    if orders[s].qty > 0:
        return
    after = orders[s].next
    levels[u, i].head = after
    if after == NO_ROW:
        levels[u, i].tail = NO_ROW
        clear_bit(book.occupied, u, i)
        _next_best(book, r)
    else:
        orders[np.uint64(after)].prev = NO_ROW
        prefetch(orders, orders[np.uint64(after)].next)
        _fetch_behind(book, slot, after)
    _forget_slot(book, r, slot)


@kernel
def reduce(book, slot, qty):
    """Lower a resting order's open quantity by `qty`, which leaves more than 0."""
    orders, levels = book.orders, book.levels
    s = np.uint64(slot)
    orders[s].qty -= qty
    if not orders[s].parked:
        i = np.uint64(orders[s].key & (levels.shape[1] - 1))
        levels[np.uint64(orders[s].ladder), i].qty -= qty


@kernel
def take_slot(book):
    """(a free order slot, the one freed last; whether it was never used before).

    The caller has checked that there is one.
    """
    free, markets = book.free, book.markets
    n = np.int64(markets[0].free)
    if n == 0:
        slot = np.int64(markets[0].fresh)
        markets[0].fresh += 1
        book.behind[np.uint64(slot)] = slot
        return slot, True
    markets[0].free = n - 1
    prefetch(book.orders, free[max(n - AHEAD, 0)])
    return np.int64(free[np.uint64(n - 1)]), False


@kernel
def join_behind(book, r, key, slot):
    """Note that an order in a new slot comes behind the last one of its level.

    A level's orders lie anywhere, and each names only the next: followed from record to record
    they come one memory latency apart. `behind` says the same in a sixteenth of the room. It is a
    hint for `_fetch_behind` that nothing else reads, kept only while a book fills up: there new
    slots are neighbours and the note is all but free, where a used slot's would be one more line
    of memory for each order.
    """
    i = np.uint64(key & (book.levels.shape[1] - 1))
    last = np.int64(book.levels[np.uint64(r), i].tail)
    book.behind[np.uint64(slot if last == NO_ROW else last)] = slot


@kernel
def has_slot(book):
    """Whether there is a free order slot."""
    return book.markets[0].free > 0 or book.markets[0].fresh < book.orders.shape[0]


@kernel
def resting_orders(book):
    """How many orders rest in the market: slots that are in use."""
    return np.int64(book.markets[0].fresh) - book.markets[0].free


@kernel
def available(book, r, lowest_key, agent):
    """Open quantity at `lowest_key` or better: (other agents', the agent's own)."""
    orders, levels = book.orders, book.levels
    mask = levels.shape[1] - 1
    others, own = np.int64(0), np.int64(0)
    key = book.ladders[r].best
    while key != NO_KEY and key >= lowest_key:
        slot = levels[r, key & mask].head
        while slot != NO_ROW:
            if orders[slot].agent == agent:
                own = min(own + orders[slot].qty, PLENTY)
            else:
                others = min(others + orders[slot].qty, PLENTY)
            slot = orders[slot].next
        key = occupied_at_or_below(book, r, key - 1)
    parked_others, parked_own = parked_qty(book, r, lowest_key, agent)
    return min(others + parked_others, PLENTY), min(own + parked_own, PLENTY)
