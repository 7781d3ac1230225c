"""Accounts valued at the last trade price."""

import numpy as np

from qtg.schemas import Account, AgentSnapshots, PositionSnapshots

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
    """One row per agent and symbol of the first environment that is not zero."""
    positions = exchange.ledger.positions
    agent, symbol = np.nonzero(positions.qty[: exchange.n_agents])
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
