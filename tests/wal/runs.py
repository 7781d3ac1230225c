"""Small runs with a log, stopped where a test wants them to."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qtg.config import Config
from qtg.recovery import recover
from qtg.run import open_sink
from qtg.schemas import Side
from qtg.simulation import Simulation
from qtg.wal.disk import RealDisk
from qtg.wal.log import Log
from qtg.wal.run_log import RunLog

FINGERPRINT = "a run"
HEADER = json.dumps({"fingerprint": FINGERPRINT}).encode()
LIVELY = {
    "background.count": 200,
    "warmup.ticks": 5,
    "ticks": 60,
    "storage.orders": True,
    "storage.agents_every": 10,
    "durability.log": True,
    "durability.snapshot_every": 20,
    "durability.segment_bytes": 4_096,
    "durability.group_ms": 60_000,  # nothing is durable before somebody asks
}


def lively(**changes: Any) -> Config:
    """A market that trades from its first ticks on, with a log."""
    return Config.preset("quick_test", {**LIVELY, **changes})


def orders(sim: Simulation, n: int = 2) -> dict[str, Any]:
    """Orders of the first market maker."""
    agent = int(sim.agents("market_maker")[0])
    price = int(sim.exchange.view.last[0]) or 1_850_000
    return {
        "agent": [agent] * n,
        "market": [0] * n,
        "side": [Side.BUY] * n,
        "price": [price // 100 * 100 - 10_000] * n,
        "qty": [1 + sim.tick] * n,
    }


def drive(sim: Simulation, ticks: int, first: int = 0) -> None:
    """Two inputs for each tick; of the first tick those from number `first` on."""
    for _ in range(ticks):
        if first < 1:
            sim.submit(orders(sim))
        if first < 2:
            sim.set_regime("crisis" if sim.tick % 10 < 5 else "calm")
        first = 0
        sim.step()


@contextmanager
def logged(config: Config, place: Path) -> Iterator[tuple[Simulation, RunLog]]:
    """A run that keeps a log and is never closed."""
    sim = Simulation(config)
    sink = open_sink(config, place, overwrite=True)
    sim.publisher.attach(sim, sink)
    log = RunLog.begin(sim, sink)
    try:
        yield sim, log
    finally:
        log.close()
        sink.fail("the test is over")


def crashed(config: Config, place: Path, ticks: int, unwritten: int = 0) -> Simulation:
    """A run directory as a process leaves it that is killed after `ticks`, all of them in the log,
    and `unwritten` more that are not; the simulation as it was with all that is in the log."""
    with logged(config, place.with_name("alive")) as (sim, log):
        drive(sim, ticks)
        log.commit()
        drive(sim, unwritten)
        shutil.copytree(place.with_name("alive"), place)
    twin = Simulation(config)
    drive(twin, ticks)
    return twin


def undisturbed(config: Config, place: Path) -> Any:
    """The same run, from start to end."""
    from qtg.result import open_run

    with logged(config, place) as (sim, log):
        drive(sim, sim.last_tick)
        sim.publisher.finish(sim)
        log._sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
        log.finish()
    return open_run(place)


def finished(place: Path) -> Any:
    """Recover a run, go on as if nothing had happened, and open it."""
    from qtg.result import open_run

    with recover(place, resume=True) as run:
        sim = run.sim
        sent = sim.inputs.waiting
        drive(sim, sim.last_tick - sim.tick, sent)
        run.finish(progress=False)
    return open_run(place)


def small_log(place: Path, records: int = 12, segment_bytes: int = 200) -> list[tuple[int, bytes]]:
    """A log of short records in several segments, closed; kind and payload of each but headers."""
    from qtg.wal.format import RecordKind

    log = Log(RealDisk(place), FINGERPRINT, HEADER, segment_bytes=segment_bytes)
    written = []
    for number in range(records):
        kind, payload = RecordKind.TICK, bytes([number]) * (number % 5 * 7)
        log.append(kind, payload)
        written.append((int(kind), payload))
        if number % 3 == 2:
            log.flush()
    log.close()
    return written
