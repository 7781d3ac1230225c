"""Tier 2: agents that wake on a condition, act by a simple rule, and set their next condition.

The rows are sorted by market and lie in blocks of 64. A block keeps the nearest of its rows'
conditions, so that a tick opens only the blocks in which somebody may wake: a million sleepers cost
sixteen thousand comparisons. What the woken choose goes to the `next_*` columns and holds after the
tick (`apply_updates`), when their blocks are looked over again.
"""

import numpy as np

from qtg.schemas import NO_ROW, Account, ExecType, ReactiveKind, Stream, Wake

from ._jit import kernel
from .outbox import opposite_price, put_expiring
from .shorts import sellable
from .turns import has_turn

NEVER = 1 << 62


@kernel
def refresh_block(rows, blocks, b):
    """Gather the nearest conditions of a block's rows (blocks modified in place)."""
    below, above, wake_tick, news = np.int64(0), np.int64(NEVER), np.int64(NEVER), np.inf
    for i in range(blocks.first[b], blocks.end[b]):
        below = max(below, rows.below[i])
        if rows.above[i] > 0:
            above = min(above, rows.above[i])
        if rows.wake_tick[i] > 0:
            wake_tick = min(wake_tick, rows.wake_tick[i])
        if rows.filled[i] != 0:
            wake_tick = np.int64(0)
        news = min(news, rows.news[i])
    blocks.below[b], blocks.above[b] = below, above
    blocks.wake_tick[b], blocks.news[b] = wake_tick, news


@kernel
def refresh_blocks(rows, blocks):
    """Gather the conditions of all blocks (blocks modified in place)."""
    for b in range(blocks.market.shape[0]):
        refresh_block(rows, blocks, b)


@kernel
def _reason_to_wake(rows, i, last, news, tick):
    if rows.below[i] > 0 and last <= rows.below[i]:
        return Wake.PRICE_BELOW
    if rows.above[i] > 0 and last >= rows.above[i]:
        return Wake.PRICE_ABOVE
    if rows.filled[i] != 0:
        return Wake.FILL
    if rows.wake_tick[i] > 0 and tick >= rows.wake_tick[i]:
        return Wake.INTERVAL
    if news > 0.0 and news >= rows.news[i]:
        return Wake.NEWS
    return Wake.ASLEEP


@kernel
def wake(rows, blocks, woken, before, view, moment):
    """Find who wakes and why; returns how many.

    Parameters
    ----------
    rows : ReactiveRows    `woken` modified in place
    blocks : WatchBlocks
    woken : int32 (row,)   modified in place: the rows that wake, ascending; on entry the `before`
                           rows that woke in the tick before, who fall asleep
    view : MarketView
    moment : Moment
    """
    for k in range(before):
        rows.woken[woken[k]] = Wake.ASLEEP
    n = 0
    market, tick = np.int64(NO_ROW), np.int64(0)
    for b in range(blocks.market.shape[0]):
        m = np.int64(blocks.market[b])
        if m != market:
            market, tick = m, moment.tick[rows.env[blocks.first[b]]]
        last, news = view.last[m], abs(view.news[m])
        if (
            last > blocks.below[b]
            and last < blocks.above[b]
            and tick < blocks.wake_tick[b]
            and (news == 0.0 or news < blocks.news[b])
        ):
            continue
        for i in range(blocks.first[b], blocks.end[b]):
            reason = _reason_to_wake(rows, i, last, news, tick)
            if reason == Wake.ASLEEP:
                continue
            if has_turn(rows, i, rows.agent[i], moment, Stream.REACTIVE):
                rows.woken[i] = reason
                woken[n] = i
                n += 1
    return n


@kernel
def _send(rows, i, view, ledger, terms, tick, out, side):
    """A marketable limit order of the agent's size, as far as cash or shares allow."""
    symbol = np.int64(rows.symbol[i])
    m = rows.env[i] * terms.symbols + symbol
    row = rows.env[i] * terms.agents + rows.agent[i]
    lot = view.lot_size[m]
    qty = max(np.int64(rows.size[i]) // lot, 1) * lot
    price = opposite_price(view, m, side)
    accounts = ledger.accounts
    if side > 0:
        affordable = (accounts.cash[row] - accounts.reserved[row]) // price
        qty = min(qty, affordable // lot * lot)
    else:
        qty = min(qty, sellable(ledger, terms, row, symbol) // lot * lot)
    if qty > 0:
        put_expiring(out, rows, i, m, side, price, qty, tick)


@kernel
def _forget(rows, i):
    """No condition at all: what follows sets those that it wants."""
    rows.next_below[i] = 0
    rows.next_above[i] = 0
    rows.next_wake_tick[i] = 0
    rows.next_news[i] = np.inf
    rows.next_on_fill[i] = 0


@kernel
def _rest_until(rows, i, tick):
    """Sleep through the interval, then look again."""
    rows.next_wake_tick[i] = tick + max(np.int64(rows.interval[i]), 1)


@kernel
def _watch(rows, i, last, side, move):
    """Wake when the price has moved by `move` from here: down for a buyer, up for a seller."""
    rows.next_reference[i] = last
    distance = max(np.int64(np.float64(last) * move), 1)
    if side > 0:
        rows.next_below[i] = max(last - distance, 1)
    else:
        rows.next_above[i] = last + distance


@kernel
def _trade_threshold(rows, i, view, ledger, terms, tick, out, side):
    """Buy a dip (or sell a rise); once filled take the profit, if it wants one; then rest."""
    last = view.last[rows.env[i] * terms.symbols + rows.symbol[i]]
    woken = rows.woken[i]
    if woken == Wake.INTERVAL:
        _watch(rows, i, last, side, rows.threshold[i])
    elif woken == Wake.FILL:
        _watch(rows, i, last, -side, rows.take_profit[i])
    else:
        dip = woken == Wake.PRICE_BELOW
        _send(rows, i, view, ledger, terms, tick, out, 1 if dip else -1)
        _rest_until(rows, i, tick)
        if rows.take_profit[i] > 0.0 and dip == (side > 0):
            rows.next_on_fill[i] = 1


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
        rows.next_news[i] = rows.threshold[i]


@kernel
def react(rows, woken, n, view, ledger, terms, moment, out):
    """Every woken agent acts once; its next condition goes to the `next_*` columns.

    Parameters
    ----------
    rows : ReactiveRows    `next_*` modified in place
    woken : int32 (row,)   the first `n` are the rows that woke
    view : MarketView
    ledger, terms : read only
    moment : Moment
    out : Outbox           at most 1 order per row
    """
    for k in range(n):
        i = woken[k]
        kind, tick = rows.kind[i], moment.tick[rows.env[i]]
        _forget(rows, i)
        if kind == ReactiveKind.MOMENTUM_FOLLOWER:
            _follow_momentum(rows, i, view, ledger, terms, tick, out)
        elif kind == ReactiveKind.NEWS_REACTOR:
            _follow_news(rows, i, view, ledger, terms, tick, out)
        else:
            side = 1 if kind == ReactiveKind.THRESHOLD_BUYER else -1
            _trade_threshold(rows, i, view, ledger, terms, tick, out, side)


@kernel
def apply_updates(rows, blocks, woken, n):
    """Put the collected conditions into force, after the tick (rows, blocks modified in place)."""
    b = np.int64(NO_ROW)
    for k in range(n):
        i = woken[k]
        rows.below[i] = rows.next_below[i]
        rows.above[i] = rows.next_above[i]
        rows.wake_tick[i] = rows.next_wake_tick[i]
        rows.news[i] = rows.next_news[i]
        rows.on_fill[i] = rows.next_on_fill[i]
        rows.reference[i] = rows.next_reference[i]
        rows.filled[i] = 0
        if b != rows.block[i]:
            if b != NO_ROW:
                refresh_block(rows, blocks, b)
            b = np.int64(rows.block[i])
    if b != NO_ROW:
        refresh_block(rows, blocks, b)


@kernel
def _note_fill(rows, blocks, rows_of, row, symbol):
    for place in range(rows_of.shape[1]):
        i = rows_of[row, place]
        if i != NO_ROW and rows.symbol[i] == symbol and rows.on_fill[i] != 0:
            rows.filled[i] = 1
            blocks.wake_tick[rows.block[i]] = 0


@kernel
def note_fills(events, lo, hi, rows, blocks, rows_of, terms):
    """Wake those who wait for a change of their portfolio (rows, blocks modified in place).

    Parameters
    ----------
    events : Events          rows lo .. hi-1 are this tick's
    rows_of : int32 (environment * agents, n)   the rows of each agent, else NO_ROW
    """
    for k in range(lo, hi):
        if events.exec_type[k] != ExecType.TRADE:
            continue
        symbol = events.market[k] % terms.symbols
        first = (events.market[k] // terms.symbols) * terms.agents
        for agent in (events.agent[k], events.contra_agent[k]):
            if agent >= Account.FIRST_AGENT:
                _note_fill(rows, blocks, rows_of, first + agent, symbol)
