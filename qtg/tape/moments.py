"""A tape tick by tick with its events: as stored, or from a replay where none are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from qtg.errors import ConfigError
from qtg.schemas import OrderEvents, allocate

from .layout import Mark
from .live import events_of
from .reader import Record, TapeReader
from .replaying import replay_ticks, start_of

if TYPE_CHECKING:
    from qtg.inputs import Input

Advance = Callable[[], object]


class Moment(NamedTuple):
    """One tick of a run."""

    mark: Mark
    inputs: tuple[Input, ...]  # that took effect in it
    events: OrderEvents  # (n,) columns
    end: Record  # of the tape, for messages


def moments(
    tape: TapeReader, *, last: int | None = None, advance: Advance = lambda: None
) -> Iterator[Moment]:
    """The ticks of a tape up to `last`.

    Parameters
    ----------
    tape : TapeReader        without events it is replayed
    last : int, optional
    advance : function       called after each tick, for a progress bar

    Raises
    ------
    ConfigError                  a batch of environments, or strategies that are not registered
    StorageError, CorruptData    the tape cannot be read
    ReplayError                  the replay differs from the tape
    """
    if not tape.header.keeps_events:
        yield from replayed_moments(tape, last=last, advance=advance)
        return
    for moment in _stored(tape):
        if last is not None and moment.mark.tick > last:
            return
        yield moment
        advance()


def replayed_moments(
    tape: TapeReader,
    *,
    last: int | None = None,
    threads: int = 1,
    advance: Advance = lambda: None,
) -> Iterator[Moment]:
    """The ticks of a tape from a replay, as `moments`."""
    if len(tape.header.envs) != 1:
        raise ConfigError(
            f"{tape.path} is of a batch of {len(tape.header.envs)} environments; "
            "events can be looked at for one only"
        )
    sim = start_of(tape, threads)
    for tick in replay_ticks(tape, sim, last):
        if tick.end is not None and tick.mark is not None:
            yield Moment(tick.mark, tick.inputs, events_of(sim), tick.end)
            advance()


def _stored(tape: TapeReader) -> Iterator[Moment]:
    sequence = tape.header.events[0]
    for tick in tape.ticks():
        if tick.end is None or tick.mark is None:
            return
        events = allocate(OrderEvents, 0) if tick.events is None else tape.columns(tick.events)
        n = len(events.sequence)
        if n and events.sequence[0] != sequence + 1:
            raise tape.damage(f"event {events.sequence[0]} follows event {sequence}", tick.end)
        sequence += n
        yield Moment(tick.mark, tick.inputs, events, tick.end)
