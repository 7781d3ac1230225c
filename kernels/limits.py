"""Limits on what an agent may hold and lose (docs/adr/0010-rules-of-the-market.md)."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Account, Reason

from ._jit import kernel
from .ledger import fee
from .shorts import value_of


class LimitTerms(NamedTuple):
    """What holds for every agent; 0 is no limit."""

    on: int  # 1 if there is any
    position: int  # shares in a symbol, either way
    sector_ppm: int  # of equity, in millionths
    drawdown_ppm: int  # of peak equity, in millionths
    sector: np.ndarray  # int32 (symbol,)


@kernel
def equity(ledger, terms, row, last):
    """Cash and positions of an account at the last prices."""
    first, qty = row // terms.agents * terms.symbols, ledger.positions.qty
    total = ledger.accounts.cash[row]
    for symbol in range(terms.symbols):
        held = qty[row, symbol]
        if held > 0:
            total += value_of(last[first + symbol], held)
        elif held < 0:
            total -= value_of(last[first + symbol], -held)
    return total


@kernel
def raise_peaks(ledger, terms, last):
    """Remember the most that each account was worth (ledger modified in place)."""
    peak = ledger.accounts.peak_equity
    for row in range(peak.shape[0]):
        if row % terms.agents >= Account.FIRST_AGENT:
            peak[row] = max(peak[row], equity(ledger, terms, row, last))


@kernel
def _exposure(ledger, row, symbol, buys, sells):
    """Largest position, either way, that live orders and so many more shares can lead to."""
    held = ledger.positions.qty[row, symbol]
    long = held + ledger.exposures.open_buys[row, symbol] + buys
    short = ledger.positions.reserved[row, symbol] + sells - held
    return max(long, short, 0)


@kernel
def _in_sector(ledger, terms, limits, last, row, symbol):
    """Value of an account's exposures in the other symbols of a symbol's sector."""
    first, total = row // terms.agents * terms.symbols, np.int64(0)
    for other in range(terms.symbols):
        if other != symbol and limits.sector[other] == limits.sector[symbol]:
            shares = _exposure(ledger, row, other, 0, 0)
            total = min(total + value_of(last[first + other], shares), np.int64(1) << 61)
    return total


@kernel
def check_limits(ledger, terms, limits, last, order):
    """Reason to refuse an order that would raise an agent's exposure, or NONE.

    `order` is (market, agent, side, worst price, quantity, whether it is a buy-in).
    """
    m, agent, side, _, qty, is_buy_in = order
    row, symbol = m // terms.symbols * terms.agents + agent, m % terms.symbols
    buys, sells = (qty, np.int64(0)) if side > 0 else (np.int64(0), qty)
    after = _exposure(ledger, row, symbol, buys, sells)
    if is_buy_in or after <= _exposure(ledger, row, symbol, 0, 0):
        return Reason.NONE
    if limits.position > 0 and after > limits.position:
        return Reason.POSITION_LIMIT
    if limits.sector_ppm == 0 and limits.drawdown_ppm == 0:
        return Reason.NONE
    worth = equity(ledger, terms, row, last)
    if limits.sector_ppm > 0:
        exposed = _in_sector(ledger, terms, limits, last, row, symbol) + value_of(last[m], after)
        if exposed > fee(max(worth, 0), limits.sector_ppm):
            return Reason.SECTOR_LIMIT
    peak = ledger.accounts.peak_equity[row]
    if limits.drawdown_ppm > 0 and worth < peak - fee(peak, limits.drawdown_ppm):
        return Reason.DRAWDOWN_LIMIT
    return Reason.NONE
