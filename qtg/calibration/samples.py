"""Simulated tapes: many copies of one small market at a time, in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.schemas import I64, ExecType
from qtg.simulation import Simulation

from .measures import Session
from .quotes import QuoteTape
from .tape import Tape
from .ticks import spread_over_ticks

if TYPE_CHECKING:
    from qtg.config import Config

SETTLING = 200  # ticks after the warm-up until the mood has forgotten its start


def simulate_sessions(
    config: Config,
    copies: int,
    *,
    sided: bool,
    quoted: bool,
    resolution: int = 1,
    advance: Callable[[], Any] = lambda: None,
) -> list[Session]:
    """Run `copies` environments of a market of one symbol; a session of each.

    Parameters
    ----------
    config : of one symbol; its `ticks` are the length of the sessions
    copies : environments 0 .. copies - 1
    sided, quoted : whether the real tape has sides and quotes; where it has none, these have none
    resolution : of the real tape's times [ns]; these are as coarse
    advance : called after every tick
    """
    sim = Simulation(config, envs=range(copies))
    trades, quotes = _Trades(), _Quotes()
    for _ in range(config.warmup.ticks + SETTLING):
        sim.step()
        advance()
    sim.add_hook(trades)
    if quoted:
        sim.add_hook(quotes)
    for _ in range(config.ticks):
        sim.step()
        advance()
    seconds = config.ticks * config.tick_ms / 1_000
    books = quotes.of_each(copies) if quoted else [None] * copies
    tapes = trades.of_each(copies, sided, config.tick_ns, resolution)
    return [Session(tape, book, seconds) for tape, book in zip(tapes, books, strict=True)]


class _Trades:
    """A hook that keeps every trade."""

    def __init__(self) -> None:
        self._rows: list[tuple[I64, ...]] = []

    def __call__(self, sim: Simulation) -> None:
        events, lo, hi = sim.exchange.events, sim.exchange.first_match, sim.exchange.n_events
        row = lo + np.flatnonzero(events.exec_type[lo:hi] == ExecType.TRADE)
        if len(row):
            time = np.full(len(row), sim.time_ns(sim.tick))
            columns = (events.market, events.price, events.qty, events.side, events.order_id)
            self._rows.append((time, *(column[row].astype(np.int64) for column in columns)))

    def of_each(self, copies: int, sided: bool, tick_ns: int, resolution: int) -> list[Tape]:
        columns = zip(*self._rows, strict=True) if self._rows else ([np.zeros(0, np.int64)],) * 6
        time, market, price, qty, side, order = (np.concatenate(column) for column in columns)
        tapes = []
        for copy in range(copies):
            mine = market == copy
            signs = side[mine] if sided else np.zeros(mine.sum())
            when = spread_over_ticks(time[mine], order[mine], tick_ns) // resolution * resolution
            tapes.append(Tape(when, price[mine], qty[mine], signs.astype(np.int8)))
        return tapes


class _Quotes:
    """A hook that keeps the best prices at every tick's end."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, I64, I64]] = []

    def __call__(self, sim: Simulation) -> None:
        view = sim.exchange.view
        self._rows.append((sim.time_ns(sim.tick), view.bid.copy(), view.ask.copy()))

    def of_each(self, copies: int) -> list[QuoteTape]:
        time = np.array([row[0] for row in self._rows])
        bid, ask = (np.array([row[side] for row in self._rows]) for side in (1, 2))
        tapes = []
        for copy in range(copies):
            both = (bid[:, copy] > 0) & (ask[:, copy] > bid[:, copy])
            tapes.append(QuoteTape(time[both], bid[both, copy], ask[both, copy]))
        return tapes
