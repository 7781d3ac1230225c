"""Where two tapes part."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np

from qtg.errors import ConfigError
from qtg.inputs import Input
from qtg.schemas import OrderEvents, taken

from .header import Header
from .lines import event_lines, input_lines, money
from .moments import Moment, moments
from .reader import TapeReader, TapeTick
from .resting import Resting


@dataclass
class Difference:
    """The first place in which two tapes differ.

    Attributes
    ----------
    settings : list      (path, a, b) of the settings that differ
    tick : int or None   the first that differs; None if no tick does
    what : str           "input", "event", "end", or "" if nothing but settings differs
    sequence : int       of the input or event
    a, b : str           what the tapes say there, as a line; "" where one says nothing
    before : list        events before it, the same on both tapes
    after_a, after_b     events after it
    quotes : list        a line per symbol: the best prices at the end of the tick before
    """

    settings: list[tuple[str, Any, Any]] = field(default_factory=list)
    tick: int | None = None
    what: str = ""
    sequence: int | None = None
    a: str = ""
    b: str = ""
    before: list[str] = field(default_factory=list)
    after_a: list[str] = field(default_factory=list)
    after_b: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.what or self.settings)

    def lines(self) -> Iterator[str]:
        """As text: what is common after two spaces, then `- ` for the first tape, `+ ` for the
        second."""
        for path, a, b in self.settings:
            yield f"setting {path}: {a!r} | {b!r}"
        if not self.what:
            yield "events and inputs are the same" if self.settings else "the tapes are the same"
            return
        number = "" if self.sequence is None else f", {self.what} {self.sequence}"
        yield f"first difference: tick {self.tick}{number}"
        yield from (f"before tick {self.tick}: {quote}" for quote in self.quotes)
        yield from (f"  {line}" for line in self.before)
        yield from (f"- {line}" for line in [self.a, *self.after_a] if line)
        yield from (f"+ {line}" for line in [self.b, *self.after_b] if line)


def compare_tapes(a: TapeReader, b: TapeReader, *, around: int = 5) -> Difference:
    """Find the first tick in which two tapes differ, and the first input or event in it.

    Ticks are compared by their inputs and trace hashes; only the ticks up to the first that differs
    are looked at more closely, and replayed where a tape holds no events.

    Parameters
    ----------
    a, b : TapeReader
    around : int         how many events before and after to show

    Returns
    -------
    Difference    false if there is none

    Raises
    ------
    ConfigError                               batches of environments
    StorageError, CorruptData, ReplayError    a tape cannot be read or replayed
    """
    if around < 0:
        raise ConfigError(f"the number of events around must not be negative, got {around}")
    found = Difference(list(_settings(a.header.config, b.header.config)))
    for first, second in zip_longest(_over(a), _over(b)):
        if first is None or second is None:
            ends, goes_on = (a, b) if first is None else (b, a)
            there = second if first is None else first
            found.what, found.tick = "end", _number(there)
            said = [f"{ends.path.name} has no tick {found.tick}", f"{goes_on.path.name} goes on"]
            found.a, found.b = said if first is None else said[::-1]
            return found
        if not _same(first, second):
            found.tick = _number(first)
            _look_closer(found, found.tick, a, b, around)
            return found
    return found


def _over(tape: TapeReader) -> Iterator[TapeTick]:
    """The ticks that are over."""
    return (tick for tick in tape.ticks() if tick.mark is not None)


def _number(tick: TapeTick | None) -> int:
    return 0 if tick is None or tick.mark is None else tick.mark.tick


def _same(a: TapeTick, b: TapeTick) -> bool:
    return a.mark == b.mark and not list(_other_inputs(a.inputs, b.inputs))


def _other_inputs(
    a: tuple[Input, ...], b: tuple[Input, ...]
) -> Iterator[tuple[Input | None, Input | None]]:
    """Pairs of inputs that are not the same."""
    for one, other in zip_longest(a, b):
        if one is None or other is None or not _equal(one, other):
            yield one, other


def _equal(a: Input, b: Input) -> bool:
    if a[:3] != b[:3]:
        return False
    return all(np.array_equal(one, other) for one, other in zip(a.columns, b.columns, strict=True))


def _look_closer(found: Difference, tick: int, a: TapeReader, b: TapeReader, around: int) -> None:
    """Fill in what differs in a tick, and what was around it."""
    resting = Resting(len(a.header.symbols))
    recent: deque[str] = deque(maxlen=around)
    for one, other in zip(moments(a, last=tick), moments(b, last=tick), strict=True):
        if one.mark.tick < tick:
            resting.work(one.events)
            n = len(one.events.tick)
            recent.extend(event_lines(taken(one.events, slice(max(n - around, 0), n)), a.header))
            continue
        found.quotes = _quotes(resting, a.header)
        found.before = list(recent)
        _first_row(found, (one, a.header), (other, b.header), around)


def _first_row(
    found: Difference, a: tuple[Moment, Header], b: tuple[Moment, Header], around: int
) -> None:
    for one, other in _other_inputs(a[0].inputs, b[0].inputs):
        found.what = "input"
        found.sequence = _sequence(one, other)
        found.a = "" if one is None else " / ".join(input_lines(one, a[1]))
        found.b = "" if other is None else " / ".join(input_lines(other, b[1]))
        return
    found.what = "event"
    row = _first_unequal(a[0].events, b[0].events)
    common = taken(a[0].events, slice(max(row - around, 0), row))
    lines = [*found.before, *event_lines(common, a[1])]
    found.before = lines[len(lines) - around :] if around else []
    said: list[list[str]] = []
    for moment, header in (a, b):
        rest = taken(moment.events, slice(row, row + 1 + around))
        if len(rest.sequence):
            found.sequence = int(rest.sequence[0])
        said.append(list(event_lines(rest, header)) or [""])
    (found.a, *found.after_a), (found.b, *found.after_b) = said


def _sequence(*inputs: Input | None) -> int:
    return next((each.sequence for each in inputs if each is not None), 0)


def _first_unequal(a: OrderEvents, b: OrderEvents) -> int:
    """The first row in which two ticks differ; the shorter one's length if it starts the other."""
    n = min(len(a.tick), len(b.tick))
    unequal = np.zeros(n, np.bool_)
    for name in OrderEvents._fields:
        unequal |= getattr(a, name)[:n] != getattr(b, name)[:n]
    return int(np.argmax(unequal)) if unequal.any() else n


def _quotes(resting: Resting, header: Header) -> list[str]:
    def shown(price: int | None) -> str:
        return "none" if price is None else money(price)

    return [
        f"{symbol} bid={shown(bid)} ask={shown(ask)}"
        for symbol, (bid, ask) in zip(header.symbols, resting.quotes(), strict=True)
    ]


def _settings(a: Any, b: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The settings in which two configurations differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted({*a, *b}):
            yield from _settings(a.get(name), b.get(name), f"{path}.{name}" if path else name)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for place, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _settings(one, other, f"{path}[{place}]")
    elif a != b:
        yield path, a, b
