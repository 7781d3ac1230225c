"""Which events of a tape somebody wants to see."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from qtg.config.spelling import did_you_mean
from qtg.errors import ConfigError
from qtg.schemas import ExecType, OrderEvents, taken

from .header import Header


class Chosen(NamedTuple):
    """What to keep; an empty tuple keeps everything."""

    types: tuple[int, ...] = ()  # ExecType
    symbols: tuple[int, ...] = ()
    agents: tuple[int, ...] = ()  # on either side of a trade
    first: int = 0  # tick
    last: int | None = None

    @property
    def all_events(self) -> bool:
        """Whether every event of the ticks is kept."""
        return not (self.types or self.symbols or self.agents)

    def rows(self, events: OrderEvents) -> OrderEvents:
        """The events that are wanted; a tick's, or all of them."""
        keep = events.tick >= self.first
        if self.last is not None:
            keep &= events.tick <= self.last
        for wanted, column in ((self.types, events.exec_type), (self.symbols, events.symbol)):
            if wanted:
                keep &= np.isin(column, wanted)
        if self.agents:
            keep &= np.isin(events.agent, self.agents) | np.isin(events.contra_agent, self.agents)
        return events if keep.all() else taken(events, np.flatnonzero(keep))


ALL = Chosen()


def choose(
    header: Header,
    *,
    types: Iterable[str] = (),
    symbols: Iterable[str] = (),
    agents: Iterable[int] = (),
    ticks: tuple[int | None, int | None] = (None, None),
    times: tuple[str | None, str | None] = (None, None),
) -> Chosen:
    """What to keep of a tape, by names.

    Parameters
    ----------
    header : Header
    types : str        "new", "trade", "canceled", "replaced", "rejected", "expired"
    symbols : str
    agents : int       agent rows; either side of a trade
    ticks : (first, last), each may be None
    times : (first, last) market time such as 2026-01-05T14:30:00, UTC if no zone is given

    Raises
    ------
    ConfigError    an unknown name, or a range that is empty

    Examples
    --------
    >>> from qtg import Config, Simulation
    >>> from qtg.tape.header import header_of
    >>> sim = Simulation(Config.preset("quick_test"))
    >>> choose(header_of(sim), types=["trade"], ticks=(5, None))
    Chosen(types=(1,), symbols=(), agents=(), first=5, last=None)
    """
    first, last = ticks
    if times[0] is not None:
        # The first tick that is not before it.
        since = -((header.start_ns - _ns(times[0])) // header.tick_ns) + 1
        first = since if first is None else max(first, since)
    if times[1] is not None:
        until = (_ns(times[1]) - header.start_ns) // header.tick_ns + 1
        last = until if last is None else min(last, until)
    if last is not None and last < (first or 1):
        raise ConfigError(f"no tick lies in {first or 1} to {last}; give a range that is not empty")
    names = [each.name.lower() for each in ExecType]
    return Chosen(
        tuple(int(ExecType(_place("event type", names, each))) for each in types),
        tuple(_place("symbol", header.symbols, each) for each in symbols),
        tuple(agents),
        first or 0,
        last,
    )


def _place(what: str, names: Sequence[str], name: str) -> int:
    if name not in names:
        raise ConfigError(f"no {what} {name!r}; {did_you_mean(name, names)}")
    return names.index(name)


def _ns(text: str) -> int:
    """A market time in nanoseconds since 1970."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(f"{text!r} is no time; write it as 2026-01-05T14:30:00") from None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
