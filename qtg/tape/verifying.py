"""Whether a tape is whole, and whether its run comes out the same."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qtg.frames import Cut
from qtg.inputs import Input
from qtg.kernels.publish import trace
from qtg.kernels.random import Moment
from qtg.schemas import Events, OrderEvents

from .layout import End, Mark, TickEvents
from .moments import Advance, moments
from .reader import TapeReader
from .replaying import replay_ticks, start_of


@dataclass
class Survey:
    """What a tape holds.

    Attributes
    ----------
    nbytes, frames : int     of the whole file, frames that are whole
    mark : Mark              the last, or where the tape starts
    inputs : Counter         by kind
    event_bytes : int        of the events in it
    cut : Cut or None        an unfinished end
    ended : bool             whether the tape says that the run ended
    """

    nbytes: int
    frames: int
    mark: Mark
    inputs: Counter[str]
    event_bytes: int
    cut: Cut | None
    ended: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "bytes": self.nbytes,
            "frames": self.frames,
            "last_tick": self.mark.tick,
            "trace_hashes": [f"{each:016x}" for each in self.mark.hashes],
            "events": list(self.mark.events),
            "inputs": dict(self.inputs),
            "event_bytes": self.event_bytes,
            "cut": None if self.cut is None else self.cut._asdict(),
            "ended": self.ended,
        }


@dataclass
class Verified:
    """What was checked; what was found wrong is raised instead."""

    survey: Survey
    checks: list[str] = field(default_factory=list)


def survey_tape(tape: TapeReader) -> Survey:
    """Read a tape from start to end: every checksum, sequence and input.

    Raises
    ------
    StorageError, CorruptData    it cannot be read
    """
    inputs: Counter[str] = Counter()
    frames, nbytes, mark = 1, 0, tape.header.mark
    for record in tape:
        frames += 1
        what = record.what
        if isinstance(what, Input):
            inputs[what.kind.name.lower()] += 1
        elif isinstance(what, TickEvents):
            nbytes += len(what.batch)
        elif isinstance(what, Mark):
            mark = what
        elif isinstance(what, End):
            mark = what.mark
        else:  # the input before it was withdrawn
            inputs["withdrawn"] += 1
    size = tape.path.stat().st_size
    return Survey(size, frames, mark, inputs, nbytes, tape.cut, tape.ended)


def ticks_of(tape: TapeReader, last: int | None = None) -> int:
    """How many ticks a tape holds, up to `last`; takes a look at all of it."""
    end = survey_tape(tape).mark.tick
    return max((end if last is None else min(end, last)) - tape.header.tick, 0)


def verify_tape(
    tape: TapeReader, *, replay: bool = True, threads: int = 1, advance: Advance = lambda: None
) -> Verified:
    """Check all that a tape says.

    Parameters
    ----------
    tape : TapeReader
    replay : bool           also make the run again; only for a tape from the start of its run
    threads : int           for matching
    advance : function      called after each tick that is replayed

    Raises
    ------
    StorageError, CorruptData    it cannot be read
    ReplayError                  the replay differs from it
    """
    done = Verified(survey_tape(tape))
    survey, header = done.survey, tape.header
    done.checks.append(f"{survey.frames:,} frames: checksums, sequences and order are right")
    ticks = survey.mark.tick - header.tick
    if header.keeps_events:
        _check_events(tape)
        done.checks.append(f"{ticks:,} ticks: stored events have the trace hash of their tick")
    if header.tick or header.sequence:
        done.checks.append(f"not replayed: the tape starts after tick {header.tick:,} of its run")
    elif replay:
        for _ in replay_ticks(tape, start_of(tape, threads)):
            advance()
        done.checks.append(f"{ticks:,} ticks: the replay has the same trace hash after every tick")
    return done


def _check_events(tape: TapeReader) -> None:
    """Fold the stored events into trace hashes of our own."""
    hashes = np.array(tape.header.mark.hashes, np.uint64)
    counts = np.array(tape.header.events, np.int64)
    now = Moment(np.zeros(1, np.uint64), np.zeros(1, np.int64), np.zeros(1, np.int64))
    for moment in moments(tape):
        events, tick = moment.events, moment.mark.tick
        n, now.tick[0] = len(events.tick), tick
        trace(_as_events(events), 0, n, now, len(tape.header.symbols), hashes, counts)
        if int(hashes[0]) != moment.mark.hashes[0]:
            raise tape.damage(
                f"the events of tick {tick} do not have the trace hash that it gives", moment.end
            )


def _as_events(events: OrderEvents) -> Events:
    named = events._asdict() | {"market": events.symbol, "row": np.zeros_like(events.symbol)}
    return Events(**{name: named[name] for name in Events._fields})
