"""Accounts valued at the last trade price."""

from collections.abc import Sequence

import numpy as np

from qtg.kernels.portfolio import value_agents
from qtg.schemas import Account, AgentSnapshots, Equity, PositionSnapshots, Tier

from .exchange import Exchange

Clock = tuple[int, int]  # tick, time [ns]


def agent_rows(exchange: Exchange, clock: Clock) -> AgentSnapshots:
    """One row per agent of the first environment.

    The pool has no portfolio of its own: its realized profit is what it received less what it
    paid, its unrealized profit what it has bought less what it has sold, at the last price.
    """
    n = exchange.n_agents
    accounts, positions = exchange.ledger.accounts, exchange.ledger.positions
    holdings, last = exchange.ledger.holdings, exchange.view.last
    symbols = exchange.terms.symbols
    value = positions.qty[:n] @ last[:symbols]
    cost = positions.cost[:n].sum(axis=1)
    realized = positions.realized[:n].sum(axis=1)
    realized[Account.POOL] = (holdings.pool_received - holdings.pool_paid)[:symbols].sum()
    unrealized = value - cost
    inventory = (holdings.pool_bought - holdings.pool_sold)[:symbols]
    unrealized[Account.POOL] = inventory @ last[:symbols]
    return AgentSnapshots(
        tick=np.full(n, clock[0]),
        time=np.full(n, clock[1]),
        agent=np.arange(n, dtype=np.int32),
        kind=accounts.kind[:n],
        tier=accounts.tier[:n],
        cash=accounts.cash[:n],
        reserved_cash=accounts.reserved[:n],
        shares=positions.qty[:n].sum(axis=1),
        position_value=value,
        equity=accounts.cash[:n] + value,
        realized_pnl=realized,
        unrealized_pnl=unrealized,
        fees=accounts.fees[:n],
        borrow_fees=accounts.borrow_fees[:n],
    )


def position_rows(exchange: Exchange, clock: Clock) -> PositionSnapshots:
    """One row per agent and symbol of the first environment with anything to tell."""
    positions, mine = exchange.ledger.positions, slice(0, exchange.n_agents)
    agent, symbol = np.nonzero(
        positions.qty[mine] | positions.cost[mine] | positions.realized[mine]
    )
    n = len(agent)
    return PositionSnapshots(
        tick=np.full(n, clock[0]),
        time=np.full(n, clock[1]),
        agent=agent.astype(np.int32),
        symbol=symbol.astype(np.int32),
        qty=positions.qty[agent, symbol],
        cost=positions.cost[agent, symbol],
        realized_pnl=positions.realized[agent, symbol],
    )


def chosen_agents(exchange: Exchange, chosen: Sequence[str], kinds: Sequence[str]) -> np.ndarray:
    """Agent rows of the first environment that belong to one of the tiers or kinds, int64 (n,)."""
    accounts, mine = exchange.ledger.accounts, slice(Account.FIRST_AGENT, exchange.n_agents)
    tiers = [int(tier) for tier in Tier if tier.name.lower() in chosen]
    codes = [code for code, kind in enumerate(kinds) if kind in chosen]
    wanted = np.isin(accounts.tier[mine], tiers) | np.isin(accounts.kind[mine], codes)
    return np.flatnonzero(wanted) + int(Account.FIRST_AGENT)


def write_equity(
    exchange: Exchange, agents: np.ndarray, clock: Clock, columns: Equity, at: int
) -> None:
    """What some agents of the first environment are worth, into `columns` from row `at` on."""
    rows = slice(at, at + len(agents))
    columns.tick[rows], columns.time[rows] = clock
    last = exchange.view.last[: exchange.terms.symbols]
    value_agents(exchange.ledger, agents, last, columns, at)
