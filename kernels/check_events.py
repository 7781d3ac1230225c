"""Do the events of a tick tell a story that can be true?"""

import numpy as np

from qtg.schemas import NO_ROW, Account, ExecType

from ._jit import kernel
from .directory import find
from .market import market_book
from .tally import Invariant, expect, note

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@kernel
def _place(ended, key):
    """Where a set of ids holds `key`, or the free place where it belongs (0 is free)."""
    mask = ended.shape[0] - 1
    place = np.int64((np.uint64(key) * _GOLDEN) >> _HALF) & mask
    while ended[place] != key and ended[place] != 0:
        place = (place + 1) & mask
    return place


@kernel
def _is_in(ended, key):
    return ended[_place(ended, key)] == key


@kernel
def _check_trade(events, k, keys, ended, tally):
    """A fill has a quantity, leaves nothing below 0, keeps to the limit and finds both orders
    alive."""
    if events.qty[k] <= 0 or events.leaves[k] < 0:
        note(tally, Invariant.FILLS, k, events.leaves[k], events.qty[k])
    worse = np.int64(events.side[k]) * (events.price[k] - events.limit_price[k])
    if events.price[k] <= 0 or (events.limit_price[k] > 0 and worse > 0):
        note(tally, Invariant.LIMITS_KEPT, k, events.price[k], events.limit_price[k])
    for key in keys:
        if _is_in(ended, key):
            note(tally, Invariant.NO_FILL_AFTER_END, k, events.order_id[k], events.contra_id[k])


@kernel
def check_events(events, n, books, symbols, ended, tally):
    """Check the first `n` events, those of one tick; returns how many of them are trades.

    Parameters
    ----------
    events : Events       read only
    books : Book          after the tick, read only
    symbols : int         markets of an environment
    ended : int64 (p,)    scratch, all 0: a set of ids; p is a power of two and at least 2 n
    tally : Tally         modified in place
    """
    n_markets = books.markets.shape[0]
    envs = n_markets // symbols
    trades, order_id, open_qty = np.int64(0), np.int64(0), np.int64(0)
    for k in range(n):
        m, exec_type = np.int64(events.market[k]), events.exec_type[k]
        if exec_type == ExecType.REJECTED or m < 0 or m >= n_markets:
            continue
        env = m // symbols
        key = events.order_id[k] * envs + env
        gone = exec_type == ExecType.CANCELED or exec_type == ExecType.EXPIRED
        if exec_type == ExecType.TRADE:
            trades += 1
            _check_trade(events, k, (key, events.contra_id[k] * envs + env), ended, tally)
            if events.row[k] != NO_ROW and events.order_id[k] == order_id:
                expect(tally, Invariant.FILLS, k, events.leaves[k], open_qty - events.qty[k])
            gone = events.leaves[k] == 0
        in_the_way = gone and events.order_id[k] != order_id  # or cancelled by a message
        if events.row[k] != NO_ROW and not in_the_way:
            order_id, open_qty = events.order_id[k], events.leaves[k]
        if gone:
            ended[_place(ended, key)] = key
    return trades


@kernel
def check_ended(events, n, books, symbols, ended, tally):
    """No order of an account that has ended by the first `n` events rests; as `check_events`,
    which fills `ended`."""
    n_markets = books.markets.shape[0]
    envs = n_markets // symbols
    held = np.int64(NO_ROW)
    book = market_book(books, 0)
    for k in range(n):
        m = np.int64(events.market[k])
        if events.agent[k] == Account.POOL or m < 0 or m >= n_markets:
            continue
        if m != held:
            held, book = m, market_book(books, m)
        key = events.order_id[k] * envs + m // symbols
        if events.order_id[k] > 0 and _is_in(ended, key):
            slot = find(book, events.order_id[k])
            if slot != NO_ROW:
                note(tally, Invariant.NO_FILL_AFTER_END, k, events.order_id[k], slot)
