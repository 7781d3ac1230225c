"""Do the columns of a book agree with each other, and with what is reserved for its orders?

Nothing here trusts what it checks: walks are bounded, and a row is looked at only if it exists.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import LADDERS, NO_ROW, Account, MsgType

from ._jit import kernel
from .at_market import AT_MARKET
from .bits import ONE
from .directory import find
from .ladder import NO_KEY
from .ledger import worst_unit_cost
from .market import market_book
from .parked import precedes
from .tally import Invariant, expect, note


class Asked(NamedTuple):
    """What live orders of accounts ask for: the sums that the ledger must have reserved."""

    cash: np.ndarray  # int64 (account,): buys at their worst price, fees included
    sells: np.ndarray  # int64 (account, symbol): shares
    buys: np.ndarray  # int64 (account, symbol): shares


@kernel
def _ask(asked, terms, m, agent, side, price, qty):
    """Add a live order (`asked` modified in place)."""
    row, symbol = (m // terms.symbols) * terms.agents + agent, m % terms.symbols
    if side > 0:
        asked.cash[row] += worst_unit_cost(price, terms) * qty
        asked.buys[row, symbol] += qty
    else:
        asked.sells[row, symbol] += qty


@kernel
def _check_parked(book, m, slot, tally):
    """An order below the window stands in its ladder's heap, behind a better parent."""
    orders = book.orders
    r, parent = np.int64(orders[slot].ladder), np.int64(orders[slot].parent)
    fits = orders[slot].key < book.ladders[r].low
    if parent == NO_ROW:
        fits = fits and book.ladders[r].parked == slot
    else:
        known = 0 <= parent < orders.shape[0]
        fits = fits and known and precedes(orders, parent, slot)
        fits = fits and (orders[parent].prev == slot or orders[parent].next == slot)
    if not fits:
        note(tally, Invariant.PARKED, m, orders[slot].order_id, parent)


@kernel
def _check_order(book, m, slot, clock, tally):
    """What holds for one live order by itself; `clock` is (tick, next id of its environment)."""
    order = book.orders[slot]
    if order.qty <= 0:
        note(tally, Invariant.OPEN_QTY, m, order.qty, order.order_id)
    if order.order_id < 1 or order.order_id >= clock[1]:
        note(tally, Invariant.IDS_GIVEN, m, order.order_id, clock[1])
    if 0 < order.expire_tick <= clock[0]:
        note(tally, Invariant.NOT_OVERDUE, m, order.order_id, order.expire_tick)
    if order.agent != Account.POOL:
        expect(tally, Invariant.DIRECTORY, m, find(book, order.order_id), slot)
    if order.parked == 1:
        _check_parked(book, m, slot, tally)


@kernel
def _check_level(book, m, r, i, tally):
    """Walk one level that has orders; returns (how many, their key)."""
    orders, level = book.orders, book.levels[r, i]
    slot, before, n = np.int64(level.head), np.int64(NO_ROW), np.int64(0)
    total, last = np.int64(0), np.int64(0)
    key = np.int64(NO_KEY)
    most = np.int64(book.markets[0].fresh)
    while slot != NO_ROW:
        if slot < 0 or slot >= most or n >= most:
            note(tally, Invariant.LINKS, m, slot, most)
            return n, key
        order = orders[slot]
        if n == 0:
            key = order.key
        linked = order.order_id != 0 and order.prev == before and order.parked == 0
        if not (linked and order.key == key and order.ladder == r):
            note(tally, Invariant.LINKS, m, order.order_id, slot)
        if order.priority <= last or order.priority > book.markets[0].priority:
            note(tally, Invariant.FIFO, m, order.priority, last)
        total += order.qty
        last, before, slot = order.priority, slot, np.int64(order.next)
        n += 1
    if before != level.tail or (key & (book.levels.shape[1] - 1)) != i:
        note(tally, Invariant.LINKS, m, level.tail, before)
    expect(tally, Invariant.LEVEL_QTY, m, level.qty, total)
    return n, key


@kernel
def _check_ladder(book, m, r, tally):
    """Walk all levels of a ladder; returns how many orders stand in them."""
    n, best = np.int64(0), np.int64(NO_KEY)
    heads, words = book.levels.head, book.occupied
    for i in range(heads.shape[1]):
        bit = (words[r, i >> 6] >> np.uint64(i & 63)) & ONE
        held = heads[r, i] != NO_ROW
        if (bit == ONE) != held:
            note(tally, Invariant.BITMAP, m, np.int64(bit), np.int64(held))
        if not held:
            continue
        found, key = _check_level(book, m, r, i, tally)
        n += found
        best = max(best, key)
    expect(tally, Invariant.BEST, m, book.ladders[r].best, best)
    return n


@kernel
def _check_slots(book, m, clock, tally, asked, terms):
    """Look at every slot ever used: (orders by ladder: buys, pool's buys, sells, pool's sells),
    then the same of those in the window."""
    orders, markets = book.orders, book.markets
    fresh, free = np.int64(markets[0].fresh), np.int64(markets[0].free)
    live = np.int64(0)
    a, b, c, d = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    inside = np.int64(0)
    for slot in range(fresh):
        if orders[slot].order_id == 0:
            continue
        live += 1
        _check_order(book, m, slot, clock, tally)
        r, side = orders[slot].ladder, 1 - (np.int64(orders[slot].ladder) & 2)
        if orders[slot].agent != Account.POOL:
            price = side * orders[slot].key * markets[0].tick_size
            _ask(asked, terms, m, orders[slot].agent, side, price, orders[slot].qty)
        if orders[slot].parked == AT_MARKET:
            continue
        a, b, c, d = a + (r == 0), b + (r == 1), c + (r == 2), d + (r == 3)
        inside += orders[slot].parked == 0
    expect(tally, Invariant.SLOTS, m, live + free, fresh)
    for k in range(free):
        if orders[book.free[k]].order_id != 0:
            note(tally, Invariant.SLOTS, m, book.free[k], orders[book.free[k]].order_id)
    for r, n in enumerate((a, b, c, d)):
        expect(tally, Invariant.LADDER_ORDERS, m, book.ladders[r].orders, n)
    return inside


@kernel
def _check_crossed(book, m, tally):
    """The best buy lies below the best sell, unless orders gather for an auction."""
    ladders = book.ladders
    if book.markets[0].calling:
        return
    bid = max(ladders[0].best, ladders[1].best)
    ask = max(ladders[2].best, ladders[3].best)
    if bid != NO_KEY and ask != NO_KEY and bid + ask >= 0:
        note(tally, Invariant.NOT_CROSSED, m, bid, -ask)


@kernel
def check_books(books, next_id, asked, terms, tally):
    """Check the books of all markets after a tick.

    Parameters
    ----------
    books : Book              read only
    next_id : int64 (E,)      id of the next new order
    asked : Asked             modified in place: what live orders ask for is added
    terms : LedgerTerms
    tally : Tally             modified in place
    """
    for m in range(books.markets.shape[0]):
        book = market_book(books, m)
        clock = (books.markets[m].tick, next_id[m // terms.symbols])
        inside = _check_slots(book, m, clock, tally, asked, terms)
        found = np.int64(0)
        for r in range(LADDERS):
            found += _check_ladder(book, m, r, tally)
        expect(tally, Invariant.PLACES, m, found, inside)
        _check_crossed(book, m, tally)


@kernel
def check_queue(queue, terms, last_id, asked, tally):
    """Check the orders that are on their way, and add what they ask for to `asked`.

    `last_id` int64 (E,) is scratch.
    """
    for bucket in range(queue.n.shape[0]):
        last_id[:] = 0
        for row in range(queue.n[bucket]):
            order = queue.orders[bucket, row]
            m = np.int64(order.market)
            env = m // terms.symbols
            if order.msg_type == MsgType.NEW:
                if order.order_id <= last_id[env]:
                    note(tally, Invariant.ARRIVAL_ORDER, m, order.order_id, last_id[env])
                if order.order_id >= queue.next_id[env]:
                    note(tally, Invariant.IDS_GIVEN, m, order.order_id, queue.next_id[env])
                last_id[env] = order.order_id
            if order.agent != Account.POOL and order.msg_type != MsgType.CANCEL:
                _ask(asked, terms, m, order.agent, order.side, order.price, order.qty)


@kernel
def list_ids(books, queue, symbols, out):
    """Write the id of every live order to `out` (int64), times environments plus environment;
    returns how many there are."""
    n, envs = np.int64(0), queue.next_id.shape[0]
    for m in range(books.markets.shape[0]):
        for slot in range(books.markets[m].fresh):
            if books.orders[m, slot].order_id != 0:
                out[n] = books.orders[m, slot].order_id * envs + m // symbols
                n += 1
    for bucket in range(queue.n.shape[0]):
        for row in range(queue.n[bucket]):
            if queue.orders[bucket, row].msg_type == MsgType.NEW:
                env = queue.orders[bucket, row].market // symbols
                out[n] = queue.orders[bucket, row].order_id * envs + env
                n += 1
    return n
