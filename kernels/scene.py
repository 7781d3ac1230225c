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
    """How a scene row is laid out."""

    symbols: int
    agents: int  # of an environment
    learner: int  # the row of the first learner among them
    learners: int  # of an environment; their rows follow each other
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
def _look_at_markets(books, view, volume, readings, terms, env, row):
    """What all learners of an environment see of its markets (row modified in place)."""
    for symbol in range(terms.symbols):
        m = env * terms.symbols + symbol
        at = symbol * terms.width
        book = market_book(books, m)
        past = at + len(MARKET)
        for lag in range(terms.history - 1, 0, -1):
            row[past + lag] = row[past + lag - 1]
        if terms.history:
            row[past] = row[at + MID]
        near_bid, deep_bid = depth_of(book, 0, terms.near, terms.deep)
        near_ask, deep_ask = depth_of(book, 2, terms.near, terms.deep)
        row[at + BID] = view.bid[m] / PRICE_SCALE
        row[at + ASK] = view.ask[m] / PRICE_SCALE
        row[at + MID] = view.mid[m] / PRICE_SCALE
        row[at + LAST] = view.last[m] / PRICE_SCALE
        row[at + BID_QTY] = view.bid_qty[m]
        row[at + ASK_QTY] = view.ask_qty[m]
        row[at + NEAR_BID] = near_bid
        row[at + NEAR_ASK] = near_ask
        row[at + DEEP_BID] = deep_bid
        row[at + DEEP_ASK] = deep_ask
        row[at + VOLUME] = volume[m]
        row[at + SENTIMENT] = view.sentiment[m]
        row[at + NEWS] = view.news[m]
        for r in range(readings.shape[0]):
            row[past + terms.history + r] = readings[r, m]


@kernel
def _look_at_account(view, ledger, terms, env, learner, row):
    """What one learner sees of his own account (row modified in place)."""
    account = env * terms.agents + terms.learner + learner
    equity = np.float64(ledger.accounts.cash[account])
    for symbol in range(terms.symbols):
        at = symbol * terms.width
        held = ledger.positions.qty[account, symbol]
        row[at + POSITION] = held
        row[at + COST] = ledger.positions.cost[account, symbol] / PRICE_SCALE
        equity += np.float64(held) * np.float64(view.mid[env * terms.symbols + symbol])
    at = terms.symbols * terms.width
    row[at + CASH] = ledger.accounts.cash[account] / PRICE_SCALE
    row[at + RESERVED] = ledger.accounts.reserved[account] / PRICE_SCALE
    row[at + EQUITY] = equity / PRICE_SCALE


@kernel
def look(books, view, volume, readings, ledger, terms, chosen, out):
    """Write the scenes of each environment in `chosen` (out modified in place).

    Parameters
    ----------
    books : Book
    view : MarketView                      just read
    volume : int64 (market,)               traded since the last look
    readings : float64 (reading, market)
    ledger : Ledger
    terms : SceneTerms
    chosen : int64 (k,)                    environments
    out : float64 (E * learners, column)   the last columns of an account are written by others
    """
    for c in range(len(chosen)):
        env = chosen[c]
        first = out[env * terms.learners]
        _look_at_markets(books, view, volume, readings, terms, env, first)
        for learner in range(terms.learners):
            row = out[env * terms.learners + learner]
            if learner:
                for at in range(terms.symbols * terms.width):
                    row[at] = first[at]
            _look_at_account(view, ledger, terms, env, learner, row)


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
    for k in range(scene.shape[0]):
        row = scene[k]
        for j in range(len(plan.operation)):
            value = _feature(row, plan.operation[j], plan.x[j], plan.y[j], plan.z[j])
            value = (value - plan.shift[j]) * plan.scale[j]
            if np.isnan(value):
                value = 0.0
            out[k, j] = min(max(value, plan.low[j]), plan.high[j])
