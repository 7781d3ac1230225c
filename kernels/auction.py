"""Call auctions: orders gather without trading, then each market trades at one price.

The rules are docs/adr/0003-auctions.md. Pairing the best buy with the best sell for as long as
their limits overlap executes the largest possible volume and leaves a book that is not crossed.
All prices with that volume form one stretch of ticks, and what is left of both sides tells
where in it the imbalance is least: nothing has to be searched or sorted.
"""

import numpy as np

from qtg.schemas import (
    NO_ROW,
    Account,
    ExecInst,
    ExecType,
    MsgType,
    OrdType,
    Reason,
    Status,
    TimeInForce,
)

from ._jit import kernel
from .at_market import AT_MARKET, join_queue
from .directory import find
from .directory import insert as register
from .ladder import NO_KEY, occupied_at_or_below, reduce, remove, resting_orders, take_slot
from .market import market_book
from .matching import (
    Incoming,
    _amend,
    _incoming,
    _key,
    _settle_down,
    log_order,
    log_resting,
    log_trade,
    room,
)
from .validation import MAX_PRICE, check_new

# Rules.calling
GATHER = 1  # orders only gather
UNCROSS = 2  # and each market uncrosses after its rows

NOT_NOW = -1  # reference price of a market that is not uncrossed

# expire_tick of orders that end with the call
ENDS_IOC = -1
ENDS_MARKET = -2


@kernel
def _check_call(book, orders, row):
    """Reason to refuse a new order while orders gather, or NONE."""
    reason = check_new(book.markets, 0, orders, row)
    if reason != Reason.NONE:
        return reason
    if book.markets[0].closed:
        return Reason.MARKET_CLOSED
    if orders.tif[row] == TimeInForce.FOK:
        return Reason.BAD_TIME_IN_FORCE
    if orders.exec_inst[row] != ExecInst.NONE:
        return Reason.BAD_EXEC_INST
    return Reason.NONE


@kernel
def _wait_at_market(book, inc):
    """Let a market order wait for the call to end."""
    orders = book.orders
    slot, _ = take_slot(book)
    book.markets[0].priority += 1
    orders[slot].order_id = inc.order_id
    orders[slot].key = 0
    orders[slot].qty = inc.qty
    orders[slot].priority = book.markets[0].priority
    orders[slot].expire_tick = ENDS_MARKET
    orders[slot].agent = inc.agent
    orders[slot].ladder = (0 if inc.side > 0 else 2) + (1 if inc.agent == 0 else 0)
    if inc.agent != Account.POOL:
        register(book, inc.order_id, slot)
    join_queue(book, slot)


@kernel
def _gather_new(book, orders, inc, rules, events, k):
    row = inc.row
    reason = _check_call(book, orders, row)
    if reason != Reason.NONE:
        return log_order(events, k, inc, ExecType.REJECTED, reason, inc.qty, 0)
    market_order = orders.ord_type[row] == OrdType.MARKET
    price = np.int64(0) if market_order else inc.price
    key = np.int64(0) if market_order else _key(book, inc.side, price)
    inc = Incoming(row, inc.market, inc.agent, inc.side, inc.order_id, key, price, inc.qty)
    k = log_order(events, k, inc, ExecType.NEW, Reason.NONE, inc.qty, inc.qty)
    expire_tick = np.int64(0)
    if orders.ord_type[row] != OrdType.LIMIT:
        expire_tick = np.int64(ENDS_MARKET)
    elif orders.tif[row] == TimeInForce.IOC:
        expire_tick = np.int64(ENDS_IOC)
    elif orders.tif[row] == TimeInForce.GTT:
        expire_tick = orders.expire_tick[row]
    if expire_tick < 0:
        book.markets[0].ending = 1
    if market_order:
        _wait_at_market(book, inc)
    else:
        _settle_down(book, inc, rules, expire_tick, inc.qty)
    return k


@kernel
def _is_theirs(book, inc):
    """Whether a message names a live order of its sender."""
    slot = find(book, inc.order_id) if inc.order_id > 0 else NO_ROW
    return slot != NO_ROW and book.orders[slot].agent == inc.agent


@kernel
def _gather_message(book, orders, inc, rules, events, k):
    msg_type = orders.msg_type[inc.row]
    if msg_type == MsgType.NEW:
        return _gather_new(book, orders, inc, rules, events, k)
    post_only = orders.exec_inst[inc.row] == ExecInst.POST_ONLY
    if msg_type == MsgType.REPLACE and post_only and _is_theirs(book, inc):
        return log_order(events, k, inc, ExecType.REJECTED, Reason.BAD_EXEC_INST, inc.qty, 0)
    if msg_type == MsgType.CANCEL or msg_type == MsgType.REPLACE:
        return _amend(book, orders, inc, rules, events, k)
    return log_order(events, k, inc, ExecType.REJECTED, Reason.UNKNOWN_MSG_TYPE, inc.qty, 0)


@kernel
def _earlier(orders, a, b):
    """The order with time priority; either may be NO_ROW."""
    if a == NO_ROW or b == NO_ROW:
        return np.int64(max(a, b))
    return np.int64(a if orders[a].priority < orders[b].priority else b)


@kernel
def _best_key(book, side):
    """Best key of a side's limit orders, or NO_KEY."""
    r = 0 if side > 0 else 2
    return max(book.ladders[r].best, book.ladders[r + 1].best)


@kernel
def _first(book, side):
    """Slot of the order of a side that trades next, or NO_ROW: market orders, price, time."""
    ladders = book.ladders
    r = 0 if side > 0 else 2
    first = _earlier(book.orders, ladders[r].first_at_market, ladders[r + 1].first_at_market)
    best = _best_key(book, side)
    if first != NO_ROW or best == NO_KEY:
        return first
    i = best & (book.levels.shape[1] - 1)
    others = book.levels[r, i].head if ladders[r].best == best else np.int64(NO_ROW)
    pool = book.levels[r + 1, i].head if ladders[r + 1].best == best else np.int64(NO_ROW)
    return _earlier(book.orders, others, pool)


@kernel
def _limit(book, slot, side):
    """The worst price in ticks at which an order trades."""
    if book.orders[slot].parked == AT_MARKET:
        return MAX_PRICE // book.markets[0].tick_size if side > 0 else np.int64(1)
    return side * book.orders[slot].key


@kernel
def _fill(book, slot, qty):
    if qty == book.orders[slot].qty:
        remove(book, slot)
    else:
        reduce(book, slot, qty)


@kernel
def _pair(book, m, events, k):
    """Trade the best buy with the best sell while their limits overlap; prices come later.

    Returns (next event row, worst sell limit traded, worst buy limit traded), limits in ticks.
    """
    orders, step = book.orders, book.markets[0].tick_size
    lowest, highest = np.int64(0), np.int64(0)
    while True:
        buy, sell = _first(book, 1), _first(book, -1)
        if buy == NO_ROW or sell == NO_ROW:
            break
        bid, ask = _limit(book, buy, 1), _limit(book, sell, -1)
        if bid < ask:
            break
        lowest, highest = ask, bid
        qty = min(orders[buy].qty, orders[sell].qty)
        price = orders[buy].key * step
        agent, order_id = np.int64(orders[buy].agent), orders[buy].order_id
        inc = Incoming(NO_ROW, m, agent, 1, order_id, orders[buy].key, price, orders[buy].qty)
        contra = (orders[sell].order_id, np.int64(orders[sell].agent))
        k = log_trade(events, k, inc, contra, np.int64(0), qty, orders[buy].qty - qty)
        _fill(book, buy, qty)
        _fill(book, sell, qty)
    return k, lowest, highest


@kernel
def _key_below(book, side, key):
    """Best limit key of a side below `key`, or NO_KEY."""
    found = np.int64(NO_KEY)
    for r in range(0 if side > 0 else 2, 2 if side > 0 else 4):
        in_window = occupied_at_or_below(book, r, key - 1)
        if in_window == NO_KEY and book.ladders[r].parked != NO_ROW:
            in_window = book.orders[book.ladders[r].parked].key
        found = max(found, in_window)
    return found


@kernel
def _open_at(book, side, key):
    """Open quantity of a side at its best key."""
    levels, ladders = book.levels, book.ladders
    i = key & (levels.shape[1] - 1)
    r = 0 if side > 0 else 2
    others = levels[r, i].qty if ladders[r].best == key else np.int64(0)
    pool = levels[r + 1, i].qty if ladders[r + 1].best == key else np.int64(0)
    return others + pool


@kernel
def _least_imbalance(book, lowest, highest):
    """Of the ticks lowest .. highest, those with the least imbalance: (first, last).

    What is left of the book is not crossed: above its best bid and below its best ask demand
    equals supply (but for market orders, which count the same at every price), and the imbalance
    grows from there on both ways.
    """
    bid, ask = _best_key(book, 1), -_best_key(book, -1)
    first, last = max(lowest, bid + 1), min(highest, ask - 1)
    if first <= last:
        return first, last
    buys = _open_at(book, 1, bid) if lowest <= bid <= highest else np.int64(0)
    sells = _open_at(book, -1, -ask) if lowest <= ask <= highest else np.int64(0)
    first, last = ask, bid
    if buys > 0 and (sells == 0 or buys <= sells):
        first = max(lowest, _key_below(book, 1, bid) + 1)
    if sells > 0 and (buys == 0 or sells <= buys):
        last = min(highest, -_key_below(book, -1, -ask) - 1)
    return first, last


@kernel
def _nearest(first, last, reference, step):
    """The tick of first .. last nearest the price `reference`, the lower of two."""
    tick = reference // step
    if tick < first:
        return first
    if tick >= last:
        return last
    return tick if 2 * (reference - tick * step) <= step else tick + 1


@kernel
def _reference(book, given):
    """The price given, else the last price, else the middle of the best limits; 0 if none."""
    if given > 0:
        return given
    if book.markets[0].last_price > 0:
        return book.markets[0].last_price
    bid, ask = _best_key(book, 1), _best_key(book, -1)
    step = book.markets[0].tick_size
    if bid == NO_KEY:
        return np.int64(0) if ask == NO_KEY else -ask * step
    if ask == NO_KEY:
        return bid * step
    ask = -ask
    return ask * step + (bid - ask) * step // 2


@kernel
def _end_call(book, m, events, k):
    """Cancel what is left of the orders that end with the call."""
    orders = book.orders
    book.markets[0].ending = 0
    nobody = Incoming(NO_ROW, m, NO_ROW, 0, 0, 0, 0, 0)
    for slot in range(book.markets[0].fresh):
        if orders[slot].order_id != 0 and orders[slot].expire_tick < 0:
            market_order = orders[slot].expire_tick == ENDS_MARKET
            reason = Reason.NO_LIQUIDITY if market_order else Reason.IOC_REMAINDER
            k = log_resting(events, k, book, nobody, slot, (ExecType.CANCELED, reason))
            remove(book, slot)
    return k


@kernel
def uncross(book, m, given, events, k):
    """Trade one market at one price; returns the next event row.

    `given` is the reference price, 0 for the last price. Writes at most one event for each live
    order.
    """
    reference = _reference(book, given)
    if reference > 0:
        first_trade = k
        k, lowest, highest = _pair(book, m, events, k)
        if k > first_trade:
            first, last = _least_imbalance(book, lowest, highest)
            step = book.markets[0].tick_size
            price = _nearest(first, last, reference, step) * step
            for row in range(first_trade, k):
                events.price[row] = price
            book.markets[0].last_price = price
    return _end_call(book, m, events, k) if book.markets[0].ending else k


@kernel
def uncross_markets(books, references, progress, c, events):
    """Uncross the markets of stretch `c`, whose rows are market rows.

    `references` int64 (M,) are the reference prices, 0 for a market's last price and NOT_NOW for
    a market that is left as it is.
    """
    status = Status.OK
    k, m = progress.event[c], progress.row[c]
    while m < progress.end_row[c]:
        if references[m] != NOT_NOW:
            book = market_book(books, m)
            if k + resting_orders(book) > progress.end_event[c]:
                status = Status.GROW_EVENTS
                break
            k = uncross(book, m, references[m], events, k)
        m += 1
    progress.row[c] = m
    progress.event[c] = k
    progress.status[c] = status


@kernel
def gather_rows(books, orders, index, ids, progress, c, rules, events):
    """Like `matching.match_rows`, but orders gather without trading.

    With `rules.calling` UNCROSS each market is uncrossed after its last row.
    """
    n_markets = books.orders.shape[0]
    k, i, end = progress.event[c], progress.row[c], progress.end_event[c]
    status = Status.OK
    m = np.int64(NO_ROW)
    book = market_book(books, 0)
    while i < progress.end_row[c]:
        row = index[i]
        if orders.market[row] != m:
            m = np.int64(orders.market[row])
            if 0 <= m < n_markets:
                book = market_book(books, m)
        inc = _incoming(orders, row, m, ids)
        if m < 0 or m >= n_markets:
            if k == end:
                status = Status.GROW_EVENTS
                break
            k = log_order(events, k, inc, ExecType.REJECTED, Reason.UNKNOWN_MARKET, inc.qty, 0)
        else:
            sure, status = room(book, inc, rules, end - k)
            if sure == 0:
                break
            k = _gather_message(book, orders, inc, rules, events, k)
            is_last = i + 1 == progress.end_row[c] or orders.market[index[i + 1]] != m
            if is_last and rules.calling == UNCROSS:
                k = uncross(book, m, np.int64(0), events, k)
        i += 1
    progress.row[c] = i
    progress.event[c] = k
    progress.status[c] = status
