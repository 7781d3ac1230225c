"""Markets as learners see them, and the accounts that they trade through."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtg.kernels.scene import ACCOUNT, MARKET, SceneTerms, look
from qtg.schemas import F64, I64, MarketView, Orders, allocate, grown

from ..agents.need import Need
from ..number_checks import check_counts
from ..simulation import Simulation

READINGS = {  # of qtg.quant, at the end of the last bar
    "rsi": Need("rsi", {"n": 14}),
    "macd": Need("macd", {"fast": 12, "slow": 26, "signal": 9}, part="macd"),
    "macd_signal": Need("macd", {"fast": 12, "slow": 26, "signal": 9}, part="signal"),
    "bollinger_upper": Need("bollinger", {"n": 20}, part="upper"),
    "bollinger_lower": Need("bollinger", {"n": 20}, part="lower"),
    "sma": Need("sma", {"n": 20}),
    "atr": Need("atr", {"n": 14}),
    "volatility": Need("rolling_volatility", {"n": 20}),
}


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
    indicators: bool = False  # whether a scene has `READINGS`

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
        self.symbols = tuple(each.symbol for each in sim.config.symbols)
        self.learners, envs = seats.learners, len(sim.exchange.populations)
        self.num_envs = envs * self.learners
        past = [f"mid[-{lag + 1}]" for lag in range(seats.history)]
        columns = [*MARKET, *past, *(READINGS if seats.indicators else ())]
        self._terms = SceneTerms(
            len(self.symbols),
            sim.exchange.n_agents,
            learner,
            self.learners,
            seats.near,
            seats.deep,
            seats.history,
            len(columns),
        )
        names = [f"{symbol}.{name}" for symbol in self.symbols for name in columns]
        self.column = {name: at for at, name in enumerate([*names, *ACCOUNT])}
        self.scene = np.zeros((self.num_envs, len(self.column)))
        of_env = np.arange(envs)[:, np.newaxis] * sim.exchange.n_agents
        self._accounts: I64 = (of_env + self.agents).ravel()
        terms = sim.config.latency
        self._latency = (seats.latency or int(terms.default_ticks)) if terms.enabled else 0
        most = 2 * self.num_envs * len(self.symbols)
        self._orders, self._written = allocate(Orders, most), 0

    @property
    def agents(self) -> I64:
        """The learners' rows among the agents of an environment, int64 (learner,)."""
        return np.arange(self.learner, self.learner + self.learners)

    def live_orders(self) -> tuple[I64, I64]:
        """The id of each row's latest live buy and sell order, int64 (num_envs, symbols) each; 0 if
        there is none."""
        positions = self.sim.exchange.ledger.positions
        return positions.bid_id[self._accounts], positions.ask_id[self._accounts]

    def new_orders(self, row: I64, symbol: I64 | int) -> Orders:
        """Orders to be filled in, one for each element of `row`, which are sent after those that
        were asked for before; they are views, good until the next `take_orders`."""
        first, last = self._written, self._written + len(row)
        if last > len(self._orders.qty):
            self._orders = grown(self._orders, 2 * last)
        self._written = last
        orders = Orders._make(column[first:last] for column in self._orders)
        for name in ("msg_type", "ord_type", "tif", "exec_inst", "price", "order_id"):
            getattr(orders, name)[:] = 0
        env, learner = (row, 0) if self.learners == 1 else np.divmod(row, self.learners)
        orders.market[:] = env * len(self.symbols) + symbol
        orders.agent[:] = self.learner + learner
        orders.latency_ticks[:] = self._latency
        return orders

    def take_orders(self) -> Orders:
        """What was written since the last time; views, good until the next `new_orders`."""
        taken = Orders._make(column[: self._written] for column in self._orders)
        self._written = 0
        return taken

    def rows_of(self, envs: I64) -> I64:
        """The rows of environments, int64 (k * learners,)."""
        if self.learners == 1:
            return envs
        rows: I64 = (envs[:, np.newaxis] * self.learners + np.arange(self.learners)).ravel()
        return rows

    def look(self, view: MarketView, volume: I64, readings: F64, envs: I64) -> None:
        """Write the scenes of these environments; the view was just read."""
        exchange = self.sim.exchange
        books = exchange.venue.book_columns
        look(books, view, volume, readings, exchange.ledger, self._terms, envs, self.scene)

    def copy(self, source: LearnersMarket, start: I64, envs: I64) -> None:
        """Scenes of these environments as those of environments `start` were in `source`."""
        self.scene[self.rows_of(envs)] = source.scene[self.rows_of(start)]

    def raw(self) -> dict[str, F64]:
        """Everything that can be looked at, by name, float64 (num_envs,) each; copies."""
        return {name: self.scene[:, at].copy() for name, at in self.column.items()}
