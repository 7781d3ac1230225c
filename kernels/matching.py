"""Continuous matching: price-time priority, one message after the other.

`match_rows` works through a stretch of order rows and writes events. It stops early, between two
messages, when a column set is full; the caller grows it and calls again.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import (
    NO_ROW,
    Account,
    ExecInst,
    ExecType,
    MsgType,
    OrdType,
    Reason,
    SelfTradePrevention,
    Status,
    TimeInForce,
)

from . import timers
from ._jit import kernel
from .directory import find
from .directory import insert as register
from .ladder import (
    NO_KEY,
    available,
    fill_front,
    join_behind,
    reduce,
    remove,
    rest,
    resting_orders,
    take_slot,
)
from .market import market_book
from .prefetch import prefetch
from .validation import MAX_PRICE, check_new, check_replace, whole_ticks

ANY_PRICE = MAX_PRICE  # key of a market order without protection
AHEAD = 16  # messages
POOL_SLOT = -(1 << 40)  # far from every tick
SPARE_EVENTS = 4  # events a message can cause beside its trades


class Rules(NamedTuple):
    """What holds for a whole batch."""

    self_trade: int  # SelfTradePrevention
    pool_trades_itself: int  # 0 or 1
    calling: int  # 1 while orders gather for an auction and nothing trades


class Incoming(NamedTuple):
    """The message being worked on; all scalars."""

    row: int
    market: int
    agent: int
    side: int
    order_id: int
    key: int
    price: int
    qty: int


class Progress(NamedTuple):
    """How far each stretch got, one element per stretch."""

    row: np.ndarray  # next position in the index
    end_row: np.ndarray
    event: np.ndarray  # next free event row
    end_event: np.ndarray
    status: np.ndarray  # Status


@kernel
def log_order(events, k, inc, exec_type, reason, qty, leaves):
    """Write an event about one order; returns the next event row."""
    j = np.uint64(k)  # unsigned indices are not checked for being negative
    events.exec_type[j] = exec_type
    events.reason[j] = reason
    events.side[j] = inc.side
    events.market[j] = inc.market
    events.agent[j] = inc.agent
    events.contra_agent[j] = NO_ROW
    events.row[j] = inc.row
    events.order_id[j] = inc.order_id
    events.contra_id[j] = 0
    events.price[j] = inc.price
    events.limit_price[j] = inc.price
    events.qty[j] = qty
    events.leaves[j] = leaves
    return k + 1


@kernel
def log_trade(events, k, inc, contra, price, qty, leaves):
    """Write a trade; `contra` is the resting order's (id, agent)."""
    j = np.uint64(k)
    events.exec_type[j] = ExecType.TRADE
    events.reason[j] = Reason.NONE
    events.side[j] = inc.side
    events.market[j] = inc.market
    events.agent[j] = inc.agent
    events.contra_agent[j] = contra[1]
    events.row[j] = inc.row
    events.order_id[j] = inc.order_id
    events.contra_id[j] = contra[0]
    events.price[j] = price
    events.limit_price[j] = inc.price
    events.qty[j] = qty
    events.leaves[j] = leaves
    return k + 1


@kernel
def log_resting(events, k, book, cause, slot, outcome):
    """Write that a resting order ended; `cause` is the message, `outcome` (ExecType, Reason)."""
    orders = book.orders
    side = 1 - (np.int64(orders[slot].ladder) & 2)
    price = side * orders[slot].key * book.markets[0].tick_size
    resting = Incoming(
        cause.row,
        cause.market,
        np.int64(orders[slot].agent),
        side,
        orders[slot].order_id,
        orders[slot].key,
        price,
        orders[slot].qty,
    )
    return log_order(events, k, resting, outcome[0], outcome[1], resting.qty, 0)


@kernel
def _opposite(side):
    """The ladder of others' orders that an order of `side` trades with; the pool's is next."""
    return 1 + side


@kernel
def _next_ladder(book, opposite, pool):
    """Which of the two opposite ladders holds the order that trades next.

    One of them does; `pool` is the best key of the second, NO_KEY if it does not count.
    """
    others = book.ladders[opposite].best
    if others > pool:
        return opposite
    if pool > others:
        return opposite + 1
    i = others & (book.levels.shape[1] - 1)
    first_other, first_pool = book.levels[opposite, i].head, book.levels[opposite + 1, i].head
    earlier = book.orders[first_other].priority < book.orders[first_pool].priority
    return opposite if earlier else opposite + 1


@kernel
def _sees_pool(inc, rules):
    return inc.agent != Account.POOL or rules.pool_trades_itself != 0


@kernel
def _crosses(book, inc, rules):
    """Whether the order would trade on arrival."""
    opposite = _opposite(inc.side)
    if book.ladders[opposite].best + inc.key >= 0:
        return True
    return _sees_pool(inc, rules) and book.ladders[opposite + 1].best + inc.key >= 0


@kernel
def _check_fill_or_kill(book, inc, rules):
    """Reason a fill-or-kill order must be refused, or NONE.

    Own orders never count as available; unless they would be cancelled out of the way, one at
    the limit or better stops the order.
    """
    opposite = _opposite(inc.side)
    nobody = NO_ROW - 1
    agent = inc.agent if inc.agent > Account.POOL else nobody
    found, own = available(book, opposite, -inc.key, agent)
    if own > 0 and rules.self_trade != SelfTradePrevention.CANCEL_RESTING:
        return Reason.SELF_TRADE
    if _sees_pool(inc, rules):
        found += available(book, opposite + 1, -inc.key, nobody)[0]
    return Reason.NONE if found >= inc.qty else Reason.FOK_UNFILLABLE


@kernel
def _trade(book, inc, rules, events, k):
    """Trade against the opposite side; returns (open quantity, next event row, reason to stop)."""
    orders, levels, ladders, markets = book.orders, book.levels, book.ladders, book.markets
    mask = levels.shape[1] - 1
    opposite = _opposite(inc.side)
    sees_pool = _sees_pool(inc, rules)
    leaves = inc.qty
    while leaves > 0:
        pool = ladders[opposite + 1].best if sees_pool else np.int64(NO_KEY)
        best = max(ladders[opposite].best, pool)
        if best + inc.key < 0:
            break
        r = _next_ladder(book, opposite, pool)
        slot = np.int64(levels[np.uint64(r), np.uint64(best & mask)].head)
        s = np.uint64(slot)
        owner = np.int64(orders[s].agent)
        if owner == inc.agent and inc.agent > Account.POOL:
            if rules.self_trade != SelfTradePrevention.CANCEL_INCOMING:
                outcome = (ExecType.CANCELED, Reason.SELF_TRADE)
                k = log_resting(events, k, book, inc, slot, outcome)
                remove(book, slot)
            if rules.self_trade != SelfTradePrevention.CANCEL_RESTING:
                return leaves, k, np.int64(Reason.SELF_TRADE)
            continue
        qty = min(leaves, orders[s].qty)
        leaves -= qty
        price = -inc.side * best * markets[0].tick_size
        k = log_trade(events, k, inc, (orders[s].order_id, owner), price, qty, leaves)
        markets[0].last_price = price
        fill_front(book, r, slot, qty)
    return leaves, k, np.int64(Reason.NONE)


@kernel
def _settle_down(book, inc, rules, expire_tick, leaves):
    """Let what is left rest; False if it would lock or cross the pool's own book."""
    orders, markets = book.orders, book.markets
    pool = inc.agent == Account.POOL
    if pool and not rules.calling:
        own = book.ladders[_opposite(inc.side) + 1].best
        if own + inc.key >= 0:
            return False
    ladder = 1 - inc.side + pool
    slot, fresh = take_slot(book)
    if fresh:
        join_behind(book, ladder, inc.key, slot)
    s = np.uint64(slot)
    markets[0].priority += 1
    orders[s].order_id = inc.order_id
    orders[s].key = inc.key
    orders[s].qty = leaves
    orders[s].priority = markets[0].priority
    orders[s].expire_tick = expire_tick
    orders[s].agent = inc.agent
    orders[s].ladder = ladder
    if not pool:
        register(book, inc.order_id, slot)
    rest(book, slot)
    return True


@kernel
def _protected_key(book, inc, rules):
    """Key of a market order: the best opposite price, or beyond it by the market's protection."""
    bps = book.markets[0].protection_bps
    if bps == 0:
        return ANY_PRICE
    opposite = _opposite(inc.side)
    best = book.ladders[opposite].best
    if _sees_pool(inc, rules):
        best = max(best, book.ladders[opposite + 1].best)
    if best == NO_KEY:
        return NO_KEY
    tick = -inc.side * best
    if tick // 10_000 > ANY_PRICE // bps:
        return ANY_PRICE
    away = tick // 10_000 * bps + tick % 10_000 * bps // 10_000
    return min(away, ANY_PRICE - tick) + tick if inc.side > 0 else away - tick


@kernel
def _key(book, side, price):
    step = book.markets[0].tick_size
    return side * price if step == 1 else side * whole_ticks(price, step)


@kernel
def _work(book, inc, rules, events, k, expire_tick, rests):
    """Trade, then let the rest rest or cancel it; returns the next event row.

    `rests` is 0 for orders that must not rest, with the reason of the cancel otherwise given.
    """
    leaves, reason = inc.qty, np.int64(Reason.NONE)
    if not rules.calling:
        leaves, k, reason = _trade(book, inc, rules, events, k)
    if leaves == 0:
        return k
    if reason == Reason.NONE:
        if rests == Reason.NONE:
            if _settle_down(book, inc, rules, expire_tick, leaves):
                return k
            reason = np.int64(Reason.POOL_WOULD_CROSS)
        else:
            reason = np.int64(rests)
    return log_order(events, k, inc, ExecType.CANCELED, reason, leaves, 0)


@kernel
def _new(book, orders, inc, rules, events, k):
    row, m = inc.row, inc.market
    reason = check_new(book.markets, 0, orders, row)
    if reason == Reason.NONE and book.markets[0].closed:
        reason = Reason.MARKET_CLOSED
    if reason != Reason.NONE:
        return log_order(events, k, inc, ExecType.REJECTED, reason, inc.qty, 0)
    rests = np.int64(Reason.NONE)
    tif = orders.tif[row]
    if tif == TimeInForce.IOC or tif == TimeInForce.FOK:
        rests = np.int64(Reason.IOC_REMAINDER)
    key = np.int64(NO_KEY)
    if orders.ord_type[row] != OrdType.LIMIT:
        rests = np.int64(Reason.NO_LIQUIDITY)
    if orders.ord_type[row] == OrdType.MARKET:
        key = _protected_key(book, inc, rules)
    else:
        key = _key(book, inc.side, inc.price)
    inc = Incoming(row, m, inc.agent, inc.side, inc.order_id, key, inc.price, inc.qty)
    if orders.exec_inst[row] == ExecInst.POST_ONLY and _crosses(book, inc, rules):
        reason = Reason.POST_ONLY_WOULD_CROSS
    elif tif == TimeInForce.FOK:
        reason = _check_fill_or_kill(book, inc, rules)
    if reason != Reason.NONE:
        return log_order(events, k, inc, ExecType.REJECTED, reason, inc.qty, 0)
    k = log_order(events, k, inc, ExecType.NEW, Reason.NONE, inc.qty, inc.qty)
    expire_tick = orders.expire_tick[row] if tif == TimeInForce.GTT else np.int64(0)
    return _work(book, inc, rules, events, k, expire_tick, rests)


@kernel
def _cancel(book, inc, slot, events, k):
    outcome = (ExecType.CANCELED, Reason.REQUESTED)
    k = log_resting(events, k, book, inc, slot, outcome)
    remove(book, slot)
    return k


@kernel
def _replace(book, orders, inc, slot, rules, events, k):
    """Same price and no more quantity keeps its place; anything else loses it."""
    resting, m, row = book.orders, inc.market, inc.row
    reason = check_replace(book.markets, 0, orders, row)
    if reason == Reason.NONE and book.markets[0].closed:
        reason = Reason.MARKET_CLOSED
    side = 1 - (np.int64(resting[slot].ladder) & 2)
    key = _key(book, side, inc.price)
    inc = Incoming(row, m, inc.agent, side, inc.order_id, key, inc.price, inc.qty)
    if (
        reason == Reason.NONE
        and orders.exec_inst[row] == ExecInst.POST_ONLY
        and _crosses(book, inc, rules)
    ):
        reason = Reason.POST_ONLY_WOULD_CROSS
    if reason != Reason.NONE:
        return log_order(events, k, inc, ExecType.REJECTED, reason, inc.qty, 0)
    old_qty = resting[slot].qty
    old_price = side * resting[slot].key * book.markets[0].tick_size
    k = log_order(events, k, inc, ExecType.REPLACED, Reason.NONE, old_qty, inc.qty)
    events.price[k - 1] = old_price
    if key == resting[slot].key and inc.qty <= old_qty:
        if inc.qty < old_qty:
            reduce(book, slot, old_qty - inc.qty)
        return k
    expire_tick = resting[slot].expire_tick
    remove(book, slot)
    return _work(book, inc, rules, events, k, expire_tick, np.int64(Reason.NONE))


@kernel
def _find_order(book, orders, inc):
    """Slot of the order that a cancel or replace is about, or NO_ROW.

    No directory lists the pool's orders, so the pool names the slot: `expire_tick` is
    POOL_SLOT - slot.
    """
    if inc.order_id <= 0:
        return np.int64(NO_ROW)
    if inc.agent == Account.POOL:
        slot = np.int64(POOL_SLOT - orders.expire_tick[inc.row])
        if 0 <= slot < book.orders.shape[0] and book.orders[slot].order_id == inc.order_id:
            return slot
    return find(book, inc.order_id)


@kernel
def _amend(book, orders, inc, rules, events, k):
    """A cancel or replace: find the order, check the owner."""
    reason = Reason.NONE
    slot = _find_order(book, orders, inc)
    if slot == NO_ROW:
        reason = Reason.UNKNOWN_ORDER
    elif book.orders[slot].agent != inc.agent:
        reason = Reason.NOT_OWNER
    if reason != Reason.NONE:
        return log_order(events, k, inc, ExecType.REJECTED, reason, inc.qty, 0)
    if orders.msg_type[inc.row] == MsgType.CANCEL:
        return _cancel(book, inc, slot, events, k)
    return _replace(book, orders, inc, slot, rules, events, k)


@kernel
def _incoming(orders, row, m, ids):
    r = np.uint64(row)
    msg_type = orders.msg_type[r]
    order_id = ids[r] if msg_type == MsgType.NEW else orders.order_id[r]
    carries = msg_type != MsgType.CANCEL
    priced = carries and not (msg_type == MsgType.NEW and orders.ord_type[r] == OrdType.MARKET)
    return Incoming(
        row,
        m,
        np.int64(orders.agent[r]),
        np.int64(orders.side[r]),
        order_id,
        np.int64(NO_KEY),
        orders.price[r] if priced else np.int64(0),
        orders.qty[r] if carries else np.int64(0),
    )


@kernel
def room(book, inc, rules, events):
    """How many messages the tables have room for, whatever they ask for: (messages, Status).

    `events` rows are free. Of the orders that a message meets all but the last leave the book for
    good, so `n` messages meet at most as many as rest now, and `n` that come, and `n` last ones.
    """
    live = resting_orders(book)
    slots = book.orders.shape[0] - live
    if slots == 0:
        return np.int64(0), np.int64(Status.GROW_ORDERS)
    lists = timers.room(book)
    if lists == 0:
        return np.int64(0), np.int64(Status.GROW_TIMERS)
    sure = min(slots, lists, (events - live) // (SPARE_EVENTS + 2))
    if sure > 0:
        return sure, np.int64(Status.OK)
    met = live
    if not rules.calling and rules.self_trade != SelfTradePrevention.CANCEL_RESTING:
        met = min(max(inc.qty, 0), live)
    if met + SPARE_EVENTS > events:
        return np.int64(0), np.int64(Status.GROW_EVENTS)
    return np.int64(1), np.int64(Status.OK)


@kernel
def _work_message(book, orders, inc, rules, events, k):
    msg_type = orders.msg_type[inc.row]
    if msg_type == MsgType.NEW:
        return _new(book, orders, inc, rules, events, k)
    if msg_type == MsgType.CANCEL or msg_type == MsgType.REPLACE:
        return _amend(book, orders, inc, rules, events, k)
    return log_order(events, k, inc, ExecType.REJECTED, Reason.UNKNOWN_MSG_TYPE, inc.qty, 0)


@kernel
def match_rows(books, orders, index, ids, progress, c, rules, events):
    """Work through stretch `c` of the order rows named by `index`, writing events.

    Parameters
    ----------
    books : Book          of all markets; modified in place
    orders : Orders       messages, as columns or as an array of records
    index : int64 (n,)    order rows, grouped by market
    ids : int64 (n,)      id that a NEW row gets
    progress : Progress   where stretch `c` starts and ends; modified in place
    rules : Rules
    events : Events       written from progress.event[c] on
    """
    n_markets = books.orders.shape[0]
    k = progress.event[c]
    i = progress.row[c]
    end = progress.end_event[c]
    status = Status.OK
    m = np.int64(NO_ROW)
    book = market_book(books, 0)
    last = progress.end_row[c] - 1
    sure = np.int64(0)  # messages that have room, whatever they ask for
    while i <= last:
        row = index[i]
        prefetch(orders, index[min(i + AHEAD, last)])
        if orders.market[row] != m:
            m = np.int64(orders.market[row])
            if 0 <= m < n_markets:
                book = market_book(books, m)
            sure = np.int64(0)
        inc = _incoming(orders, row, m, ids)
        if m < 0 or m >= n_markets:
            if k == end:
                status = Status.GROW_EVENTS
                break
            k = log_order(events, k, inc, ExecType.REJECTED, Reason.UNKNOWN_MARKET, inc.qty, 0)
        else:
            if sure == 0:
                sure, status = room(book, inc, rules, end - k)
                if sure == 0:
                    break
            sure -= 1
            k = _work_message(book, orders, inc, rules, events, k)
        i += 1
    progress.row[c] = i
    progress.event[c] = k
    progress.status[c] = status
