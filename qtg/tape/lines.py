"""What is on a tape as lines of text: one thing a line, `name=value`, the same for ever."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from qtg.inputs import Input, InputKind
from qtg.schemas import (
    NO_ROW,
    PRICE_SCALE,
    ExecType,
    MsgType,
    NewsKind,
    OrderEvents,
    OrdType,
    Reason,
    Regime,
    Sector,
    Side,
    TimeInForce,
    taken,
)

from .header import Header
from .layout import Mark


class _Event(NamedTuple):
    """A row of `OrderEvents`, as Python's numbers."""

    tick: int
    time: int
    sequence: int
    symbol: int
    exec_type: int
    reason: int
    side: int
    agent: int
    contra_agent: int
    order_id: int
    contra_id: int
    price: int
    limit_price: int
    qty: int
    leaves: int
    time_in_force: int
    exec_inst: int


def event_lines(events: OrderEvents, header: Header) -> Iterator[str]:
    """A line for each event.

    >>> from qtg import Config, Simulation
    >>> from qtg.tape.header import header_of
    >>> from qtg.tape.moments import events_of
    >>> sim = Simulation(Config.preset("quick_test", warmup={"ticks": 0}))
    >>> header = header_of(sim)
    >>> print(next(event_lines(events_of(sim.step()), header)).split(" AAPL")[0])
    tick=1 event=1
    """
    for values in zip(*(column.tolist() for column in events), strict=True):
        row = _Event._make(values)
        kind = ExecType(row.exec_type)
        unknown = row.reason == Reason.UNKNOWN_MARKET
        symbol = "?" if unknown else header.symbols[row.symbol]
        words = [
            f"tick={row.tick} event={row.sequence} {symbol} {_name(kind)}",
            f"{name_of(Side, row.side)} {row.qty}@{money(row.price)}",
            f"order={row.order_id} agent={row.agent}",
        ]
        if kind == ExecType.TRADE:
            words.append(f"contra_order={row.contra_id} contra_agent={row.contra_agent}")
        if kind == ExecType.REPLACED:
            words.append(f"now={row.leaves}@{money(row.limit_price)}")
        else:
            words.append(f"limit={money(row.limit_price)} leaves={row.leaves}")
        if row.reason:
            words.append(f"reason={name_of(Reason, row.reason)}")
        yield " ".join(words)


def input_lines(new: Input, header: Header) -> Iterator[str]:
    """A line for each order of an input, or for its news, regime or accounts."""
    start = f"tick={new.tick} input={new.sequence}"
    columns = new.columns
    if new.kind == InputKind.REGIME:
        yield f"{start} regime {name_of(Regime, int(columns.regime[0]))}"
        return
    for row in range(len(columns[0])):
        one = type(columns)(*(each.item() for each in taken(columns, row)))
        yield f"{start} {_TEXTS[new.kind](one, header)}"


def mark_line(mark: Mark) -> str:
    """A line for a tick's end."""
    states = (f"hash={each:016x} events={n}" for each, n in zip(mark.hashes, mark.events))
    return f"tick={mark.tick} end {' '.join(states)}"


def money(price: int) -> str:
    """A price in units of 1e-4 as a decimal number.

    >>> money(1_234_500), money(-1)
    ('123.4500', '-0.0001')
    """
    whole, rest = divmod(abs(price), PRICE_SCALE)
    return f"{'-' if price < 0 else ''}{whole}.{rest:04d}"


def name_of(codes: type[IntEnum], code: int) -> str:
    """The name of a code in small letters; the number where it has none."""
    try:
        return _name(codes(code))
    except ValueError:
        return str(code)


def _name(member: IntEnum) -> str:
    return member.name.lower()


def _order(one: Any, header: Header) -> str:
    what = name_of(MsgType, one.msg_type)
    known = 0 <= one.market < len(header.symbols)
    where = header.symbols[one.market] if known else f"market={one.market}"
    words = [f"{where} order {what} agent={one.agent}"]
    if one.msg_type == MsgType.NEW:
        words.append(f"{name_of(OrdType, one.ord_type)} {name_of(TimeInForce, one.tif)}")
        words.append(name_of(Side, one.side))
    if one.msg_type != MsgType.CANCEL:
        words.append(f"{one.qty}@{money(one.price)}")
    if one.msg_type != MsgType.NEW:
        words.append(f"order={one.order_id}")
    for name in ("exec_inst", "latency_ticks", "expire_tick"):
        if getattr(one, name):
            words.append(f"{name}={getattr(one, name)}")
    return " ".join(words)


def _news(one: Any, header: Header) -> str:
    words = [f"news {name_of(NewsKind, one.kind)}"]
    if one.symbol != NO_ROW:
        words.append(f"symbol={header.symbols[one.symbol]}")
    if one.sector != NO_ROW:
        words.append(f"sector={name_of(Sector, one.sector)}")
    words.append(f"surprise={one.surprise!r} sentiment={one.sentiment!r} duration={one.duration}")
    return " ".join(words)


def _opening(one: Any, _: Header) -> str:
    return f"opening agent={one.agent} cash={money(one.cash)}"


_TEXTS = {InputKind.ORDERS: _order, InputKind.NEWS: _news, InputKind.OPENING: _opening}
