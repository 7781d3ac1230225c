"""Damaged logs: through the reader, and what recovery makes of the records."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qtg.config.durability import Fsync
from qtg.recovery import LogTape, recover
from qtg.result import open_run
from qtg.run import open_sink
from qtg.simulation import Simulation
from qtg.store.directory import LOG
from qtg.tape.header import read_header
from qtg.wal.bases import marks_of
from qtg.wal.format import (
    MARK,
    SEGMENT,
    RecordKind,
    mark_bytes,
    salt_of,
    segment_name,
    segment_numbers,
)
from qtg.wal.log import Log
from qtg.wal.reading import Contents, read_log
from qtg.wal.run_log import RunLog
from qtg.wal.simulated_disk import SimulatedDisk
from tests.simulation.small import quiet

from .arrow import MESSAGES
from .blind import NUMBERS, Draw, blind
from .frames import Frames, informed, replaced, sealed, sealed_oddly, split, starts_of
from .tapes import SETTINGS, happen
from .target import Case, Target
from .values import odd

FINGERPRINT, FOREIGN = "fingerprint", "another"
RUN = Path("run")
LOGGED = {
    **SETTINGS,
    "durability": {
        "log": True,
        "group_ms": 60_000,
        "snapshot_every": 2,
        "segment_bytes": 4_096,
        "keep_snapshots": 8,
    },
}
BIG_EVERY = 32
Files = dict[str, bytes]


class Memory(Files):
    """Files for a reader of logs."""

    def read(self, name: str) -> bytes:
        return self[name]

    def names(self, folder: str) -> list[str]:
        return sorted(name.removeprefix(f"{folder}/") for name in self)


class Source:
    """A whole log: its files, their frames, and all that is true of it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        contents = read_log(Memory(files))  # type: ignore[arg-type]  # it reads only
        assert contents is not None
        self.fingerprint = contents.fingerprint
        self.durable = contents.durable if MARK in files else 0
        self.first, self.last = contents.records[0].sequence, contents.last
        self.starts = contents.segments
        self.truth = {record[0]: record for record in _shown(contents)}
        self.names = sorted(files)
        self.numbers = sorted(contents.segments)
        self.frames = {number: split(files[segment_name(number)]) for number in self.numbers}
        self.places = {name: starts_of(split(data)) for name, data in files.items()}

    def salt(self, number: int) -> int:
        return salt_of(self.fingerprint, number)


def short_log(fsync: Fsync = Fsync.GROUP, fingerprint: str = FINGERPRINT, keep: int = 1) -> Files:
    """A log of short records in several segments; those before record `keep` may be gone."""
    told = {"fingerprint": fingerprint, "config": {"durability": {"fsync": fsync.name.lower()}}}
    disk = SimulatedDisk(0)
    log = Log(disk, fingerprint, json.dumps(told).encode(), fsync=fsync, segment_bytes=200)
    for number in range(8):
        log.append(RecordKind.TICK, bytes([number]) * (number % 5 * 7))
        if number % 3 == 2:
            log.commit()
    log.close()
    log.compact(keep)
    return {f"{LOG}/{name}": disk.read(f"{LOG}/{name}") for name in disk.names(LOG)}


def market_log(run: Path) -> Files:
    """The log of a small market, whose directory stays."""
    sim = Simulation(quiet(LOGGED))
    sink = open_sink(sim.config, run, overwrite=True)
    sim.publisher.attach(sim, sink)
    with sink, RunLog.begin(sim, sink):
        for _ in range(3):
            happen(sim)
    open_run(run)
    return {f"{LOG}/{path.name}": path.read_bytes() for path in (run / LOG).iterdir()}


class Logs(Target):
    """Short logs with and without a mark, with and without syncs, whole and compacted; and, for one
    in 32, the log of a market, whose records are decoded as recovery does."""

    noun = "logs"
    beyond_every = 10

    def __init__(self, folder: Path) -> None:
        self._run, self._copy = folder / "whole", folder / "damaged"
        closed, unsynced = short_log(), short_log(Fsync.OFF)
        self.sources = [
            Source(market_log(self._run)),
            Source(closed),
            Source(_without_mark(closed)),
            Source(_without_mark(unsynced)),
            Source(short_log(keep=7)),
        ]
        self._foreign = Source(short_log(fingerprint=FOREIGN))
        self._contents: Contents | None = None

    def damaged(self, number: int, draw: Draw) -> Case:
        which = 0 if number % BIG_EVERY == 0 else 1 + draw(len(self.sources) - 1)
        source = self.sources[which]
        until = None if draw(8) else draw(source.last + 2)
        files, knows = dict(source.files), draw(2) == 1
        for _ in range(1 + draw(3)):
            if draw(6) == 0:
                files = self._other_files(files, draw)
            elif knows:
                files = _resealed(source, files, draw)
            else:
                name = source.names[draw(len(source.names))]
                if name in files:
                    files[name] = blind(files[name], draw, source.places[name])
        return Case(which, files, knows, until)

    def _other_files(self, files: Files, draw: Draw) -> Files:
        """A file is gone, empty, another's, or in the place of another."""
        if not files:
            return files
        names = sorted(files)
        one, other = names[draw(len(names))], names[draw(len(names))]
        if one == MARK and draw(4):
            one = names[-1]
        action = draw(6)
        if action == 0:
            return {name: data for name, data in files.items() if name != one}
        if action == 1:
            return files | {one: b""}
        if action == 2:
            return files | {one: self._foreign.files.get(one, files[one])}
        if action == 3:
            return files | {one: files[other], other: files[one]}
        if action == 4:
            return files | {segment_name(1 + draw(9)): files[one]}
        return files | {f"{LOG}/{NUMBERS[draw(len(NUMBERS))]:08d}.wal": files[one]}

    def read(self, case: Case, found: list[Any]) -> None:
        memory: Any = Memory(case.data)
        self._contents = None
        self._contents = contents = read_log(memory, case.until)
        if contents is None:
            return
        found += _shown(contents)
        list(marks_of(contents))
        if case.source == 0:
            first = contents.records[0]
            header = read_header(first.payload, first.segment, first.offset)
            tape = LogTape(RUN, header, contents.records)
            for tick in tape.ticks():
                found.append(tick)
            if not case.informed:
                del found[len(contents.records) :]

    def agrees(self, case: Case, found: list[Any], complete: bool) -> bool:
        """What was read are records of before, all in a row, from the start of the first segment
        that is there, and if the mark is as it was, up to where it says at least."""
        source = self.sources[case.source]
        if self._contents is not None and self._contents.fingerprint == FOREIGN:
            source = self._foreign  # whose files are in the place of the others
        if not found:
            mark = case.data.get(MARK, b"")
            return not complete or not source.durable or mark != source.files[MARK]
        numbers = segment_numbers([name.removeprefix(f"{LOG}/") for name in case.data])
        first = source.starts.get(numbers[0])
        if [each[0] for each in found] != list(range(found[0][0], found[0][0] + len(found))):
            return False
        if found[0][0] != first or any(source.truth.get(each[0]) != each for each in found):
            return False
        if not complete or case.until is not None or not source.durable:
            return True
        return found[-1][0] >= source.durable or case.data.get(MARK) != source.files[MARK]

    def is_run(self, case: Case) -> bool:
        return case.source == 0 and self._contents is not None

    def beyond(self, case: Case) -> str:
        self.keep(case, self._copy)
        with recover(self._copy, until=case.until):
            return "recovered"

    def keep(self, case: Case, place: Path) -> None:
        if place.exists():
            shutil.rmtree(place)
        if self._run.exists():
            shutil.copytree(self._run, place)
            shutil.rmtree(place / LOG)
        (place / LOG).mkdir(parents=True)
        for name, data in case.data.items():
            (place / name).write_bytes(data)


def _resealed(source: Source, files: Files, draw: Draw) -> Files:
    """Changed records in a segment, or another number in the mark, with right checksums."""
    if draw(8) == 0:
        return files | {MARK: mark_bytes(NUMBERS[draw(len(NUMBERS))], source.fingerprint)}
    number = source.numbers[draw(len(source.numbers))]
    salt, first = source.salt(number), source.starts[number]
    frames = _informed(source.frames[number], draw)
    if draw(3) == 0:
        frames = _informed(frames, draw)
    if draw(16):
        return files | {segment_name(number): sealed(frames, SEGMENT, 1, salt, first)}
    return files | {segment_name(number): sealed_oddly(frames, draw, SEGMENT)}


def _informed(frames: Frames, draw: Draw) -> Frames:
    if not frames:
        return frames
    which, place = draw(16), draw(len(frames))
    kind, payload = frames[place]
    if which == 0:
        kind, payload = frames[0]
        return replaced(frames, 0, kind, payload[:8] + odd(payload[8:], draw))
    if which < 3:  # another sequence up to which the log was durable
        proof = NUMBERS[draw(len(NUMBERS))].to_bytes(8, "little")
        return replaced(frames, place, kind, proof + payload[8:])
    if which < 5 and kind == RecordKind.INPUT:
        return replaced(frames, place, kind, payload[:32] + MESSAGES[draw(len(MESSAGES))])
    if which < 5 and kind == RecordKind.SNAPSHOT:
        return replaced(frames, place, kind, payload[:8] + odd(payload[8:], draw))
    return informed(frames, draw)


def _without_mark(files: Files) -> Files:
    return {name: data for name, data in files.items() if name != MARK}


def _shown(contents: Contents) -> Iterable[tuple[int, int, bytes]]:
    """The records in comparable form."""
    return [(record.sequence, record.kind, record.payload) for record in contents.records]
