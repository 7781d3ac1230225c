"""Market makers: quotes around a reservation price that falls as their inventory grows.

The plain maker shifts its quotes around fair value linearly; the other kind quotes as Avellaneda
and Stoikov (2008), High-frequency trading in a limit order book, Quantitative Finance 8(3).
"""

import numpy as np

from qtg.schemas import NO_ROW, PRICE_SCALE, Stream

from ._jit import kernel
from .directory import find
from .market import market_book
from .outbox import put_limit, put_replace
from .shorts import borrowable
from .turns import has_turn


@kernel
def _to_ticks(price, step, up):
    """Price in whole ticks, at least one, rounded up or down."""
    ticks = np.ceil(price / step) if up else np.floor(price / step)
    return max(np.int64(ticks), 1) * step


@kernel
def _quote(out, book, rows, i, m, side, order_id, price, qty):
    """Move the resting quote to `price`, or place one."""
    agent, latency = rows.agent[i], rows.latency[i]
    slot = find(book, order_id) if order_id > 0 else np.int64(NO_ROW)
    if slot == NO_ROW:
        put_limit(out, m, agent, latency, side, price, qty, 0)
        return
    resting = side * book.orders[slot].key * book.markets[0].tick_size
    if resting != price or book.orders[slot].qty < qty:
        put_replace(out, m, agent, latency, order_id, price, qty)


@kernel
def linear_quote(rows, i, held, fair):
    """(reservation price, half the spread), shifted by `skew` at full inventory."""
    full = (held - rows.target[i]) / rows.inventory[i]
    center = fair * (1.0 - rows.skew[i] * min(max(full, -3.0), 3.0))
    return center, fair * rows.half_spread[i]


@kernel
def avellaneda_stoikov_quote(rows, i, held, mid, variance):
    """(reservation price, half the spread), equations 29 and 30 of the paper.

    `variance` of the price in a tick [currency ** 2]; inventory counts in quotes of `size`.
    Prices are in units of 1e-4.
    """
    gamma = rows.risk_aversion[i]
    inventory = (held - rows.target[i]) / rows.size[i]
    risk = gamma * variance * rows.horizon[i]
    half = 0.5 * risk + np.log1p(gamma / rows.arrival_decay[i]) / gamma
    return mid - PRICE_SCALE * inventory * risk, PRICE_SCALE * half


@kernel
def make_markets(rows, symbols, books, sight, ledger, terms, moment, out):
    """Every maker re-quotes each symbol whose turn it is.

    Parameters
    ----------
    rows : MakerRows
    symbols : int32 (n,)   symbols they quote
    books : Book
    sight : Sight
    ledger, terms : read only
    moment : Moment
    out : Outbox    at most 2 orders per maker and symbol
    """
    view = sight.market
    for i in range(rows.agent.shape[0]):
        env, agent = rows.env[i], rows.agent[i]
        row = env * terms.agents + agent
        for symbol in symbols:
            m = env * terms.symbols + symbol
            if not has_turn(rows, i, agent + symbol, moment, Stream.SMART):
                continue
            book = market_book(books, m)
            step, lot = view.tick_size[m], view.lot_size[m]
            held = ledger.positions.qty[row, symbol]
            if rows.risk_aversion[i] > 0.0:
                mid = np.float64(view.mid[m])
                volatility = sight.values[rows.volatility[i], m] * mid / PRICE_SCALE
                if not volatility >= 0.0:
                    continue  # it has not seen enough
                variance = volatility * volatility / sight.bar_ticks
                center, half = avellaneda_stoikov_quote(rows, i, held, mid, variance)
            else:
                center, half = linear_quote(rows, i, held, np.float64(view.fair_value[m]))
            qty = max(np.int64(rows.size[i]) // lot, 1) * lot
            bid = _to_ticks(center - half, step, False)
            ask = max(_to_ticks(center + half, step, True), bid + step)
            positions = ledger.positions
            _quote(out, book, rows, i, m, 1, positions.bid_id[row, symbol], bid, qty)
            offered = min(qty, (held + borrowable(ledger, terms, row, symbol)) // lot * lot)
            if offered > 0:
                _quote(out, book, rows, i, m, -1, positions.ask_id[row, symbol], ask, offered)
