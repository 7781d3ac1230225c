"""Copies of what a run looks like at the end of a tick: nothing in them changes afterwards."""

from dataclasses import dataclass

import numpy as np

from qtg.schemas import Account, OwnOrders

from ..agents.resting import read_own, rows_of
from ..book import Depth
from ..errors import ConfigError
from ..simulation import Simulation


@dataclass(frozen=True)
class BookCopy:
    """Depth of one symbol after a tick; prices int64 at 1e-4."""

    tick: int
    symbol: str
    bids: Depth
    asks: Depth
    last_price: int


@dataclass(frozen=True)
class Position:
    """What an account has of one symbol; money int64 at 1e-4."""

    qty: int
    reserved: int  # for live sell orders
    cost: int
    realized: int


@dataclass(frozen=True)
class Portfolio:
    """An account after a tick; money int64 at 1e-4.

    `orders` are those that rest in the books, oldest first; `symbol` is a row of the run's symbols.
    """

    tick: int
    agent: int
    cash: int  # reserved part included
    reserved: int  # for live buy orders, at their worst price
    fees: int
    positions: dict[str, Position]  # of every symbol that it has, had or sells
    orders: OwnOrders


def copy_of_book(sim: Simulation, symbol: str, levels: int | None) -> BookCopy:
    """The best `levels` levels of each side, or all."""
    if levels is not None and levels < 0:
        raise ConfigError(f"levels must not be negative, got {levels}")
    book = sim.book(symbol)
    last = int(sim.exchange.view.last[sim.symbols.index(symbol)])
    return BookCopy(sim.tick, symbol, book.bids(levels), book.asks(levels), last)


def portfolio_of(sim: Simulation, agent: int) -> Portfolio:
    """Cash, positions and resting orders of an account of the first environment."""
    exchange = sim.exchange
    if not Account.FIRST_AGENT <= agent < exchange.n_agents:
        raise ConfigError(
            f"no account {agent}; accounts are {int(Account.FIRST_AGENT)} to "
            f"{exchange.n_agents - 1}"
        )
    accounts, positions = exchange.ledger.accounts, exchange.ledger.positions
    own = (positions.qty, positions.reserved, positions.cost, positions.realized)
    rows = (Position(*(int(column[agent, s]) for column in own)) for s in range(len(sim.symbols)))
    held = dict(zip(sim.symbols, rows, strict=True))
    return Portfolio(
        sim.tick,
        agent,
        int(accounts.cash[agent]),
        int(accounts.reserved[agent]),
        int(accounts.fees[agent]),
        {symbol: each for symbol, each in held.items() if each != Position(0, 0, 0, 0)},
        read_own(exchange, 0, rows_of(np.array([agent]), exchange.n_agents)),
    )
