"""What learners may look at: a row of plain numbers for each of them, and features of it.

A scene row holds, for each symbol, `MARKET` columns, mids of earlier steps (newest first) and
readings of indicators; then `ACCOUNT` columns. Money is in currency.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import PRICE_SCALE

from ._jit import kernel
from .ladder import NO_KEY, occupied_at_or_below
from .market import market_book
from .view import read_books

MARKET = (
    "bid",
    "ask",
    "mid",
    "last",
    "bid_qty",
    "ask_qty",
    "near_bid_qty",
    "near_ask_qty",
    "deep_bid_qty",
    "deep_ask_qty",
    "volume",
    "sentiment",
    "news",
    "position",
    "cost",
)
BID, ASK, MID, LAST, BID_QTY, ASK_QTY, NEAR_BID, NEAR_ASK, DEEP_BID, DEEP_ASK = range(10)
VOLUME, SENTIMENT, NEWS, POSITION, COST = range(10, len(MARKET))
ACCOUNT = ("cash", "reserved", "equity", "start", "step", "left", "remaining", "arrival")
CASH, RESERVED, EQUITY = range(3)  # of an account; the others are written by those who know them

VALUE, LOG_RATIO, DIFFERENCE, RATIO, IMBALANCE, SHARE, RELATIVE = range(7)


class SceneTerms(NamedTuple):
    """Who looks at what, and how a scene row is laid out."""

    symbol: np.ndarray  # int64 (symbol,): of those that an environment lists
    agent: np.ndarray  # int64 (k,): who looks, by row among an environment's agents
    listed: int  # symbols of an environment
    agents: int  # of an environment
    near: int  # price levels that count as near
    deep: int  # and as deep
    history: int  # earlier mids
    width: int  # columns of a symbol


class Plan(NamedTuple):
    """Features, one element each: an operation on up to three columns, then a line, then bounds."""

    operation: np.ndarray  # int64 (feature,)
    x: np.ndarray  # int64 (feature,): columns of the scene
    y: np.ndarray  # int64 (feature,)
    z: np.ndarray  # int64 (feature,)
    shift: np.ndarray  # float64 (feature,): taken away
    scale: np.ndarray  # float64 (feature,): then multiplied with
    low: np.ndarray  # float64 (feature,): bounds of what comes out
    high: np.ndarray  # float64 (feature,)


@kernel
def depth_of(book, first, near, deep):
    """Open quantity of a side's best `near`, and of its best `deep`, price levels; `first` is its
    first ladder. Levels beyond the book's window do not count."""
    ladders, levels = book.ladders, book.levels
    key = max(ladders[first].best, ladders[first + 1].best)
    some, total = np.int64(0), np.int64(0)
    for level in range(deep):
        if key == NO_KEY:
            break
        for r in (first, first + 1):
            if occupied_at_or_below(book, r, key) == key:
                total += levels[r, key & (levels.shape[1] - 1)].qty
        if level < near:
            some = total
        key = max(
            occupied_at_or_below(book, first, key - 1),
            occupied_at_or_below(book, first + 1, key - 1),
        )
    return some, total


@kernel
def _look_at_market(books, view, moods, volume, readings, m, terms, row):
    """Write what everybody sees of market `m`; `row` begins with its first column."""
    book = market_book(books, m)
    past = len(MARKET)
    for lag in range(terms.history - 1, 0, -1):
        row[past + lag] = row[past + lag - 1]
    if terms.history:
        row[past] = row[MID]
    near_bid, deep_bid = depth_of(book, 0, terms.near, terms.deep)
    near_ask, deep_ask = depth_of(book, 2, terms.near, terms.deep)
    row[BID] = view.bid[m] / PRICE_SCALE
    row[ASK] = view.ask[m] / PRICE_SCALE
    row[MID] = view.mid[m] / PRICE_SCALE
    row[LAST] = view.last[m] / PRICE_SCALE
    row[BID_QTY] = view.bid_qty[m]
    row[ASK_QTY] = view.ask_qty[m]
    row[NEAR_BID] = near_bid
    row[NEAR_ASK] = near_ask
    row[DEEP_BID] = deep_bid
    row[DEEP_ASK] = deep_ask
    row[VOLUME] = volume[m]
    volume[m] = 0
    row[SENTIMENT] = moods.sentiment[m]
    row[NEWS] = moods.news[m]
    for r in range(readings.shape[0]):
        row[past + terms.history + r] = readings[r, m]


@kernel
def _look_at_account(ledger, view, env, agent, terms, row):
    """Write what an agent sees of its own account, to its scene."""
    account = env * terms.agents + agent
    equity = np.float64(ledger.accounts.cash[account])
    for k in range(len(terms.symbol)):
        symbol, at = terms.symbol[k], k * terms.width
        held = ledger.positions.qty[account, symbol]
        row[at + POSITION] = held
        row[at + COST] = ledger.positions.cost[account, symbol] / PRICE_SCALE
        equity += np.float64(held) * np.float64(view.mid[env * terms.listed + symbol])
    at = len(terms.symbol) * terms.width
    row[at + CASH] = ledger.accounts.cash[account] / PRICE_SCALE
    row[at + RESERVED] = ledger.accounts.reserved[account] / PRICE_SCALE
    row[at + EQUITY] = equity / PRICE_SCALE


@kernel
def look(books, view, moods, volume, readings, ledger, terms, chosen, out):
    """Write the scenes of each environment in `chosen`, a row for each who looks (out modified in
    place).

    Parameters
    ----------
    books : Book
    view : MarketView                      written as well, but for sentiment and news
    moods : MarketView                     the same markets, with sentiment and news
    volume : int64 (market,)               traded since the last look; 0 from then on
    readings : float64 (reading, market)
    ledger : Ledger
    terms : SceneTerms
    chosen : int64 (n,)                    environments
    out : float64 (E * k, column)          the last columns of an account are written by others
    """
    read_books(books, view)
    lookers, columns = len(terms.agent), len(terms.symbol) * terms.width
    for c in range(len(chosen)):
        env = chosen[c]
        first = env * lookers
        for k in range(len(terms.symbol)):
            m, its = env * terms.listed + terms.symbol[k], out[first, k * terms.width :]
            _look_at_market(books, view, moods, volume, readings, m, terms, its)
        for j in range(lookers):
            if j:
                for at in range(columns):
                    out[first + j, at] = out[first, at]
            _look_at_account(ledger, view, env, terms.agent[j], terms, out[first + j])


@kernel
def _feature(row, operation, x, y, z):
    """The value of a feature before its line; 0 where it is not defined."""
    a, b = row[x], row[y]
    if operation == VALUE:
        return a
    if operation == LOG_RATIO:
        return np.log(a / b) if a > 0.0 and b > 0.0 else 0.0
    if operation == DIFFERENCE:
        return a - b
    if operation == RATIO:
        return a / b if b != 0.0 else 0.0
    if operation == IMBALANCE:
        return (a - b) / (a + b) if a + b != 0.0 else 0.0
    if operation == SHARE:
        return a / (a + b) if a + b != 0.0 else 0.5
    return (a - b) / row[z] if row[z] != 0.0 else 0.0  # RELATIVE


@kernel
def observe(scene, plan, out):
    """Write the features of every scene (float64 (row, feature), out modified in place)."""
    for i in range(scene.shape[0]):
        row = scene[i]
        for j in range(len(plan.operation)):
            value = _feature(row, plan.operation[j], plan.x[j], plan.y[j], plan.z[j])
            value = (value - plan.shift[j]) * plan.scale[j]
            if np.isnan(value):
                value = 0.0
            out[i, j] = min(max(value, plan.low[j]), plan.high[j])
