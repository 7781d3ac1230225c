"""`TapeReader`: what a tape holds, in order."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.errors import CorruptData, StorageError
from qtg.frames import Cut, Frame, FrameReader
from qtg.inputs import Input
from qtg.schemas import ExecType, OrderEvents
from qtg.store.files import reason_of

from .header import Header, read_header
from .layout import (
    KIND,
    VERSION,
    End,
    FrameKind,
    Mark,
    TickEvents,
    Withdrawn,
    unpack_events,
    unpack_input,
    unpack_mark,
    unpack_withdrawn,
)

if TYPE_CHECKING:
    from qtg.simulation import Simulation

What = Input | Withdrawn | TickEvents | Mark | End


class Record(NamedTuple):
    """One thing on a tape, and where it is."""

    what: What
    frame: int  # sequence of its frame
    offset: int  # of its frame in the file


class TapeTick(NamedTuple):
    """What a tape holds about one tick."""

    inputs: tuple[Input, ...]  # that took effect in it
    end: Record | None  # with its Mark; None if the tape ends before the tick does
    events: Record | None  # with TickEvents

    @property
    def mark(self) -> Mark | None:
        """What the run was after the tick."""
        return self.end.what if self.end is not None and isinstance(self.end.what, Mark) else None


class Records(ABC):
    """What was taped, record by record, or tick by tick.

    Attributes
    ----------
    path : Path    where it is, for messages
    """

    path: Path

    @abstractmethod
    def __iter__(self) -> Iterator[Record]:
        """The records, in order."""

    def ticks(self) -> Iterator[TapeTick]:
        """The records tick by tick; the last may be a tick that did not end."""
        waiting: list[Input] = []
        events: Record | None = None
        for record in self:
            what = record.what
            if isinstance(what, Input):
                waiting.append(what)
            elif isinstance(what, Withdrawn):
                waiting.pop()
            elif isinstance(what, TickEvents):
                events = record
            elif isinstance(what, Mark):
                due = tuple(each for each in waiting if each.tick == what.tick)
                waiting = waiting[len(due) :]
                yield TapeTick(due, record, events)
                events = None
        if waiting or events:
            yield TapeTick(tuple(waiting), None, events)


class TapeReader(Records):
    """Reads a tape; iterating gives its records and can be done again and again.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    path : Path
    header : Header
    cut : Cut or None    the unfinished end, after iterating: where it starts and how long it is
    ended : bool         after iterating: whether the tape says that its run ended

    Raises
    ------
    StorageError    the file cannot be read, is no tape, or is one of another version
    CorruptData     it is damaged; a cut end is no damage, unless the header is cut
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.cut: Cut | None = None
        self.ended = False
        self._start: bytes | None = None  # payload of the header frame
        with self._open() as frames:
            self.header = self._header(frames)

    def __iter__(self) -> Iterator[Record]:
        with self._open() as frames:
            check = Order(self._header(frames))
            for frame in frames:
                yield Record(self._read(check, frame), frame.sequence, frame.offset)
            self.cut, self.ended = frames.cut, check.ended

    def columns(self, record: Record) -> OrderEvents:
        """The events of a record with `TickEvents`; a copy.

        Raises
        ------
        CorruptData    they are not what they say
        """
        assert isinstance(record.what, TickEvents)
        try:
            return checked_events(record.what, self.header)
        except ValueError as error:
            raise self.damage(str(error), record) from None

    def damage(self, what: str, record: Record) -> CorruptData:
        """The error that says that a record is wrong."""
        return CorruptData(what, str(self.path), record.offset, record.frame)

    def replay(self, **how: object) -> Simulation:
        """Make the run again; see `qtg.replay_tape`."""
        from .replaying import replay_tape

        return replay_tape(self, **how)  # type: ignore[arg-type]

    @contextmanager
    def _open(self) -> Iterator[FrameReader]:
        """The frames of the file, as long as it is now."""
        try:
            with self.path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                yield FrameReader(stream, size, str(self.path), KIND, VERSION)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {reason_of(error)}") from None

    def _header(self, frames: FrameReader) -> Header:
        """What the first frame says."""
        name = str(self.path)
        first = next(iter(frames), None)
        if first is None:
            nbytes = 0 if frames.cut is None else frames.cut.offset + frames.cut.nbytes
            raise StorageError(
                f"{name} ends at byte {nbytes:,}, before its header does; nothing can be read"
            )
        if first.kind != FrameKind.HEADER or first.sequence != 1:
            raise CorruptData("the first frame is no header", name, first.offset, first.sequence)
        if first.payload == self._start:
            return self.header
        header, self._start = read_header(first.payload, name, first.offset), first.payload
        return header

    def _read(self, check: Order, frame: Frame) -> What:
        try:
            return check.take(frame)
        except ValueError as error:
            raise CorruptData(str(error), str(self.path), frame.offset, frame.sequence) from None


def checked_events(events: TickEvents, header: Header) -> OrderEvents:
    """The columns of a tick's events.

    Raises
    ------
    ValueError    a tick, time, sequence, symbol or type that cannot be
    """
    columns = events.columns()
    known = np.array(list(ExecType), np.int8)
    first = columns.sequence[:1]
    for what, good in (
        ("tick", columns.tick == events.tick),
        ("time", columns.time == header.time_ns(events.tick)),
        ("sequence", columns.sequence == first + np.arange(events.rows)),
        ("symbol", (columns.symbol >= 0) & (columns.symbol < len(header.symbols))),
        ("exec_type", np.isin(columns.exec_type, known)),
    ):
        if not np.all(good):
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(f"row {row} of the events of tick {events.tick} has a wrong {what}")
    return columns


class Order:
    """The order in which frames may follow each other; the same for tapes and logs.

    Parameters
    ----------
    header : Header    says where the frames start

    Attributes
    ----------
    mark : Mark      the last, or where the header starts
    sequence : int   of the last input that was not withdrawn
    ended : bool     whether an END was there
    """

    def __init__(self, header: Header) -> None:
        self.mark, self.sequence, self.ended = header.mark, header.sequence, False
        self._keeps_events, self._symbols = header.keeps_events, len(header.symbols)
        self._events = -1  # in the EVENTS frame of the present tick
        self._waiting: list[Input] = []  # inputs whose tick did not end

    def take(self, frame: Frame) -> What:
        """What a frame holds.

        Raises
        ------
        ValueError    it is not what it says, or cannot stand here
        """
        if self.ended:
            raise ValueError("something follows the end of the run")
        if frame.kind == FrameKind.INPUT:
            return self._input(unpack_input(frame.payload, self._symbols))
        if frame.kind == FrameKind.WITHDRAWN:
            return self._withdrawn(unpack_withdrawn(frame.payload))
        if frame.kind == FrameKind.EVENTS:
            return self._tick_events(unpack_events(frame.payload))
        if frame.kind == FrameKind.TICK:
            return self._tick(unpack_mark(frame.payload, len(self.mark.hashes)))
        if frame.kind == FrameKind.END:
            return self._end(unpack_mark(frame.payload, len(self.mark.hashes)))
        raise ValueError(f"a frame of kind {frame.kind}, which tapes do not have")

    def _input(self, new: Input) -> Input:
        if new.sequence != self.sequence + 1:
            raise ValueError(f"input {new.sequence} follows input {self.sequence}")
        earliest = max([self.mark.tick + 1, *(each.tick for each in self._waiting[-1:])])
        # One that was sent from a hook at a tick's end may stand before the mark of that tick.
        if not earliest <= new.tick <= self.mark.tick + 2:
            raise ValueError(f"an input for tick {new.tick} after tick {self.mark.tick}")
        self.sequence = new.sequence
        self._waiting.append(new)
        return new

    def _withdrawn(self, what: Withdrawn) -> Withdrawn:
        if not self._waiting or what.sequence != self.sequence:
            raise ValueError(f"input {what.sequence} is withdrawn, but it is not waiting")
        self._waiting.pop()
        self.sequence -= 1
        return what

    def _tick_events(self, events: TickEvents) -> TickEvents:
        if not self._keeps_events:
            raise ValueError("events on a tape that keeps none")
        if events.tick != self.mark.tick + 1 or self._events >= 0:
            raise ValueError(f"events of tick {events.tick} after tick {self.mark.tick}")
        self._events = events.rows
        return events

    def _tick(self, mark: Mark) -> Mark:
        if mark.tick != self.mark.tick + 1:
            raise ValueError(f"tick {mark.tick} follows tick {self.mark.tick}")
        added = [now - before for now, before in zip(mark.events, self.mark.events, strict=True)]
        if min(added) < 0:
            raise ValueError(f"fewer events after tick {mark.tick} than before")
        if self._keeps_events and added[0] != max(self._events, 0):
            raise ValueError(
                f"tick {mark.tick} has {added[0]} events, the tape holds {max(self._events, 0)}"
            )
        self.mark, self._events = mark, -1
        self._waiting = [each for each in self._waiting if each.tick > mark.tick]
        return mark

    def _end(self, mark: Mark) -> End:
        if mark != self.mark or self._events >= 0:
            raise ValueError("the end does not agree with the last tick")
        self.ended = True
        return End(mark)
