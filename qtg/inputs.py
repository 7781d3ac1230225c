"""What comes to a run from outside, in the order in which it takes effect.

A run is a function of its configuration, its seed and these inputs: whoever keeps them can make the
same run again.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Annotated, Any, NamedTuple

import numpy as np

from qtg.schemas import I8, I32, I64, Col, News, NewsKind, Orders, Regime, Sector, allocate

from .config import Config
from .errors import ConfigError, SnapshotError
from .news import PER_SYMBOL
from .stateful import State, Stateful, found, shown, table_of


class InputKind(IntEnum):
    """What an input asks for."""

    ORDERS = 1  # Orders: sent to the exchange
    NEWS = 2  # News: becomes known, beside the news that the run draws
    REGIME = 3  # Regimes: background trading goes over to another regime
    OPENING = 4  # Openings: accounts in reserve get the cash that they start with


class Regimes(NamedTuple):
    """A change of regime; one row."""

    regime: Annotated[I8, Col("Regime", "the new one")]


class Openings(NamedTuple):
    """Accounts that somebody takes over, one row each; in every environment."""

    agent: Annotated[I32, Col("agent", "account of kind guest, untouched so far")]
    cash: Annotated[I64, Col("cash", "what it starts with, instead of what it had")]


TABLES: dict[int, Any] = {
    InputKind.ORDERS: Orders,
    InputKind.NEWS: News,
    InputKind.REGIME: Regimes,
    InputKind.OPENING: Openings,
}


class Input(NamedTuple):
    """One thing from outside."""

    sequence: int  # 1, 2, 3, ... over the run, without gaps
    tick: int  # in which it takes effect
    kind: InputKind
    columns: Any  # Orders, News, Regimes or Openings


Tap = Callable[[Input], Any]


class Inputs(Stateful):
    """Inputs on their way into a run.

    Attributes
    ----------
    sequence : int        of the last input
    taps : list           are told each input before it can take effect, in order; an input whose
                          tap raises does not take effect
    orders : list         of the tick that is going on: batches of Orders
    news : list           likewise, of News
    openings : list       likewise, of Openings
    regime : int          likewise: the new regime, or -1
    """

    STATE = ("sequence",)

    def __init__(self) -> None:
        self.sequence = 0
        self.taps: list[Tap] = []
        self.orders: list[Orders] = []
        self.news: list[News] = []
        self.openings: list[Openings] = []
        self.regime = -1
        self._waiting: list[Input] = []

    def add(self, tick: int, kind: InputKind, columns: Any) -> Input:
        """Take an input that is to have its effect in `tick`, the next one."""
        new = Input(self.sequence + 1, tick, kind, columns)
        for tap in self.taps:
            tap(new)
        self.sequence = new.sequence
        self._waiting.append(new)
        return new

    @property
    def waiting(self) -> int:
        """How many inputs take effect in the next tick."""
        return len(self._waiting)

    def begin(self) -> None:
        """Start a tick: what was waiting takes effect in it."""
        waiting, self._waiting = self._waiting, []
        self.orders, self.news, self.openings, self.regime = [], [], [], -1
        for each in waiting:
            if isinstance(each.columns, Orders):
                self.orders.append(each.columns)
            elif isinstance(each.columns, News):
                self.news.append(each.columns)
            elif isinstance(each.columns, Openings):
                self.openings.append(each.columns)
            else:
                self.regime = int(each.columns.regime[0])

    def state(self) -> State:
        """The last sequence, and what waits for the next tick."""
        waiting = [{**each._asdict(), "kind": int(each.kind)} for each in self._waiting]
        for each in waiting:
            each["columns"] = shown(each["columns"])
        return {**super().state(), "waiting": waiting}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        self._waiting = [_waiting(each) for each in found(state, "waiting")]


def _waiting(saved: Mapping[str, Any]) -> Input:
    number, tick, kind, columns = (found(saved, name) for name in Input._fields)
    if kind not in TABLES:
        raise SnapshotError(f"an input is of kind {kind!r} in the snapshot")
    return Input(number, tick, InputKind(kind), table_of(TABLES[kind], columns, "Inputs.waiting"))


def regimes(name: str) -> Regimes:
    """The columns of a change to the regime `name`."""
    names = [regime.name.lower() for regime in Regime]
    if name not in names:
        raise ConfigError(f"no regime {name!r}; regimes are {', '.join(names)}")
    return Regimes(np.array([names.index(name)], np.int8))


def news(
    config: Config,
    kind: str,
    *,
    symbol: str | None = None,
    sector: str | None = None,
    surprise: float = 0.0,
    sentiment: float = 0.0,
    duration: int = 1,
) -> News:
    """The columns of one event that somebody makes up; see `Simulation.inject_news`."""
    if not config.news.enabled:
        raise ConfigError("this run has no news; set news.enabled = true in its configuration")
    row = allocate(News, 1)
    row.kind[0] = what = NewsKind(_code(NewsKind, "kind of news", kind))
    whose = "a symbol" if what in PER_SYMBOL else "a sector" if what == NewsKind.SECTOR else None
    for name, given in (("a symbol", symbol), ("a sector", sector)):
        if (given is not None) != (name == whose):
            needs = f"is about {whose or 'the whole market'}"
            raise ConfigError(f"news of kind {kind} {needs}: {_mend(name, given is None)}")
    if symbol is not None:
        names = [each.symbol for each in config.symbols]
        if symbol not in names:
            raise ConfigError(f"no symbol {symbol!r}; this run trades {', '.join(names)}")
        row.symbol[0] = names.index(symbol)
        row.sector[0] = config.symbols[names.index(symbol)].sector
    if sector is not None:
        row.sector[0] = _code(Sector, "sector", sector)
    if not np.isfinite(surprise):
        raise ConfigError(f"surprise of news must be a finite number, got {surprise}")
    if not -1.0 <= sentiment <= 1.0:
        raise ConfigError(f"sentiment of news must be -1 to 1, got {sentiment}")
    if duration < 1:
        raise ConfigError(f"duration of news must be at least a tick, got {duration}")
    row.surprise[0], row.sentiment[0], row.duration[0] = surprise, sentiment, duration
    return row


def _mend(what: str, missing: bool) -> str:
    return f"give {what}" if missing else f"leave out {what}"


def _code(codes: type[IntEnum], what: str, name: str) -> int:
    names = {each.name.lower(): each for each in codes}
    if name not in names:
        raise ConfigError(f"no {what} {name!r}; there are {', '.join(names)}")
    return int(names[name])
