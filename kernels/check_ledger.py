"""Do money and shares add up, and is what is reserved what live orders ask for?"""

import numpy as np

from qtg.schemas import Account

from ._jit import kernel
from .tally import Invariant, expect, note


@kernel
def _check_cash(ledger, asked, row, tally):
    """One ordinary account's cash."""
    cash, reserved = ledger.accounts.cash[row], ledger.accounts.reserved[row]
    if cash - reserved < 0:
        note(tally, Invariant.CASH_NOT_NEGATIVE, row, cash - reserved, 0)
    expect(tally, Invariant.CASH_RESERVED, row, reserved, asked.cash[row])


@kernel
def _check_position(ledger, asked, row, symbol, tally):
    """One ordinary account's shares of one symbol."""
    positions = ledger.positions
    qty, reserved = positions.qty[row, symbol], positions.reserved[row, symbol]
    if ledger.accounts.may_short[row] == 0:
        if qty - reserved < 0:
            note(tally, Invariant.SHARES_NOT_NEGATIVE, row, qty - reserved, 0)
        if positions.cost[row, symbol] < 0:
            note(tally, Invariant.SHARES_NOT_NEGATIVE, row, positions.cost[row, symbol], 0)
    expect(tally, Invariant.SHARES_RESERVED, row, reserved, asked.sells[row, symbol])


@kernel
def _check_market(ledger, asked, terms, m, tally):
    """Sums over the accounts of one market."""
    positions, holdings, symbol = ledger.positions, ledger.holdings, m % terms.symbols
    first = (m // terms.symbols) * terms.agents
    total, held, short, located = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    buys = np.int64(0)
    for row in range(first, first + terms.agents):
        qty = positions.qty[row, symbol]
        total += qty
        if row - first != Account.POOL:
            held += qty
        if row - first >= Account.FIRST_AGENT:
            short += max(-qty, 0)
            located += max(positions.reserved[row, symbol] - qty, 0)
            buys += asked.buys[row, symbol]
            if terms.exposures != 0:
                open_buys = ledger.exposures.open_buys[row, symbol]
                expect(tally, Invariant.OPEN_BUYS, m, open_buys, asked.buys[row, symbol])
    expect(tally, Invariant.SHARES_CONSERVED, m, total, holdings.outstanding[m])
    expect(tally, Invariant.HELD, m, holdings.held[m], held)
    expect(tally, Invariant.SHORTS, m, holdings.short[m], short)
    expect(tally, Invariant.LOCATED, m, holdings.located[m], located)
    expect(tally, Invariant.OPEN_BUYS, m, holdings.open_buys[m], buys)


@kernel
def check_ledger(ledger, asked, terms, tally):
    """Check every account, every position and their sums.

    Parameters
    ----------
    ledger : Ledger     read only
    asked : Asked       what live orders ask for, from `check_books` and `check_queue`
    terms : LedgerTerms
    tally : Tally       modified in place
    """
    accounts = ledger.accounts
    for env in range(accounts.cash.shape[0] // terms.agents):
        first = env * terms.agents
        drift, fees = np.int64(0), np.int64(0)
        for row in range(first, first + terms.agents):
            drift += accounts.cash[row] - accounts.start_cash[row]
            fees += accounts.borrow_fees[row]
        expect(tally, Invariant.CASH_CONSERVED, env, drift, 0)
        expect(tally, Invariant.BORROW_FEES, env, fees, 0)
        for row in range(first + Account.FIRST_AGENT, first + terms.agents):
            _check_cash(ledger, asked, row, tally)
            for symbol in range(terms.symbols):
                _check_position(ledger, asked, row, symbol, tally)
    for m in range(ledger.holdings.outstanding.shape[0]):
        _check_market(ledger, asked, terms, m, tally)
