"""What the frames of a tape hold; `docs/formats/rpl.md` says the same in words.

Numbers are little-endian. Columns follow the numbers of their frame as one Arrow record batch.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from qtg.inputs import Input, InputKind, Regimes
from qtg.news import PER_SYMBOL
from qtg.schemas import (
    NO_ROW,
    Account,
    News,
    NewsKind,
    OrderEvents,
    Orders,
    Regime,
    Sector,
    taken,
)

from .batches import from_batch, to_batch

KIND = b"TAPE"
VERSION = 1
TABLES: dict[InputKind, type] = {
    InputKind.ORDERS: Orders,
    InputKind.NEWS: News,
    InputKind.REGIME: Regimes,
}
COLUMNS_OF: dict[str, type] = {
    "orders": Orders,
    "news": News,
    "regime": Regimes,
    "events": OrderEvents,
}
_INPUT = struct.Struct("<QQHHI")  # sequence, tick, InputKind, zero, rows
_EVENTS = struct.Struct("<QII")  # tick, rows, zero
_WITHDRAWN = struct.Struct("<Q")  # sequence
_TICK = struct.Struct("<Q")
_HASH = struct.Struct("<QQ")  # trace hash, events; for each environment


class FrameKind(IntEnum):
    """What a frame of a tape is."""

    HEADER = 1  # JSON: the run's configuration, and how to read the rest
    INPUT = 2  # something from outside
    WITHDRAWN = 3  # the input before it did not take effect: somebody else refused it
    TICK = 4  # a tick is over: trace hash and number of events so far
    EVENTS = 5  # all events of the tick that ends next
    END = 6  # the run ended, with what its last TICK said; nothing follows


class Mark(NamedTuple):
    """The state of a run after a tick, in two numbers for each environment."""

    tick: int
    hashes: tuple[int, ...]  # uint64
    events: tuple[int, ...]  # so far


class Withdrawn(NamedTuple):
    """An input that did not take effect."""

    sequence: int


class TickEvents(NamedTuple):
    """The events of a tick, not decoded yet."""

    tick: int
    rows: int
    batch: memoryview

    def columns(self) -> OrderEvents:
        """The events; a copy.

        Raises
        ------
        ValueError    they are not what they say
        """
        return from_batch(self.batch, OrderEvents, self.rows)


class End(NamedTuple):
    """The run's last mark once more."""

    mark: Mark


def pack_input(new: Input) -> bytes:
    """The payload of an INPUT frame."""
    columns = new.columns
    head = _INPUT.pack(new.sequence, new.tick, new.kind, 0, len(columns[0]))
    return head + to_batch(columns)


def unpack_input(payload: bytes, symbols: int) -> Input:
    """The input in an INPUT frame of a run of so many symbols; its columns are a copy.

    Raises
    ------
    ValueError    it is not what it says, or nothing that a run would have taken
    """
    sequence, tick, kind, zero, rows = _unpack(_INPUT, payload)
    if zero or kind not in TABLES:
        raise ValueError(f"no input is of kind {kind}")
    what = InputKind(kind)
    columns: Any = from_batch(memoryview(payload)[_INPUT.size :], TABLES[what], rows)
    wrong = _WRONG[what](columns, symbols)
    if wrong:
        raise ValueError(f"input {sequence}: {wrong}")
    return Input(sequence, tick, what, columns)


def pack_events(tick: int, columns: OrderEvents) -> bytes:
    """The payload of an EVENTS frame."""
    return _EVENTS.pack(tick, len(columns.tick), 0) + to_batch(columns)


def unpack_events(payload: bytes) -> TickEvents:
    """What is in an EVENTS frame.

    Raises
    ------
    ValueError    it is too short
    """
    tick, rows, zero = _unpack(_EVENTS, payload)
    if zero:
        raise ValueError("a reserved field is not zero")
    return TickEvents(tick, rows, memoryview(payload)[_EVENTS.size :])


def pack_withdrawn(sequence: int) -> bytes:
    """The payload of a WITHDRAWN frame."""
    return _WITHDRAWN.pack(sequence)


def unpack_withdrawn(payload: bytes) -> Withdrawn:
    """What is in a WITHDRAWN frame.

    Raises
    ------
    ValueError    another length
    """
    if len(payload) != _WITHDRAWN.size:
        raise ValueError(f"{len(payload)} bytes instead of {_WITHDRAWN.size}")
    return Withdrawn(*_WITHDRAWN.unpack(payload))


def pack_mark(tick: int, hashes: Sequence[int], events: Sequence[int]) -> bytes:
    """The payload of a TICK or END frame."""
    pairs = (_HASH.pack(int(each), int(n)) for each, n in zip(hashes, events, strict=True))
    return _TICK.pack(tick) + b"".join(pairs)


def unpack_mark(payload: bytes, envs: int) -> Mark:
    """What is in a TICK or END frame of a run of `envs` environments.

    Raises
    ------
    ValueError    another length
    """
    size = _TICK.size + envs * _HASH.size
    if len(payload) != size:
        raise ValueError(f"{len(payload)} bytes instead of {size}")
    pairs = list(_HASH.iter_unpack(payload[_TICK.size :]))
    (tick,) = _TICK.unpack_from(payload)
    return Mark(tick, tuple(each for each, _ in pairs), tuple(n for _, n in pairs))


def _unpack(layout: struct.Struct, payload: bytes) -> tuple[Any, ...]:
    if len(payload) < layout.size:
        raise ValueError(f"{len(payload)} bytes are too short")
    return layout.unpack_from(payload)


def _wrong_orders(orders: Orders, symbols: int) -> str:
    if len(orders.agent) and orders.agent.min() < Account.FIRST_AGENT:
        return f"orders of agent {orders.agent.min()}, which has no account"
    return ""


def _wrong_news(news: News, symbols: int) -> str:
    if len(news.kind) != 1:
        return f"{len(news.kind)} pieces of news at once"
    return _wrong_event(taken(news, 0), symbols)


def _wrong_event(event: Any, symbols: int) -> str:
    """What is wrong with one row of news."""
    if event.kind not in range(len(NewsKind)):
        return f"news of kind {event.kind}"
    whose = range(symbols) if event.kind in PER_SYMBOL else (NO_ROW,)
    if event.symbol not in whose or event.sector not in range(NO_ROW, len(Sector)):
        return f"news of kind {event.kind} about symbol {event.symbol}, sector {event.sector}"
    finite = np.isfinite(event.surprise) and np.isfinite(event.sentiment)
    if not finite or abs(event.sentiment) > 1 or event.duration < 1:
        return "news with a number out of range"
    return ""


def _wrong_regime(regimes: Regimes, symbols: int) -> str:
    if len(regimes.regime) != 1:
        return f"{len(regimes.regime)} regimes at once"
    code = int(regimes.regime[0])
    return "" if code in range(len(Regime)) else f"no regime has code {code}"


_WRONG: dict[InputKind, Any] = {
    InputKind.ORDERS: _wrong_orders,
    InputKind.NEWS: _wrong_news,
    InputKind.REGIME: _wrong_regime,
}
