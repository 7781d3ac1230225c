"""Follows a run: counts, measures, and tells what it knows about once a second."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from qtg.errors import ConfigError
from qtg.schemas import ExecType, Reason
from qtg.stopwatch import Phase

from .extra import need
from .latencies import Latencies
from .process import Process, Usage
from .status import HISTORY, PAST, RATES, Checks, Status, now, write_status
from .timing import watch_venue

if TYPE_CHECKING:
    from qtg.simulation import Simulation
    from qtg.store import Sink

_LOG = logging.getLogger("qtg.monitor")
_REJECTED = np.int8(ExecType.REJECTED)
_REASONS = 128
_TIMED = ("tick", *(f"phase.{phase.name.lower()}" for phase in Phase))
_COUNTER_OF = {"woken": "wakeups"}  # names of `Counts` that are told under another
_LOG_SECONDS = 10.0
_WAITING = 1 << 20  # operations kept between two looks

Output = Callable[["Monitor"], Any]


@dataclass(frozen=True)
class Monitoring:
    """What `simulate` is asked to tell while it runs, beside status.json.

    Parameters
    ----------
    port : int, optional     serve Prometheus text at http://127.0.0.1:port/metrics
    file : path, optional    write it to this file, which should end in .prom
    seconds : float          between two snapshots
    """

    port: int | None = None
    file: str | Path | None = None
    seconds: float = 1.0


class Monitor:
    """Watches a simulation from its next tick on, until `close`.

    Each tick leaves one row of times and counts; about once a second the rows go to histograms and
    counters, and a `Status` is made of them, by the thread that runs the simulation; another one
    writes it to files.

    Parameters
    ----------
    sim : Simulation
    name : str                  of the run; the configuration's name by default
    sink : Sink, optional       where the run's tables go: tells what was written and what waits
    place : path, optional      a run directory, which gets a status.json
    seconds : float             between two snapshots

    Raises
    ------
    ConfigError    the extra `qtg[monitor]` is not installed, or `seconds` is not positive

    Examples
    --------
    >>> from qtg import Config, Simulation
    >>> sim = Simulation(Config.preset("quick_test", ticks=20))
    >>> with Monitor(sim) as monitor:
    ...     sim = sim.run(10)
    >>> monitor.status.tick, monitor.status.counters["ticks"]
    (10, 10)
    """

    def __init__(
        self,
        sim: "Simulation",
        *,
        name: str = "",
        sink: "Sink | None" = None,
        place: Path | None = None,
        seconds: float = 1.0,
    ) -> None:
        _check(seconds)
        self.name = name or sim.config.name
        self.outputs: list[Output] = []
        self.queues: dict[str, Callable[[], int]] = {"delay": lambda: _delayed(sim)}
        self.lock = Lock()  # held while histograms change
        self.latencies = Latencies(_TIMED)
        self.state = "running"
        self.reason: str | None = None
        self._sim, self._sink = sim, sink
        self._process = Process()
        self._created = sink.info.created if sink is not None else now()
        self._seconds = seconds
        self._started = self._last = monotonic()
        self._due = self._started + seconds
        self._log_due = self._started + _LOG_SECONDS
        self._times: list[tuple[int, ...]] = []
        self._counts: list[tuple[int, ...]] = []
        self._operations: deque[tuple[str, int]] = deque(maxlen=_WAITING)
        self._rejects = np.zeros(_REASONS, np.int64)
        self._counters = {"ticks": 0} | {_counter(name): 0 for name in vars(sim.counts)}
        del self._counters["halted"]
        self._past: dict[str, deque[float]] = {name: deque(maxlen=HISTORY) for name in PAST}
        if place is not None:
            self.outputs.append(lambda monitor: write_status(place, monitor.status))
        if sink is not None:
            self.queues["writer"] = lambda: sink.waiting
        self._failing = False
        self._teller = ThreadPoolExecutor(1, "qtg-monitor")
        self._telling: Future[None] | None = None
        self.status = self._look([], 0.0, self._process.usage())
        self._unwatch: Callable[[], None] | None = None
        self.attach()
        self._hand_over()

    def attach(self) -> None:
        """Watch from the next tick on, as a new monitor does anyway."""
        if self._unwatch is None:
            self._unwatch = watch_venue(self._sim.exchange.venue, self._record_venue)
            self._sim.observers.append(self._after_tick)

    def detach(self) -> None:
        """Leave the run alone; `attach` goes on watching."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
            self._sim.observers.remove(self._after_tick)

    def record(self, operation: str, ns: int) -> None:
        """Add the time of an operation [ns], named "room.operation"; any thread may."""
        self._operations.append((operation, ns))

    def refresh(self) -> Status:
        """Take in what has happened, and tell the outputs."""
        at = monotonic()
        passed, self._last = max(at - self._last, 1e-9), at
        self._due = at + self._seconds
        times, self._times = self._times, []
        counts, self._counts = self._counts, []
        with self.lock:
            for name, column in zip(_TIMED, zip(*times, strict=True), strict=False):
                self.latencies.record(name, column)
            for name, values in self._taken().items():
                self.latencies.record(name, values)
        self._add(counts)
        usage = self._process.usage()
        self.status = self._look(times, passed, usage)
        self._hand_over()
        self._log(at, usage)
        return self.status

    def close(self, reason: str | None = None) -> None:
        """Stop watching; with a reason, the run failed. The last snapshot says so."""
        if self.state != "running":
            return
        self.state, self.reason = ("failed", reason) if reason else ("complete", None)
        self.detach()
        self.wait()
        self.refresh()
        self._teller.shutdown()

    def wait(self) -> None:
        """Return once the outputs have what was handed to them."""
        if self._telling is not None:
            self._telling.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close(f"{kind.__name__}: {error}".removesuffix(": ") if kind is not None else None)

    def _after_tick(self, sim: "Simulation") -> None:
        self._times.append((sim.watch.total_ns, *sim.watch.ns))
        self._counts.append(tuple(vars(sim.counts).values()))
        events, n = sim.exchange.events, sim.exchange.n_events
        rejected = np.flatnonzero(events.exec_type[:n] == _REJECTED)
        if len(rejected):
            self._rejects += np.bincount(events.reason[rejected], minlength=_REASONS)
        if monotonic() >= self._due:
            self.refresh()

    def _record_venue(self, operation: str, ns: int) -> None:
        self._operations.append((f"venue.{operation}", ns))

    def _taken(self) -> dict[str, list[int]]:
        """Operations by name, which then wait no longer."""
        taken: dict[str, list[int]] = {}
        for _ in range(len(self._operations)):
            name, ns = self._operations.popleft()
            taken.setdefault(name, []).append(ns)
        return taken

    def _add(self, counts: list[tuple[int, ...]]) -> None:
        self._counters["ticks"] += len(counts)
        for name, column in zip(vars(self._sim.counts), zip(*counts, strict=True), strict=False):
            if name != "halted":
                self._counters[_counter(name)] += sum(column)

    def _look(self, times: list[tuple[int, ...]], passed: float, usage: Usage) -> Status:
        sim, sink = self._sim, self._sink
        counters = dict(self._counters)
        counters["inputs"] = sim.inputs.sequence
        if sink is not None:
            counters["written_bytes"] = sum(part.bytes for part in list(sink.info.manifest))
        rates = self._rates(counters, passed)
        if times:
            for name, rate in rates.items():
                self._past[name].append(round(rate, 1))
            self._past["tick_p50_ns"].append(sorted(row[0] for row in times)[len(times) // 2])
        return Status(
            run=self.name,
            config=sim.config.name,
            seed=sim.config.seed,
            created=self._created,
            state=self.state,
            reason=self.reason,
            time=now(),
            seconds=round(monotonic() - self._started, 3),
            tick=sim.tick,
            last_tick=sim.last_tick,
            trace_hash=sim.trace_hash,
            pid=os.getpid(),
            rates=rates,
            latencies=self.latencies.summary(),
            counters=counters,
            rejects={
                Reason(code).name.lower(): int(self._rejects[code])
                for code in np.flatnonzero(self._rejects).tolist()
            },
            queues={name: int(size()) for name, size in self.queues.items()},
            resting=_resting(sim),
            process=usage,
            invariants=_checks(sim),
            history={name: list(values) for name, values in self._past.items()},
        )

    def _rates(self, counters: dict[str, int], passed: float) -> dict[str, float]:
        """Per second, since the last look."""
        before = self.status.counters if hasattr(self, "status") else counters
        return {
            name: round((counters[name] - before[name]) / passed if passed else 0.0, 3)
            for name in RATES
        }

    def _hand_over(self) -> None:
        """Let the outputs have the newest status, unless they are still busy with an earlier one:
        a slow disk must not hold the market up."""
        if self.outputs and (self._telling is None or self._telling.done()):
            self._telling = self._teller.submit(self._tell)

    def _tell(self) -> None:
        """Call the outputs; what cannot be written must not end the run."""
        for output in self.outputs:
            try:
                output(self)
            except OSError as error:
                if not self._failing:
                    told = {"run": self.name, "tick": self.status.tick}
                    told |= {"fields": {"why": str(error)}}
                    _LOG.warning("metrics cannot be written", extra=told)
                self._failing = True
                return
        self._failing = False

    def _log(self, at: float, usage: Usage) -> None:
        if at < self._log_due:
            return
        self._log_due = at + _LOG_SECONDS
        tick = self.status.latencies["tick"]
        fields = {f"{name}_per_s": rate for name, rate in self.status.rates.items()}
        fields |= {"tick_p50_ns": tick.p50_ns, "tick_p99_ns": tick.p99_ns}
        fields |= {"rss_bytes": usage.rss_bytes}
        _LOG.info("progress", extra={"fields": fields})


Watch = Callable[["Simulation", "Sink", str], AbstractContextManager["Monitor | None"]]


@contextmanager
def monitoring(wanted: Monitoring | bool | None) -> Iterator[Watch]:
    """What watches a run as `simulate` is asked to.

    Ports and files are opened here, so that what is wrong with them is said before a run begins.

    Raises
    ------
    ConfigError    a package is missing, a port taken, a file not to be written
    """
    if not wanted:
        yield lambda sim, sink, name: nullcontext()
        return
    asked = wanted if isinstance(wanted, Monitoring) else Monitoring()
    _check(asked.seconds)
    with ExitStack() as stack:
        exports: list[Callable[[Monitor], Any]] = []
        if asked.file is not None or asked.port is not None:
            from .prometheus import Export

            exports.append(stack.enter_context(Export(asked.port, asked.file)).follow)

        def watch(sim: "Simulation", sink: "Sink", name: str) -> Monitor:
            place = getattr(sink, "path", None)
            monitor = Monitor(sim, name=name, sink=sink, place=place, seconds=asked.seconds)
            for follow in exports:
                follow(monitor)
            return monitor

        yield watch


def _check(seconds: float) -> None:
    need("monitoring a run", "hdrh", "psutil")
    if not seconds > 0:
        raise ConfigError(f"seconds between snapshots must be positive, got {seconds}")


def _counter(name: str) -> str:
    return _COUNTER_OF.get(name, name)


def _delayed(sim: "Simulation") -> int:
    """Orders on their way to the books."""
    return int(sim.exchange.queue.n.sum())


def _checks(sim: "Simulation") -> Checks | None:
    """Of the whole run; None if it checks nothing."""
    every = sim.config.check_every
    found: dict[str, int] = getattr(sim, "violations", {})
    return Checks(sim.tick // every, sum(found.values())) if every else None


def _resting(sim: "Simulation") -> dict[str, int]:
    """Live orders by symbol, over all environments."""
    by_symbol = sim.exchange.venue.resting.reshape(-1, len(sim.symbols)).sum(axis=0)
    return dict(zip(sim.symbols, by_symbol.tolist(), strict=True))
