"""Noise traders: random side, prices scattered around fair value."""

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .outbox import put_expiring, put_market
from .random import below, lane, normal_pair, philox
from .shorts import sellable
from .turns import has_turn


@kernel
def trade_noise(rows, symbols, view, ledger, terms, moment, out):
    """Every noise trader may send one order for one symbol.

    Parameters
    ----------
    rows : NoiseRows
    symbols : int32 (n,)   symbols they may trade
    view : MarketView
    ledger, terms : read only
    moment : Moment
    out : Outbox    at most 1 order per trader
    """
    for i in range(rows.agent.shape[0]):
        env, agent = np.int64(rows.env[i]), np.int64(rows.agent[i])
        if not has_turn(rows, i, agent, moment, Stream.SMART):
            continue
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.SMART)
        words = philox(agent, tick, 1, lane_word, seed)
        scatter, spare = normal_pair(seed, lane_word, agent, tick, 2)
        symbol = np.int64(symbols[below(words[0], symbols.shape[0])])
        m = env * terms.symbols + symbol
        side = 1 if below(words[1], 2) == 1 else -1
        lot, step = view.lot_size[m], view.tick_size[m]
        qty = max(np.int64(rows.size[i] * (0.5 + np.abs(spare))) // lot, 1) * lot
        if side < 0:
            row = env * terms.agents + agent
            qty = min(qty, sellable(ledger, terms, row, symbol) // lot * lot)
            if qty <= 0:
                continue
        if np.float64(words[2]) < rows.market_share[i] * 4294967296.0:
            put_market(out, m, agent, rows.latency[i], side, qty)
        else:
            price = np.float64(view.fair_value[m]) * (1.0 + rows.deviation[i] * scatter)
            ticks = max(np.int64(np.round(price / step)), 1)
            put_expiring(out, rows, i, m, side, ticks * step, qty, tick)
