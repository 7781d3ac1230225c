"""Phase 11: what happened goes to the trace hash, the candles and storage."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from qtg.kernels.candles import OpenCandles, add_trades, clear, merge_up
from qtg.kernels.depth import write_depth
from qtg.kernels.publish import find_trades, trace, write_order_events, write_trades
from qtg.kernels.view import read_books
from qtg.schemas import (
    NO_ROW,
    AgentSnapshots,
    Borrows,
    Candles,
    Depth,
    Equity,
    ExecType,
    HaltRows,
    Instruments,
    Metrics,
    News,
    OpeningRows,
    OrderEvents,
    PositionSnapshots,
    Quotes,
    Reason,
    Side,
    Trades,
)

from .agents.background import pool_is_sane
from .agents.guests import GUEST
from .errors import ConfigError
from .portfolio import agent_rows, chosen_agents, position_rows, write_equity
from .stateful import Stateful
from .stopwatch import Phase

if TYPE_CHECKING:
    from .config import Config
    from .inputs import Openings
    from .simulation import Simulation
    from .store.sink import Sink


_LOG = logging.getLogger("qtg.publisher")


class Publisher(Stateful):
    """Turns each tick's events into rows of the run's tables.

    Without a sink only the trace hash is kept. Tables hold one environment.
    """

    STATE = ("trace", "event_count", "trades", "tick", "_candles")

    def __init__(self, config: Config, n_envs: int, symbols: int) -> None:
        self._config = config
        self._sink: Sink | None = None
        self._symbols = symbols
        self.trace = np.zeros(n_envs, np.uint64)
        self.event_count = np.zeros(n_envs, np.int64)
        self.trades = 0
        self.tick = 0  # the last that was published
        self._trade_rows = np.empty(16, np.int64)
        self._equity_agents = np.empty(0, np.int64)
        self.candle_seconds = config.storage.candle_seconds
        self._candle_ticks = config.candle_ticks
        shape = (max(len(self._candle_ticks), 1), n_envs * symbols)
        self._candles = OpenCandles(*(np.zeros(shape, np.int64) for _ in OpenCandles._fields))

    def attach(self, sim: Simulation, sink: Sink, *, going_on: bool = False) -> None:
        """Keep the run's tables in `sink` from now on; a first snapshot says what is there, unless
        the run is `going_on`, and the sink holds its rows so far."""
        if len(self.trace) != 1:
            raise ConfigError("tables can be kept for one environment only, not for a batch")
        self._sink = sink
        storage = self._config.storage
        self._equity_agents = chosen_agents(sim.exchange, storage.equity_of, sim.kinds)
        for table, wanted in (
            (Trades, True),
            (Metrics, True),
            (News, self._config.news.enabled),
            (Borrows, self._config.borrows_shares),
            (HaltRows, self._config.halts.band_bps is not None),
            (OpeningRows, GUEST in sim.kinds),
            (Quotes, storage.quotes),
            (Depth, bool(storage.depth_every)),
            (Candles, bool(storage.candles)),
            (OrderEvents, storage.orders),
            (AgentSnapshots, bool(storage.agents_every)),
            (PositionSnapshots, bool(storage.agents_every)),
            (Equity, self._keeps_equity),
        ):
            if wanted:
                sink.table(table)
        if going_on:
            return
        self._write_instruments(sink)
        if storage.agents_every:
            self._write_snapshot(sim, sink)
        if self._keeps_equity:
            self._write_equity(sim, sink)

    @property
    def keeps_tables(self) -> bool:
        """Whether there is a sink."""
        return self._sink is not None

    @property
    def _keeps_equity(self) -> bool:
        return bool(self._config.storage.equity_every) and len(self._equity_agents) > 0

    def publish_opening(self, sim: Simulation, opened: Openings, before: np.ndarray) -> None:
        """Accounts that were opened at the start of this tick, and the cash they had before."""
        if self._sink is None:
            return
        n = len(opened.agent)
        buffer = self._sink.table(OpeningRows)
        columns, at = buffer.reserve(n)
        rows = slice(at, at + n)
        columns.tick[rows], columns.time[rows] = sim.tick, sim.time_ns(sim.tick)
        columns.agent[rows], columns.cash[rows] = opened.agent, opened.cash
        columns.cash_before[rows] = before
        buffer.commit(n)

    def publish(self, sim: Simulation) -> None:
        """Hash, trades, candles, quotes and snapshots of the tick that just ended."""
        exchange, events, n = sim.exchange, sim.exchange.events, sim.exchange.n_events
        trace(events, 0, n, exchange.venue.moment, self._symbols, self.trace, self.event_count)
        read_books(exchange.venue.book_columns, exchange.view)
        trades = self._find_trades(sim)
        sim.counts.events, sim.counts.trades = n, len(trades)
        if self._sink is not None:
            sim.counts.accepted = int(np.count_nonzero(events.exec_type[:n] == ExecType.NEW))
            sim.counts.canceled = int(np.count_nonzero(events.reason[:n] == Reason.REQUESTED))
            self._write_tick(sim, self._sink, trades)
            self._sink.info.benched = [each._asdict() for each in sim.benched]
        self.trades += sim.counts.trades
        self.tick = sim.tick

    def publish_metrics(self, sim: Simulation) -> None:
        """The tick's timings and counts, which are known only after everything else."""
        if self._sink is not None:
            self._write_metrics(sim, self._sink)
        for observer in sim.observers:
            observer(sim)

    def _write_metrics(self, sim: Simulation, sink: Sink) -> None:
        if sim.counts.violations:
            sink.info.violations = sim.violations
        buffer = sink.table(Metrics)
        columns, at = buffer.reserve(1)
        columns.tick[at], columns.time[at] = sim.tick, sim.time_ns(sim.tick)
        for phase in Phase:
            getattr(columns, f"{phase.name.lower()}_ns")[at] = sim.watch.ns[phase]
        columns.total_ns[at] = sim.watch.total_ns
        for name, value in vars(sim.counts).items():
            getattr(columns, name)[at] = value
        columns.resting[at] = sim.exchange.venue.resting.sum()
        columns.queued[at] = sim.exchange.queue.n.sum()
        columns.regime[at] = sim.background.pool.terms.regime[0]
        buffer.commit(1)

    def finish(self, sim: Simulation) -> None:
        """Write the candles still open, and the last snapshots."""
        if sim.tick == 0:
            return
        self._check_pool(sim)
        if self._sink is None:
            return
        for timeframe in range(len(self._candle_ticks)):
            self._roll(sim, timeframe, self._sink, last=True)
        self._write_rules(sim, self._sink, last=True)
        storage = self._config.storage
        if storage.agents_every and sim.tick % storage.agents_every != 0:
            self._write_snapshot(sim, self._sink)
        if self._keeps_equity and sim.tick % storage.equity_every != 0:
            self._write_equity(sim, self._sink)

    def _check_pool(self, sim: Simulation) -> None:
        limit = self._config.background.pnl_limit
        if not pool_is_sane(sim.exchange, limit):
            _LOG.warning(
                "the background pool's profit or loss exceeds %.1f%% of the market's value; its "
                "orders lean one way (background.sentiment_volatility, background.pnl_limit)",
                100 * limit,
            )

    def _find_trades(self, sim: Simulation) -> np.ndarray:
        """Event rows of the tick's trades; their volume goes to the view."""
        exchange = sim.exchange
        if len(self._trade_rows) <= exchange.n_events:
            self._trade_rows = np.empty(2 * exchange.n_events, np.int64)
        lo, hi, rows = exchange.first_match, exchange.n_events, self._trade_rows
        return rows[: find_trades(exchange.events, lo, hi, rows, exchange.view.volume)]

    def _write_tick(self, sim: Simulation, sink: Sink, trades: np.ndarray) -> None:
        storage = self._config.storage
        self._write_trades(sim, sink, trades)
        if len(sim.economy.news.tick):
            sink.table(News).extend(sim.economy.news)
        self._write_rules(sim, sink)
        if storage.orders:
            self._write_order_events(sim, sink)
        if storage.quotes:
            self._write_quotes(sim, sink)
        if storage.depth_every and sim.tick % storage.depth_every == 0:
            self._write_depth(sim, sink)
        if self._candle_ticks and sim.keeps_candles:
            add_trades(sim.exchange.events, trades, self._candles)
            for timeframe in range(len(self._candle_ticks)):
                self._roll(sim, timeframe, sink)
        if storage.agents_every and sim.tick % storage.agents_every == 0:
            self._write_snapshot(sim, sink)
        if self._keeps_equity and sim.tick % storage.equity_every == 0:
            self._write_equity(sim, sink)

    def _write_rules(self, sim: Simulation, sink: Sink, last: bool = False) -> None:
        """Recalls, buy-ins and halts of the tick; with `last` the halts that go on."""
        clock = (sim.tick, sim.time_ns(sim.tick))
        if self._config.borrows_shares and not last:
            borrows = sim.exchange.borrows(clock)
            if len(borrows.tick):
                sink.table(Borrows).extend(borrows)
        if sim.exchange.halts.on:
            halts = sim.exchange.halts.ended(clock, self._symbols, last)
            if len(halts.tick):
                sink.table(HaltRows).extend(halts)

    def _write_trades(self, sim: Simulation, sink: Sink, trades: np.ndarray) -> None:
        if len(trades) == 0:
            return
        buffer = sink.table(Trades)
        columns, at = buffer.reserve(len(trades))
        clock = (sim.tick, sim.time_ns(sim.tick), self.trades)
        write_trades(sim.exchange.events, trades, clock, self._symbols, columns, at)
        buffer.commit(len(trades))

    def _write_order_events(self, sim: Simulation, sink: Sink) -> None:
        n = sim.exchange.n_events
        buffer = sink.table(OrderEvents)
        columns, at = buffer.reserve(n)
        clock = (sim.tick, sim.time_ns(sim.tick), int(self.event_count[0]) - n)
        terms = sim.exchange.message_terms()
        write_order_events(sim.exchange.events, terms, clock, self._symbols, columns, at)
        market = sim.exchange.events.market[:n]
        columns.symbol[at : at + n][(market < 0) | (market >= self._symbols)] = NO_ROW
        side = columns.side[at : at + n]
        side[(side != Side.BUY) & (side != Side.SELL)] = Side.UNDISCLOSED
        buffer.commit(n)

    def _write_quotes(self, sim: Simulation, sink: Sink) -> None:
        view, n = sim.exchange.view, self._symbols
        buffer = sink.table(Quotes)
        columns, at = buffer.reserve(n)
        rows = slice(at, at + n)
        columns.tick[rows], columns.time[rows] = sim.tick, sim.time_ns(sim.tick)
        columns.symbol[rows] = np.arange(n)
        for name in (
            "bid",
            "ask",
            "bid_qty",
            "ask_qty",
            "bid_orders",
            "ask_orders",
            "last",
            "fair_value",
            "volume",
        ):
            getattr(columns, name)[rows] = getattr(view, name)
        buffer.commit(n)

    def _write_depth(self, sim: Simulation, sink: Sink) -> None:
        levels = self._config.storage.depth_levels
        buffer = sink.table(Depth)
        columns, at = buffer.reserve(2 * levels * self._symbols)
        book, clock = sim.exchange.venue.book_columns, (sim.tick, sim.time_ns(sim.tick))
        buffer.commit(write_depth(book, levels, clock, self._symbols, columns, at) - at)

    def _roll(self, sim: Simulation, timeframe: int, sink: Sink, last: bool = False) -> None:
        """Close a timeframe's candles when its time is over: store them, pass them up."""
        length = self._candle_ticks[timeframe]
        if not last and sim.tick % length != 0:
            return
        candles = self._candles
        traded = np.flatnonzero(candles.trades[timeframe])
        if len(traded):
            buffer = sink.table(Candles)
            columns, at = buffer.reserve(len(traded))
            rows = slice(at, at + len(traded))
            first = (sim.tick - 1) // length * length + 1
            columns.tick[rows], columns.time[rows] = first, sim.time_ns(first)
            columns.symbol[rows] = traded % self._symbols
            columns.timeframe[rows] = self.candle_seconds[timeframe]
            for name in OpenCandles._fields:
                getattr(columns, name)[rows] = getattr(candles, name)[timeframe, traded]
            buffer.commit(len(traded))
        if timeframe + 1 < len(self._candle_ticks):
            merge_up(candles, timeframe, timeframe + 1)
        clear(candles, timeframe)

    def _write_snapshot(self, sim: Simulation, sink: Sink) -> None:
        clock = (sim.tick, sim.time_ns(sim.tick))
        for table, rows in (
            (AgentSnapshots, agent_rows(sim.exchange, clock)),
            (PositionSnapshots, position_rows(sim.exchange, clock)),
        ):
            n = len(rows[0])
            buffer = sink.table(table)
            columns, at = buffer.reserve(n)
            for column, values in zip(columns, rows, strict=True):
                column[at : at + n] = values
            buffer.commit(n)

    def _write_equity(self, sim: Simulation, sink: Sink) -> None:
        n = len(self._equity_agents)
        buffer = sink.table(Equity)
        columns, at = buffer.reserve(n)
        clock = (sim.tick, sim.time_ns(sim.tick))
        write_equity(sim.exchange, self._equity_agents, clock, columns, at)
        buffer.commit(n)

    def _write_instruments(self, sink: Sink) -> None:
        symbols = self._config.symbols
        buffer = sink.table(Instruments)
        columns, at = buffer.reserve(len(symbols))
        for row, symbol in enumerate(symbols, start=at):
            columns.symbol[row] = row - at
            columns.sector[row] = symbol.sector
            columns.tick_size[row] = symbol.tick_size_units
            columns.lot_size[row] = symbol.lot_size
            columns.initial_price[row] = symbol.initial_price_units
            columns.shares_outstanding[row] = self._config.outstanding[row - at]
        buffer.commit(len(symbols))
