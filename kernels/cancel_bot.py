"""Cancel bots: they place orders away from the best price and cancel most of them soon after.

What Hasbrouck and Saar (2009), Technology and liquidity provision: the blurring of traditional
definitions, Journal of Financial Markets 12(2), call fleeting orders: most limit orders of a fast
market are cancelled before anybody could trade with them.
"""

import numpy as np

from qtg.schemas import NO_ROW, Stream

from ._jit import kernel
from .directory import find
from .market import market_book
from .outbox import put_cancel, put_limit
from .random import below, lane, philox, uniform_pair
from .shorts import sellable
from .turns import has_turn


@kernel
def _price(rows, i, view, m, side):
    """Limit price: so many ticks behind the best of its own side, else behind the mid."""
    step = view.tick_size[m]
    best = view.bid[m] if side > 0 else view.ask[m]
    start = best if best > 0 else view.mid[m]
    ticks = start // step if side > 0 else -(-start // step)
    return max(ticks - side * max(np.int64(rows.distance[i]), 1), 1) * step


@kernel
def _place(rows, i, symbols, view, ledger, terms, words, out):
    """Place an order on a random side of a random symbol; returns whether it could."""
    env, agent = np.int64(rows.env[i]), np.int64(rows.agent[i])
    symbol = np.int64(symbols[below(words[0], symbols.shape[0])])
    m = env * terms.symbols + symbol
    side = np.int64(1) if below(words[1], 2) == 1 else np.int64(-1)
    lot = view.lot_size[m]
    qty = max(np.int64(rows.size[i]) // lot, 1) * lot
    if side < 0:
        free = sellable(ledger, terms, env * terms.agents + agent, symbol)
        qty = min(qty, free // lot * lot)
        if qty <= 0:
            return False
    put_limit(out, m, agent, rows.latency[i], side, _price(rows, i, view, m, side), qty, 0)
    rows.symbol[i], rows.side[i] = symbol, side
    return True


@kernel
def _own_order(rows, i, books, ledger, terms):
    """Id of the order that it placed last, if that rests, else 0."""
    row = rows.env[i] * terms.agents + rows.agent[i]
    symbol = rows.symbol[i]
    positions = ledger.positions
    own = positions.bid_id[row, symbol] if rows.side[i] > 0 else positions.ask_id[row, symbol]
    if own == 0:
        return np.int64(0)
    slot = find(market_book(books, rows.env[i] * terms.symbols + symbol), own)
    return own if slot != NO_ROW else np.int64(0)


@kernel
def flicker(rows, symbols, market, ledger, terms, moment, out):
    """Every cancel bot places an order, or cancels the one that it has after `patience` ticks.

    Parameters
    ----------
    rows : CancelBotRows      `placed`, `symbol`, `side`, `keeps` are modified in place
    symbols : int32 (n,)      symbols they may trade
    market : (MarketView, Book)
    ledger, terms : read only
    moment : Moment
    out : Outbox    at most 1 message per bot
    """
    view, books = market
    for i in range(rows.agent.shape[0]):
        env, agent = np.int64(rows.env[i]), np.int64(rows.agent[i])
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.SMART)
        if rows.placed[i] > 0:
            age = tick - rows.placed[i] - rows.latency[i]  # ticks since it reached the book
            if age <= 0:
                continue
            own = _own_order(rows, i, books, ledger, terms)
            if own != 0:
                if age >= rows.patience[i] and rows.keeps[i] == 0:
                    m = env * terms.symbols + rows.symbol[i]
                    put_cancel(out, m, agent, rows.latency[i], own)
                    rows.placed[i] = 0
                elif age >= rows.lifetime[i]:
                    rows.keeps[i] = 0  # enough
                continue
            rows.placed[i] = 0
        if not has_turn(rows, i, agent, moment, Stream.SMART):
            continue
        words = philox(agent, tick, 1, lane_word, seed)
        if _place(rows, i, symbols, view, ledger, terms, words, out):
            rows.placed[i] = tick
            u, _ = uniform_pair(seed, lane_word, agent, tick, 2)
            rows.keeps[i] = u >= rows.cancel_share[i]
