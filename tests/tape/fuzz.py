"""`python -m tests.tape.fuzz`: damaged tapes through the reader and all that stands on it.

Whatever a file holds, only a `QtgError` may come out, soon, and without much memory; and a tape
whose checksums are right no more never says anything else than before. Exit 0 and one line of
counts, or 1 and the first file that breaks this, which is kept.
"""

import argparse
import os
import random
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from qtg.errors import QtgError
from qtg.tape import TapeReader, TapeWriter, replay_tape
from qtg.tape.choosing import ALL
from qtg.tape.layout import TickEvents
from qtg.tape.moments import moments
from qtg.tape.printing import moment_lines
from qtg.tape.totals import totals
from tests.simulation.small import quiet, start

from .mutations import damaged

SLOW = 5.0  # seconds for one file
ROOM = 64 << 20  # bytes that Arrow may hold at any time
SPACE = 4 << 30  # bytes of address space beyond what there is at the start
NEWS = {"news": {"enabled": True}}


def small_tape(path: Path, events: bool = True) -> bytes:
    """A tape with every kind of frame but the rarest, a few kilobytes long."""
    sim = start(quiet(NEWS))
    with TapeWriter.attach(sim, path, events=events, overwrite=True):
        sim.submit({"agent": [2, 3], "side": [-1, 1], "price": [1_000_000] * 2, "qty": [5, 3]})
        sim.step()
        sim.inject_news("earnings", symbol="A", surprise=0.1, sentiment=0.5, duration=3)
        sim.step()
        sim.inputs.taps.append(_refuse)
        try:
            sim.set_regime("calm")
        except QtgError:
            sim.inputs.taps.remove(_refuse)
        sim.set_regime("crisis")
        sim.submit({"msg_type": [2, 1], "agent": [2, 3], "order_id": [1, 77], "qty": [1, 1]})
        sim.step().submit({"agent": [2], "price": [990_000], "qty": [1]})
    return path.read_bytes()


def _refuse(_: object) -> None:
    raise QtgError("no")


def records_of(path: Path) -> list[Any]:
    """Everything a tape says, as far as it can be read, in comparable form."""
    reader, found = TapeReader(path), []
    for record in reader:
        what = record.what
        if isinstance(what, TickEvents):
            columns: Any = reader.columns(record)
            found.append((what.tick, [column.tolist() for column in columns]))
        elif hasattr(what, "columns"):
            found.append((what[:3], [column.tolist() for column in what.columns]))
        else:
            found.append(what)
    return found


def look_at_all(path: Path) -> list[Any]:
    """What every command that does not replay does with a tape."""
    found = records_of(path)
    reader = TapeReader(path)
    if reader.header.keeps_events:
        kept = list(moments(reader))
        for moment in kept:
            list(moment_lines(moment, reader.header, ALL))
        totals(kept, reader.header.symbols, depth=True).as_dict()
    return found


def judge(path: Path, data: bytes, informed: bool, truth: list[Any]) -> str:
    """What became of a damaged tape; raises AssertionError where something is wrong."""
    path.write_bytes(data)
    before = time.monotonic()
    found: list[Any] = []
    said: QtgError | None = None
    try:
        found = look_at_all(path)
    except QtgError as error:
        said = error
    took = time.monotonic() - before
    assert str(said).isprintable(), "an error is one line"
    assert took < SLOW, f"took {took:.1f} s"
    if not informed:
        assert found == truth[: len(found)], "misread"
    assert pa.default_memory_pool().max_memory() < ROOM, "much memory"
    return "read" if said is None else type(said).__name__


def campaign(inputs: int, seconds: float, seed: int, replay_every: int) -> Counter[str]:
    """Damage, read, count. Every so many-th tape that can be read is replayed too."""
    counts: Counter[str] = Counter()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    path, kept = folder / "damaged.rpl", Path(f"fuzz-tape-{seed}.rpl")
    wholes = [small_tape(folder / "whole.rpl", events) for events in (True, False)]
    truths = []
    for whole in wholes:
        path.write_bytes(whole)
        truths.append(look_at_all(path))
    end, read = time.monotonic() + seconds, 0
    for number in range(inputs):
        if time.monotonic() > end:
            break
        which = number % 2
        draw = random.Random(seed * 1_000_003 + number).randrange
        damage = damaged(wholes[which], draw)
        try:
            outcome = judge(path, damage.data, damage.informed, truths[which])
            if outcome == "read":
                read += 1
                if read % replay_every == 0:
                    counts[_replayed(path)] += 1
        except BaseException as error:
            kept.write_bytes(damage.data)
            raise AssertionError(
                f"input {number} of seed {seed}, kept as {kept}: {error!r}"
            ) from error
        counts[outcome] += 1
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return counts


def _replayed(path: Path) -> str:
    try:
        replay_tape(path)
    except QtgError as error:
        return f"replay {type(error).__name__}"
    return "replayed"


def main() -> int:
    """Run a campaign and report."""
    parser = argparse.ArgumentParser(description="damaged tapes through the reader")
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=3_600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay-every", type=int, default=1_000)
    asked = parser.parse_args()
    np.seterr(all="ignore")
    try:
        _limit_memory()
        counts = campaign(asked.inputs, asked.seconds, asked.seed, asked.replay_every)
    except AssertionError as wrong:
        print(wrong)
        return 1
    number = sum(n for name, n in counts.items() if not name.startswith("replay"))
    said = ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items()))
    print(f"seed {asked.seed}: {number:,} damaged tapes: {said}")
    return 0


def _limit_memory() -> None:
    """Let an allocation by a wrong number fail instead of being granted and never used."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    raise SystemExit(main())
