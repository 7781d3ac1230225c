"""An order's life: one table of steps, and a fold of events through it.

The table is docs/guide/lifecycle.md. Every event concerns one order, a trade two; each such step
looks up where the order stands and whether the table and the order's quantities allow it. A step
that they do not allow is written down and changes nothing.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import (
    NO_ROW,
    Events,
    ExecType,
    LifecycleEvent,
    LifecycleRule,
    OrdStatus,
    Reason,
    TimeInForce,
)

from ._jit import kernel
from .directory import bucket_of

ILLEGAL = -1
ANY = 4  # lifetime of an order whose TimeInForce is not known: whatever one of them allows
MAX_ID = 1 << 62
STEPS = 2  # at most, of one event


def _transitions() -> np.ndarray:
    """int8 (lifetime, status, event): the next status, or ILLEGAL."""
    status, event = OrdStatus, LifecycleEvent
    table = np.full((ANY + 1, len(OrdStatus), len(LifecycleEvent)), ILLEGAL, np.int8)
    table[:, status.PENDING_NEW, event.NEW] = status.NEW
    table[:, status.PENDING_NEW, event.REJECTED] = status.REJECTED
    for live in (status.NEW, status.PARTIALLY_FILLED):
        table[:, live, event.PARTIAL_FILL] = status.PARTIALLY_FILLED
        table[:, live, event.FILL] = status.FILLED
        table[:, live, event.REPLACED] = live
        table[:, live, event.CANCELED] = status.CANCELED
        table[:, live, event.EXPIRED] = status.EXPIRED
    for any_status in status:  # a refused request leaves the order as it was
        table[:, any_status, event.CANCEL_REJECTED] = any_status
    table[TimeInForce.GTC, :, event.EXPIRED] = ILLEGAL
    table[TimeInForce.IOC, :, event.EXPIRED] = ILLEGAL
    table[TimeInForce.IOC, status.PARTIALLY_FILLED, event.REPLACED] = ILLEGAL
    for impossible in (event.EXPIRED, event.REPLACED, event.CANCELED):
        table[TimeInForce.FOK, :, impossible] = ILLEGAL
    return table


def _may_rest() -> np.ndarray:
    """bool (lifetime, status): where an order may stand after its message, outside of a call."""
    table = np.ones((ANY + 1, len(OrdStatus)), bool)
    for lifetime in (TimeInForce.IOC, TimeInForce.FOK):
        for live in (OrdStatus.PENDING_NEW, OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED):
            table[lifetime, live] = False
    return table


TRANSITIONS = _transitions()
MAY_REST = _may_rest()


class Told(NamedTuple):
    """Events, and what is known of the messages that caused them."""

    events: Events
    tick: np.ndarray  # int64 (event,)
    lifetime: np.ndarray  # int8 (event,): TimeInForce of its message, or ANY
    post_only: np.ndarray  # int8 (event,): 1 if its message was post-only


class OrderTables(NamedTuple):
    """What is known of orders; all arrays of records."""

    orders: np.recarray  # OrderStates (order,)
    ids: np.recarray  # Directory (place,): hash table from key to row, at most half full
    steps: np.recarray  # OrderSteps (row,)
    violations: np.recarray  # LifecycleViolations (row,)
    n: np.ndarray  # int64 (4,): orders, steps, violations, events so far


class Markets(NamedTuple):
    """How market rows name environments, whose ids are apart."""

    symbols: int  # markets of an environment
    envs: int


@kernel
def _key(market, order_id, markets):
    """What names an order over all environments; 0 if no order can have this market and id."""
    env = np.int64(market) // markets.symbols
    if env < 0 or env >= markets.envs or order_id <= 0 or order_id > MAX_ID // markets.envs:
        return np.int64(0)
    return order_id * markets.envs + env


@kernel
def _find(tables, key):
    """Row of an order, or NO_ROW."""
    if key == 0:
        return np.int64(NO_ROW)
    bucket = bucket_of(tables.ids, key)
    return np.int64(tables.ids[bucket].slot) if tables.ids[bucket].order_id == key else NO_ROW


@kernel
def _file(ids, key, row):
    bucket = bucket_of(ids, key)
    ids[bucket].order_id = key
    ids[bucket].slot = row


@kernel
def index_orders(tables, markets):
    """Fill the empty `ids` from the orders' rows."""
    for row in range(tables.n[0]):
        order = tables.orders[row]
        _file(tables.ids, _key(order.market, order.order_id, markets), row)


@kernel
def _complain(tables, k, told, order_id, rule, status, event):
    n = tables.n[2]
    tables.n[2] = n + 1
    found = tables.violations
    found[n].at = tables.n[3]
    found[n].tick = told.tick[k]
    found[n].order_id = order_id
    found[n].market = told.events.market[k]
    found[n].rule = rule
    found[n].status = status
    found[n].event = event


@kernel
def _write_step(tables, k, told, row, event, price, contra):
    """Write what happened to the order in `row`; `contra` is 1 for a trade's resting order."""
    n = tables.n[1]
    tables.n[1] = n + 1
    events, order, step = told.events, tables.orders, tables.steps
    step[n].at = tables.n[3]
    step[n].tick = told.tick[k]
    step[n].order_id = order[row].order_id
    step[n].contra_id = events.order_id[k] if contra else events.contra_id[k]
    step[n].market = order[row].market
    step[n].contra = contra
    step[n].event = event
    step[n].status = order[row].status
    step[n].reason = events.reason[k]
    step[n].price = price
    step[n].qty = events.qty[k]
    step[n].cum_qty = order[row].cum_qty
    step[n].leaves = order[row].leaves


@kernel
def _next(tables, row, event):
    order = tables.orders
    return TRANSITIONS[order[row].lifetime, order[row].status, event]


@kernel
def _fill(tables, k, told, markets, contra):
    """One side of a trade."""
    events, order = told.events, tables.orders
    order_id = events.contra_id[k] if contra else events.order_id[k]
    agent = events.contra_agent[k] if contra else events.agent[k]
    side = -events.side[k] if contra else events.side[k]
    row = _find(tables, _key(events.market[k], order_id, markets))
    if row == NO_ROW:
        fill = LifecycleEvent.PARTIAL_FILL
        _complain(tables, k, told, order_id, LifecycleRule.TRANSITION, OrdStatus.PENDING_NEW, fill)
        return
    qty = events.qty[k]
    left = order[row].leaves - qty
    event = LifecycleEvent.PARTIAL_FILL if left > 0 else LifecycleEvent.FILL
    status = _next(tables, row, event)
    rule = NO_ROW
    if status == ILLEGAL:
        rule = LifecycleRule.TRANSITION
    elif qty <= 0 or left < 0 or (not contra and left != events.leaves[k]):
        rule = LifecycleRule.QUANTITY
    elif (
        order[row].market != events.market[k]
        or order[row].agent != agent
        or order[row].side != side
    ):
        rule = LifecycleRule.IDENTITY
    elif told.post_only[k] and not contra:
        rule = LifecycleRule.TAKING
    if rule != NO_ROW:
        _complain(tables, k, told, order_id, rule, order[row].status, event)
        return
    order[row].status = status
    order[row].leaves = left
    order[row].cum_qty += qty
    order[row].notional += np.float64(events.price[k]) * np.float64(qty)
    order[row].fills += 1
    order[row].last_tick = told.tick[k]
    _write_step(tables, k, told, row, event, events.price[k], contra)


@kernel
def _enter(tables, k, told, markets, event):
    """A new order is accepted or rejected; it is not known yet."""
    events, order = told.events, tables.orders
    order_id = events.order_id[k]
    key = _key(events.market[k], order_id, markets)
    accepted = event == LifecycleEvent.NEW
    rule = NO_ROW
    if key == 0:
        rule = LifecycleRule.IDENTITY
    elif accepted and (events.qty[k] <= 0 or events.leaves[k] != events.qty[k]):
        rule = LifecycleRule.QUANTITY
    elif not accepted and events.reason[k] == Reason.NONE:
        rule = LifecycleRule.REASON
    if rule != NO_ROW:
        _complain(tables, k, told, order_id, rule, OrdStatus.PENDING_NEW, event)
        return
    row = tables.n[0]
    tables.n[0] = row + 1
    _file(tables.ids, key, row)
    order[row].order_id = order_id
    order[row].market = events.market[k]
    order[row].agent = events.agent[k]
    order[row].side = events.side[k]
    order[row].lifetime = told.lifetime[k]
    order[row].status = TRANSITIONS[told.lifetime[k], OrdStatus.PENDING_NEW, event]
    order[row].reason = np.int8(Reason.NONE) if accepted else events.reason[k]
    order[row].fills = 0
    order[row].price = events.limit_price[k]
    order[row].qty = events.qty[k]
    order[row].cum_qty = 0
    order[row].leaves = events.qty[k] if accepted else 0
    order[row].notional = 0.0
    order[row].first_tick = told.tick[k]
    order[row].last_tick = told.tick[k]
    _write_step(tables, k, told, row, event, events.limit_price[k], 0)


@kernel
def _why_not(tables, k, told, row, event):
    """The rule that stops a known order's REPLACED, CANCELED or EXPIRED, or NO_ROW."""
    events, order = told.events, tables.orders
    replaced = event == LifecycleEvent.REPLACED
    if _next(tables, row, event) == ILLEGAL:
        return LifecycleRule.TRANSITION
    if events.qty[k] != order[row].leaves or (events.leaves[k] > 0) != replaced:
        return LifecycleRule.QUANTITY
    if events.leaves[k] < 0:
        return LifecycleRule.QUANTITY
    if (
        order[row].market != events.market[k]
        or order[row].agent != events.agent[k]
        or order[row].side != events.side[k]
        or order[row].price != events.price[k]
    ):
        return LifecycleRule.IDENTITY
    if not replaced and events.reason[k] == Reason.NONE:
        return LifecycleRule.REASON
    return NO_ROW


@kernel
def _change(tables, k, told, markets, event):
    """A live order is replaced, cancelled or expires."""
    events, order = told.events, tables.orders
    order_id = events.order_id[k]
    row = _find(tables, _key(events.market[k], order_id, markets))
    rule, status = LifecycleRule.TRANSITION, np.int64(OrdStatus.PENDING_NEW)
    if row != NO_ROW:
        rule, status = _why_not(tables, k, told, row, event), np.int64(order[row].status)
    if rule != NO_ROW:
        _complain(tables, k, told, order_id, rule, status, event)
        return
    order[row].status = _next(tables, row, event)
    order[row].leaves = events.leaves[k]
    order[row].last_tick = told.tick[k]
    if event == LifecycleEvent.REPLACED:
        order[row].qty = order[row].cum_qty + events.leaves[k]
        order[row].price = events.limit_price[k]
    else:
        order[row].reason = events.reason[k]
    _write_step(tables, k, told, row, event, order[row].price, 0)


@kernel
def _about_a_request(reason):
    """Whether only a message that is no new order, or names no market, is refused for this."""
    return (
        reason == Reason.UNKNOWN_MSG_TYPE
        or reason == Reason.UNKNOWN_MARKET
        or reason == Reason.BAD_AGENT
        or reason == Reason.BAD_LATENCY
        or reason == Reason.UNKNOWN_ORDER
        or reason == Reason.NOT_OWNER
    )


@kernel
def _refuse(tables, k, told, markets):
    """A message was refused: a new order ends, any other leaves the order that it names.

    New orders that are refused before they get an id have the id 0, and no life.
    """
    events = told.events
    order_id, reason = events.order_id[k], events.reason[k]
    row = _find(tables, _key(events.market[k], order_id, markets))
    if row != NO_ROW:
        event = LifecycleEvent.CANCEL_REJECTED
        _write_step(tables, k, told, row, event, tables.orders[row].price, 0)
    elif order_id > 0 and not _about_a_request(reason):
        _enter(tables, k, told, markets, LifecycleEvent.REJECTED)


@kernel
def _accept(tables, k, told, markets):
    events = told.events
    row = _find(tables, _key(events.market[k], events.order_id[k], markets))
    if row == NO_ROW:
        _enter(tables, k, told, markets, LifecycleEvent.NEW)
        return
    status, event = tables.orders[row].status, LifecycleEvent.NEW
    _complain(tables, k, told, events.order_id[k], LifecycleRule.TRANSITION, status, event)


@kernel
def fold_events(told, lo, hi, markets, tables):
    """Let events lo .. hi-1 happen to their orders.

    Parameters
    ----------
    told : Told
    lo, hi : int            rows of the events
    markets : Markets
    tables : OrderTables    modified in place; with room for an order, two steps and two violations
                            for each event
    """
    events = told.events
    for k in range(lo, hi):
        kind = events.exec_type[k]
        if kind == ExecType.TRADE:
            _fill(tables, k, told, markets, 0)
            _fill(tables, k, told, markets, 1)
        elif kind == ExecType.NEW:
            _accept(tables, k, told, markets)
        elif kind == ExecType.REJECTED:
            _refuse(tables, k, told, markets)
        elif kind == ExecType.REPLACED:
            _change(tables, k, told, markets, LifecycleEvent.REPLACED)
        elif kind == ExecType.CANCELED:
            _change(tables, k, told, markets, LifecycleEvent.CANCELED)
        elif kind == ExecType.EXPIRED:
            _change(tables, k, told, markets, LifecycleEvent.EXPIRED)
        else:
            row = _find(tables, _key(events.market[k], events.order_id[k], markets))
            known = row != NO_ROW
            status = tables.orders[row].status if known else np.int8(OrdStatus.PENDING_NEW)
            rule = LifecycleRule.TRANSITION
            _complain(tables, k, told, events.order_id[k], rule, status, NO_ROW)
        tables.n[3] += 1


@kernel
def find_resting(tables, first, last, gathering, tick):
    """Write down the orders in rows first .. last-1 that may not rest and do.

    `gathering` (bool, by market) says where orders wait for an auction, which all may. The tables
    have room for as many violations.
    """
    order, found = tables.orders, tables.violations
    for row in range(first, last):
        if MAY_REST[order[row].lifetime, order[row].status] or gathering[order[row].market]:
            continue
        n = tables.n[2]
        tables.n[2] = n + 1
        found[n].at = tables.n[3]
        found[n].tick = tick
        found[n].order_id = order[row].order_id
        found[n].market = order[row].market
        found[n].rule = LifecycleRule.RESTING
        found[n].status = order[row].status
        found[n].event = NO_ROW


@kernel
def forget_orders(tables, surplus, markets):
    """Drop the first `surplus` ended orders, and the steps of orders that are not known then.

    `ids` must be empty; it is filled again.
    """
    order, step = tables.orders, tables.steps
    kept = np.int64(0)
    for row in range(tables.n[0]):
        if surplus > 0 and order[row].status > OrdStatus.PARTIALLY_FILLED:
            surplus -= 1
            continue
        order[kept] = order[row]
        kept += 1
    tables.n[0] = kept
    index_orders(tables, markets)
    kept = np.int64(0)
    for n in range(tables.n[1]):
        if _find(tables, _key(step[n].market, step[n].order_id, markets)) != NO_ROW:
            step[kept] = step[n]
            kept += 1
    tables.n[1] = kept
