"""What every form of a user's strategy has in common: its turns, and what happens if it fails."""

from __future__ import annotations

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qtg.kernels.random import lane, uniform_pair
from qtg.schemas import MsgType, Orders, Stream, allocate, taken

from ..config.populations import FailurePolicy
from ..errors import StrategyError, StrategyWarning
from ..exchange import Exchange
from ..stateful import State, Stateful, found
from .budget import OutOfTime, call_within
from .failure import Benched, home_of, told
from .population import Members
from .resting import read_own, rows_of

_LOG = logging.getLogger("qtg.agents")
TURN_DRAW = 1 << 30  # a draw number that a user's own draws will hardly use


class UserGroup(Stateful, ABC):
    """The agents of one population that follow a user's strategy.

    Parameters
    ----------
    members : Members
    symbols : tuple of str
    benched : list of Benched    where failures are noted if the population is to be benched
    """

    most_orders = 0  # known only once it has answered; `write_orders` makes the room

    def __init__(self, members: Members, symbols: tuple[str, ...], benched: list[Benched]) -> None:
        self.members = members
        self.symbols = symbols
        self.name = members.kind.name
        self._benched = benched
        self._home = home_of(members.kind.decide)
        self._mine: dict[int, np.ndarray] = {}  # by environment, once it has been asked for
        self._row_of: dict[int, np.ndarray] = {}
        self._out: dict[int, int] = {}  # tick in which an environment's failed
        self._budget = members.population.time_budget_ms

    def decide(self, exchange: Exchange) -> None:
        """Ask the strategy in every environment in which it has not failed."""
        if self._budget is not None and not self._mine:
            self._compile(exchange)
        for env, tick in enumerate(exchange.moment.tick.tolist()):
            if env in self._out:
                self._clear_out(exchange, env, tick)
            elif tick % self.members.population.every == 0:
                self._decide_or_fail(exchange, env, tick)

    @abstractmethod
    def decide_env(self, exchange: Exchange, env: int, tick: int) -> None:
        """Write the orders of one environment's agents; a StrategyError if that fails."""

    def mine(self, env: int) -> np.ndarray:
        """int64 (N,): rows of the members that live in an environment."""
        if env not in self._mine:
            self._mine[env] = np.flatnonzero(self.members.env == env)
        return self._mine[env]

    def row_of(self, exchange: Exchange, env: int) -> np.ndarray:
        """int32 (agents,): each agent's place among this environment's, or NO_ROW."""
        if env not in self._row_of:
            agent = self.members.agent[self.mine(env)]
            self._row_of[env] = rows_of(agent, exchange.n_agents)
        return self._row_of[env]

    def call(self, where: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the user's code; whatever goes wrong becomes a StrategyError that says where."""
        seconds = None if self._budget is None else self._budget / 1000
        try:
            return call_within(seconds, function, *arguments)
        except StrategyError:
            raise
        except OutOfTime:
            raise StrategyError(
                f"strategy {self.name!r} at {where} took longer than its time budget of "
                f"{self._budget:g} ms; make it faster or raise time_budget_ms"
            ) from None
        except Exception as error:
            raise StrategyError(
                f"strategy {self.name!r} failed at {where}: {told(error, self._home)}"
            ) from error

    def state(self) -> State:
        """Which environments' agents are benched, and what the form of strategy keeps."""
        return {"out": [[env, tick] for env, tick in self._out.items()], **super().state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        self._out = dict(found(state, "out"))

    def take_over(self, source: UserGroup, rows: np.ndarray, to: np.ndarray) -> None:
        """Bench environments `to` where `rows` of `source` are benched, int64 (n,), and no
        others."""
        if not (self._out or source._out):
            return
        of = [source._out.get(row) for row in rows.tolist()]
        for env, tick in zip(to.tolist(), of, strict=True):
            self._out.pop(env, None)
            if tick is not None:
                self._out[env] = tick

    def nbytes(self) -> int:
        """Bytes of columns."""
        arrays = (*self.members.params.values(), *self._mine.values(), *self._row_of.values())
        return sum(array.nbytes for array in arrays)

    def _decide_or_fail(self, exchange: Exchange, env: int, tick: int) -> None:
        sent = exchange.pending()
        try:
            self.decide_env(exchange, env, tick)
        except StrategyError as error:
            if self.members.population.on_error is FailurePolicy.STOP:
                raise
            exchange.keep_orders(sent)
            self._bench(exchange, env, tick, str(error))

    def _bench(self, exchange: Exchange, env: int, tick: int, reason: str) -> None:
        env_id, agents = int(exchange.venue.envs[env]), len(self.mine(env))
        self._out[env] = tick
        self._benched.append(Benched(self.name, env_id, agents, tick, reason))
        if _LOG.hasHandlers():  # or it would be told twice
            fields = {"kind": self.name, "env": env_id, "agents": agents, "reason": reason}
            _LOG.warning("strategy benched", extra={"fields": fields})
        warnings.warn(
            f"{reason}; its agents are benched and do nothing for the rest of the run",
            StrategyWarning,
            stacklevel=2,
        )
        self._clear_out(exchange, env, tick)

    def _clear_out(self, exchange: Exchange, env: int, tick: int) -> None:
        """Cancel what rests, until the last order that was on its way has arrived."""
        mine = self.mine(env)
        longest = int(self.members.latency[mine].max(initial=0))
        if tick > self._out[env] + longest + 1:
            return
        own = read_own(exchange, env, self.row_of(exchange, env))
        cancels = allocate(Orders, len(own.order_id))
        cancels.msg_type[:] = MsgType.CANCEL
        cancels.agent[:] = self.members.agent[mine][own.row]
        cancels.market[:] = env * len(self.symbols) + own.symbol
        cancels.order_id[:], cancels.side[:] = own.order_id, own.side
        exchange.write_orders(cancels)

    def _compile(self, exchange: Exchange) -> None:
        """Compile what a strategy may call, which is not to count against its time."""
        uniform_pair(exchange.venue.seed, lane(0, Stream.USER), 0, 0, 0)
        read_own(exchange, 0, self.row_of(exchange, 0))


def of_acting(orders: Orders, acting: np.ndarray) -> Orders:
    """The orders of some agents."""
    return taken(orders, np.isin(orders.agent, acting))
