"""The venue: orders in, events out."""

import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from qtg.kernels.arrange import group_rows, name_rows, shuffle
from qtg.kernels.auction import GATHER, NOT_NOW, UNCROSS, uncross_markets
from qtg.kernels.copying import copy_books
from qtg.kernels.expiry import expire_due, sweep_timers
from qtg.kernels.ladder import NO_KEY
from qtg.kernels.market import rebuild_directories
from qtg.kernels.matching import Progress, Rules
from qtg.kernels.random import Moment
from qtg.kernels.timers import CHUNK, ROWS
from qtg.schemas import (
    LADDERS,
    NO_ROW,
    Book,
    Directory,
    Events,
    Ladders,
    Levels,
    Markets,
    Matching,
    Orders,
    RestingOrders,
    SelfTradePrevention,
    Status,
    Timers,
    allocate,
    grown,
    grown_record_array,
    nbytes,
    record_array,
    taken,
)

from .book import BookView
from .book_state import book_state, restored_book, slots_of
from .errors import CapacityError, ConfigError
from .lifecycle import OrderLog
from .market_terms import (
    Price,
    environment_ids,
    lot,
    market_rows,
    per_market,
    reference_units,
    tick_units,
)
from .number_checks import check_counts
from .order_columns import as_orders
from .stateful import State, Stateful, found
from .stretches import Part, match_in_stretches

if TYPE_CHECKING:
    import polars as pl

MAX_SLOTS = 1 << 22  # per market; times the largest quantity: 2**62 (docs/adr/0002)
TIMER_BUCKETS = 256
_Code = TypeVar("_Code", bound=IntEnum)
_OK = int(Status.OK)  # looked up once: in Python 3.11 an enum takes half a microsecond to


class Venue(Stateful):
    """A matching engine for many markets, columns in and columns out.

    Parameters
    ----------
    markets : int                 markets per environment
    tick_size : price or one per market, smallest price step [currency]
    lot_size : int or one per market, smallest quantity step
    matching : Matching, or its name as in a configuration    order in which one batch is worked
    self_trade : SelfTradePrevention, or its name
    pool_trades_itself : bool     whether orders of agent 0, the background pool, may meet
    protection_bps : int          how far a market order may walk from the best price; 0: no limit
    envs : ints (E,)              environment ids, sequence or array, each once; a market's row is
                                  place in `envs` * markets + symbol
    seed : int                    for `Matching.SHUFFLED`
    window : int                  price levels kept in each ladder's ring; a power of two
    orders, events : int          rows to start with; both grow when needed
    threads : int                 markets are matched on so many threads, with the same result

    Examples
    --------
    >>> venue = Venue(tick_size="0.25")
    >>> events = venue.submit(dict(side=[1, -1], price=[1000000, 1000000], qty=[5, 3]))
    >>> events.exec_type.tolist(), events.qty.tolist()
    ([0, 0, 1], [5, 3, 3])
    """

    STATE = ("tick", "next_id", "moment")

    def __init__(
        self,
        markets: int = 1,
        *,
        tick_size: Price | Sequence[Price] = "0.0001",
        lot_size: int | Sequence[int] = 1,
        matching: Matching | str = Matching.PRICE_TIME,
        self_trade: SelfTradePrevention | str = SelfTradePrevention.CANCEL_INCOMING,
        pool_trades_itself: bool = False,
        protection_bps: int = 0,
        envs: Sequence[int] | np.ndarray = (0,),
        seed: int = 0,
        window: int = 1024,
        orders: int = 1024,
        events: int = 4096,
        threads: int = 1,
    ) -> None:
        self.envs = environment_ids(envs)
        check_counts("a venue needs at least one market", markets=markets)
        check_counts("a venue", orders=orders, events=events, threads=threads)
        check_counts("a venue", 0, protection_bps=protection_bps, seed=seed)
        if window < 64 or window & (window - 1):
            raise ConfigError(f"window must be a power of two of at least 64, got {window}")
        self.symbols = markets
        self.n_markets = markets * len(self.envs)
        self.matching = _named(Matching, matching, "matching")
        self._shuffles = self.matching == Matching.SHUFFLED
        self._trading = UNCROSS if self.matching == Matching.AUCTION else 0
        self.self_trade = _named(SelfTradePrevention, self_trade, "self_trade")
        self.pool_trades_itself = pool_trades_itself
        self._rules = Rules(int(self.self_trade), int(pool_trades_itself), 0)
        self.threads = min(threads, self.n_markets)
        self.seed = np.uint64(seed & 0xFFFF_FFFF_FFFF_FFFF)
        self.moment = Moment(
            np.full(len(self.envs), self.seed), self.envs.copy(), np.zeros(len(self.envs), np.int64)
        )
        self.tick = 0
        self._window = window
        self._terms = record_array(Markets, self.n_markets)
        n_envs = len(self.envs)
        self._terms.tick_size[:] = np.tile(per_market(tick_size, markets, tick_units), n_envs)
        self._terms.lot_size[:] = np.tile(per_market(lot_size, markets, lot), n_envs)
        self._terms.protection_bps[:] = protection_bps
        self._events = allocate(Events, events)
        self._ids = np.zeros(0, np.int64)
        self._index = np.zeros(0, np.int64)
        self._log: OrderLog | None = None
        self.reset(orders)

    def reset(self, orders: int | None = None) -> None:
        """Empty and open every book and start ids again; columns keep their size."""
        slots = orders or self.book_columns.orders.shape[1]
        if slots > MAX_SLOTS:
            raise ConfigError(f"orders must be at most {MAX_SLOTS:,} per market, got {slots:,}")
        slots = 1 << max(4, (slots - 1).bit_length())
        self.book_columns: Book = _empty_book(self._terms, slots, self._window)
        self.next_id = np.ones(len(self.envs), np.int64)
        self._starts = np.zeros(self.n_markets + 2, np.int64)
        self._progress = Progress(*(np.zeros(1, np.int64) for _ in Progress._fields))
        self.tick = 0
        self.moment.tick[:] = 0
        self._calls = 0  # markets in a call
        if self._log is not None:
            self._log = self._log.emptied()

    def submit(
        self,
        orders: Orders | Mapping[str, Any] | Any,
        *,
        tick: int | None = None,
        auction: bool = False,
    ) -> Events:
        """Work a batch of messages, in row order within each market.

        Parameters
        ----------
        orders : Orders, mapping of columns, or frame with those columns, each (n,);
            absent columns take their defaults. Prices are int64 at 1e-4.
        tick : int, optional   advance to this tick first, which expires GTT orders
        auction : bool         let the batch gather, then trade each market at one price, as every
            batch does with `Matching.AUCTION` (docs/adr/0003-auctions.md)

        Returns
        -------
        Events    grouped by market, then in the order they happened; the arrays are yours

        Raises
        ------
        OrderError       unknown column, wrong dtype, or columns of unequal length
        CapacityError    2**22 orders rest in a market and there are messages for it; those before
                         have been worked
        """
        batch = as_orders(orders)
        if tick is not None:
            check_counts("submit", 0, tick=tick)
        n = len(batch.msg_type)
        self._own_events()
        k = 0
        if tick is not None and tick != self.tick:
            k = self.advance(tick)
        k = self.match(batch, batch.market, self._name(batch, n), n, k, auction)
        return taken(self._events, slice(k))

    def close(self, market: int | Sequence[int] | np.ndarray) -> None:
        """Take no new orders and no replaces in a market, or in several, until `open`.

        They are REJECTED with MARKET_CLOSED. What rests stays: it can be cancelled, it expires,
        and `uncross` still trades what a call has gathered. Closing a closed market does nothing.

        Parameters
        ----------
        market : int or ints (n,)    market rows

        Raises
        ------
        ConfigError    a market that does not exist; nothing is closed then

        Examples
        --------
        >>> venue = Venue(markets=2)
        >>> venue.close(1)
        >>> events = venue.submit(dict(market=[0, 1], price=[100, 100], qty=[5, 5]))
        >>> events.reason.tolist(), venue.closed.tolist()
        ([0, 46], [False, True])
        """
        self.book_columns.markets.closed[market_rows(market, self.n_markets)] = 1

    def open(self, market: int | Sequence[int] | np.ndarray) -> None:
        """Take orders again in markets that `close` closed.

        Parameters
        ----------
        market : int or ints (n,)    market rows

        Raises
        ------
        ConfigError    a market that does not exist; nothing is opened then
        """
        self.book_columns.markets.closed[market_rows(market, self.n_markets)] = 0

    @property
    def closed(self) -> np.ndarray:
        """Which markets are closed, bool (market,); a copy."""
        return np.asarray(self.book_columns.markets.closed != 0)

    @property
    def gathering(self) -> np.ndarray:
        """In which markets orders gather for an auction, bool (market,); a copy."""
        return np.asarray(self.book_columns.markets.calling != 0)

    @property
    def calling(self) -> bool:
        """Whether orders gather in any market; setting it puts all markets into a call, or none."""
        return self._calls > 0

    @calling.setter
    def calling(self, calls: bool) -> None:
        if self._calls != calls * self.n_markets:
            self._call(slice(None), calls)

    def begin_call(self, market: int | Sequence[int] | np.ndarray | None = None) -> None:
        """Let orders gather without trading until `uncross`; books may cross meanwhile.

        Parameters
        ----------
        market : int or ints (n,), optional    market rows; all markets if left out. The others
            trade on.

        Raises
        ------
        ConfigError    a market that does not exist
        """
        self._call(slice(None) if market is None else market_rows(market, self.n_markets), True)

    def uncross(
        self,
        reference: Price | Sequence[Price] | None = None,
        market: int | Sequence[int] | np.ndarray | None = None,
    ) -> Events:
        """End the call: every market trades at one price.

        Parameters
        ----------
        reference : price or one per market, optional   what the auction price should be near
            [currency]; without it the last price
        market : int or ints (n,), optional    the markets whose call ends; all if left out

        Returns
        -------
        Events    trades (buy order against sell order, `row` -1) and what is cancelled with the
            call, market by market

        Examples
        --------
        >>> venue = Venue()
        >>> venue.begin_call()
        >>> _ = venue.submit(dict(side=[1, -1, 1], price=[1020, 1000, 1010], qty=[5, 8, 5]))
        >>> trades = venue.uncross("0.1")
        >>> trades.price.tolist(), trades.qty.tolist()
        ([1000, 1000], [5, 3])
        """
        references = np.zeros(self.n_markets, np.int64)
        if reference is not None:
            given = per_market(reference, self.symbols, reference_units)
            references[:] = np.tile(given, len(self.envs))
        if market is not None:
            others = np.ones(self.n_markets, bool)
            others[market_rows(market, self.n_markets)] = False
            references[others] = NOT_NOW
        self._own_events()
        k = self.end_call(references)
        return taken(self._events, slice(k))

    def end_call(self, references: np.ndarray, k: int = 0) -> int:
        """End the call; events go in from row `k`. Returns the next free event row.

        `references` (int64, one per market, 1e-4) may be 0 for a market's last price, and NOT_NOW
        for a market that is left as it is.
        """
        self._call(references != NOT_NOW, False)
        self._begin(0, self.n_markets, k)
        while True:
            uncross_markets(self.book_columns, references, self._progress, 0, self._events)
            if self._finished():
                break
        self._keep(k, int(self._progress.event[0]), after_call=True)
        return int(self._progress.event[0])

    def advance(self, tick: int, k: int = 0) -> int:
        """Move to a later tick and expire what is due; events go in from row `k`.

        Every environment's clock moves on by as many ticks; all are at `tick` unless one has been
        copied from elsewhere (`qtg.state.rows`).

        Returns the next free event row.
        """
        if tick < self.tick:
            raise ConfigError(f"tick {tick} lies before the venue's tick {self.tick}")
        self.moment.tick[:] += tick - self.tick
        self.tick = tick
        self._begin(0, self.n_markets, k)
        while True:
            expire_due(self.book_columns, self.symbols, self.moment, self._progress, self._events)
            if self._finished():
                break
        self._keep(k, int(self._progress.event[0]))
        return int(self._progress.event[0])

    def match(
        self,
        orders: Orders | np.recarray,
        market: np.ndarray,
        ids: np.ndarray,
        n: int,
        k: int = 0,
        auction: bool = False,
    ) -> int:
        """Work the first `n` rows; events go in from row `k`. Returns the next free event row.

        `orders` are columns or an array of records; `market` and `ids` hold each row's market and
        the id that a new order gets.
        """
        self._arrange(market, n)
        parts, first = self._parts(n, auction), k
        if self.threads > 1 and not all(part.calling for part in parts):
            batch = (orders, self._index, ids)
            self._events, k = match_in_stretches(self, batch, self._starts, parts, k)
        else:
            for part in parts:
                k = self._match_part(part, orders, ids, k)
        self._keep(first, k, orders)
        return k

    def track_orders(self, ended: int = 1_000_000, history: bool = True) -> None:
        """Keep where every order stands from now on, for `orders` and `order_history`.

        Without it nothing is kept and nothing is slower. What is kept survives `reset` as a
        setting, not its orders.

        Parameters
        ----------
        ended : int       so many ended orders are kept at least, and at most twice as many; of
                          more, the oldest are forgotten. Live orders are always kept.
        history : bool    whether `order_history` is kept too

        Raises
        ------
        ConfigError    orders rest already, of which nobody knows what they were; or ended below 0
        """
        if self.resting.any():
            raise ConfigError(
                f"{self.resting.sum():,} orders rest already and their past is not known; call "
                "track_orders before the first order, or after reset"
            )
        self._log = OrderLog(self.symbols, len(self.envs), history=history, ended=ended)

    def orders(self) -> "pl.DataFrame":
        """Every order since `track_orders`, ended ones as far as they are kept, one row each.

        Returns
        -------
        DataFrame    order_id, market, agent, side, time_in_force, status, reason, price, qty,
            cum_qty, leaves, avg_price (null without a fill), fills, first_tick, last_tick; prices
            at 1e-4. A market order has the price 0 and counts as IOC.

        Raises
        ------
        ConfigError       `track_orders` was not called
        LifecycleError    an order did what none can: a defect of qtg

        Examples
        --------
        >>> venue = Venue()
        >>> venue.track_orders()
        >>> _ = venue.submit(dict(side=[1, -1], price=[100, 100], qty=[5, 3]))
        >>> venue.orders().select("order_id", "status", "cum_qty", "leaves").rows()
        [(1, 'partially_filled', 3, 2), (2, 'filled', 3, 0)]
        """
        return self.order_log.checked().frame()

    def order_history(self, order_id: int, market: int = 0) -> "pl.DataFrame":
        """What happened to one order, in order.

        Parameters
        ----------
        order_id : int
        market : int    a market of the order's environment; only batches have several

        Returns
        -------
        DataFrame    tick, event, status, reason, qty, price at 1e-4, cum_qty, leaves, contra_id;
            no rows for an order that is not known

        Raises
        ------
        ConfigError    `track_orders` was not called, or with `history=False`; no such market
        """
        if not 0 <= market < self.n_markets:
            raise ConfigError(f"market {market} does not exist; this venue has {self.n_markets}")
        return self.order_log.history(order_id, market // self.symbols)

    @property
    def order_log(self) -> OrderLog:
        """What `track_orders` keeps.

        Raises
        ------
        ConfigError    `track_orders` was not called
        """
        if self._log is None:
            raise ConfigError("this venue keeps no orders; call track_orders before the first one")
        return self._log

    def _keep(
        self,
        first: int,
        end: int,
        orders: Orders | np.recarray | None = None,
        after_call: bool = False,
    ) -> None:
        """Let the log of orders read events first .. end-1, if there is one."""
        if self._log is None:
            return
        known = 0 if after_call else self._log.n_orders
        self._log.fold(self._events, self.tick, first, end, orders)
        self._log.check_rest(known, self.gathering, self.tick)
        self._log.forget()

    def rules(self, calling: int) -> Rules:
        """What holds for a batch in which markets are in a call, or not."""
        return self._rules._replace(calling=calling) if calling else self._rules

    def _parts(self, n: int, auction: bool) -> list[Part]:
        """The first `n` rows of the index, cut where markets in a call begin and end."""
        trading = UNCROSS if auction else self._trading
        if self._calls in (0, self.n_markets):
            return [Part(0, n, GATHER if self._calls else trading)]
        gathers = self.gathering
        first = np.flatnonzero(np.diff(gathers, prepend=not gathers[0]))
        bounds = [*self._starts[first].tolist(), n]
        return [
            Part(bounds[i], bounds[i + 1], GATHER if gathers[m] else trading)
            for i, m in enumerate(first)
        ]

    def _match_part(self, part: Part, orders: Orders | np.recarray, ids: np.ndarray, k: int) -> int:
        rules = self.rules(part.calling)
        self._begin(part.row, part.end_row, k)
        while True:
            part.work(
                self.book_columns,
                orders,
                self._index,
                ids,
                self._progress,
                0,
                rules,
                self._events,
            )
            if self._finished():
                return int(self._progress.event[0])

    def _call(self, markets: slice | np.ndarray, calls: bool) -> None:
        flags = self.book_columns.markets.calling
        flags[markets] = calls
        self._calls = int(np.count_nonzero(flags))

    def reserve_events(self, rows: int) -> None:
        """Make room for `rows` event rows in all."""
        if rows > len(self._events.qty):
            self._events = grown(self._events, max(rows, 2 * len(self._events.qty)))

    @property
    def resting(self) -> np.ndarray:
        """Resting orders of every market, int32 (market,)."""
        markets = self.book_columns.markets
        return np.asarray(markets.fresh - markets.free)

    @property
    def events(self) -> Events:
        """The event columns that `advance` and `match` write to; reused by the next call."""
        return self._events

    def book(self, market: int = 0) -> BookView:
        """A view of one market's book."""
        if not 0 <= market < self.n_markets:
            raise ConfigError(f"market {market} does not exist; this venue has {self.n_markets}")
        return BookView(self.book_columns, market)

    def nbytes(self) -> int:
        """Bytes held by the venue's columns."""
        return nbytes(self.book_columns, self._events) + self._ids.nbytes + self._index.nbytes

    def state(self) -> State:
        """The books, of long tables the rows in use; and the orders, if they are tracked."""
        log = None if self._log is None else self._log.state()
        return {**super().state(), "book": book_state(self.book_columns), "log": log}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of a venue with the same markets; it tracks orders if that one did."""
        super().restore(state)
        book = found(state, "book")
        slots = slots_of(book, self.book_columns)
        self.book_columns = restored_book(_empty_book(self._terms, slots, self._window), book)
        self._calls = int(np.count_nonzero(self.book_columns.markets.calling))
        log, self._log = found(state, "log"), None
        if log is not None:
            self._log = OrderLog(self.symbols, len(self.envs))
            self._log.restore(log)

    def _name(self, orders: Orders, n: int) -> np.ndarray:
        if len(self._ids) < n:
            self._ids = np.zeros(2 * n, np.int64)
        name_rows(orders, n, self.symbols, self.next_id, self._ids)
        return self._ids

    def _arrange(self, market: np.ndarray, n: int) -> None:
        if len(self._index) < n:
            self._index = np.zeros(2 * n, np.int64)
        group_rows(market, n, self._index, self._starts)
        if self._shuffles:
            shuffle(self._index, self._starts, self.symbols, self.moment)

    def _begin(self, row: int, end_row: int, event: int) -> None:
        progress = self._progress
        progress.row[0], progress.end_row[0] = row, end_row
        progress.event[0], progress.end_event[0] = event, len(self._events.qty)

    def _finished(self) -> bool:
        """Whether the last kernel call got through; if it ran out of room, make more."""
        status = int(self._progress.status[0])  # a NumPy scalar would swallow Ctrl-C below
        if status == _OK:
            return True
        if status == Status.GROW_EVENTS:
            most = 2 * len(self._events.qty) + int(self.resting.max())
            self._events = grown(self._events, most)
            self._progress.end_event[0] = most
        elif status == Status.GROW_ORDERS:
            self.grow_orders()
        elif status == Status.GROW_TIMERS:
            self.grow_timers()
        return False

    def grow_orders(self) -> None:
        """Double the resting-order columns of every market."""
        book = self.book_columns
        slots = 2 * book.orders.shape[1]
        if slots > MAX_SLOTS:
            raise CapacityError(
                f"market {self.resting.argmax()} is full: {MAX_SLOTS:,} orders rest in it, and no "
                "message is worked until some expire; cancel orders earlier, give them lifetimes "
                "or use more markets"
            )
        orders = grown_record_array(RestingOrders, book.orders, slots)
        self.book_columns = book._replace(
            orders=orders,
            free=_widened(book.free, slots),
            behind=_widened(book.behind, slots),
            directory=record_array(Directory, self.n_markets, 2 * slots),
            overflow=record_array(Directory, self.n_markets, 2 * slots),
        )
        rebuild_directories(self.book_columns)

    def take_books(self, source: "Venue", rows: np.ndarray, to: np.ndarray) -> None:
        """Make the books of environments `to` those of environments `rows` of another venue with
        the same markets, int64 (n,).

        Raises
        ------
        ConfigError    orders are tracked here
        """
        if self._log is not None:
            raise ConfigError("a venue that tracks its orders cannot take over others")
        book, theirs = self.book_columns, source.book_columns
        if book.orders.shape[1] < theirs.orders.shape[1]:
            while self.book_columns.orders.shape[1] < theirs.markets.fresh.max():
                self.grow_orders()
        if book.chunks.shape[1] < theirs.chunks.shape[1]:
            self._lengthen_chunks(theirs.chunks.shape[1])
        copy_books(theirs, rows, self.book_columns, to, self.symbols)
        self._calls = int(np.count_nonzero(self.book_columns.markets.calling))

    def grow_timers(self) -> None:
        """Clear ended orders out of the expiry lists, and double the lists if that frees little."""
        book = self.book_columns
        used = sweep_timers(book, self._events)
        words = book.chunks.shape[1]
        if 2 * used * CHUNK > words:
            self._lengthen_chunks(2 * words)

    def _lengthen_chunks(self, words: int) -> None:
        book = self.book_columns
        chunks = np.full((self.n_markets, words), NO_ROW, np.int32)
        chunks[:, : book.chunks.shape[1]] = book.chunks
        self.book_columns = book._replace(chunks=chunks)

    def _own_events(self) -> None:
        """Leave events that a caller still holds to the caller, and write to new columns."""
        ours = 2  # the column's own reference and getrefcount's argument
        if any(sys.getrefcount(column.base) > ours for column in self._events):
            self._events = allocate(Events, len(self._events.qty))


def _named(codes: type[_Code], given: _Code | str, what: str) -> _Code:
    """A code by itself or by its name."""
    try:
        return codes[given.upper()] if isinstance(given, str) else codes(given)
    except (KeyError, ValueError):
        known = ", ".join(repr(each.name.lower()) for each in codes)
        raise ConfigError(f"{what} must be one of {known}, got {given!r}") from None


def _widened(rows: np.ndarray, width: int) -> np.ndarray:
    wide = np.zeros((len(rows), width), rows.dtype)
    wide[:, : rows.shape[1]] = rows
    return wide


def _empty_book(terms: np.recarray, slots: int, window: int) -> Book:
    n = len(terms)
    ladders = record_array(Ladders, n * LADDERS)
    ladders.best = NO_KEY
    return Book(
        record_array(RestingOrders, n, slots),
        np.zeros((n, slots), np.int32),
        np.zeros((n, slots), np.int32),
        record_array(Levels, n * LADDERS, window),
        ladders,
        np.zeros((n * LADDERS, window >> 6), np.uint64),
        terms.copy(),
        record_array(Directory, n, 2 * slots),
        record_array(Directory, n, 2 * slots),
        record_array(Timers, n, TIMER_BUCKETS),
        np.full((n, CHUNK * max(slots // ROWS, 16)), NO_ROW, np.int32),
    )
