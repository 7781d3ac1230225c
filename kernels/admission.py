"""Risk checks before an order may travel: form, cash, shares, what may be borrowed, limits."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import NO_ROW, Account, ExecType, MsgType, OrdType, Reason

from ._jit import kernel
from .delay import enqueue
from .directory import find
from .ledger import reserve, worst_unit_cost
from .limits import LimitTerms, check_limits
from .market import market_book
from .matching import Incoming, log_order
from .shorts import ShortTerms, check_purchase, check_short, covering
from .validation import check_new, check_replace

MAX_NOTIONAL = float(1 << 60)


class AdmissionRules(NamedTuple):
    longest_latency: int
    protection_bps: int
    shorts: ShortTerms
    limits: LimitTerms
    buy_ins: int  # rows at the outbox's start that are the exchange's own


@kernel
def _check_sender(orders, k, n_markets, terms, rules):
    m, agent = orders.market[k], orders.agent[k]
    if m < 0 or m >= n_markets:
        return Reason.UNKNOWN_MARKET
    if agent < Account.FIRST_AGENT or agent >= terms.agents:
        return Reason.BAD_AGENT
    if orders.latency_ticks[k] < 0 or orders.latency_ticks[k] > rules.longest_latency:
        return Reason.BAD_LATENCY
    return Reason.NONE


@kernel
def _check_cash(ledger, terms, rules, last, order):
    """Whether the agent can carry a buy at its worst price."""
    m, agent, _, price, qty, is_buy_in = order
    row = (m // terms.symbols) * terms.agents + agent
    accounts, holdings = ledger.accounts, ledger.holdings
    cost = worst_unit_cost(price, terms) * qty
    if cost > accounts.cash[row] - accounts.reserved[row]:
        return Reason.INSUFFICIENT_CASH
    if is_buy_in:
        return Reason.NONE
    may_short = terms.shorts != 0 and accounts.may_short[row] != 0
    covered = covering(ledger, row, m % terms.symbols, qty) if may_short else np.int64(0)
    long = holdings.held[m] + holdings.short[m]
    if long + holdings.open_buys[m] + qty - covered > holdings.outstanding[m]:
        return Reason.SHARES_OUTSTANDING
    if may_short:
        return check_purchase(ledger, terms, rules.shorts, last, (m, agent, cost, qty))
    return Reason.NONE


@kernel
def _check_shares(ledger, terms, rules, last, order):
    """Whether the agent has what it sells, or can borrow it."""
    m, agent, _, price, qty, _ = order
    row, symbol = (m // terms.symbols) * terms.agents + agent, m % terms.symbols
    positions = ledger.positions
    if qty <= positions.qty[row, symbol] - positions.reserved[row, symbol]:
        return Reason.NONE
    if terms.shorts == 0 or ledger.accounts.may_short[row] == 0:
        return Reason.INSUFFICIENT_SHARES
    return check_short(ledger, terms, rules.shorts, last, (m, agent, price, qty))


@kernel
def _check_funds(ledger, terms, rules, last, order):
    """Whether the agent can carry the order whatever fills when.

    `order` is (market, agent, side, worst price, quantity, whether it is a buy-in).
    """
    if np.float64(order[3]) * np.float64(order[4]) > MAX_NOTIONAL:
        return Reason.NOTIONAL_TOO_LARGE
    if order[2] > 0:
        return _check_cash(ledger, terms, rules, last, order)
    return _check_shares(ledger, terms, rules, last, order)


@kernel
def protected_price(view, m, side, bps):
    """Worst price of a market order: away from the best opposite (else last) price."""
    best = view.ask[m] if side > 0 else view.bid[m]
    start = best if best > 0 else view.last[m]
    step = view.tick_size[m]
    worst = start + side * (start // 10_000 * bps + start % 10_000 * bps // 10_000)
    ticks = worst // step if side > 0 else -(-worst // step)
    return max(ticks, 1) * step


@kernel
def _check_replace(orders, k, book):
    """Reason to refuse a replace at once, or NONE; writes the order's own side into the row."""
    slot = find(book, orders.order_id[k]) if orders.order_id[k] > 0 else NO_ROW
    if slot == NO_ROW:
        return Reason.UNKNOWN_ORDER
    if book.orders[slot].agent != orders.agent[k]:
        return Reason.NOT_OWNER
    orders.side[k] = -1 if book.orders[slot].ladder >= 2 else 1
    return check_replace(book.markets, 0, orders, k)


@kernel
def _admit_one(orders, k, books, view, ledger, terms, rules):
    """Reason to refuse the order, or NONE with its needs reserved."""
    reason = _check_sender(orders, k, view.bid.shape[0], terms, rules)
    if reason != Reason.NONE or orders.msg_type[k] == MsgType.CANCEL:
        return reason
    m = np.int64(orders.market[k])
    if orders.msg_type[k] == MsgType.REPLACE:
        reason = _check_replace(orders, k, market_book(books, m))
    elif orders.msg_type[k] != MsgType.NEW:
        reason = Reason.UNKNOWN_MSG_TYPE
    else:
        reason = check_new(books.markets, m, orders, k)
        if reason == Reason.NONE and orders.ord_type[k] == OrdType.MARKET:
            side = np.int64(orders.side[k])
            orders.price[k] = protected_price(view, m, side, rules.protection_bps)
            orders.ord_type[k] = OrdType.PROTECTED
    if reason != Reason.NONE:
        return reason
    agent, side = np.int64(orders.agent[k]), np.int64(orders.side[k])
    order = (m, agent, side, orders.price[k], orders.qty[k], k < rules.buy_ins)
    reason = _check_funds(ledger, terms, rules, view.last, order)
    if reason == Reason.NONE and rules.limits.on != 0:
        reason = check_limits(ledger, terms, rules.limits, view.last, order)
    if reason == Reason.NONE:
        reserve(ledger, terms, m, agent, side, orders.price[k], orders.qty[k])
    return reason


@kernel
def _refuse(orders, k, reason, events, at):
    priced = orders.msg_type[k] != MsgType.CANCEL
    named = orders.msg_type[k] != MsgType.NEW  # a new order has no id yet
    refused = Incoming(
        k,
        np.int64(orders.market[k]),
        np.int64(orders.agent[k]),
        np.int64(orders.side[k]),
        orders.order_id[k] if named else np.int64(0),
        np.int64(0),
        orders.price[k] if priced else np.int64(0),
        orders.qty[k] if priced else np.int64(0),
    )
    return log_order(events, at, refused, ExecType.REJECTED, reason, refused.qty, 0)


@kernel
def admit(outbox, market, ledger, terms, rules, queue, events, at):
    """Check every order of the outbox; accepted ones enter the queue, others become events.

    Parameters
    ----------
    outbox : Outbox           emptied; market orders get their worst price
    market : (Book, MarketView)
    ledger, terms : reservations are made in the ledger
    rules : AdmissionRules
    queue : DelayQueue        accepted orders are appended
    events, at                refusals are written from row `at` on

    Returns
    -------
    int    next free event row
    """
    books, view = market
    orders = outbox.orders
    for k in range(outbox.n[0]):
        reason = _admit_one(orders, k, books, view, ledger, terms, rules)
        if reason == Reason.NONE:
            env = orders.market[k] // terms.symbols
            enqueue(queue, orders, k, env)
        else:
            at = _refuse(orders, k, reason, events, at)
    outbox.n[0] = 0
    return at
