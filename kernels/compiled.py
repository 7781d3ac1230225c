"""A user's compiled strategy: what it sees, what it can send, and the loop around it."""

from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import NO_ROW, PRICE_SCALE, Stream

from ._jit import kernel, kernel_of_a_user
from .directory import find
from .market import market_book
from .outbox import Outbox, put_cancel, put_limit, put_market, put_replace
from .random import lane, uniform_pair
from .validation import MAX_PRICE, MAX_QTY, MAX_TICK

MOST_ORDERS = 8  # that one call may send
_DEAREST = (MAX_PRICE // 2) / PRICE_SCALE  # leaves room for rounding to the grid

DONE, NO_ROOM, FAULT = 0, 1, 2  # how the loop ends
BAD_PRICE, BAD_QTY, BAD_LIFETIME, NO_ORDER, TOO_MANY = 1, 2, 3, 4, 5  # what a fault is


class Quote(NamedTuple):
    """An agent's latest resting order on one side; `order_id` is 0 if there is none."""

    order_id: int
    side: int  # buy 1, sell -1
    price: float  # NaN if there is none
    qty: int  # open


class Me(NamedTuple):
    """An agent, as its strategy sees it in one symbol. Prices and cash are floats in currency."""

    agent: int
    cash: float  # not reserved
    shares: int  # held and not reserved
    position: int  # held
    bid: Quote
    ask: Quote
    params: Any  # its parameters by name
    state: Any  # what it keeps of this symbol, by name; to be written to
    random: Any  # what `uniform` reads


class Market(NamedTuple):
    """A symbol's market at the start of the tick. Prices are floats in currency."""

    symbol: int  # its place in the configuration
    tick: int
    bid: float  # NaN if there is none
    ask: float  # NaN if there is none
    mid: float
    last: float
    fair_value: float
    volume: int  # traded in the previous tick
    tick_size: float
    lot_size: int
    sentiment: float
    news: float


class Fault(NamedTuple):
    """The first thing that went wrong."""

    code: np.ndarray  # int64 (1,)
    value: np.ndarray  # float64 (1,)


class Orders(NamedTuple):
    """Where a strategy's orders go: from one agent, for one market."""

    outbox: Outbox
    first: int  # rows of the outbox before this call
    market: int
    agent: int
    latency: int
    tick: int
    step: int  # tick size in units of 1e-4
    fault: Fault


class CompiledRows(NamedTuple):
    """The agents of a compiled strategy."""

    env: np.ndarray  # int32 (row,)
    agent: np.ndarray  # int32 (row,)
    latency: np.ndarray  # int32 (row,)
    params: np.ndarray  # record (row,)
    state: np.ndarray  # record (row, symbol)
    probability: np.ndarray  # float64 (1,)


@kernel
def uniform(me, draw):
    """A number in [0, 1) for this agent, tick and `draw`, as `StrategyContext.uniform` has."""
    seed, lane_word, tick = me.random
    return uniform_pair(seed, lane_word, me.agent, tick, draw)[0]


@kernel
def buy(orders, qty, price=None, lifetime=None):
    """Send an order to buy: at most at `price`, which is rounded down to the grid, or at market.

    `lifetime` is in ticks; without it the order rests until it trades or is cancelled.
    """
    _new(orders, 1, qty, price, lifetime)


@kernel
def sell(orders, qty, price=None, lifetime=None):
    """Send an order to sell: at least at `price`, which is rounded up to the grid, or at market."""
    _new(orders, -1, qty, price, lifetime)


@kernel
def cancel(orders, quote):
    """Cancel `me.bid` or `me.ask`."""
    if quote.order_id == 0:
        _fail(orders, NO_ORDER, 0.0)
    elif _has_room(orders):
        put_cancel(orders.outbox, orders.market, orders.agent, orders.latency, quote.order_id)


@kernel
def replace(orders, quote, price, qty=None):
    """Give `me.bid` or `me.ask` a new price, and a new open quantity if there is one."""
    wanted = np.float64(quote.qty if qty is None else qty)
    if quote.order_id == 0:
        _fail(orders, NO_ORDER, 0.0)
    elif _good_price(orders, price) and _good_qty(orders, wanted) and _has_room(orders):
        units = _on_grid(orders, quote.side, price)
        put_replace(
            orders.outbox,
            orders.market,
            orders.agent,
            orders.latency,
            quote.order_id,
            units,
            np.int64(wanted),
        )


@kernel
def _new(orders, side, qty, price, lifetime):
    wanted = np.float64(qty)
    if not (_good_qty(orders, wanted) and _has_room(orders)):
        return
    to = orders.outbox
    if price is None:
        put_market(to, orders.market, orders.agent, orders.latency, side, np.int64(wanted))
        return
    if not _good_price(orders, price):
        return
    expire = np.int64(0)
    if lifetime is not None:
        if not _good_lifetime(orders, np.float64(lifetime)):
            return
        expire = np.int64(orders.tick + orders.latency + np.int64(lifetime))
    units = _on_grid(orders, side, price)
    put_limit(
        to, orders.market, orders.agent, orders.latency, side, units, np.int64(wanted), expire
    )


@kernel
def _on_grid(orders, side, price):
    """A price in units of 1e-4, away from trading: down for buys, up for sells."""
    ticks = price * PRICE_SCALE / orders.step
    near = np.rint(ticks)
    if abs(ticks - near) >= 1e-6:
        near = np.floor(ticks) if side > 0 else np.ceil(ticks)
    return np.int64(max(near, 1.0)) * orders.step


@kernel
def _good_price(orders, price):
    good = price > 0 and price <= _DEAREST  # neither holds for NaN
    if not good:
        _fail(orders, BAD_PRICE, price)
    return good


@kernel
def _good_qty(orders, qty):
    good = qty >= 0 and qty <= MAX_QTY and qty == np.floor(qty)
    if not good:
        _fail(orders, BAD_QTY, qty)
    return good


@kernel
def _good_lifetime(orders, lifetime):
    good = lifetime >= 1 and lifetime <= MAX_TICK + 1 and lifetime == np.floor(lifetime)
    if not good:
        _fail(orders, BAD_LIFETIME, lifetime)
    return good


@kernel
def _has_room(orders):
    room = orders.outbox.n[0] - orders.first < MOST_ORDERS
    if not room:
        _fail(orders, TOO_MANY, 0.0)
    return room


@kernel
def _fail(orders, code, value):
    if orders.fault.code[0] == 0:
        orders.fault.code[0] = code
        orders.fault.value[0] = value


@kernel
def _quote(book, order_id, side):
    """A resting order as the strategy sees it."""
    slot = find(book, order_id) if order_id > 0 else np.int64(NO_ROW)
    if slot == NO_ROW:
        return Quote(np.int64(0), side, np.nan, np.int64(0))
    order = book.orders[slot]
    price = np.float64(side * order.key * book.markets[0].tick_size) / PRICE_SCALE
    return Quote(np.int64(order_id), side, price, np.int64(order.qty))


@kernel
def _shown(price):
    return np.float64(price) / PRICE_SCALE if price > 0 else np.nan


@kernel
def _market(view, m, symbol, tick):
    return Market(
        np.int64(symbol),
        tick,
        _shown(view.bid[m]),
        _shown(view.ask[m]),
        view.mid[m] / PRICE_SCALE,
        view.last[m] / PRICE_SCALE,
        view.fair_value[m] / PRICE_SCALE,
        view.volume[m],
        view.tick_size[m] / PRICE_SCALE,
        view.lot_size[m],
        view.sentiment[m],
        view.news[m],
    )


def loop_around(decide, turn_draw):
    """Compile a loop over agents and symbols around a user's function.

    Returns
    -------
    function of
        rows : CompiledRows
        symbols : int32 (n,)      symbols they trade
        at : int64 (3,)           row and place in `symbols` to begin with, end of the rows;
                                  modified in place: where it stopped
        market : (Book, MarketView)
        account : (Ledger, LedgerTerms)
        moment : Moment
        fault : Fault             what went wrong, if it stopped for that
        out : Outbox              modified in place
      that returns DONE, NO_ROOM (grow the outbox and call it again) or FAULT
    """
    decide = kernel_of_a_user(decide)

    def trade(rows, symbols, at, market, account, moment, fault, out):
        (books, view), (ledger, terms) = market, account
        positions, accounts = ledger.positions, ledger.accounts
        skip = at[1]
        for i in range(at[0], at[2]):
            env, agent = np.int64(rows.env[i]), np.int64(rows.agent[i])
            row, lane_word = env * terms.agents + agent, lane(moment.env[env], Stream.USER)
            seed, tick = moment.seed[env], moment.tick[env]
            at[0] = i
            if rows.probability[0] < 1.0:
                u, _ = uniform_pair(seed, lane_word, agent, tick, turn_draw)
                if u >= rows.probability[0]:
                    continue
            cash = (accounts.cash[row] - accounts.reserved[row]) / PRICE_SCALE
            for k in range(skip, symbols.shape[0]):
                if out.n[0] + MOST_ORDERS > out.orders.shape[0]:
                    at[1] = k
                    return NO_ROOM
                symbol = np.int64(symbols[k])
                m = env * terms.symbols + symbol
                book = market_book(books, m)
                held = positions.qty[row, symbol]
                me = Me(
                    agent,
                    cash,
                    held - positions.reserved[row, symbol],
                    held,
                    _quote(book, positions.bid_id[row, symbol], 1),
                    _quote(book, positions.ask_id[row, symbol], -1),
                    rows.params[i],
                    rows.state[i, symbol],
                    (seed, lane_word, tick),
                )
                latency = np.int64(rows.latency[i])
                step = view.tick_size[m]
                orders = Orders(out, out.n[0], m, agent, latency, tick, step, fault)
                decide(me, _market(view, m, symbol, tick), orders)
                if fault.code[0] != 0:
                    return FAULT
            skip = 0
        return DONE

    return kernel_of_a_user(trade)
