"""Tier 2: agents with a full portfolio that go where the mood of the sectors is good."""

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .fundamentals import SECTORS
from .outbox import opposite_price, put_expiring
from .turns import has_turn

_HALVINGS = 60  # of the interval in which the shift lies: to the last bit of a weight


@kernel
def _sum_within(weights, shift, floor, cap, members):
    total = 0.0
    for sector in range(SECTORS):
        if members[sector] > 0:
            total += min(max(weights[sector] + shift, floor), cap)
    return total


@kernel
def sector_weights(mood, scale, floor, cap, members, weights):
    """Weights of the sectors that sum to 1 (`weights` float64 (sector,) modified in place).

    Equal, plus `scale` times each sector's mood, all shifted alike until they sum to 1 between
    `floor` and `cap`: the nearest weights that do (Euclidean projection). `members` float64
    (sector,) is how many symbols each has; sectors without symbols weigh nothing.
    """
    n = 0
    for sector in range(SECTORS):
        n += members[sector] > 0
    for sector in range(SECTORS):
        weights[sector] = 1.0 / max(n, 1) + scale * mood[sector]
    low, high = -2.0 - scale, 2.0 + scale
    for _ in range(_HALVINGS):
        shift = 0.5 * (low + high)
        if _sum_within(weights, shift, floor, cap, members) < 1.0:
            low = shift
        else:
            high = shift
    for sector in range(SECTORS):
        weight = min(max(weights[sector] + high, floor), cap)
        weights[sector] = weight if members[sector] > 0 else 0.0


@kernel
def loudest_news(view, first, symbols):
    """Largest sentiment of this tick's news in an environment, either way."""
    loudest = 0.0
    for m in range(first, first + symbols):
        loudest = max(loudest, abs(view.news[m]))
    return loudest


@kernel
def _equity(ledger, view, row, first, symbols):
    """Cash and shares at the last prices [1e-4]."""
    equity = np.float64(ledger.accounts.cash[row])
    for symbol in symbols:
        held = np.float64(ledger.positions.qty[row, symbol])
        equity += held * np.float64(view.last[first + symbol])
    return equity


@kernel
def _rebalance(rows, i, symbols, sector, members, weights, view, ledger, terms, tick, out):
    """Trade every symbol whose weight is off by more than `drift`; sales first."""
    first = rows.env[i] * terms.symbols
    row = rows.env[i] * terms.agents + rows.agent[i]
    equity = _equity(ledger, view, row, first, symbols)
    spare = ledger.accounts.cash[row] - ledger.accounts.reserved[row]
    for side in (-1, 1):
        for symbol in symbols:
            m = first + symbol
            lot, last = view.lot_size[m], np.float64(view.last[m])
            held = ledger.positions.qty[row, symbol]
            weight = rows.invested[i] * weights[sector[symbol]] / members[sector[symbol]]
            gap = weight * equity - np.float64(held) * last
            if side * gap <= rows.drift[i] * equity or last <= 0.0:
                continue
            qty = np.int64(side * gap / last) // lot * lot
            if side < 0:
                free = held - ledger.positions.reserved[row, symbol]
                qty = min(qty, free // lot * lot)
            else:
                price = max(view.ask[m], view.last[m])
                qty = min(qty, max(spare, 0) // max(price, 1) // lot * lot)
            if qty > 0:
                price = opposite_price(view, m, side)
                put_expiring(out, rows, i, m, side, price, qty, tick)
                spare -= price * qty if side > 0 else 0


@kernel
def rotate_sectors(rows, symbols, sector, members, mood, weights, view, ledger, terms, moment, out):
    """Every rotator that hears news, or whose interval is over, looks at its portfolio.

    Parameters
    ----------
    rows : RotatorRows            `wake_tick` modified in place
    symbols : int32 (n,)          symbols they trade
    sector : int32 (symbol,)      sector of every symbol of the run
    members : float64 (sector,)   how many of their symbols each sector has
    mood : float64 (E, sector)    sentiment of the sectors
    weights : float64 (sector,)   scratch
    view : MarketView
    ledger, terms : read only
    moment : Moment
    out : Outbox                  at most one order per rotator and symbol

    Returns
    -------
    int    how many woke
    """
    woken = 0
    for i in range(rows.agent.shape[0]):
        env = rows.env[i]
        tick = moment.tick[env]
        loudest = loudest_news(view, env * terms.symbols, terms.symbols)
        heard = loudest > 0.0 and loudest >= rows.threshold[i]
        if not heard and tick < rows.wake_tick[i]:
            continue
        if not has_turn(rows, i, rows.agent[i], moment, Stream.REACTIVE):
            continue
        woken += 1
        rows.wake_tick[i] = tick + max(np.int64(rows.interval[i]), 1)
        sector_weights(mood[env], rows.scale[i], rows.floor[i], rows.cap[i], members, weights)
        _rebalance(rows, i, symbols, sector, members, weights, view, ledger, terms, tick, out)
    return woken
