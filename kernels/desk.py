"""The execution desk: from the position a trader wants to child orders.

A rule only says what it wants to hold (`aim`); a change of mind is a new parent order. In every
tick the desk sends what is due of each parent: all of it, or a schedule's next slice (Kissell,
2014, The Science of Algorithmic Trading and Portfolio Management). One child order at a time is in
the market for a trader and symbol, a limit order at the best opposite price that expires soon;
what it did not get is due again.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Execution, MarketView, Stream

from ._jit import kernel, template
from .ledger import worst_unit_cost
from .outbox import opposite_price, put_expiring
from .shorts import sellable
from .turns import has_turn


class Plan(NamedTuple):
    """How the parent orders of one population are executed."""

    style: int  # Execution
    ticks: int  # length of a TWAP or VWAP schedule
    participation: float  # POV: share of what the market trades


class Sight(NamedTuple):
    """What rules and the desk see of the markets."""

    market: MarketView  # numba takes an attribute `view` for the array method
    values: np.ndarray  # float64 (reading, market): the board's indicators, NaN until they start
    volume: np.ndarray  # int64 (market,): traded since the run began [shares]
    bar_ticks: int  # length of the board's bars


@kernel
def lots(qty, lot):
    """A number of shares as whole lots, at least one."""
    return max(np.int64(qty) // lot, 1) * lot


@kernel
def aim(rows, desk, i, symbol, target, held, volume, tick):
    """Set what row `i` wants to hold (desk modified in place)."""
    if target == desk.target[i, symbol]:
        return
    desk.target[i, symbol] = target
    desk.start_qty[i, symbol] = held
    desk.start_tick[i, symbol] = tick
    desk.start_volume[i, symbol] = volume
    rows.working[i] = 1


@kernel
def take_stance(rows, desk, i, symbol, stance, sight, ledger, terms, tick):
    """Want `size` more than at the start, the same, or less (desk modified in place); nothing is
    done if that is the stance it has."""
    if stance == desk.stance[i, symbol]:
        return
    desk.stance[i, symbol] = stance
    m = rows.env[i] * terms.symbols + symbol
    held = ledger.positions.qty[rows.env[i] * terms.agents + rows.agent[i], symbol]
    target = desk.base[i, symbol] + stance * lots(rows.size[i], sight.market.lot_size[m])
    aim(rows, desk, i, symbol, max(target, rows.floor[i]), held, sight.volume[m], tick)


@template
def take_stances(rule, own, rows, desk, symbols, sight, ledger, terms, moment):
    """Every trader whose turn it is looks at each of its symbols.

    Parameters
    ----------
    rule : kernel                     `rule(own, desk, i, symbol, sight, m, tick)` is the stance of
                                      row `i` in a symbol, whose market is `m`
    own : NamedTuple                  the rows of the kind
    rows : TraderRows, desk : Desk    modified in place
    symbols : int32 (n,)              symbols they trade
    sight : Sight
    ledger, terms : read only
    moment : Moment
    """
    for i in range(rows.agent.shape[0]):
        if not has_turn(rows, i, rows.agent[i], moment, Stream.SMART):
            continue
        tick = moment.tick[rows.env[i]]
        for symbol in symbols:
            m = rows.env[i] * terms.symbols + symbol
            stance = rule(own, desk, i, symbol, sight, m, tick)
            take_stance(rows, desk, i, symbol, stance, sight, ledger, terms, tick)


@kernel
def due_share(plan, age, traded, pace):
    """Part of a parent order that should be done by now.

    Parameters
    ----------
    age : int        ticks since it began, this one included
    traded : float   what the market has traded since [shares]
    pace : float     what the market trades in a tick [shares]

    VWAP follows the market: what it has traded over that plus what it should still trade.
    """
    if plan.style == Execution.IMMEDIATE or age >= plan.ticks:
        return 1.0
    if plan.style == Execution.VWAP:
        expected = traded + pace * (plan.ticks - age)
        if expected > 0.0:
            return traded / expected
    return age / plan.ticks


@kernel
def _due(plan, sight, desk, i, symbol, m, tick):
    """Shares of the parent order that should be done by now, always positive."""
    parent = abs(desk.target[i, symbol] - desk.start_qty[i, symbol])
    traded = np.float64(sight.volume[m] - desk.start_volume[i, symbol])
    if plan.style == Execution.POV:
        return min(np.int64(plan.participation * traded + 1e-9), parent)
    age = tick - desk.start_tick[i, symbol] + 1
    pace = np.float64(sight.volume[m]) / max(tick, 1)
    return np.int64(np.rint(due_share(plan, age, traded, pace) * parent))


@kernel
def _affordable(ledger, terms, row, symbol, side, qty, cost, spent):
    """As much of `qty` as own and borrowed shares allow, or free cash less what other orders of the
    tick spend, at `cost` a share."""
    accounts = ledger.accounts
    if side > 0:
        free = accounts.cash[row] - accounts.reserved[row] - spent
        return min(qty, max(free, 0) // max(cost, 1))
    return min(qty, sellable(ledger, terms, row, symbol))


@kernel
def work_orders(rows, desk, symbols, plan, sight, ledger, terms, moment, out):
    """Send the child orders that are due.

    Parameters
    ----------
    rows : TraderRows, desk : Desk    modified in place
    symbols : int32 (n,)              symbols they trade
    plan : Plan, sight : Sight
    ledger, terms : read only
    moment : Moment
    out : Outbox                      at most one order per trader and symbol
    """
    view = sight.market
    for i in range(rows.agent.shape[0]):
        if rows.working[i] == 0:
            continue
        open_symbols, spent = 0, np.int64(0)
        tick = moment.tick[rows.env[i]]
        row = rows.env[i] * terms.agents + rows.agent[i]
        for symbol in symbols:
            held = ledger.positions.qty[row, symbol]
            gap = desk.target[i, symbol] - held
            if gap == 0 and tick >= desk.busy_until[i, symbol]:
                continue
            open_symbols += 1
            if tick < desk.busy_until[i, symbol]:
                continue
            m = rows.env[i] * terms.symbols + symbol
            side = 1 if gap > 0 else -1
            done = side * (held - desk.start_qty[i, symbol])
            qty = min(_due(plan, sight, desk, i, symbol, m, tick) - done, abs(gap))
            lot = view.lot_size[m]
            cost = worst_unit_cost(view.ask[m] if view.ask[m] > 0 else view.last[m], terms)
            qty = qty // lot * lot
            qty = _affordable(ledger, terms, row, symbol, side, qty, cost, spent) // lot * lot
            if qty > 0:
                spent += cost * qty if side > 0 else 0
                price = opposite_price(view, m, side)
                expire = put_expiring(out, rows, i, m, side, price, qty, tick)
                desk.busy_until[i, symbol] = expire
        rows.working[i] = 1 if open_symbols > 0 else 0
