"""What is known of a run at one moment: `status.json`, or the same from the run's tables."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from qtg.errors import StorageError
from qtg.store.files import reason_of, write_atomically
from qtg.store.run_info import RunInfo, read_run

from .latencies import Count, Latency
from .logs import plain
from .process import Usage

if TYPE_CHECKING:
    from qtg.result import Result

FILE_NAME = "status.json"
FORMAT = "qtg-status"
FORMAT_VERSION = 1
HISTORY = 60  # points of each line of the past
RATES = ("ticks", "orders", "trades")
PAST = (*RATES, "tick_p50_ns")
SILENT_SECONDS = 10.0  # a running run that says nothing for so long has stopped or is stuck


@dataclass(frozen=True)
class Checks:
    """How often invariants were checked, and found broken."""

    checks: Count
    violations: Count


@dataclass(frozen=True)
class Status:
    """A snapshot of a run. Durations are in ns unless they are called seconds."""

    run: str
    config: str
    seed: int
    created: str  # when the run began, as in run.json
    state: str  # running, complete, failed
    reason: str | None  # why it failed
    time: str  # of this snapshot, UTC
    seconds: FiniteFloat  # since it began to be watched; of a finished run, in its ticks
    tick: Count
    last_tick: Count
    trace_hash: str | None
    pid: int | None = None
    rates: dict[str, FiniteFloat] = field(default_factory=dict)  # per second, lately
    latencies: dict[str, Latency] = field(default_factory=dict)
    counters: dict[str, Count] = field(default_factory=dict)
    rejects: dict[str, Count] = field(default_factory=dict)  # by reason
    queues: dict[str, Count] = field(default_factory=dict)  # what waits, by queue
    resting: dict[str, Count] = field(default_factory=dict)  # live orders, by symbol
    process: Usage | None = None
    invariants: Checks | None = None
    history: dict[str, list[FiniteFloat]] = field(default_factory=dict)  # of the last minute

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        told = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}
        answer: dict[str, Any] = plain(told)
        return answer

    @property
    def age(self) -> float:
        """Seconds since this snapshot was taken."""
        return (datetime.now(UTC) - datetime.fromisoformat(self.time)).total_seconds()

    @property
    def silent(self) -> bool:
        """Whether the run should have said something since."""
        return self.state == "running" and self.age > SILENT_SECONDS


def now() -> str:
    """The time, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_status(directory: Path, status: Status) -> None:
    """Write status.json so that a reader always finds a whole one; OSError if that fails."""
    text = json.dumps(status.as_dict(), allow_nan=False)
    write_atomically(directory / FILE_NAME, text, durable=False)


def read_status(path: str | Path) -> Status:
    """What is known of the run in a directory: its latest status.json while it goes on; from its
    tables when it is over, with what only the last status.json says.

    Raises
    ------
    StorageError    no run is there, its status.json is damaged, or nothing is known yet
    """
    directory = Path(path)
    info = read_run(directory)
    told = _read_file(directory, info)
    if told is not None and info.status == "running":
        return told
    from qtg.result import open_run

    run = open_run(directory)
    if "metrics" not in run.tables or not run.metrics.height:
        if told is not None:
            return told
        raise StorageError(f"{directory} has no ticks yet; {_advice(info)}")
    known = _from_tables(run, info, directory.resolve().name)
    if told is None:
        return known
    return replace(
        known,
        rejects=told.rejects,
        counters={**told.counters, **known.counters},
        latencies={**told.latencies, **known.latencies},
        process=told.process,
        invariants=told.invariants,
        pid=told.pid,
    )


def _advice(info: RunInfo) -> str:
    if info.status == "running":
        return "wait for its first committed part, or start runs with `qtg simulate --monitor`"
    return f"it is {info.status}"


def _read_file(directory: Path, info: RunInfo) -> Status | None:
    """The run's status.json; None if there is none, or it is that of an earlier run."""
    file = directory / FILE_NAME
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {reason_of(error)}") from None
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{file} is damaged ({error}); delete it") from None
    status = parse_status(stored, str(file))
    return status if status.created == info.created and status.seed == info.seed else None


def parse_status(stored: Any, source: str) -> Status:
    """A status from its JSON.

    Raises
    ------
    StorageError    it is none, or of another version
    """
    if not isinstance(stored, Mapping) or stored.get("format") != FORMAT:
        raise StorageError(f"{source} is not a status of qtg; delete it")
    if stored.get("format_version") != FORMAT_VERSION:
        raise StorageError(
            f"{source} has format_version {stored.get('format_version')}, this qtg reads "
            f"{FORMAT_VERSION}; delete it"
        )
    try:
        status = TypeAdapter(Status).validate_python(stored)
        _ = status.age  # its time must be one
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise StorageError(f"{source} is damaged ({what}); delete it") from None
    except (TypeError, ValueError) as error:
        raise StorageError(f"{source} is damaged ({error}); delete it") from None
    return status


def _from_tables(run: "Result", info: RunInfo, name: str) -> Status:
    from qtg.stopwatch import Phase

    metrics = run.metrics
    columns = {"tick": "total_ns"}
    columns |= {f"phase.{each.name.lower()}": f"{each.name.lower()}_ns" for each in Phase}
    sums = {
        counter: int(metrics[column].sum())
        for counter, column in COUNTED.items()
        if column in metrics.columns
    }
    seconds = max(float(metrics["total_ns"].sum()) / 1e9, 1e-9)
    config = info.config
    return Status(
        run=name,
        config=config["name"],
        seed=info.seed,
        created=info.created,
        state=info.status,
        reason=info.reason,
        time=now(),
        seconds=seconds,
        tick=int(metrics["tick"].max()),  # type: ignore[arg-type]
        last_tick=config["warmup"]["ticks"] + config["ticks"],
        trace_hash=info.trace_hash,
        rates=_rates(metrics),
        latencies={what: _exactly(metrics[column]) for what, column in columns.items()},
        counters={
            "ticks": metrics.height,
            **sums,
            "written_bytes": sum(part.bytes for part in info.manifest),
        },
        resting={"all": int(metrics["resting"][-1])},
        history=_history(metrics),
    )


# Counter of a status -> column of `metrics`.
COUNTED = {
    "orders": "orders",
    "orders_smart": "orders_smart",
    "orders_reactive": "orders_reactive",
    "orders_background": "orders_background",
    "rejected": "rejected",
    "events": "events",
    "trades": "trades",
    "wakeups": "woken",
}


def _rates(metrics: Any) -> dict[str, float]:
    """Of the second half, since the first ticks may have compiled kernels."""
    later = metrics.tail(max(metrics.height // 2, 1))
    seconds = max(float(later["total_ns"].sum()) / 1e9, 1e-9)
    counted = {name: float(later[name].sum()) for name in RATES[1:]}
    return {name: n / seconds for name, n in {"ticks": later.height, **counted}.items()}


def _exactly(column: Any) -> Latency:
    p50, p95, p99 = (int(column.quantile(q, "lower")) for q in (0.5, 0.95, 0.99))
    return Latency(len(column), int(column.sum()), p50, p95, p99, int(column.max()))


def _history(metrics: Any) -> dict[str, list[float]]:
    """Means of stretches of equal length."""
    step = max(metrics.height // HISTORY, 1)
    past: dict[str, list[float]] = {name: [] for name in PAST}
    for start in range(0, metrics.height - step + 1, step):
        part = metrics.slice(start, step)
        seconds = max(float(part["total_ns"].sum()) / 1e9, 1e-9)
        past["ticks"].append(step / seconds)
        past["orders"].append(float(part["orders"].sum()) / seconds)
        past["trades"].append(float(part["trades"].sum()) / seconds)
        past["tick_p50_ns"].append(float(part["total_ns"].median()))
    return {name: values[-HISTORY:] for name, values in past.items()}
