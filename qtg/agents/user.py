"""Tier 1: a user's own strategy."""

from functools import partial
from typing import Any

import numpy as np

from qtg.schemas import PRICE_SCALE, MsgType, Orders, OwnOrders, taken

from ..errors import QtgError, StrategyError
from ..exchange import Exchange
from .answers import answer_to_orders
from .context import StrategyContext
from .population import Members
from .resting import OwnBook, read_own, rows_of

_TURN_DRAW = 1 << 30  # a draw number that a user's own draws will hardly use


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
