"""The lender's side of short sales: fees, recalls and buy-ins
(docs/adr/0010-rules-of-the-market.md).

`rows` are the account rows of all agents that may be short, environment after environment, as many
in each.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import NO_ROW, Account, BorrowEvent

from ._jit import kernel
from .admission import protected_price
from .directory import find
from .ledger import share_of, worst_unit_cost
from .market import market_book
from .outbox import put_cancel, put_market
from .shorts import BPS, bps_of, lendable, value_of

MOST_OWED = 1 << 62


class Notices(NamedTuple):
    """Rows of the stored table `borrows`, without their time."""

    market: np.ndarray  # int64 (row,)
    agent: np.ndarray  # int64 (row,)
    event: np.ndarray  # int64 (row,): BorrowEvent
    qty: np.ndarray  # int64 (row,)
    due_tick: np.ndarray  # int64 (row,)
    order: np.ndarray  # int64 (row,): row of the order in the outbox, else NO_ROW
    n: np.ndarray  # int64 (1,): rows written


@kernel
def _notice(notices, market, agent, event, qty, due_tick, order):
    at = notices.n[0]
    notices.market[at] = market
    notices.agent[at] = agent
    notices.event[at] = event
    notices.qty[at] = qty
    notices.due_tick[at] = due_tick
    notices.order[at] = order
    notices.n[0] = at + 1


@kernel
def count_open(ledger, shorts, rows):
    """Positions that a fee or notice of this tick can be about."""
    owed, recalled, qty = ledger.exposures.accrued, ledger.exposures.recalled, ledger.positions.qty
    n = np.int64(0)
    for row in rows:
        for symbol in range(qty.shape[1]):
            n += (
                qty[row, symbol] < 0
                or recalled[row, symbol] > 0
                or owed[row, symbol] >= shorts.ticks_per_year
            )
    return n


@kernel
def charge_fees(ledger, terms, shorts, rows, last):
    """Every short pays its lender for a tick at the last price (ledger modified in place)."""
    accounts, exposures, qty = ledger.accounts, ledger.exposures, ledger.positions.qty
    for row in rows:
        env = row // terms.agents
        lender = env * terms.agents + Account.POOL
        for symbol in range(terms.symbols):
            if qty[row, symbol] < 0:
                value = value_of(last[env * terms.symbols + symbol], -qty[row, symbol])
                owed = exposures.accrued[row, symbol] + bps_of(value, shorts.fee_bps)
                exposures.accrued[row, symbol] = min(owed, MOST_OWED)
            due = exposures.accrued[row, symbol] // shorts.ticks_per_year
            paid = min(due, max(accounts.cash[row] - accounts.reserved[row], 0))
            if paid > 0:
                exposures.accrued[row, symbol] -= paid * shorts.ticks_per_year
                accounts.cash[row] -= paid
                accounts.borrow_fees[row] += paid
                accounts.cash[lender] += paid
                accounts.borrow_fees[lender] -= paid


@kernel
def _left(ledger, row, symbol, lifts):
    """Shares of a short that can be recalled, or whose recall can be lifted."""
    recalled = ledger.exposures.recalled[row, symbol]
    return recalled if lifts else max(-ledger.positions.qty[row, symbol], 0) - recalled


@kernel
def _spread(ledger, rows, where, lots, due_tick, notices):
    """Recall so many lots pro rata, or lift recalls where `lots` is negative.

    `where` is (market, symbol, lot size, agents). Shares of running sums add up to the whole.
    """
    m, symbol, lot, agents = where
    lifts = lots < 0
    exposures, wanted = ledger.exposures, abs(lots)
    total = np.int64(0)
    for row in rows:
        total += _left(ledger, row, symbol, lifts) // lot
    seen, given = np.int64(0), np.int64(0)
    for row in rows:
        seen += _left(ledger, row, symbol, lifts) // lot
        upto = share_of(wanted, seen, total) if total > 0 else np.int64(0)
        qty = (upto - given) * lot
        given = upto
        if qty == 0:
            continue
        if lifts:
            exposures.recalled[row, symbol] -= qty
            _notice(notices, m, row % agents, BorrowEvent.LIFTED, qty, 0, NO_ROW)
            continue
        if exposures.recalled[row, symbol] == 0:
            exposures.recall_tick[row, symbol] = due_tick
        exposures.recalled[row, symbol] += qty
        due = exposures.recall_tick[row, symbol]
        _notice(notices, m, row % agents, BorrowEvent.RECALL, qty, due, NO_ROW)


@kernel
def recall(ledger, terms, shorts, rows, lot_size, moment, notices):
    """Bring what is recalled in line with what each market lends (ledger modified in place).

    `lot_size` int64 (market,); `moment` is Moment. At most one notice for each short or recall.
    """
    markets = lot_size.shape[0]
    each = rows.shape[0] * terms.symbols // markets
    for m in range(markets):
        env, symbol, lot = m // terms.symbols, m % terms.symbols, lot_size[m]
        mine = rows[env * each : (env + 1) * each]
        recalled = np.int64(0)
        for row in mine:
            recalled += ledger.exposures.recalled[row, symbol]
        excess = max(ledger.holdings.short[m] - lendable(ledger.holdings, m, terms), 0)
        lots = -(-excess // lot) - recalled // lot
        if lots != 0:
            where = (np.int64(m), symbol, lot, terms.agents)
            _spread(ledger, mine, where, lots, moment.tick[env] + shorts.recall_ticks, notices)


@kernel
def _equity_gap(ledger, terms, shorts, row, last):
    """Value of shorts that an account's equity does not carry, 0 if it carries all."""
    env, qty = row // terms.agents, ledger.positions.qty
    equity, short = ledger.accounts.cash[row], np.int64(0)
    for symbol in range(terms.symbols):
        price = last[env * terms.symbols + symbol]
        if qty[row, symbol] < 0:
            short += value_of(price, -qty[row, symbol])
        else:
            equity += value_of(price, qty[row, symbol])
    equity -= short
    if short == 0 or equity >= bps_of(short, shorts.maintenance_bps):
        return np.int64(0)
    if equity <= 0:
        return short
    bps = shorts.maintenance_bps
    return short - (equity // bps * BPS + equity % bps * BPS // bps)


@kernel
def _order_buy_in(ledger, terms, market, row, symbol, order, cash, out, notices):
    """Write one buy-in as far as `cash` pays it; returns what it needs.

    `order` is (BorrowEvent, quantity). The agent's latest sell goes first, so as not to be met.
    """
    books, view, bps = market
    agent = row % terms.agents
    m = row // terms.agents * terms.symbols + symbol
    lot = view.lot_size[m]
    cost = worst_unit_cost(protected_price(view, m, 1, bps), terms)
    qty = min(order[1], cash // cost // lot * lot)
    if qty <= 0:
        return np.int64(0)
    book, ask_id = market_book(books, m), ledger.positions.ask_id[row, symbol]
    if ask_id > 0 and find(book, ask_id) != NO_ROW:
        put_cancel(out, m, agent, 0, ask_id)
    _notice(notices, m, agent, order[0], qty, 0, out.n[0])
    put_market(out, m, agent, 0, 1, qty)
    return qty * cost


@kernel
def buy_in(ledger, terms, shorts, rows, market, moment, out, notices):
    """Send buy-ins of what is recalled and due, and of what equity does not carry.

    Parameters
    ----------
    market : (Book, MarketView, protection in bps)
    moment : Moment
    out : Outbox       room for two rows for each short
    notices : Notices  room for a row for each short
    """
    view, exposures, qty = market[1], ledger.exposures, ledger.positions.qty
    for row in rows:
        env = row // terms.agents
        gap = _equity_gap(ledger, terms, shorts, row, view.last)
        cash = ledger.accounts.cash[row] - ledger.accounts.reserved[row]
        for symbol in range(terms.symbols):
            if qty[row, symbol] >= 0:
                continue
            m = env * terms.symbols + symbol
            lot, price = view.lot_size[m], view.last[m]
            wanted, event = np.int64(0), BorrowEvent.MARGIN_CALL
            if gap > 0:
                wanted = min(-(-gap // value_of(price, lot)) * lot, -qty[row, symbol])
                gap -= value_of(price, wanted)
            if exposures.recall_tick[row, symbol] <= moment.tick[env]:
                due = exposures.recalled[row, symbol]
                if due > wanted:
                    wanted, event = due, BorrowEvent.BUY_IN
            if wanted > 0 and market[0].markets[m].calling == 0:
                order = (event, wanted)
                cash -= _order_buy_in(ledger, terms, market, row, symbol, order, cash, out, notices)
