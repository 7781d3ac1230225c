"""Markets as learners see them, and the accounts that they trade through."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtg.kernels.learners import Seated
from qtg.kernels.outbox import Outbox
from qtg.schemas import F64, I64, Orders, allocate, grown

from ..agents.scenes import Scenes, Seen
from ..number_checks import check_counts
from ..simulation import Simulation


class Seats(NamedTuple):
    """Learners of one kind in each environment: what they start with, and how much they see."""

    learners: int = 1
    cash: float = 1_000_000.0  # of each at the start [currency]
    shares: int = 0  # of each symbol
    short_selling: bool | None = None  # by default if the rules let anything be borrowed
    latency: int = 0  # of their orders [ticks]; the run's default if 0
    history: int = 20  # earlier mids that a scene has
    near: int = 5  # price levels whose quantity a scene has
    deep: int = 10
    indicators: bool = False  # whether a scene has the readings of indicators

    @property
    def seen(self) -> Seen:
        """How much of a market a scene has."""
        return Seen(self.history, self.near, self.deep, self.indicators)

    def check(self) -> None:
        """Raise a ConfigError about a number that makes no sense."""
        check_counts("environments", learners=self.learners, near=self.near)
        check_counts(
            "environments",
            least=0,
            shares=self.shares,
            latency=self.latency,
            history=self.history,
        )
        check_counts("environments", least=self.near, deep=self.deep)


class LearnersMarket:
    """The markets of a simulation as learners of one kind see them, and their orders.

    A row is a learner in an environment: `environment * learners + learner`. With one learner in
    each, rows are environments. `Markets` moves it.

    Parameters
    ----------
    sim : Simulation
    seats : Seats
    learner : int    the agent row, within an environment, of the first of the learners

    Attributes
    ----------
    num_envs : int                    rows
    scene : float64 (row, column)     what can be looked at; `column(name)` says where
    """

    def __init__(self, sim: Simulation, seats: Seats, learner: int) -> None:
        self.sim, self.config, self.learner = sim, sim.config, learner
        self.symbols, self.seen = sim.symbols, seats.seen
        self.learners = seats.learners
        exchange, symbols = sim.exchange, dict(enumerate(sim.symbols))
        self._scenes = Scenes(exchange, sim.board, symbols, self.agents, self.seen)
        self.scene, self.column = self._scenes.rows, self._scenes.column
        self.num_envs = len(self.scene)
        terms = sim.config.latency
        latency = (seats.latency or int(terms.default_ticks)) if terms.enabled else 0
        env, place = np.divmod(np.arange(self.num_envs), self.learners)
        agent = self.learner + place
        account = env * exchange.n_agents + agent
        self.seated = Seated(env * len(self.symbols), agent, account, latency)
        self._outbox = Outbox(allocate(Orders, self.num_envs), np.zeros(1, np.int64))

    @property
    def agents(self) -> I64:
        """The learners' rows among the agents of an environment, int64 (learner,)."""
        return np.arange(self.learner, self.learner + self.learners)

    def live(self, side: int) -> I64:
        """The id of the latest live order on a side, by account, int64 (account, symbol); 0 if
        there is none. It is the ledger's own column."""
        positions = self.sim.exchange.ledger.positions
        return positions.bid_id if side > 0 else positions.ask_id

    def live_orders(self) -> tuple[I64, I64]:
        """The id of each row's latest live buy and sell order, int64 (num_envs, symbols) each; 0 if
        there is none."""
        return self.live(1)[self.seated.account], self.live(-1)[self.seated.account]

    def outbox(self, rows: int) -> Outbox:
        """Where learners' orders are written, in columns, with room for `rows` more."""
        needed = int(self._outbox.n[0]) + rows
        if needed > len(self._outbox.orders.qty):
            self._outbox = self._outbox._replace(orders=grown(self._outbox.orders, 2 * needed))
        return self._outbox

    def new_orders(self, row: I64, symbol: I64 | int) -> Orders:
        """Orders to be filled in, one for each element of `row`, which are sent after those that
        were asked for before; they are views, good until the next `take_orders`."""
        out = self.outbox(len(row))
        first = int(out.n[0])
        out.n[0] = last = first + len(row)
        orders = Orders._make([column[first:last] for column in out.orders])
        for name in ("msg_type", "ord_type", "tif", "exec_inst", "price", "order_id"):
            getattr(orders, name)[:] = 0
        orders.market[:] = self.seated.market[row] + symbol
        orders.agent[:] = self.seated.agent[row]
        orders.latency_ticks[:] = self.seated.latency
        return orders

    def take_orders(self) -> Orders:
        """What was written since the last time; views, good until the next `new_orders`."""
        n = int(self._outbox.n[0])
        self._outbox.n[0] = 0
        return Orders._make([column[:n] for column in self._outbox.orders])

    def tick_is_over(self) -> None:
        """Count what was traded in a tick."""
        self._scenes.tick_is_over(self.sim.exchange)

    def look(self, envs: I64) -> None:
        """Write the scenes of these environments."""
        self._scenes.look(self.sim.exchange, envs)

    def copy(self, source: LearnersMarket, start: I64, envs: I64) -> None:
        """Let these environments look as environments `start` of `source` did last."""
        self._scenes.copy(source._scenes, start, envs)

    def raw(self) -> dict[str, F64]:
        """Everything that can be looked at, by name, float64 (num_envs,) each; copies."""
        return {name: self.scene[:, at].copy() for name, at in self.column.items()}
