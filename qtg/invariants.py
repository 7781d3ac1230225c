"""What must hold after every tick, checked in bulk."""

import numpy as np

from qtg.kernels.ladder import NO_KEY
from qtg.schemas import LADDERS, Account

from .errors import InvariantError
from .exchange import Exchange


def check_invariants(exchange: Exchange) -> None:
    """Check money, shares and books of every environment.

    Raises
    ------
    InvariantError    names what is inconsistent and where
    """
    n, symbols = exchange.n_agents, exchange.terms.symbols
    ledger, outstanding = exchange.ledger, exchange.ledger.holdings.outstanding
    accounts, positions = ledger.accounts, ledger.positions
    for env in range(len(exchange.venue.envs)):
        rows = slice(env * n, (env + 1) * n)
        markets = slice(env * symbols, (env + 1) * symbols)
        drift = int((accounts.cash[rows] - accounts.start_cash[rows]).sum())
        _require(drift == 0, f"cash is not conserved in environment {env}: off by {drift}")
        shares = positions.qty[rows].sum(axis=0)
        _require(
            np.array_equal(shares, outstanding[markets]),
            f"shares are not conserved in environment {env}: {shares} of {outstanding[markets]}",
        )
    _check_agents(exchange)
    _check_shorts(exchange)
    _check_books(exchange)


def _check_agents(exchange: Exchange) -> None:
    accounts, positions = exchange.ledger.accounts, exchange.ledger.positions
    ordinary = np.arange(len(accounts.cash)) % exchange.n_agents >= Account.FIRST_AGENT
    owners = ordinary & (accounts.may_short == 0)  # others may be short
    for name, short in (
        ("reserved cash", accounts.reserved[ordinary]),
        ("free cash", (accounts.cash - accounts.reserved)[ordinary]),
        ("reserved shares", positions.reserved[ordinary]),
        ("free shares", (positions.qty - positions.reserved)[owners]),
        ("cost", positions.cost[owners]),
    ):
        _require(short.size == 0 or int(short.min()) >= 0, f"an agent's {name} is negative")


def _check_shorts(exchange: Exchange) -> None:
    """What the markets say is short and located is what the accounts say."""
    ledger, n = exchange.ledger, exchange.n_agents
    qty, reserved = ledger.positions.qty, ledger.positions.reserved
    ordinary = np.arange(len(qty)) % n >= Account.FIRST_AGENT
    for name, each, told in (
        ("short", -qty, ledger.holdings.short),
        ("located", reserved - qty, ledger.holdings.located),
    ):
        shares = np.where(ordinary[:, None], np.maximum(each, 0), 0)
        total = shares.reshape(-1, n, exchange.terms.symbols).sum(axis=1).ravel()
        wrong = np.flatnonzero(total != told)
        for m in wrong[:1]:
            _require(False, f"market {m}: {total[m]} shares are {name}, but {told[m]} are counted")
    fees = ledger.accounts.borrow_fees.reshape(-1, n).sum(axis=1)
    _require(not fees.any(), f"borrow fees paid are not those received: off by {fees}")


def _check_books(exchange: Exchange) -> None:
    best = exchange.venue.book_columns.ladders.best.reshape(-1, LADDERS)
    trading = ~exchange.venue.gathering  # orders that gather for an auction may cross
    for others, pool in ((0, 2), (0, 3), (1, 2), (1, 3)):
        both = (best[:, others] != NO_KEY) & (best[:, pool] != NO_KEY)
        crossed = both & (best[:, others] + best[:, pool] >= 0) & trading
        _require(not crossed.any(), f"market {crossed.argmax()} is locked or crossed")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InvariantError(message)
