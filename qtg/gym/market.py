"""Many markets in one simulation, with a learner's account in each."""

from __future__ import annotations

import numpy as np

from qtg.schemas import F64, I64, Orders, allocate, grown

from ..agents.guests import GUEST
from ..agents.scenes import Scenes, Seen
from ..config import Config
from ..errors import ConfigError
from ..number_checks import check_counts
from ..simulation import Simulation
from ..state.rows import copy_environments
from .batch import U64


class LearnersMarket:
    """`num_envs` markets of one configuration, each with an account to trade through.

    An episode begins at one of a few `starts`: markets that were warmed up once and are copied from
    then on. Which one, and all that is drawn afterwards, is a function of the episode's seed.

    Parameters
    ----------
    config : Config      the market; its warm-up is what every start has behind it
    num_envs : int
    cash : float         of the learner at the start [currency]
    shares : int         of each symbol
    short_selling : bool, optional    by default if the rules let anything be borrowed
    latency : int        of the learner's orders [ticks]; the run's default if 0
    starts : int         how many warmed-up markets episodes begin in
    history : int        earlier mids that a scene has
    near, deep : int     price levels whose quantity a scene has
    indicators : bool    whether a scene has the readings of indicators

    Attributes
    ----------
    scene : float64 (num_envs, column)    what can be looked at; `column(name)` says where
    """

    def __init__(
        self,
        config: Config,
        num_envs: int,
        *,
        cash: float = 1_000_000.0,
        shares: int = 0,
        short_selling: bool | None = None,
        latency: int = 0,
        starts: int = 16,
        history: int = 20,
        near: int = 5,
        deep: int = 10,
        indicators: bool = False,
    ) -> None:
        check_counts("environments", num_envs=num_envs, starts=starts)
        check_counts("environments", least=0, shares=shares, latency=latency, history=history)
        check_counts("environments", near=near)
        check_counts("environments", least=near, deep=deep)
        if latency and not config.latency.enabled:
            raise ConfigError(f"latency is {latency}, but the market has none: set latency.enabled")
        if not config.background.count * config.background.traits.activity and not config.n_agents:
            raise ConfigError("the learner would have nobody to trade with; add agents")
        can_borrow = config.rules_in_force.borrow_pool > 0
        learner = {
            "kind": GUEST,
            "count": 1,
            "cash": cash,
            "shares": shares,
            "short_selling": can_borrow if short_selling is None else short_selling,
            "latency": latency,
        }
        others = [each.model_dump(mode="json", exclude_unset=True) for each in config.smart]
        if any(each["kind"] == GUEST for each in others):
            raise ConfigError("the market has guests; the learner is the only one")
        self.config = config.with_(smart=[*others, learner])
        self.num_envs, self.symbols = num_envs, tuple(each.symbol for each in config.symbols)
        self.seen = seen = Seen(history, near, deep, indicators)
        self._begun = _Rows(self.config, starts, seen)
        while self._begun.sim.tick < max(self.config.warmup.ticks, 1):
            self._begun.move(None)
        self._rows = _Rows(self.config, num_envs, seen)
        terms = config.latency
        self._latency = (latency or int(terms.default_ticks)) if terms.enabled else 0
        self.scene, self.column = self._rows.scenes.rows, self._rows.scenes.column
        self.sim = self._rows.sim
        self._orders, self._written = allocate(Orders, 2 * num_envs * len(self.symbols)), 0

    @property
    def learner(self) -> int:
        """The learner's row among the agents of an environment."""
        return self._rows.learner

    def begin(self, rows: I64, seeds: U64) -> None:
        """Start an episode in each of `rows`, int64 (k,)."""
        if self._rows.fresh and len(rows) < self.num_envs:
            everywhere = np.zeros(self.num_envs, np.uint64)  # others wait, but have begun too
            everywhere[rows] = seeds
            rows, seeds = np.arange(self.num_envs), everywhere
        start = (seeds % np.uint64(self._begun.num_envs)).astype(np.int64)
        copy_environments(self._begun.sim, start, self.sim, rows, seeds)
        self._rows.scenes.copy(self._begun.scenes, start, rows)

    def move(self, ticks: int = 1) -> None:
        """Send the learners' new orders and let `ticks` ticks pass."""
        orders = Orders._make(column[: self._written] for column in self._orders)
        self._written = 0
        self._rows.move(orders, ticks)

    def live_orders(self) -> tuple[I64, I64]:
        """The id of each learner's latest live buy and sell order, int64 (num_envs, symbols) each;
        0 if there is none."""
        positions, rows = self.sim.exchange.ledger.positions, self._rows.accounts
        return positions.bid_id[rows], positions.ask_id[rows]

    def new_orders(self, env: I64, symbol: I64 | int) -> Orders:
        """Rows of orders to be filled in, one for each element of `env`, which are sent after those
        that were asked for before; they are views, good until the next `move`."""
        first, last = self._written, self._written + len(env)
        if last > len(self._orders.qty):
            self._orders = grown(self._orders, 2 * last)
        self._written = last
        orders = Orders._make(column[first:last] for column in self._orders)
        for name in ("msg_type", "ord_type", "tif", "exec_inst", "price", "order_id"):
            getattr(orders, name)[:] = 0
        orders.market[:] = env * len(self.symbols) + symbol
        orders.agent[:] = self.learner
        orders.latency_ticks[:] = self._latency
        return orders

    def raw(self) -> dict[str, F64]:
        """Everything that can be looked at, by name, float64 (num_envs,) each; copies."""
        return {name: self.scene[:, at].copy() for name, at in self.column.items()}


class _Rows:
    """A simulation of several environments and its scenes."""

    def __init__(self, config: Config, n: int, seen: Seen) -> None:
        self.num_envs = n
        self.sim = sim = Simulation(config, envs=range(n), population=0)
        self.learner = int(sim.agents(GUEST)[0])
        symbols = dict(enumerate(sim.symbols))
        who = np.array([self.learner])
        self.scenes = Scenes(sim.exchange, sim.board, symbols, who, seen)
        self.accounts = np.arange(n) * sim.exchange.n_agents + self.learner
        self._all = np.arange(n)

    @property
    def fresh(self) -> bool:
        """Whether nothing has happened here yet."""
        return self.sim.tick == 0

    def move(self, orders: Orders | None, ticks: int = 1) -> None:
        sim = self.sim
        if orders is not None and len(orders.qty):
            sim.submit_columns(orders)
        for _ in range(ticks):
            sim.step()
            self.scenes.tick_is_over(sim.exchange)
        self.scenes.look(sim.exchange, self._all)
