"""What an agent may sell that it does not have (docs/adr/0010-rules-of-the-market.md)."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Reason

from ._jit import kernel
from .ledger import fee, located

MOST_VALUE = 1 << 57  # more than any account can carry; larger values count as this
BPS = 10_000


class ShortTerms(NamedTuple):
    """What holds for borrowing in the whole run."""

    initial_bps: int  # margin at an order
    maintenance_bps: int  # margin below which a short is bought in
    fee_bps: int  # per year
    recall_ticks: int
    ticks_per_year: int


@kernel
def value_of(price, qty):
    """price * qty, or MOST_VALUE where that is larger; neither is negative."""
    if np.float64(price) * np.float64(qty) > np.float64(MOST_VALUE):
        return np.int64(MOST_VALUE)
    return price * qty


@kernel
def bps_of(value, bps):
    """A part of a value in basis points, rounded down."""
    return value // BPS * bps + value % BPS * bps // BPS


@kernel
def lendable(holdings, m, terms):
    """Shares that a market lends in all, short ones included."""
    unheld = holdings.outstanding[m] - holdings.held[m] - holdings.short[m]
    return fee(max(unheld, 0), terms.pool_ppm)


@kernel
def covering(ledger, row, symbol, qty):
    """How many of `qty` more shares would cover a short, after all live buys."""
    missing = -ledger.positions.qty[row, symbol] - ledger.exposures.open_buys[row, symbol]
    return min(qty, max(missing, 0))


@kernel
def margin_needed(ledger, terms, shorts, last, env, agent, covers):
    """Cash that an agent's shorts and located shares ask for.

    Parameters
    ----------
    last : int64 (market,)    prices at which they are valued
    covers : (symbol, qty)    shares that are taken as covered already
    """
    row = env * terms.agents + agent
    positions = ledger.positions
    total = np.int64(0)
    for symbol in range(terms.symbols):
        promised = located(positions, row, symbol)
        if promised == 0:
            continue
        short = max(-positions.qty[row, symbol], 0)
        pending = promised - short
        if symbol == covers[0]:
            short -= min(covers[1], short)
        price = last[env * terms.symbols + symbol]
        value = value_of(price, short)
        total += value + bps_of(value, shorts.initial_bps)
        total += bps_of(value_of(price, pending), shorts.initial_bps)
        total = min(total, np.int64(1) << 61)
    return total


@kernel
def check_short(ledger, terms, shorts, last, order):
    """Reason to refuse a sell beyond an agent's free shares, or NONE.

    `order` is (market, agent, price, quantity).
    """
    m, agent, price, qty = order
    env, symbol = m // terms.symbols, m % terms.symbols
    row = env * terms.agents + agent
    positions, accounts = ledger.positions, ledger.accounts
    after = positions.reserved[row, symbol] + qty - positions.qty[row, symbol]
    more = after - located(positions, row, symbol)
    if after > terms.max_short:
        return Reason.SHORT_LIMIT
    if ledger.holdings.located[m] + more > lendable(ledger.holdings, m, terms):
        return Reason.NO_BORROW
    dear = max(price, last[m])
    need = margin_needed(ledger, terms, shorts, last, env, agent, (np.int64(-1), np.int64(0)))
    need += bps_of(value_of(dear, more), shorts.initial_bps) + value_of(dear - price, more)
    if need > accounts.cash[row] - accounts.reserved[row]:
        return Reason.INSUFFICIENT_MARGIN
    return Reason.NONE


@kernel
def check_purchase(ledger, terms, shorts, last, order):
    """Reason to refuse a buy of an agent that may be short, or NONE; its cash covers the cost.

    `order` is (market, agent, cost, quantity).
    """
    m, agent, cost, qty = order
    env, symbol = m // terms.symbols, m % terms.symbols
    row = env * terms.agents + agent
    covered = covering(ledger, row, symbol, qty)
    if covered == qty:
        return Reason.NONE
    accounts = ledger.accounts
    need = margin_needed(ledger, terms, shorts, last, env, agent, (symbol, covered))
    if need > accounts.cash[row] - accounts.reserved[row] - cost:
        return Reason.INSUFFICIENT_MARGIN
    return Reason.NONE


@kernel
def borrowable(ledger, terms, row, symbol):
    """Shares that an account may still borrow, margin aside; 0 if it may not sell short."""
    if terms.shorts == 0 or ledger.accounts.may_short[row] == 0:
        return np.int64(0)
    m = row // terms.agents * terms.symbols + symbol
    left = lendable(ledger.holdings, m, terms) - ledger.holdings.located[m]
    return max(min(terms.max_short - located(ledger.positions, row, symbol), left), 0)


@kernel
def sellable(ledger, terms, row, symbol):
    """Shares that an account may sell: those that are free, and what it may still borrow."""
    free = ledger.positions.qty[row, symbol] - ledger.positions.reserved[row, symbol]
    return max(free, 0) + borrowable(ledger, terms, row, symbol)
