"""Runs that are killed: `python -m tests.wal.kill_campaign --kills 2000`.

Each life is a small market that gets orders, news and regimes from outside and tells through a pipe
which of them are acknowledged and which ticks are committed. It is killed with SIGKILL at a random
moment, recovered in another process, checked and continued, and often killed again; at its end, its
trace hash and its tables must be those of a run that nothing happened to.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qtg.config import Config
from qtg.errors import StorageError
from qtg.recovery import recover
from qtg.run import open_sink
from qtg.schemas import Side
from qtg.simulation import Simulation
from qtg.wal.run_log import RunLog

CONFIG = Config.preset(
    "quick_test",
    {
        "background.count": 200,
        "warmup.ticks": 10,
        "ticks": 140,
        "storage.orders": True,
        "storage.agents_every": 20,
        "durability.log": True,
        "durability.group_ms": 3,
        "durability.snapshot_every": 40,
        "durability.segment_bytes": 4_096,
    },
)
LAST = CONFIG.warmup.ticks + CONFIG.ticks
LONGEST = 60.0  # seconds for one process


def inputs_of(sim: Simulation, tick: int) -> Iterator[Callable[[], Any]]:
    """What comes from outside for a tick, the same whoever asks."""
    draw = random.Random(tick)
    agents = sim.agents("market_maker")
    for _ in range(draw.choice((0, 1, 1, 2, 4))):
        what = draw.random()
        if what < 0.9:
            n = draw.randint(1, 3)
            orders = {
                "agent": [int(draw.choice(agents)) for _ in range(n)],
                "market": [draw.randrange(len(sim.symbols)) for _ in range(n)],
                "side": [draw.choice((Side.BUY, Side.SELL)) for _ in range(n)],
                "price": [1_000_000 + 100 * draw.randint(-300, 300) for _ in range(n)],
                "qty": [draw.randint(1, 20) for _ in range(n)],
            }
            yield lambda orders=orders: sim.submit(orders)
        else:
            name = draw.choice(("calm", "crisis"))
            yield lambda name=name: sim.set_regime(name)


def send(sim: Simulation, first: int = 0) -> None:
    """Send what is for the next tick, without the first so many."""
    for number, submit in enumerate(inputs_of(sim, sim.tick + 1)):
        if number >= first:
            submit()


class Reference:
    """The run that nothing happens to."""

    def __init__(self) -> None:
        sim = Simulation(CONFIG)
        self.hashes = [sim.trace_hash]
        self.inputs = [0]  # sent before each tick ended
        while sim.tick < LAST:
            send(sim)
            sim.step()
            self.hashes.append(sim.trace_hash)
            self.inputs.append(sim.inputs.sequence)
        self.rows: dict[str, int] = {}


def live(sim: Simulation, log: RunLog, sink: Any, told: int, first: int) -> None:
    """Run to the end, and tell what is safe as soon as it is."""
    said = (-1, -1)
    while sim.tick < LAST:
        send(sim, first)
        first = 0
        sim.step()
        now = (log.acknowledged, log.committed)
        if now != said:
            os.write(told, b"%d %d\n" % now)
            said = now
    sim.publisher.finish(sim)
    sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    log.finish()


def begin(place: Path, told: int) -> None:
    """The first life of a run."""
    sim = Simulation(CONFIG)
    sink = open_sink(CONFIG, place, overwrite=True)
    sim.publisher.attach(sim, sink)
    live(sim, RunLog.begin(sim, sink), sink, told, 0)


def go_on(place: Path, told: int, reference: Reference, safe: tuple[int, int]) -> None:
    """A later life: recover, check, go on."""
    try:
        run = recover(place, resume=True)
    except StorageError:
        if safe != (0, 0):
            raise
        return begin(place, told)  # it had not begun
    sim, (acknowledged, committed) = run.sim, safe
    assert run.report.inputs >= acknowledged, f"input {acknowledged} is gone: {run.report}"
    assert run.report.tick >= committed, f"tick {committed} is gone: {run.report}"
    assert sim.trace_hash == reference.hashes[sim.tick], f"another market: {run.report}"
    first = sim.inputs.sequence - reference.inputs[sim.tick]
    assert sim.inputs.waiting == first >= 0, f"inputs are no prefix: {run.report}"
    os.write(told, b"%d %d\n" % (run.report.inputs, sim.tick))
    if run.report.complete:
        return None
    assert run.log is not None
    return live(sim, run.log, run.sink, told, first)


def check_tables(place: Path, reference: Reference) -> None:
    """All rows once, no number twice, nothing left over."""
    import pyarrow.parquet as pq

    from qtg.result import open_run

    run = open_run(place)
    assert run.status == "complete"
    assert run.trace_hash == reference.hashes[-1]
    assert run.info()["rows"] == reference.rows, (run.info()["rows"], reference.rows)

    def column(table: str, name: str) -> list[int]:
        parts = [part.path for part in run._source.info.manifest if part.table == table]
        files = [place / part for part in parts]
        assert sorted(place.glob(f"{table}/*")) == sorted(files)
        return [v for f in files for v in pq.ParquetFile(f).read([name])[name].to_pylist()]

    assert column("trades", "trade_id") == list(range(1, reference.rows["trades"] + 1))
    numbers = column("orders", "sequence")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert column("metrics", "tick") == list(range(1, LAST + 1))
    events = zip(column("orders", "order_id"), column("orders", "exec_type"))
    new = [order for order, what in events if what == "new"]
    assert len(set(new)) == len(new), "an order id was given twice"


class Child:
    """A process of its own, forked from this one, that runs a function."""

    def __init__(self, work: Callable[[int], None]) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(reading)
            code = 1
            try:
                work(writing)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(writing)
        self._reading = reading

    def end(self, kill: tuple[int, float] | None = None) -> tuple[bool, list[str]]:
        """Wait, or kill it so many seconds after it told so many lines; whether it was killed, and
        the lines."""
        text = b""
        if kill is not None:
            lines, seconds = kill
            while text.count(b"\n") < lines and (more := os.read(self._reading, 1 << 16)):
                text += more
            time.sleep(seconds)
            os.kill(self.pid, signal.SIGKILL)
        while more := os.read(self._reading, 1 << 16):
            text += more
        os.close(self._reading)
        _, status = os.waitpid(self.pid, 0)
        killed = os.WIFSIGNALED(status)
        if not killed and os.WEXITSTATUS(status):
            raise AssertionError("the process failed; see above")
        return killed, text.decode().rpartition("\n")[0].splitlines()


def last_of(lines: list[str], before: tuple[int, int]) -> tuple[int, int]:
    """What a process told last."""
    if not lines:
        return before
    acknowledged, committed = map(int, lines[-1].split())
    return acknowledged, committed


class Campaign:
    """Lives and their kills.

    Parameters
    ----------
    seed : int
    place : path    a folder for the runs
    """

    def __init__(self, seed: int, place: Path) -> None:
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.reference = Reference()
        self._place = place
        _, lines = Child(self._undisturbed).end()
        self._import_everything()
        self.reference.rows = dict(line.split(" ", 1) for line in lines)  # type: ignore[arg-type]
        self.reference.rows = {name: int(n) for name, n in self.reference.rows.items()}

    def _import_everything(self) -> None:
        """Here, once, what every process would import and compile for itself."""
        place, nowhere = self._place / "warm", os.open(os.devnull, os.O_WRONLY)
        begin(place, nowhere)
        with recover(place):
            pass
        os.close(nowhere)

    def _undisturbed(self, told: int) -> None:
        """With tables and without a log: what they hold at the end."""
        sim = Simulation(CONFIG)
        with open_sink(CONFIG, self._place / "reference", overwrite=True) as sink:
            sim.publisher.attach(sim, sink)
            while sim.tick < LAST:
                send(sim)
                sim.step()
            sim.publisher.finish(sim)
            sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
            for name, rows in sink.rows().items():
                os.write(told, f"{name} {rows}\n".encode())

    def moment(self) -> tuple[int, float] | None:
        """When to kill: while the process starts or recovers, or in one of its next ticks."""
        draw = self.random.random()
        if draw < 0.25:
            return 0, self.random.uniform(0, 0.15)
        return (self.random.randint(1, 12), self.random.uniform(0, 0.01)) if draw < 0.98 else None

    def life(self) -> None:
        """One run, killed until it is let live."""
        place, safe = self._place / "run", (0, 0)
        shutil.rmtree(place, ignore_errors=True)
        child = Child(lambda told: begin(place, told))
        while True:
            killed, lines = child.end(self.moment())
            if not killed:
                break
            self.counts["kills"] += 1
            what = "while it ran" if lines else "before it told anything"
            self.counts[f"kills {what}"] += 1
            safe = last_of(lines, safe)
            self.counts["acknowledged inputs at the kills"] += safe[0]
            child = Child(lambda told, safe=safe: go_on(place, told, self.reference, safe))
        self.counts["runs finished"] += 1
        if self.counts["runs finished"] % 3 == 1:
            self.counts["runs whose tables were compared"] += 1
            Child(lambda told: check_tables(place, self.reference)).end()


def campaign(
    seed: int,
    kills: int,
    folder: str | None = None,
    minutes: float = float("inf"),
    told: bool = False,
) -> Counter[str]:
    """Counts; raises AssertionError where something acknowledged was lost."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        lives = Campaign(seed, Path(place))
        until = time.monotonic() + 60 * minutes
        while lives.counts["kills"] < kills and time.monotonic() < until:
            try:
                lives.life()
            except AssertionError as error:
                kept = shutil.copytree(place, f"{place}-failed")
                raise AssertionError(f"seed {seed}, {lives.counts}: {error}; {kept}") from error
            if told and lives.counts["runs finished"] % 10 == 0:
                print(f"{lives.counts['kills']:,} kills", file=sys.stderr)
    return lives.counts


def main() -> int:
    parser = argparse.ArgumentParser(description="runs that are killed and recovered")
    parser.add_argument("--kills", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then")
    parser.add_argument("--folder", help="where the runs are; a folder in memory is faster")
    asked = parser.parse_args()
    start = time.perf_counter()
    try:
        counts = campaign(asked.seed, asked.kills, asked.folder, asked.minutes, told=True)
    except AssertionError as error:
        print(error)
        return 1
    lines = (
        f"runs with a log (group fsync), killed with SIGKILL {counts['kills']:,} times, seed "
        f"{asked.seed}: no acknowledged input",
        "and no committed tick lost, survivors a prefix, trace hash after each recovery and at",
        "the end equal to the undisturbed run's, each row of its tables once",
        f"{datetime.now(UTC):%Y-%m-%d}, {time.perf_counter() - start:,.0f} s, "
        f"Python {sys.version.split()[0]}",
        "",
        *(f"  {count:>9,}  {name}" for name, count in counts.most_common()),
    )
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
