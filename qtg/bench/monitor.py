"""What watching a run costs: the same market, ticks watched and not watched in turn."""

from statistics import median
from time import perf_counter_ns

from .registry import Benchmark, Probe
from .tick import TickRun

WATCHED_NS = 1_000_000_000  # ticks of one sample that are watched: what one refresh takes in


class WatchedRun:
    """A settled market that streams to a run directory, and that a monitor watches now and then.

    Pairs of neighbouring ticks: one watched, one not, the first of them in turn, since the market
    moves on. The median of their ratios is what each tick costs; a refresh (histograms, snapshot,
    status.json) is timed for each second of watched ticks, and its share is added.
    """

    def __init__(self) -> None:
        from qtg.monitor import Monitor

        self._run = TickRun({})
        sim, sink = self._run.sim, self._run.sink
        self._monitor = Monitor(sim, sink=sink, place=self._run.path, seconds=1e9)
        self._monitor.detach()
        self._watched_first = False
        self._pairs = 0
        self.tick_percent: list[float] = []
        self.refresh_percent: list[float] = []

    def percent(self) -> float:
        """How much longer a watched run takes [%]."""
        ratios: list[float] = []
        watched = 0
        while watched < WATCHED_NS:
            alone, with_monitor = self._pair()
            watched += with_monitor
            ratios.append(with_monitor / alone)
        self._pairs += len(ratios)
        start = perf_counter_ns()
        self._monitor.refresh()
        self.refresh_percent.append(100 * (perf_counter_ns() - start) / watched)
        self.tick_percent.append(100 * (median(ratios) - 1))
        return self.tick_percent[-1] + self.refresh_percent[-1]

    def wrong(self) -> str:
        """Whether what was watched was counted."""
        seen = self._monitor.status.counters["ticks"]
        return "" if seen == self._pairs else f"{seen} of {self._pairs} ticks were counted"

    def activity(self) -> str:
        """What market it is."""
        return self._run.activity()

    def _pair(self) -> tuple[int, int]:
        self._watched_first = not self._watched_first
        took = [0, 0]
        for watched in (self._watched_first, not self._watched_first):
            if watched:
                self._monitor.attach()
            start = perf_counter_ns()
            self._run.sim.step()
            took[watched] = perf_counter_ns() - start
            self._monitor.detach()
        return took[0], took[1]


def _prepare() -> Probe:
    run = WatchedRun()
    run.percent()
    return Probe(run.percent, run.wrong, note=run.activity())


BENCHMARKS = (
    Benchmark(
        "monitor.cost",
        "a watched run (status.json each second) takes longer by",
        "%",
        _prepare,
        repeats=15,
    ),
)
