"""Market makers: quotes around fair value, shifted against inventory.

The reservation price falls as inventory grows, as in Avellaneda and Stoikov (2008),
High-frequency trading in a limit order book, section 3, here with a linear shift.
"""

import numpy as np

from qtg.schemas import NO_ROW, Stream

from ._jit import kernel
from .directory import find
from .market import market_book
from .outbox import put_limit, put_replace
from .random import lane
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
def make_markets(rows, symbols, market, ledger, terms, random, tick, out):
    """Every maker re-quotes each symbol whose turn it is.

    Parameters
    ----------
    rows : MakerRows
    symbols : int32 (n,)   symbols they quote
    market : (Book, MarketView)
    ledger, terms : read only
    random : (seed, envs)
    out : Outbox    at most 2 orders per maker and symbol
    """
    books, view = market
    seed, envs = random
    for i in range(rows.agent.shape[0]):
        env, agent = rows.env[i], rows.agent[i]
        row = env * terms.agents + agent
        for symbol in symbols:
            m = env * terms.symbols + symbol
            lane_word = lane(envs[env], Stream.SMART)
            if not has_turn(rows, i, agent + symbol, tick, seed, lane_word):
                continue
            book = market_book(books, m)
            step, lot = view.tick_size[m], view.lot_size[m]
            fair = np.float64(view.fair_value[m])
            held = ledger.positions.qty[row, symbol]
            full = (held - rows.target[i]) / rows.inventory[i]
            center = fair * (1.0 - rows.skew[i] * min(max(full, -3.0), 3.0))
            qty = max(np.int64(rows.size[i]) // lot, 1) * lot
            bid = _to_ticks(center - fair * rows.half_spread[i], step, False)
            ask = max(_to_ticks(center + fair * rows.half_spread[i], step, True), bid + step)
            positions = ledger.positions
            _quote(out, book, rows, i, m, 1, positions.bid_id[row, symbol], bid, qty)
            sellable = min(qty, held // lot * lot)
            if sellable > 0:
                _quote(out, book, rows, i, m, -1, positions.ask_id[row, symbol], ask, sellable)
