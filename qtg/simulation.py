"""A running market: build it, step it, look at it, send it orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.schemas import PRICE_SCALE, Account, Orders

from .agents.background import BackgroundPool
from .agents.board import Board
from .agents.ensemble import EnsembleAgents
from .agents.failure import Benched
from .agents.group import Onlooker
from .agents.guests import GUEST
from .agents.policies import PolicyAgents
from .agents.population import Members, build_members, fund
from .agents.reactive import ReactiveAgents
from .agents.smart import build_group
from .book import BookView
from .config import Config, OnViolation
from .config.populations import RICHEST
from .economy import Economy
from .errors import ConfigError, OrderError, SnapshotError
from .exchange import Exchange
from .inputs import Input, InputKind, Inputs, Openings, news, regimes
from .invariants import Checker, Numbers
from .money import to_units
from .order_columns import as_orders
from .publisher import Publisher
from .state import History, Snapshot, capture, fork, pour, read_snapshot, write_snapshot
from .stopwatch import Stopwatch
from .tick import run_tick

if TYPE_CHECKING:
    from .store.sink import Sink

Hook = Callable[["Simulation"], Any]

_FIRST_AGENT = int(Account.FIRST_AGENT)


@dataclass
class Counts:
    """What happened in the last tick."""

    orders_smart: int = 0
    orders_reactive: int = 0
    orders_background: int = 0
    woken: int = 0
    orders: int = 0
    rejected: int = 0
    accepted: int = 0
    canceled: int = 0
    events: int = 0
    trades: int = 0
    halted: int = 0
    violations: int = 0


@dataclass(frozen=True)
class WarmupProgress:
    """How far the warm-up is: only tiers 2 and 3 trade until it ends."""

    tick: int
    ticks: int
    book_depth: dict[str, int]  # live orders by symbol


class Simulation:
    """One market run, or a batch of environments that share a config.

    Parameters
    ----------
    config : Config
    sink : Sink, optional    where the run's tables go; without it only the trace hash is kept
    envs : sequence of int   environment ids; an environment behaves the same alone or in a batch
    threads : int            for matching; the result is the same for any number
    population : int, optional    every environment has the agents that this environment id has
        (what they draw at the start: cash, parameters, symbols), not those of its own id

    Examples
    --------
    >>> sim = Simulation(Config.preset("quick_test", ticks=100))
    >>> sim.run(10).tick
    10
    """

    def __init__(
        self,
        config: Config,
        sink: Sink | None = None,
        *,
        envs: Sequence[int] = (0,),
        threads: int = 1,
        population: int | None = None,
    ) -> None:
        if population is not None and (type(population) is not int or population < 0):
            raise ConfigError(f"population must be the id of an environment, got {population!r}")
        self.config = config
        self.population = population
        self.tick = 0
        self.watch = Stopwatch()
        self.counts = Counts()
        self.hooks: list[Hook] = []
        self.observers: list[
            Hook
        ] = []  # called after the hooks, once all rows of a tick are written
        symbols = tuple(symbol.symbol for symbol in config.symbols)
        self.symbols = symbols
        seed = np.uint64(config.seed)
        populations = list(envs) if population is None else [population] * len(envs)
        members = build_members(config, populations, seed)
        self.kinds = kind_names(config)
        funding = fund(members, self.kinds, len(envs), len(symbols))
        latency = longest_latency(config, members)
        self.exchange = Exchange(config, list(envs), funding, latency, populations)
        self.exchange.venue.threads = min(threads, self.exchange.venue.n_markets)
        self.economy = Economy(config, self.exchange)
        n_smart = len(config.smart)
        self.board = Board(config.bar_ticks, self.exchange.venue.n_markets)
        self.benched: list[Benched] = []
        self.smart = [
            build_group(group, self.exchange, self.board, self.benched)
            for group in members[:n_smart]
        ]
        self.onlookers: list[Onlooker] = [
            group for group in self.smart if isinstance(group, (PolicyAgents, EnsembleAgents))
        ]
        self.reactive = ReactiveAgents(members[n_smart:], self.exchange)
        self.background = BackgroundPool(config, self.exchange)
        self.publisher = Publisher(config, len(envs), len(symbols))
        self._members = members
        self.inputs = Inputs()
        self._history: History | None = None
        self.checker = Checker(config.on_violation == OnViolation.STOP)
        self._warm_until = config.warmup.ticks
        most = self.reactive.most_orders + sum(group.most_orders for group in self.smart)
        self.exchange.expect_orders(most)
        if sink is not None:
            self.publisher.attach(self, sink)

    def step(self) -> Simulation:
        """Advance one tick."""
        run_tick(self)
        return self

    def run(self, ticks: int) -> Simulation:
        """Advance `ticks` ticks."""
        if ticks < 0:
            raise ConfigError(f"ticks must not be negative, got {ticks}")
        for _ in range(ticks):
            self.step()
        return self

    def check(self) -> None:
        """Check what must hold after every tick (docs/INVARIANTS.md), if it is this tick's turn.

        Raises
        ------
        InvariantError    something does not hold, and `on_violation` is "stop"
        """
        every = self.config.check_every
        if every == 0 or self.tick % every != 0:
            self.counts.violations = 0
            return
        publisher, counts = self.publisher, self.counts
        numbers = Numbers(
            self.tick,
            int(self.exchange.venue.next_id[0]),
            int(publisher.event_count.sum()),
            publisher.trades,
            counts.events,
            counts.trades,
        )
        counts.violations = self.checker.check(self.exchange, numbers)

    def submit(self, orders: Orders | dict[str, Any]) -> Input:
        """Send orders from outside; they are admitted in the next tick.

        Columns as for `Venue.submit`, which are copied; `agent` must name an account of this run.
        Returns the batch with its number among the run's inputs.
        """
        return self.submit_columns(Orders._make(each.copy() for each in as_orders(orders)))

    def submit_columns(self, batch: Orders) -> Input:
        """`submit` for a whole batch in the declared dtypes, which is not copied."""
        if np.count_nonzero(batch.agent < _FIRST_AGENT):
            raise OrderError(
                f"orders need an account: `agent` must be {_FIRST_AGENT} to "
                f"{self.exchange.n_agents - 1}; see `Simulation.agents`"
            )
        silent = self.exchange.silent_among(batch.agent)
        if len(silent):
            raise OrderError(f"agent {silent[0]} was taken out of this run")
        return self.inputs.add(self.tick + 1, InputKind.ORDERS, batch)

    def inject_news(self, kind: str, **event: Any) -> Input:
        """Let something become known in the next tick, in every environment.

        Parameters
        ----------
        kind : str          "earnings", "guidance", "company", "sector", "macro", "rate_decision"
        symbol : str        whose, for the first three; sector : str for the fourth
        surprise : float    log change of earnings; for guidance, of growth; of the risk-free rate
        sentiment : float   mood it brings, -1 to 1
        duration : int      ticks for which it stays on people's minds

        Raises
        ------
        ConfigError    the run has no news, an unknown name, or a number out of range
        """
        return self.inputs.add(self.tick + 1, InputKind.NEWS, news(self.config, kind, **event))

    def set_regime(self, name: str) -> Input:
        """Background trading goes over to the regime `name` in the next tick: "calm", "normal",
        "volatile", "crisis", or for a while "burst" or "cancel_storm". A schedule, chain or trigger
        may change it again later."""
        return self.inputs.add(self.tick + 1, InputKind.REGIME, regimes(name))

    def open_account(self, agent: int, cash: str | int | float) -> Input:
        """Let an account of kind `guest` start with this much cash, from the next tick on and in
        every environment.

        Parameters
        ----------
        agent : int     one of `agents("guest")`
        cash : number   currency, at most 1e12

        Raises
        ------
        ConfigError    no guest, one who has traded already, or no such sum
        """
        if agent not in self.agents(GUEST):
            raise ConfigError(f"agent {agent} is no guest; only guests' accounts can be opened")
        units = to_units(cash, "cash")
        if not 0 <= units <= RICHEST * PRICE_SCALE:
            raise ConfigError(f"cash must be 0 to 1e12, got {cash}")
        if not self.exchange.untouched(agent):
            raise ConfigError(f"agent {agent} has traded already; open another guest's account")
        row = Openings(np.array([agent], np.int32), np.array([units], np.int64))
        return self.inputs.add(self.tick + 1, InputKind.OPENING, row)

    def snapshot(self, path: str | Path) -> int:
        """Write the whole state of the market to a file; the run is not changed by it.

        Parameters
        ----------
        path : path    the file, which is replaced if it is there; it is whole or not there

        Returns
        -------
        int    bytes written

        Raises
        ------
        StorageError     the file cannot be written
        SnapshotError    a tick is going on, or an agent keeps what no snapshot can

        Examples
        --------
        >>> import tempfile
        >>> sim = Simulation(Config.preset("quick_test")).run(20)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = sim.snapshot(f"{folder}/at-20.qtgs")
        ...     other = Simulation.restore(f"{folder}/at-20.qtgs")
        >>> other.run(5).trace_hash == sim.run(5).trace_hash
        True
        """
        return write_snapshot(path, capture(self))

    @classmethod
    def restore(
        cls,
        snapshot: str | Path | Snapshot,
        sink: Sink | None = None,
        *,
        config: Config | None = None,
        threads: int = 1,
    ) -> Simulation:
        """A simulation that goes on from a snapshot, to the same bits.

        Hooks, taps and tables are not in a snapshot: add them again.

        Parameters
        ----------
        snapshot : path or Snapshot
        sink : Sink, optional       where the tables of what follows go
        config : Config, optional   what the snapshot must have been taken of
        threads : int               for matching; the result is the same for any number

        Raises
        ------
        StorageError     the file cannot be read, or is damaged (CorruptData)
        SnapshotError    it was taken of another configuration, or by another version of qtg
        ConfigError      it needs a strategy that is not registered
        """
        if not isinstance(snapshot, Snapshot):
            snapshot = read_snapshot(snapshot)
        if config is not None and config.fingerprint() != snapshot.config.fingerprint():
            raise SnapshotError("the snapshot was taken of another configuration")
        sim = cls(
            snapshot.config, envs=snapshot.envs, threads=threads, population=snapshot.population
        )
        pour(snapshot, sim)
        if sink is not None:
            sim.publisher.attach(sim, sink)
        return sim

    def fork(
        self,
        tick: int | None = None,
        changes: Mapping[str, Any] | None = None,
        *,
        orders: Orders | dict[str, Any] | None = None,
        without_orders: Sequence[int] = (),
        without_agents: Sequence[int] = (),
        threads: int | None = None,
    ) -> Simulation:
        """An independent simulation that goes on from here, or from an earlier tick.

        It draws the same random numbers, so that whatever comes out otherwise than in this run
        comes from what was changed. Hooks, taps and tables are not taken along; of inputs, those
        that take effect until `tick`.

        Parameters
        ----------
        tick : int, optional       the tick at whose end it starts, which needs `keep_snapshots`;
            the present one if left out
        changes : mapping          settings by dotted path, as in `Config.with_`; what says how a
            run begins, or how long its columns are, cannot be changed
        orders : Orders or dict    orders to send beside all others, as by `submit`
        without_orders : ints      ids of agents' orders, resting or on their way, that are taken
            out (in every environment)
        without_agents : ints      agents who are taken out: their orders are withdrawn, and they
            never send one again; what they hold stays theirs
        threads : int, optional    for matching

        Raises
        ------
        SnapshotError    the tick is not there
        ConfigError      a change that is not possible, an agent or order that does not exist

        Examples
        --------
        >>> sim = Simulation(Config.preset("quick_test", seed=7)).run(30)
        >>> panic = sim.fork(changes={"background.regime": "crisis"})
        >>> sim.run(20).publisher.trades < panic.run(20).publisher.trades
        True
        """
        start = self
        if tick is not None and tick != self.tick:
            if self._history is None:
                raise SnapshotError(
                    f"tick {tick} is not there, only the present one, {self.tick}; call "
                    "`keep_snapshots` before the run gets there"
                )
            start = self._history.at(self, tick)
        child = fork(
            start,
            changes,
            without_agents=without_agents,
            without_orders=without_orders,
            threads=threads,
        )
        if orders is not None:
            child.submit(orders)
        return child

    def keep_snapshots(self, every: int, last: int = 10, folder: str | Path | None = None) -> None:
        """Keep snapshots from now on, so that `fork` can start at earlier ticks.

        Parameters
        ----------
        every : int              ticks between two
        last : int               how many are kept
        folder : path, optional  where they are written; without it they are kept in memory
        """
        before, self._history = self._history, History(self, every, last, folder)
        if before is not None:
            before.stop(self)

    def add_hook(self, hook: Hook) -> None:
        """Call `hook(sim)` at the end of every tick, hooks in the order they were added.

        Raises
        ------
        ConfigError    it cannot be called
        """
        if not callable(hook):
            raise ConfigError(f"a hook must be a function of the simulation, not {hook!r}")
        self.hooks.append(hook)

    def book(self, symbol: str, env: int = 0) -> BookView:
        """A live view of a symbol's book."""
        if symbol not in self.symbols:
            raise ConfigError(f"no symbol {symbol!r}; this run trades {', '.join(self.symbols)}")
        return self.exchange.venue.book(env * len(self.symbols) + self.symbols.index(symbol))

    def agents(self, kind: str) -> np.ndarray:
        """Agent rows of a kind, int32 (n,)."""
        found = [group.agent for group in self._members if group.population.kind == kind]
        if not found:
            raise ConfigError(f"no agents of kind {kind!r} here; kinds are {', '.join(self.kinds)}")
        return np.unique(np.concatenate(found))

    @property
    def trace_hash(self) -> str:
        """Hash of every event so far (of the first environment), 16 hex digits."""
        return self.trace_hashes[0]

    @property
    def trace_hashes(self) -> list[str]:
        """Trace hash of each environment."""
        return [f"{int(value):016x}" for value in self.publisher.trace]

    @property
    def warming_up(self) -> bool:
        """Whether the current tick belongs to the warm-up."""
        return self.tick <= self._warm_until

    @property
    def opens_now(self) -> bool:
        """Whether an opening auction ends in this tick: the warm-up's last, or the first."""
        return self.exchange.opening and self.tick >= max(self._warm_until, 1)

    @property
    def keeps_candles(self) -> bool:
        """Whether this tick's candles are stored."""
        return self.config.warmup.persist_candles or not self.warming_up

    @property
    def last_tick(self) -> int:
        """The tick at which the run ends: warm-up plus configured ticks."""
        return self._warm_until + self.config.ticks

    def warmup_progress(self) -> WarmupProgress | None:
        """How far the warm-up is, or None once it is over."""
        if self.tick >= self._warm_until:
            return None
        live = self.exchange.venue.resting
        return WarmupProgress(
            self.tick, self._warm_until, dict(zip(self.symbols, live.tolist(), strict=False))
        )

    def time_ns(self, tick: int) -> int:
        """Simulated time of a tick, nanoseconds UTC."""
        return self.config.start_ns + (tick - 1) * self.config.tick_ns

    def check_idle(self) -> None:
        """Raise a SnapshotError in the middle of a tick."""
        if self.publisher.tick != self.tick or self.exchange.pending():
            raise SnapshotError(
                f"tick {self.tick} is not over; take a snapshot between two ticks, or in a hook"
            )

    def skip_warmup(self) -> None:
        """Begin without a warm-up and an opening auction, as all environments are past theirs."""
        self._warm_until = 0
        self.exchange.opening = False

    def next_tick(self) -> int:
        """Begin the next tick; a warm-up ends early once every book is deep enough."""
        depth = self.config.warmup.min_book_depth
        if (
            depth is not None
            and 0 < self.tick < self._warm_until
            and int(self.exchange.venue.resting.min()) >= depth
        ):
            self._warm_until = self.tick
        self.tick += 1
        self.inputs.begin()
        return self.tick

    @property
    def violations(self) -> dict[str, int]:
        """Violations of invariants found so far, by name; empty if all is well. They are looked for
        in every `check_every`-th tick."""
        return self.checker.totals()

    def memory(self) -> dict[str, int]:
        """Bytes of column data by component."""
        sizes = self.exchange.nbytes()
        sizes["economy"] = self.economy.nbytes()
        sizes["tier 1"] = self.board.nbytes() + sum(group.nbytes() for group in self.smart)
        sizes["tier 2"] = self.reactive.nbytes()
        sizes["tier 3"] = self.background.nbytes()
        return sizes


def longest_latency(config: Config, members: list[Members]) -> int:
    """The longest latency that any agent of the run has [ticks]."""
    if not config.latency.enabled:
        return 0
    own = [int(group.latency.max()) for group in members if len(group.latency)]
    return max(config.latency.default_ticks, config.background.latency_high, *own)


def kind_names(config: Config) -> list[str]:
    """Names behind the `kind` codes of a run: pool, house, then the populations' kinds."""
    named = [population.kind for population in (*config.smart, *config.reactive)]
    return ["background_pool", "house", *dict.fromkeys(named)]
