"""Many markets in one simulation, with accounts for learners in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtg.kernels.learners import hear_refusals
from qtg.schemas import I64, Orders

from ..agents.guests import GUEST
from ..config import Config
from ..errors import ConfigError
from ..number_checks import check_counts
from ..simulation import Simulation
from ..state.rows import copy_environments
from .batch import U64
from .market import LearnersMarket, Seats


class Markets:
    """`num_envs` markets of one configuration, each with accounts for learners.

    An episode begins at one of a few `starts`: markets that were warmed up once and are copied from
    then on. Which one, and all that is drawn afterwards, is a function of the episode's seed.

    Parameters
    ----------
    config : Config            the market; its warm-up is what every start has behind it
    num_envs : int
    seats : sequence of Seats  the kinds of learners in an environment
    starts : int               how many warmed-up markets episodes begin in

    Attributes
    ----------
    learners : list of LearnersMarket         one for each kind
    refused : int64 (num_envs, learner)       orders refused since the last `move`, of the learners
        of all kinds one after the other
    reason : int64 (num_envs, learner)        the last Reason for it, or 0
    """

    def __init__(
        self,
        config: Config,
        num_envs: int,
        seats: Sequence[Seats] = (Seats(),),
        *,
        starts: int = 16,
    ) -> None:
        check_counts("environments", num_envs=num_envs, starts=starts)
        self.config = _with_learners(config, seats)
        self.num_envs = num_envs
        self._begun = _Rows(self.config, starts, seats)
        while self._begun.sim.tick < max(self.config.warmup.ticks, 1):
            self._begun.tick()
            self._begun.look(np.arange(starts))
        self._rows = _Rows(self.config, num_envs, seats)
        self.sim, self.learners = self._rows.sim, self._rows.learners
        self._agents = np.concatenate([each.agents for each in self.learners])
        self._first = int(self._agents[0])
        self.refused, self.reason = np.zeros((2, num_envs, len(self._agents)), np.int64)
        self._gone = np.zeros((num_envs, len(self._agents)), bool)
        self._all = np.arange(num_envs)

    def begin(self, rows: I64, seeds: U64) -> None:
        """Start an episode in each of the environments `rows`, int64 (k,)."""
        if self.sim.tick == 0 and len(rows) < self.num_envs:
            everywhere = np.zeros(self.num_envs, np.uint64)  # others wait, but have begun too
            everywhere[rows] = seeds
            rows, seeds = self._all, everywhere
        start = (seeds % np.uint64(self._begun.num_envs)).astype(np.int64)
        copy_environments(self._begun.sim, start, self.sim, rows, seeds)
        self._rows.copy(self._begun, start, rows)
        self.refused[rows] = self.reason[rows] = self._gone[rows] = 0

    def move(self, ticks: int = 1) -> None:
        """Send the learners' new orders and let `ticks` ticks pass."""
        orders = self._orders()
        if len(orders.qty):
            self.sim.submit_columns(orders)
        self.refused[:] = self.reason[:] = 0
        for _ in range(ticks):
            self._rows.tick()
            self._hear_refusals()
        self._rows.look(self._all)

    def dismiss(self, env: int, agents: I64) -> None:
        """Take learners, by agent row, out of an environment until its next episode: their orders
        are withdrawn, and what they write is not sent. What they hold stays theirs."""
        self.sim.exchange.withdraw(agents, env=env)
        self._gone[env, agents - self._first] = True

    def _orders(self) -> Orders:
        """What learners send, in each environment learner by learner."""
        taken = [each.take_orders() for each in self.learners]
        if self._gone.shape[1] == 1:
            return taken[0]
        orders = Orders._make(np.concatenate(columns) for columns in zip(*taken, strict=True))
        env, learner = orders.market // len(self.sim.symbols), orders.agent - self._first
        sent = np.flatnonzero(~self._gone[env, learner])
        sent = sent[np.argsort(orders.agent[sent], kind="stable")]
        return Orders._make(column[sent] for column in orders)

    def _hear_refusals(self) -> None:
        exchange, symbols, first = self.sim.exchange, len(self.sim.symbols), self._first
        n, refused, reason = exchange.n_events, self.refused, self.reason
        hear_refusals(exchange.events, n, symbols, first, refused, reason)

    def refusals_of(self, learners: LearnersMarket) -> tuple[I64, I64]:
        """`refused` and `reason` of the rows of one kind, int64 (row,) each; copies."""
        first = learners.learner - self._first
        mine = slice(first, first + learners.learners)
        return self.refused[:, mine].flatten(), self.reason[:, mine].flatten()


class _Rows:
    """A simulation of several environments, as learners look at it."""

    def __init__(self, config: Config, n: int, seats: Sequence[Seats]) -> None:
        self.num_envs = n
        self.sim = sim = Simulation(config, envs=range(n), population=0)
        counts = [each.learners for each in seats]
        first = int(sim.agents(GUEST)[0]) + np.cumsum([0, *counts])
        self.learners = [
            LearnersMarket(sim, each, int(learner)) for each, learner in zip(seats, first)
        ]

    def tick(self) -> None:
        """Let a tick pass."""
        self.sim.step()
        for each in self.learners:
            each.tick_is_over()

    def look(self, envs: I64) -> None:
        """Write the scenes of these environments."""
        for each in self.learners:
            each.look(envs)

    def copy(self, source: _Rows, start: I64, envs: I64) -> None:
        """Let learners see of these environments what they saw of `start` in `source`."""
        for mine, theirs in zip(self.learners, source.learners, strict=True):
            mine.copy(theirs, start, envs)


def _with_learners(config: Config, seats: Sequence[Seats]) -> Config:
    """The configuration with an account for each learner."""
    for each in seats:
        each.check()
        if each.latency and not config.latency.enabled:
            raise ConfigError(
                f"latency is {each.latency}, but the market has none: set latency.enabled"
            )
    if sum(each.learners for each in seats) == 1:
        _check_company(config)
    others = [each.model_dump(mode="json", exclude_unset=True) for each in config.smart]
    if any(each["kind"] == GUEST for each in others):
        raise ConfigError("the market has guests; the learner is the only one")
    can_borrow = config.rules_in_force.borrow_pool > 0
    accounts = [
        {
            "kind": GUEST,
            "count": each.learners,
            "cash": each.cash,
            "shares": each.shares,
            "short_selling": can_borrow if each.short_selling is None else each.short_selling,
            "latency": each.latency,
        }
        for each in seats
    ]
    return config.with_(smart=[*others, *accounts])


def _check_company(config: Config) -> None:
    """Refuse a market in which nobody but the learner trades some symbol."""
    if config.background.count * config.background.traits.activity > 0:
        return
    active = [each for each in (*config.smart, *config.reactive) if each.count * each.probability]
    for each in config.symbols:
        if not any(each.symbol in (group.symbols or (each.symbol,)) for group in active):
            raise ConfigError(
                f"the learner would have nobody to trade with in {each.symbol}; add agents"
            )
