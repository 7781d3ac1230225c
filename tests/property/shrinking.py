"""A stream on which the venues differ, made as short as that goes in a given time."""

import time
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from tests.reference.rules import Message

from .differential import Pair, Setup
from .flow import Flow


class Sent(NamedTuple):
    """A message of a stream."""

    batch: int
    tick: int
    message: Message


def sent(setup: Setup, seed: int, messages: int) -> list[Sent]:
    """The messages of a stream as the slow venue draws them out."""
    slow, found = setup.slow(), []
    for number, (batch, tick) in enumerate(Flow(slow, seed).batches(messages)):
        found += [Sent(number, tick, message) for message in batch]
        slow.submit(batch, tick)
    return found


class Difference(NamedTuple):
    """Where two venues differ, and in what."""

    batch: int
    what: str


def difference(setup: Setup, stream: Sequence[Sent]) -> Difference | None:
    """The first difference, or None; looks into the books after each batch."""
    pair = Pair(setup)
    for (batch, tick), rows in groupby(stream, itemgetter(0, 1)):
        try:
            pair.submit([each.message for each in rows], tick)
            pair.check_books()
        except Exception as error:
            return Difference(batch, f"{type(error).__name__}: {error}")
    return None


def shrunk(setup: Setup, stream: list[Sent], seconds: float = 60.0) -> list[Sent]:
    """A part of the stream on which the venues still differ: as long as there is time, chunks are
    left out that are not needed, large ones first."""
    end = time.monotonic() + seconds
    stream = _as_far_as_needed(setup, stream) or stream
    size = len(stream) // 2
    while size and time.monotonic() < end:
        before, start = len(stream), 0
        while start < len(stream) and time.monotonic() < end:
            shorter = _as_far_as_needed(setup, stream[:start] + stream[start + size :])
            if shorter:
                stream = shorter
            else:
                start += size
        if size > 1 or len(stream) == before:
            size //= 2
    return stream


def _as_far_as_needed(setup: Setup, stream: list[Sent]) -> list[Sent]:
    """The stream up to where the venues differ; nothing if they do not."""
    found = difference(setup, stream)
    return [] if found is None else [each for each in stream if each.batch <= found.batch]


def as_text(stream: Sequence[Sent]) -> str:
    """A message a line, without what is as usual."""
    usual = Message()._asdict()
    lines = []
    for batch, tick, message in stream:
        told = {name: value for name, value in message._asdict().items() if value != usual[name]}
        shown = ", ".join(f"{name}={getattr(v, 'name', v)}" for name, v in told.items())
        lines.append(f"  batch {batch}, tick {tick}: {shown}")
    return "\n".join(lines)
