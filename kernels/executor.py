"""Agents with one parent order, that only their desk works."""

import numpy as np

from ._jit import kernel
from .desk import aim


@kernel
def give_orders(rows, desk, executor, symbols, sight, ledger, terms, moment, first_tick):
    """Every agent whose time has come gives its order to its desk, once.

    Parameters
    ----------
    rows : TraderRows, desk : Desk    modified in place
    executor : ExecutorRows
    symbols : int32 (n,)              symbols they trade
    sight : Sight
    ledger, terms : read only
    moment : Moment
    first_tick : int64 (E,)           first tick after the warm-up; 0 becomes the present one
    """
    for env in range(first_tick.shape[0]):
        if first_tick[env] == 0:
            first_tick[env] = moment.tick[env]
    for i in range(rows.agent.shape[0]):
        tick = moment.tick[rows.env[i]]
        if tick < first_tick[rows.env[i]] + np.int64(executor.start[i]):
            continue
        row = rows.env[i] * terms.agents + rows.agent[i]
        for symbol in symbols:
            if desk.stance[i, symbol] != 0:
                continue
            m = rows.env[i] * terms.symbols + symbol
            lot = sight.market.lot_size[m]
            qty = np.int64(executor.qty[i])
            desk.stance[i, symbol] = 1 if qty > 0 else -1
            whole = abs(qty) // lot * lot
            target = desk.base[i, symbol] + (whole if qty > 0 else -whole)
            held = ledger.positions.qty[row, symbol]
            aim(rows, desk, i, symbol, max(target, rows.floor[i]), held, sight.volume[m], tick)
