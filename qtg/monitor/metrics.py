"""Every metric: its name, type and unit, what it says, and where a status has it.

Names follow Prometheus: base units (seconds, bytes), counters end in _total.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from .latencies import QUANTILES
from .status import Status

Sample = tuple[tuple[str, ...], float]  # values of the labels, value
Samples = Callable[[Status], Iterable[Sample]]


class Metric(NamedTuple):
    """A metric family; histograms have no `samples`, they are read from the monitor."""

    name: str
    kind: str  # counter, gauge, histogram
    unit: str
    labels: tuple[str, ...]
    text: str
    samples: Samples | None = None


def _counter(name: str, counter: str, unit: str, text: str) -> Metric:
    def samples(status: Status) -> Iterable[Sample]:
        if counter in status.counters:
            yield (), status.counters[counter]

    return Metric(name, "counter", unit, (), text, samples)


def _info(status: Status) -> Iterable[Sample]:
    from qtg import __version__

    yield (status.run, status.config, str(status.seed), __version__), 1


def _written(status: Status) -> Iterable[Sample]:
    for tier in ("smart", "reactive", "background"):
        yield (tier,), status.counters[f"orders_{tier}"]


def _rejects(status: Status) -> Iterable[Sample]:
    return (((reason,), n) for reason, n in status.rejects.items())


def _queues(status: Status) -> Iterable[Sample]:
    return (((name,), n) for name, n in status.queues.items())


def _resting(status: Status) -> Iterable[Sample]:
    return (((symbol,), n) for symbol, n in status.resting.items())


def _quantiles(status: Status) -> Iterable[Sample]:
    for name, latency in status.latencies.items():
        if latency.count:
            ns = (latency.p50_ns, latency.p95_ns, latency.p99_ns)
            for quantile, value in zip(QUANTILES, ns, strict=True):
                yield (name, f"{quantile:g}"), value / 1e9


def _process(key: str) -> Samples:
    def samples(status: Status) -> Iterable[Sample]:
        if status.process is not None:
            yield (), getattr(status.process, key)

    return samples


def _invariants(key: str) -> Samples:
    def samples(status: Status) -> Iterable[Sample]:
        if status.invariants is not None:
            yield (), getattr(status.invariants, key)

    return samples


TICK = "qtg_tick_seconds"
PHASE = "qtg_tick_phase_seconds"
OPERATION = "qtg_operation_seconds"

METRICS = (
    Metric(
        "qtg_run_info",
        "gauge",
        "1",
        ("run", "config", "seed", "version"),
        "always 1; says which run this is",
        _info,
    ),
    Metric("qtg_tick", "gauge", "tick", (), "the last tick that is over", lambda s: [((), s.tick)]),
    Metric(
        "qtg_last_tick",
        "gauge",
        "tick",
        (),
        "the tick at which the run ends",
        lambda s: [((), s.last_tick)],
    ),
    _counter("qtg_ticks_total", "ticks", "ticks", "ticks since the run is watched"),
    _counter("qtg_orders_total", "orders", "messages", "messages that reached the books"),
    Metric(
        "qtg_orders_written_total",
        "counter",
        "messages",
        ("tier",),
        "messages that agents wrote, before admission and latency",
        _written,
    ),
    _counter("qtg_events_total", "events", "events", "events published"),
    _counter("qtg_trades_total", "trades", "trades", "trades"),
    Metric(
        "qtg_rejects_total",
        "counter",
        "messages",
        ("reason",),
        "messages refused by admission or a book, by reason",
        _rejects,
    ),
    _counter("qtg_wakeups_total", "wakeups", "agents", "agents of tier 2 woken"),
    _counter("qtg_inputs_total", "inputs", "inputs", "inputs from outside, of the whole run"),
    Metric(
        "qtg_queue_depth",
        "gauge",
        "entries",
        ("queue",),
        "what waits: orders on their way to the books (delay), chunks for the disk (writer)",
        _queues,
    ),
    Metric(
        "qtg_resting_orders",
        "gauge",
        "orders",
        ("symbol",),
        "live orders in the books",
        _resting,
    ),
    Metric(
        "qtg_invariant_checks_total",
        "counter",
        "checks",
        (),
        "checks of the invariants",
        _invariants("checks"),
    ),
    Metric(
        "qtg_invariant_violations_total",
        "counter",
        "violations",
        (),
        "invariants found broken; anything but 0 is a defect",
        _invariants("violations"),
    ),
    _counter("qtg_written_bytes_total", "written_bytes", "bytes", "bytes of committed parts"),
    Metric(TICK, "histogram", "seconds", (), "whole ticks"),
    Metric(PHASE, "histogram", "seconds", ("phase",), "phases of the tick"),
    Metric(
        OPERATION,
        "histogram",
        "seconds",
        ("room", "operation"),
        "operations, such as match of the venue",
    ),
    Metric(
        "qtg_latency_quantile_seconds",
        "gauge",
        "seconds",
        ("of", "quantile"),
        "quantiles of these three since the run is watched, to 1%",
        _quantiles,
    ),
    Metric(
        "process_resident_memory_bytes",
        "gauge",
        "bytes",
        (),
        "resident memory of the process",
        _process("rss_bytes"),
    ),
    Metric(
        "process_cpu_seconds_total",
        "counter",
        "seconds",
        (),
        "user and system time of the process",
        _process("cpu_seconds"),
    ),
    Metric(
        "process_threads",
        "gauge",
        "threads",
        (),
        "threads of the process",
        _process("threads"),
    ),
)


def reference() -> str:
    """The table of the guide: one row per metric."""
    lines = ["| metric | type | unit | labels | what it says |", "|---|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(
            f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {metric.text} |"
        )
    return "\n".join(lines) + "\n"
