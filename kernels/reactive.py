"""Tier 2: agents that wake on a condition, act by a simple rule, and set their next condition."""

import numpy as np

from qtg.schemas import ReactiveKind, Stream, Wake

from ._jit import kernel
from .outbox import put_limit
from .random import lane
from .turns import has_turn


@kernel
def wake(rows, view, symbols, random, tick):
    """Find who wakes and why (rows.woken, modified in place); returns how many."""
    seed, envs = random
    n = 0
    for i in range(rows.agent.shape[0]):
        m = rows.env[i] * symbols + rows.symbol[i]
        last = view.last[m]
        reason = Wake.ASLEEP
        if rows.below[i] > 0 and last <= rows.below[i]:
            reason = Wake.PRICE_BELOW
        elif rows.above[i] > 0 and last >= rows.above[i]:
            reason = Wake.PRICE_ABOVE
        elif rows.wake_tick[i] > 0 and tick >= rows.wake_tick[i]:
            reason = Wake.INTERVAL
        elif (
            rows.kind[i] == ReactiveKind.NEWS_REACTOR
            and rows.wake_tick[i] == 0
            and view.news[m] != 0.0
            and abs(view.news[m]) >= rows.threshold[i]
        ):
            reason = Wake.NEWS
        if reason != Wake.ASLEEP:
            lane_word = lane(envs[rows.env[i]], Stream.REACTIVE)
            if not has_turn(rows, i, rows.agent[i], tick, seed, lane_word):
                reason = Wake.ASLEEP
        rows.woken[i] = reason
        n += reason != Wake.ASLEEP
    return n


@kernel
def _send(rows, i, view, ledger, terms, tick, out, side):
    """A marketable limit order of the agent's size, as far as cash or shares allow."""
    symbol, agent = np.int64(rows.symbol[i]), np.int64(rows.agent[i])
    m = rows.env[i] * terms.symbols + symbol
    row = rows.env[i] * terms.agents + agent
    lot, step = view.lot_size[m], view.tick_size[m]
    qty = max(np.int64(rows.size[i]) // lot, 1) * lot
    best = view.ask[m] if side > 0 else view.bid[m]
    price = best if best > 0 else view.last[m] // step * step
    price = max(price, step)
    accounts, positions = ledger.accounts, ledger.positions
    if side > 0:
        affordable = (accounts.cash[row] - accounts.reserved[row]) // price
        qty = min(qty, affordable // lot * lot)
    else:
        free = positions.qty[row, symbol] - positions.reserved[row, symbol]
        qty = min(qty, free // lot * lot)
    if qty > 0:
        expire = tick + rows.latency[i] + max(np.int64(rows.lifetime[i]), 1)
        put_limit(out, m, agent, rows.latency[i], side, price, qty, expire)


@kernel
def _rest_until(rows, i, tick):
    """Sleep through the interval, then look again."""
    rows.next_below[i] = 0
    rows.next_above[i] = 0
    rows.next_wake_tick[i] = tick + max(np.int64(rows.interval[i]), 1)


@kernel
def _watch(rows, i, last, side):
    """Wake when the price has moved by the threshold from here, down for buyers, up for sellers."""
    rows.next_reference[i] = last
    rows.next_wake_tick[i] = 0
    move = max(np.int64(np.float64(last) * rows.threshold[i]), 1)
    rows.next_below[i] = max(last - move, 1) if side > 0 else 0
    rows.next_above[i] = last + move if side < 0 else 0


@kernel
def _follow_momentum(rows, i, view, ledger, terms, tick, out):
    """Buy what has risen, sell what has fallen since the last look."""
    last = view.last[rows.env[i] * terms.symbols + rows.symbol[i]]
    reference = rows.reference[i]
    move = np.float64(last - reference) / np.float64(max(reference, 1))
    if move > rows.threshold[i]:
        _send(rows, i, view, ledger, terms, tick, out, 1)
    elif move < -rows.threshold[i]:
        _send(rows, i, view, ledger, terms, tick, out, -1)
    _rest_until(rows, i, tick)
    rows.next_reference[i] = last


@kernel
def _follow_news(rows, i, view, ledger, terms, tick, out):
    """Go the way of the news that woke it, then rest; after a rest, listen again."""
    if rows.woken[i] == Wake.NEWS:
        news = view.news[rows.env[i] * terms.symbols + rows.symbol[i]]
        _send(rows, i, view, ledger, terms, tick, out, 1 if news > 0.0 else -1)
        _rest_until(rows, i, tick)
    else:
        rows.next_wake_tick[i] = 0


@kernel
def react(rows, view, ledger, terms, tick, out):
    """Every woken agent acts once; its next condition goes to the `next_*` columns.

    Parameters
    ----------
    rows : ReactiveRows    `next_*` modified in place
    view : MarketView
    ledger, terms : read only
    out : Outbox           at most 1 order per agent
    """
    for i in range(rows.agent.shape[0]):
        woken = rows.woken[i]
        if woken == Wake.ASLEEP:
            continue
        if rows.kind[i] == ReactiveKind.MOMENTUM_FOLLOWER:
            _follow_momentum(rows, i, view, ledger, terms, tick, out)
            continue
        if rows.kind[i] == ReactiveKind.NEWS_REACTOR:
            _follow_news(rows, i, view, ledger, terms, tick, out)
            continue
        side = 1 if rows.kind[i] == ReactiveKind.THRESHOLD_BUYER else -1
        if woken == Wake.INTERVAL:
            _watch(rows, i, view.last[rows.env[i] * terms.symbols + rows.symbol[i]], side)
        else:
            _send(rows, i, view, ledger, terms, tick, out, side)
            _rest_until(rows, i, tick)


@kernel
def apply_updates(rows):
    """Put the collected conditions into force, after the tick (modified in place)."""
    for i in range(rows.agent.shape[0]):
        if rows.woken[i] != Wake.ASLEEP:
            rows.below[i] = rows.next_below[i]
            rows.above[i] = rows.next_above[i]
            rows.wake_tick[i] = rows.next_wake_tick[i]
            rows.reference[i] = rows.next_reference[i]
