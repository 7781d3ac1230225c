"""One environment's books and messages, taken over from another run of the same configuration.

Tables may be longer on one side. What is copied is what is in use: rows of orders, free rows, the
levels that have orders, and the expiry lists.
"""

import numpy as np

from qtg.schemas import LADDERS, NO_ROW, Account

from ._jit import kernel
from .directory import insert
from .market import market_book
from .timers import CHUNK


@kernel
def _clear(book):
    """Empty a market's book, as far as it is in use: no row names another any more."""
    orders, levels = book.orders, book.levels
    displaced = False
    for slot in range(book.markets[0].fresh):
        book.free[slot] = 0
        r, i = np.int64(orders[slot].ladder), orders[slot].key & (levels.shape[1] - 1)
        levels[r, i].head = NO_ROW
        levels[r, i].tail = NO_ROW
        displaced |= orders[slot].displaced != 0
        orders[slot].order_id = 0
        orders[slot].next = NO_ROW
        orders[slot].prev = NO_ROW
        orders[slot].parent = NO_ROW
        orders[slot].timer = 0
        orders[slot].displaced = 0
    for at in range(book.markets[0].fresh_chunk * CHUNK):
        book.chunks[at] = NO_ROW
    if displaced:
        for bucket in range(book.overflow.shape[0]):
            book.overflow[bucket].order_id = 0


@kernel
def _take_orders(source, target):
    """Take over the resting orders, their levels and their ids."""
    fresh, levels = np.int64(source.markets[0].fresh), source.levels
    for slot in range(fresh):
        target.orders[slot] = source.orders[slot]
        target.behind[slot] = source.behind[slot]
        if source.orders[slot].order_id == 0:
            continue
        r, i = np.int64(source.orders[slot].ladder), source.orders[slot].key & (levels.shape[1] - 1)
        target.levels[r, i] = levels[r, i]
    for slot in range(fresh):
        order_id = target.orders[slot].order_id
        if order_id != 0 and target.orders[slot].agent != Account.POOL:
            insert(target, order_id, slot)


@kernel
def _copy_market(source, target):
    """Make a market's book what another one is (`target` modified in place)."""
    _clear(target)
    _take_orders(source, target)
    for at in range(source.markets[0].free):
        target.free[at] = source.free[at]
    for r in range(LADDERS):
        target.ladders[r] = source.ladders[r]
        for word in range(source.occupied.shape[1]):
            target.occupied[r, word] = source.occupied[r, word]
    for bucket in range(source.timers.shape[0]):
        target.timers[bucket] = source.timers[bucket]
    for at in range(source.markets[0].fresh_chunk * CHUNK):
        target.chunks[at] = source.chunks[at]
    target.markets[0] = source.markets[0]


@kernel
def copy_books(source, rows, target, to, symbols):
    """Make the books of environments `to` those of environments `rows` of `source`.

    Parameters
    ----------
    source : Book            read only
    rows, to : int64 (n,)    environments, those of `to` all different and none of them copied from
    target : Book            modified in place; has room for what is in use in `source`
    symbols : int            markets per environment
    """
    for each in range(rows.shape[0]):
        for symbol in range(symbols):
            m, into = rows[each] * symbols + symbol, to[each] * symbols + symbol
            _copy_market(market_book(source, m), market_book(target, into))


@kernel
def take_out(queue, chosen, symbols):
    """Take the messages of some environments, bool (E,), out of the delay queue."""
    for bucket in range(queue.n.shape[0]):
        kept = np.int64(0)
        for row in range(queue.n[bucket]):
            m = np.int64(queue.market[bucket, row])
            if chosen[m // symbols]:
                continue
            if kept != row:
                queue.orders[bucket, kept] = queue.orders[bucket, row]
                queue.market[bucket, kept] = queue.market[bucket, row]
            kept += 1
        queue.n[bucket] = kept


@kernel
def copy_messages(source, first, following, target, symbols):
    """Put what is on its way in some environments into others, with the same delay.

    Parameters
    ----------
    source : DelayQueue      read only, but where it is the target too
    first : int64 (E,)       for each environment of `source` one that gets its messages, or NO_ROW
    following : int64 (E',)  for each environment of `target` another one that gets the same
    target : DelayQueue      modified in place; has room in every bucket
    symbols : int            markets per environment
    """
    last = source.n.shape[0] - 1
    for delay in range(1, last + 1):
        bucket, into = (source.now[0] + delay) & last, (target.now[0] + delay) & last
        for row in range(source.n[bucket]):
            m = np.int64(source.market[bucket, row])
            env = first[m // symbols]
            while env != NO_ROW:
                at = target.n[into]
                target.n[into] = at + 1
                market = env * symbols + m % symbols
                target.orders[into, at] = source.orders[bucket, row]
                target.orders[into, at].market = market
                target.market[into, at] = market
                env = following[env]
