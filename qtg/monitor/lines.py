"""One snapshot of a run as plain text, for `qtg top --once`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from qtg.terminal import Column, print_table, print_text

from .latencies import Latency
from .status import Status


def print_status(status: Status, as_json: bool = False) -> None:
    """Print a snapshot to stdout."""
    if as_json:
        print(json.dumps(status.as_dict(), indent=2))
        return
    for line in headline(status):
        print_text(line)
    print()
    print_table(latency_columns(status), "latency")
    print()
    for name, value in figures(status):
        print_text(f"{name}: {value}")
    sys.stdout.flush()


def headline(status: Status) -> list[str]:
    """What run this is, how far it is, how fast it goes."""
    state = status.state if not status.silent else f"silent for {status.age:,.0f} s"
    reason = f" ({status.reason})" if status.reason else ""
    share = status.tick / max(status.last_tick, 1)
    return [
        f"{status.run}: {status.config}, seed {status.seed}, {state}{reason}",
        f"tick {status.tick:,} of {status.last_tick:,} ({share:.0%}), {status.seconds:,.1f} s, "
        f"trace {status.trace_hash or 'not known'}",
        ", ".join(
            f"{status.rates.get(name, 0.0):,.0f} {unit}"
            for name, unit in (("ticks", "ticks/s"), ("orders", "orders/s"), ("trades", "fills/s"))
        ),
    ]


def latency_columns(status: Status) -> list[Column]:
    """The table of latencies: a row for the tick, each phase and each operation."""
    rows = [(name, each) for name, each in status.latencies.items() if each.count]
    return [
        Column("of", [name for name, _ in rows]),
        *(
            Column(heading, [cell(each, name) for _, each in rows], right=True)
            for heading, name in (
                ("count", "count"),
                ("p50", "p50_ns"),
                ("p95", "p95_ns"),
                ("p99", "p99_ns"),
                ("max", "max_ns"),
            )
        ),
    ]


def cell(latency: Latency, name: str) -> str:
    """A field of a latency for people."""
    value: int = getattr(latency, name)
    return f"{value:,}" if name == "count" else duration(value)


def duration(ns: float) -> str:
    """A time with its unit.

    >>> duration(950), duration(12_300), duration(4_560_000), duration(61e9)
    ('950 ns', '12.3 us', '4.56 ms', '61.0 s')
    """
    if ns < 1_000:
        return f"{ns:.0f} ns"
    for unit, scale in (("us", 1e3), ("ms", 1e6)):
        if ns < 1_000 * scale:
            return f"{ns / scale:.{2 if ns < 10 * scale else 1}f} {unit}"
    return f"{ns / 1e9:.1f} s"


def size(n: float) -> str:
    """Bytes with their unit.

    >>> size(512), size(300 * 2**20)
    ('0.0 MiB', '300.0 MiB')
    """
    return f"{n / 2**20:,.1f} MiB"


def figures(status: Status) -> Iterator[tuple[str, str]]:
    """Everything else, by name."""
    known = status.counters
    for name in ("orders", "trades", "events", "wakeups", "inputs"):
        if name in known:
            yield name, f"{known[name]:,}"
    rejects = status.rejects or ({"at admission": known["rejected"]} if "rejected" in known else {})
    yield "rejects", counts(rejects)
    yield "waiting", counts(status.queues)
    yield "resting orders", counts({"all": sum(status.resting.values())})
    if "written_bytes" in known:
        yield "written", size(known["written_bytes"])
    if status.process is not None:
        yield (
            "process",
            f"{size(status.process.rss_bytes)}, {status.process.cpu_percent:.0f}% of a "
            f"processor, {status.process.threads} threads",
        )
    if status.invariants is not None:
        yield "invariants", counts(asdict(status.invariants))


def counts(found: dict[str, int]) -> str:
    """Counts by name, the largest first."""
    ordered = sorted(found.items(), key=lambda each: -each[1])
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in ordered) or "none"
