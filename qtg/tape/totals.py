"""What happened on a tape, in totals."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qtg.inputs import InputKind
from qtg.schemas import PRICE_SCALE, ExecType, OrderEvents, Reason, taken

from .choosing import ALL, Chosen
from .lines import name_of
from .moments import Moment
from .resting import Quote, Resting


@dataclass
class Traded:
    """Totals of one symbol; money in units of 1e-4."""

    symbol: str
    orders: int = 0
    canceled: int = 0
    trades: int = 0
    shares: int = 0
    notional: int = 0
    resting: int | None = None  # orders at the end; None if it was not asked for
    most_resting: int | None = None  # at the end of any tick
    quote: Quote = (None, None)  # at the end

    def add(self, events: OrderEvents) -> None:
        """Count events of this symbol."""
        traded = events.exec_type == ExecType.TRADE
        self.orders += int((events.exec_type == ExecType.NEW).sum())
        self.canceled += int((events.exec_type == ExecType.CANCELED).sum())
        self.trades += int(traded.sum())
        self.shares += int(events.qty[traded].sum())
        # In Python's integers: a product may exceed 64 bits on a tape that is made up.
        pairs = zip(events.price[traded].tolist(), events.qty[traded].tolist(), strict=True)
        self.notional += sum(price * qty for price, qty in pairs)


@dataclass
class Totals:
    """What happened on a tape, or in the part of it that was chosen."""

    first: int | None = None  # tick
    last: int | None = None
    ticks: int = 0
    inputs: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    symbols: list[Traded] = field(default_factory=list)

    @property
    def events(self) -> int:
        """Events of all types."""
        return sum(self.types.values())

    @property
    def cancel_rate(self) -> float | None:
        """Cancelled orders, at whoever's request, for each new one; None without new ones."""
        return self.types["canceled"] / self.types["new"] if self.types["new"] else None

    @property
    def events_per_tick(self) -> float | None:
        """Mean number of events in a tick."""
        return self.events / self.ticks if self.ticks else None

    def as_dict(self) -> dict[str, Any]:
        """The totals for JSON; money in the currency."""
        return {
            "first_tick": self.first,
            "last_tick": self.last,
            "ticks": self.ticks,
            "inputs": {_small(kind): self.inputs[_small(kind)] for kind in InputKind},
            "events": {_small(kind): self.types[_small(kind)] for kind in ExecType},
            "reasons": dict(sorted(self.reasons.items())),
            "cancel_rate": self.cancel_rate,
            "events_per_tick": self.events_per_tick,
            "symbols": [_traded(each) for each in self.symbols],
        }


def totals(
    ticks: Iterable[Moment], symbols: Sequence[str], chosen: Chosen = ALL, *, depth: bool = False
) -> Totals:
    """Count what happened.

    Parameters
    ----------
    ticks : of Moment     from the start of a run, if `depth`
    symbols : of str      names of the run's symbols
    chosen : Chosen       which events
    depth : bool          also follow which orders rest, which takes a second for a million events
    """
    found = Totals(symbols=[Traded(symbol) for symbol in symbols])
    resting = Resting(len(symbols)) if depth else None
    for moment in ticks:
        if resting is not None:
            resting.work(moment.events)
        tick = moment.mark.tick
        if tick < chosen.first:
            continue
        found.first, found.last = found.first or tick, tick
        found.ticks += 1
        found.inputs.update(each.kind.name.lower() for each in moment.inputs)
        _count(chosen.rows(moment.events), found)
        if resting is not None:
            for each, n in zip(found.symbols, resting.counts, strict=True):
                each.resting, each.most_resting = n, max(each.most_resting or 0, n)
    if resting is not None:
        for each, quote in zip(found.symbols, resting.quotes(), strict=True):
            each.quote = quote
    return found


def _count(events: OrderEvents, found: Totals) -> None:
    for codes, column, counter in (
        (ExecType, events.exec_type, found.types),
        (Reason, events.reason[events.reason != Reason.NONE], found.reasons),
    ):
        values, counts = np.unique(column, return_counts=True)
        for value, n in zip(values.tolist(), counts.tolist(), strict=True):
            counter[name_of(codes, value)] += n
    for symbol, each in enumerate(found.symbols):
        mine = np.flatnonzero(events.symbol == symbol)
        if len(mine):
            each.add(taken(events, mine))


def _traded(each: Traded) -> dict[str, Any]:
    bid, ask = each.quote
    row = {
        "symbol": each.symbol,
        "orders": each.orders,
        "canceled": each.canceled,
        "trades": each.trades,
        "shares": each.shares,
        "notional": each.notional / PRICE_SCALE,
        "vwap": each.notional / PRICE_SCALE / each.shares if each.shares else None,
    }
    if each.resting is None:
        return row
    return row | {
        "resting": each.resting,
        "most_resting": each.most_resting,
        "bid": None if bid is None else bid / PRICE_SCALE,
        "ask": None if ask is None else ask / PRICE_SCALE,
    }


def _small(member: InputKind | ExecType) -> str:
    return member.name.lower()
