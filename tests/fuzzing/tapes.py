"""Damaged tapes: through the reader and all that stands on it."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qtg.errors import QtgError
from qtg.frames import FrameReader
from qtg.schemas import OrderEvents
from qtg.simulation import Simulation
from qtg.tape import TapeReader, TapeWriter, replay_tape
from qtg.tape.choosing import ALL
from qtg.tape.layout import KIND, VERSION, TickEvents
from qtg.tape.moments import moments
from qtg.tape.printing import moment_lines
from qtg.tape.reader import Record
from qtg.tape.totals import totals
from tests.simulation.small import IDLE, quiet, start

from .arrow import MESSAGES
from .blind import Draw, blind
from .frames import Frames, informed, replaced, sealed, sealed_oddly, split, starts_of
from .target import Case, Target
from .values import odd

SETTINGS = {
    "news": {"enabled": True},
    "smart": [IDLE, {"kind": "guest", "count": 1, "cash": 10_000, "shares": 10}],
}
GUEST = 6  # its account
BIG_EVERY = 16  # files, of which two are of the long tapes
NAME = Path("damaged.rpl")


def small_tape(path: Path, events: bool = True) -> bytes:
    """A tape with every kind of frame and input, a few kilobytes long."""
    return _taped(path, happen, events)


def _taped(path: Path, happens: Callable[[Simulation], object], events: bool) -> bytes:
    sim = start(quiet(SETTINGS))
    with TapeWriter.attach(sim, path, events=events, overwrite=True):
        happens(sim)
    return path.read_bytes()


def happen(sim: Simulation) -> None:
    """A few ticks with every kind of input."""
    sim.submit({"agent": [2, 3], "side": [-1, 1], "price": [1_000_000] * 2, "qty": [5, 3]})
    sim.open_account(GUEST, 5_000)
    sim.step()
    sim.inject_news("earnings", symbol="A", surprise=0.1, sentiment=0.5, duration=3)
    sim.step()
    _refused(sim)
    sim.set_regime("crisis")
    sim.submit({"msg_type": [2, 1], "agent": [2, 3], "order_id": [1, 77], "qty": [1, 1]})
    sim.step().submit({"agent": [2], "price": [990_000], "qty": [1]})


def _refused(sim: Simulation) -> None:
    """An input that is withdrawn."""
    sim.inputs.taps.append(_refuse)
    try:
        sim.set_regime("calm")
    except QtgError:
        sim.inputs.taps.remove(_refuse)


def _refuse(_: object) -> None:
    raise QtgError("no")


_ORDERS = {"agent": [2, 3], "side": [-1, 1], "price": [1_000_000] * 2, "qty": [5, 3]}
# One thing each: most of the work goes there, since a short tape is read in less time.
_SINGLE: tuple[tuple[Callable[[Simulation], object], bool], ...] = (
    (lambda sim: (sim.submit(_ORDERS), sim.step()), False),
    (lambda sim: (sim.submit(_ORDERS), sim.step()), True),
    (lambda sim: (sim.inject_news("macro", surprise=0.1), sim.step()), False),
    (lambda sim: (sim.set_regime("crisis"), _refused(sim), sim.step()), False),
    (lambda sim: (sim.open_account(GUEST, 5_000), sim.step()), False),
    (lambda sim: sim.run(3), False),
)


class MemoryTape(TapeReader):
    """A tape in memory. Its records are decoded once, and its header is if it is another one than
    that of `like`."""

    def __init__(self, data: bytes, like: TapeReader) -> None:
        self.path, self.cut, self.ended = NAME, None, False
        self._data = data
        self._start, self.header = like._start, like.header
        self._records: list[Record] | None = None
        self._columns: dict[int, OrderEvents] = {}
        with self._open() as frames:
            self.header = self._header(frames)

    def __iter__(self) -> Iterator[Record]:
        if self._records is not None:
            yield from self._records
            return
        records = []
        for record in super().__iter__():
            records.append(record)
            yield record
        self._records = records

    def columns(self, record: Record) -> OrderEvents:
        if record.offset not in self._columns:
            self._columns[record.offset] = super().columns(record)
        return self._columns[record.offset]

    @contextmanager
    def _open(self) -> Iterator[FrameReader]:
        yield FrameReader(io.BytesIO(self._data), len(self._data), str(NAME), KIND, VERSION)


def records_of(path: Path) -> list[Any]:
    """Everything a tape says, in comparable form."""
    add_records(TapeReader(path), found := [])
    return found


def add_records(reader: TapeReader, found: list[Any]) -> None:
    """Add everything a tape says to `found`, as it is read."""
    for record in reader:
        what = record.what
        if isinstance(what, TickEvents):
            columns: Any = reader.columns(record)
            found.append((what.tick, [column.tobytes() for column in columns]))
        elif hasattr(what, "columns"):
            found.append((what[:3], [column.tobytes() for column in what.columns]))
        else:
            found.append(what)


def look_at_all(reader: TapeReader, found: list[Any]) -> None:
    """What every command that does not replay does with a tape."""
    add_records(reader, found)
    if reader.header.keeps_events:
        kept = list(moments(reader))
        for moment in kept:
            list(moment_lines(moment, reader.header, ALL))
        totals(kept, reader.header.symbols, depth=True).as_dict()


class Tapes(Target):
    """Small tapes; one in 64 is read from a file."""

    noun = "tapes"
    beyond_every = 200

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        singles = [_taped(self._path, happens, events) for happens, events in _SINGLE]
        self.wholes = [small_tape(self._path, events) for events in (True, False)] + singles
        self._frames = [split(whole) for whole in self.wholes]
        self._places = [starts_of(frames) for frames in self._frames]
        self._readers, self._truths = [], []
        for whole in self.wholes:
            self._path.write_bytes(whole)
            self._readers.append(reader := TapeReader(self._path))
            look_at_all(reader, truth := [])
            self._truths.append(truth)

    def damaged(self, number: int, draw: Draw) -> Case:
        source = number % BIG_EVERY
        if source > 1:
            source = 2 + draw(len(self.wholes) - 2)
        if draw(2):
            data = self.wholes[source]
            for _ in range(1 + draw(3)):
                data = blind(data, draw, self._places[source])
            return Case(source, data, False)
        frames = self._frames[source]
        for _ in range(1 + draw(3)):
            frames = _informed(frames, draw)
        data = sealed(frames) if draw(16) else sealed_oddly(frames, draw, KIND)
        return Case(source, data, True)

    def read(self, case: Case, found: list[Any]) -> None:
        if len(case.data) % 64:
            look_at_all(MemoryTape(case.data, self._readers[case.source]), found)
            return
        self._path.write_bytes(case.data)
        look_at_all(TapeReader(self._path), found)

    def agrees(self, case: Case, found: list[Any], complete: bool) -> bool:
        return found == self._truths[case.source][: len(found)]

    def beyond(self, case: Case) -> str:
        self._path.write_bytes(case.data)
        replay_tape(self._path)
        return "replayed"

    def keep(self, case: Case, place: Path) -> None:
        place.with_suffix(".rpl").write_bytes(case.data)


def _informed(frames: Frames, draw: Draw) -> Frames:
    if not frames:
        return frames
    which = draw(16)
    if which == 0:
        kind, payload = frames[0]
        return replaced(frames, 0, kind, odd(payload, draw))
    if which < 4:
        return _batch(frames, draw)
    return informed(frames, draw)


def _batch(frames: Frames, draw: Draw) -> Frames:
    """Another Arrow message in place of a batch."""
    at = [place for place, (kind, _) in enumerate(frames) if kind in (2, 5)]
    if not at:
        return frames
    place = at[draw(len(at))]
    kind, payload = frames[place]
    size = 24 if kind == 2 else 16
    return replaced(frames, place, kind, payload[:size] + MESSAGES[draw(len(MESSAGES))])
