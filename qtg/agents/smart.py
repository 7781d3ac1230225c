"""Tier 1: every kind decides for all its rows at once."""

from functools import partial
from typing import Any, Protocol

import numpy as np

from qtg.kernels.maker import make_markets
from qtg.kernels.noise import trade_noise
from qtg.schemas import (
    PRICE_SCALE,
    MakerRows,
    MsgType,
    NoiseRows,
    Orders,
    OwnOrders,
    allocate,
    nbytes,
    taken,
)

from ..errors import QtgError, StrategyError
from ..exchange import Exchange
from .answers import answer_to_orders
from .context import StrategyContext
from .population import Members
from .resting import OwnBook, read_own, rows_of

_TURN_DRAW = 1 << 30  # a draw number that a user's own draws will hardly use


class Group(Protocol):
    """A kind's agents. `decide` reads the market and writes orders to the outbox."""

    most_orders: int

    def decide(self, exchange: Exchange, tick: int) -> None: ...

    def nbytes(self) -> int: ...


class MarketMakers:
    """All market makers of one population."""

    def __init__(self, members: Members) -> None:
        rows = allocate(MakerRows, len(members.agent))
        _identify(rows, members)
        # A quote must have reached the book before it is moved again.
        rows.every[:] = np.maximum(members.population.every, members.latency + 1)
        rows.probability[:] = members.population.probability
        for name in ("half_spread", "skew", "inventory", "size"):
            getattr(rows, name)[:] = members.params[name]
        rows.inventory[:] = np.maximum(rows.inventory, 1.0)
        rows.target[:] = members.shares.mean(axis=1)
        self.rows = rows
        self._symbols = members.symbols
        self.most_orders = 2 * len(members.symbols) * len(rows.agent)

    def decide(self, exchange: Exchange, tick: int) -> None:
        venue = exchange.venue
        make_markets(
            self.rows,
            self._symbols,
            (venue.book_columns, exchange.view),
            exchange.ledger,
            exchange.terms,
            (venue.seed, venue.envs),
            tick,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)


class NoiseTraders:
    """All noise traders of one population."""

    def __init__(self, members: Members) -> None:
        rows = allocate(NoiseRows, len(members.agent))
        _identify(rows, members)
        rows.every[:] = members.population.every
        rows.probability[:] = members.population.probability
        for name in ("deviation", "market_share", "size", "lifetime"):
            getattr(rows, name)[:] = members.params[name]
        self.rows = rows
        self._symbols = members.symbols
        self.most_orders = len(rows.agent)

    def decide(self, exchange: Exchange, tick: int) -> None:
        venue = exchange.venue
        trade_noise(
            self.rows,
            self._symbols,
            exchange.view,
            exchange.ledger,
            exchange.terms,
            (venue.seed, venue.envs),
            tick,
            exchange.outbox,
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)


class UserStrategy:
    """A user's NumPy function over the rows of its agents, one call per environment and tick."""

    most_orders = 0  # known only once it has answered; `decide` makes the room

    def __init__(self, members: Members, symbols: tuple[str, ...]) -> None:
        self._members = members
        self._symbols = symbols
        self._rows_of: dict[int, np.ndarray] = {}  # by environment, once it has asked

    def decide(self, exchange: Exchange, tick: int) -> None:
        every = self._members.population.every
        if tick % every == 0:
            for env in range(len(exchange.venue.envs)):
                self._decide_env(exchange, tick, env)

    def _decide_env(self, exchange: Exchange, tick: int, env: int) -> None:
        mine = np.flatnonzero(self._members.env == env)
        ctx = self._context(exchange, tick, env, mine)
        answer = self._ask(ctx)
        for orders in answer_to_orders(ctx, answer, self._members.latency[mine]):
            self._check_symbols(ctx, orders)
            exchange.write_orders(self._of_acting(ctx, orders))
        ctx.own.end()

    def _ask(self, ctx: StrategyContext) -> Any:
        decide = self._members.kind.decide
        assert decide is not None
        try:
            return decide(ctx)
        except QtgError:
            raise
        except Exception as error:
            raise StrategyError(
                f"strategy {ctx.name!r} failed at tick {ctx.tick}: {type(error).__name__}: {error}"
            ) from error

    def _of_acting(self, ctx: StrategyContext, orders: Orders) -> Orders:
        """The orders of those agents who act in this tick."""
        probability = self._members.population.probability
        if probability >= 1.0:
            return orders
        acting = ctx.agent[ctx.uniform(_TURN_DRAW) < probability]
        return taken(orders, np.isin(orders.agent, acting))

    def _check_symbols(self, ctx: StrategyContext, orders: Orders) -> None:
        symbol = orders.market % len(self._symbols)
        stray = ~np.isin(symbol, self._members.symbols)
        forbidden = np.flatnonzero(stray & (orders.msg_type != MsgType.CANCEL))
        if len(forbidden):
            at = forbidden[0]
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}, agent {orders.agent[at]}: may not "
                f"trade {self._symbols[symbol[at]]}; add it to the population's `symbols`"
            )

    def _context(
        self, exchange: Exchange, tick: int, env: int, mine: np.ndarray
    ) -> StrategyContext:
        n_symbols = len(self._symbols)
        markets = slice(env * n_symbols, (env + 1) * n_symbols)
        view, ledger = exchange.view, exchange.ledger
        agent = self._members.agent[mine]
        rows = env * exchange.n_agents + agent
        cash = ledger.accounts.cash[rows] - ledger.accounts.reserved[rows]
        return StrategyContext(
            name=self._members.kind.name,
            tick=tick,
            symbols=self._symbols,
            agent=agent,
            params={name: values[mine] for name, values in self._members.params.items()},
            cash=cash / PRICE_SCALE,
            shares=ledger.positions.qty[rows] - ledger.positions.reserved[rows],
            bid=_quoted(view.bid[markets]),
            ask=_quoted(view.ask[markets]),
            mid=view.mid[markets] / PRICE_SCALE,
            last=view.last[markets] / PRICE_SCALE,
            fair_value=view.fair_value[markets] / PRICE_SCALE,
            volume=view.volume[markets].copy(),
            tick_size=view.tick_size[markets] / PRICE_SCALE,
            seed=exchange.venue.seed,
            env=env,
            env_id=int(exchange.venue.envs[env]),
            own=OwnBook(partial(self._own_orders, exchange, env)),
        )

    def _own_orders(self, exchange: Exchange, env: int) -> OwnOrders:
        if env not in self._rows_of:
            agent = self._members.agent[self._members.env == env]
            self._rows_of[env] = rows_of(agent, exchange.n_agents)
        return read_own(exchange, env, self._rows_of[env])

    def nbytes(self) -> int:
        arrays = (*self._members.params.values(), *self._rows_of.values())
        return sum(array.nbytes for array in arrays)


def _quoted(price: np.ndarray) -> np.ndarray:
    return np.where(price > 0, price / PRICE_SCALE, np.nan)


def _identify(rows: MakerRows | NoiseRows, members: Members) -> None:
    rows.env[:] = members.env
    rows.agent[:] = members.agent
    rows.latency[:] = members.latency


def build_group(members: Members, symbols: tuple[str, ...]) -> Group:
    """The group of one population of tier 1."""
    if members.kind.decide is not None:
        return UserStrategy(members, symbols)
    if members.kind.name == "market_maker":
        return MarketMakers(members)
    return NoiseTraders(members)
