"""Tier 1: a user's own strategy, a Python object per agent."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from qtg.schemas import Orders

from ..errors import StrategyError, StrategyWarning
from ..exchange import Exchange
from ..stateful import State, found
from .agent_context import AgentContext, Order
from .agent_state import Keeper, revived
from .answers import answer_to_orders
from .board import Board
from .context import StrategyContext
from .failure import Benched
from .history import Mids
from .population import Members
from .simple import Strategy
from .user import UserStrategy
from .user_group import TURN_DRAW

MANY = 1_000


class AgentStrategy(UserStrategy):
    """Asks one agent after the other, and sends what they answer in this order."""

    def __init__(
        self, members: Members, symbols: tuple[str, ...], benched: list[Benched], board: Board
    ) -> None:
        super().__init__(members, symbols, benched, board)
        self._agents: dict[int, list[Strategy]] = {}  # by environment
        self._mids = Mids(max(members.kind.decide.history, 1), board.markets)
        self._places = {symbol: place for place, symbol in enumerate(symbols)}
        count = members.population.count
        if count > MANY:
            warnings.warn(
                f"strategy {self.name!r} is a Python object for each of {count:,} agents, which is "
                "slow; write it as a NumPy function or a compiled one",
                StrategyWarning,
                stacklevel=2,
            )

    def decide(self, exchange: Exchange) -> None:
        self._mids.add(exchange.view.mid)
        super().decide(exchange)

    def decide_env(self, exchange: Exchange, env: int, tick: int) -> None:
        shared = self.context(exchange, env, tick)
        rows = range(len(shared.agent))
        seen = [AgentContext(shared, row, self._mids, self._places) for row in rows]
        if env not in self._agents:
            self._agents[env] = [self._born(ctx, shared, row) for row, ctx in enumerate(seen)]
        sent: list[tuple[int, Order]] = []
        for row in self._acting(shared):
            agent = self._agents[env][row]
            sent += [(row, order) for order in self._answer(agent, seen[row])]
        self._send(exchange, shared, sent, self.members.latency[self.mine(env)])
        shared.own.end()

    def _acting(self, shared: StrategyContext) -> list[int]:
        probability = self.members.population.probability
        if probability >= 1.0:
            return list(range(len(shared.agent)))
        rows: list[int] = np.flatnonzero(shared.uniform(TURN_DRAW) < probability).tolist()
        return rows

    def _born(self, ctx: AgentContext, shared: StrategyContext, row: int) -> Strategy:
        where = f"tick {ctx.tick}, agent {ctx.agent}"
        agent: Strategy = self.call(where, self.members.kind.decide)
        agent.params = self._own(shared.env, row)  # type: ignore[misc]
        self.call(where, agent.on_start, ctx)
        return agent

    def _answer(self, agent: Strategy, ctx: AgentContext) -> list[Order]:
        where = f"tick {ctx.tick}, agent {ctx.agent}"
        ctx.made = 0
        answer: list[Order] = self.call(where, lambda: _listed(agent.on_tick(ctx)))
        wrong = [each for each in answer if not isinstance(each, Order)]
        if wrong:
            raise StrategyError(
                f"strategy {self.name!r} at {where}: on_tick must return what ctx.buy, ctx.sell, "
                f"ctx.cancel or ctx.replace gave, a list of these or None, not "
                f"{type(wrong[0]).__name__}"
            )
        if ctx.made > len(answer):
            raise StrategyError(
                f"strategy {self.name!r} at {where}: on_tick made {ctx.made} orders but returned "
                f"{len(answer)}; return all of them, in a list"
            )
        return answer

    def _send(
        self,
        exchange: Exchange,
        shared: StrategyContext,
        sent: list[tuple[int, Order]],
        latency: np.ndarray,
    ) -> None:
        """Write messages in their order, whatever columns each of them has."""
        if not sent:
            return
        places: dict[tuple[str, ...], list[int]] = {}
        for place, (_, order) in enumerate(sent):
            given = tuple(name for name, value in order._asdict().items() if value is not None)
            places.setdefault(given, []).append(place)
        parts = [_columns(given, [sent[place] for place in at]) for given, at in places.items()]
        found = answer_to_orders(shared, parts, latency)
        by_place = np.argsort(np.concatenate(list(places.values())))
        merged = Orders(
            *(np.concatenate(columns)[by_place] for columns in zip(*found, strict=True))
        )
        self.send(exchange, shared, merged)

    def nbytes(self) -> int:
        return super().nbytes() + self._mids.nbytes

    def state(self) -> State:
        """The mids, and every agent's attributes."""
        keeper = Keeper(self.name)
        agents = [
            [env, [keeper.state_of(agent, self._own(env, row)) for row, agent in enumerate(born)]]
            for env, born in self._agents.items()
        ]
        return {**super().state(), "mids": self._mids.state(), "agents": agents}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Make the agents anew, with the attributes that they had."""
        super().restore(state)
        self._mids.restore(found(state, "mids"))
        kind = self.members.kind.decide
        self._agents = {
            env: [revived(kind, self._own(env, row), its) for row, its in enumerate(born)]
            for env, born in found(state, "agents")
        }

    def _own(self, env: int, row: int) -> dict[str, float]:
        """An agent's parameters."""
        at = self.mine(env)[row]
        return {name: float(values[at]) for name, values in self.members.params.items()}


def _listed(answer: Any) -> list[Any]:
    if answer is None:
        return []
    if isinstance(answer, Order) or not isinstance(answer, Iterable):
        return [answer]
    return [each for each in answer if each is not None]


def _columns(given: tuple[str, ...], sent: list[tuple[int, Order]]) -> dict[str, np.ndarray]:
    """The columns of messages that have the same fields."""
    columns = {name: np.array([getattr(order, name) for _, order in sent]) for name in given}
    if "order_id" not in columns:
        columns["row"] = np.array([row for row, _ in sent])
    return columns
