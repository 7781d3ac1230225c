"""The exchange of a run: the venue with a ledger in front, a delay queue, and settlement behind.

One tick uses its doors in this order: `admit` (risk checks, reservations), `due` (what arrives
now), `match`, `settle`. All of them write to the venue's event columns; `events_from` and
`events_to` bound what has been written this tick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qtg.kernels.admission import AdmissionRules, admit
from qtg.kernels.copying import copy_messages, take_out
from qtg.kernels.delay import DelayQueue
from qtg.kernels.ledger import LedgerTerms, settle
from qtg.kernels.limits import LimitTerms, raise_peaks
from qtg.kernels.outbox import Outbox, put_all
from qtg.kernels.random import Moment
from qtg.kernels.view import read_books
from qtg.schemas import (
    NO_ROW,
    Account,
    Accounts,
    Borrows,
    Events,
    ExecType,
    Exposures,
    Holdings,
    Ledger,
    MarketView,
    MsgType,
    Orders,
    Positions,
    allocate,
    empty_record_array,
    grown_record_array,
    nbytes,
    record_array,
)

from .config import Config
from .errors import ConfigError, SnapshotError
from .halts import Halts
from .lending import Lending
from .lifecycle import message_terms, pending_states, states_frame
from .stateful import State, Stateful, checked, found
from .venue import Venue

if TYPE_CHECKING:
    import polars as pl


class Arrivals(NamedTuple):
    """Orders that reach the book in one tick: the first `n` rows."""

    orders: np.recarray  # Orders (row,)
    market: np.ndarray  # int32 (row,): each order's market
    ids: np.ndarray  # int64 (row,): the id that a new order has
    n: int


@dataclass(frozen=True)
class Funding:
    """Accounts of one environment at the start of a run, shape (agents,) and (agents, symbols)."""

    kind: np.ndarray
    tier: np.ndarray
    cash: np.ndarray
    shares: np.ndarray
    may_short: np.ndarray


class Exchange(Stateful):
    """Books, ledger and delay queue of all environments of a run.

    Agents are named by their row within an environment: 0 is the background pool, 1 the house.
    """

    STATE = ("venue", "view", "ledger", "halts", "opening", "silent")

    def __init__(
        self,
        config: Config,
        envs: list[int],
        funding: list[Funding],
        longest_latency: int,
        populations: Sequence[int],
    ) -> None:
        symbols = config.symbols
        terms = config.venue
        self.venue = Venue(
            len(symbols),
            tick_size=[symbol.tick_size for symbol in symbols],
            lot_size=[symbol.lot_size for symbol in symbols],
            matching=terms.matching,
            self_trade=terms.self_trade,
            pool_trades_itself=terms.pool_trades_itself,
            envs=envs,
            seed=config.seed,
            window=terms.window,
        )
        self.populations = tuple(populations)  # whose agents each environment has
        self.n_agents = len(funding[0].cash)
        shorts = int(any(funds.may_short.any() for funds in funding))
        self.terms = LedgerTerms(
            len(symbols),
            self.n_agents,
            terms.maker_fee_centibps,
            terms.taker_fee_centibps,
            shorts,
            int(shorts or config.limits.any),
            round(config.rules_in_force.borrow_pool * 1_000_000),
            config.rules_in_force.max_short,
        )
        self._protection_bps = int(terms.protection_bps)
        self._longest_latency = longest_latency
        self.view = self._first_view(config, len(envs))
        self.ledger = self._first_ledger(config, funding)
        self._limits = limit_terms(config)
        self.halts = Halts(config, self.venue)
        self.opening = config.venue.opening_auction
        if self.opening:
            self.venue.begin_call()
        self.lending = Lending(config, self.ledger, self.terms)
        self._use_queue(_empty_queue(self._longest_latency, 1024, self.venue.next_id))
        self.outbox = Outbox(record_array(Orders, 16), np.zeros(1, np.int64))
        self.silent = np.zeros(self.n_agents, bool)  # agents taken out of the run
        self._silences = False
        self.first_admission = 0
        self.n_checked = 0  # orders that came before admission in this tick
        self.first_match = 0
        self.arrived: np.recarray | None = None  # what the events since then are about
        self.n_events = 0
        self.buy_ins = 0
        self._expected = 0

    @property
    def moment(self) -> Moment:
        """The clock of every environment."""
        return self.venue.moment

    def begin(self, tick: int) -> None:
        """Start a tick, the run's `tick`-th: expire what is due, settle it, show strategies the
        books, and see to borrowed shares; the outbox then holds the exchange's own orders."""
        self.queue.now[0] = tick
        self.n_events = self.venue.advance(tick)
        if self.n_events:
            settle(self.venue.events, 0, self.n_events, self.ledger, self.terms)
        read_books(self.venue.book_columns, self.view)
        if self._limits.drawdown_ppm:
            raise_peaks(self.ledger, self.terms, self.view.last)
        if self.terms.shorts:
            buy_ins = self.lending.begin(self.ledger, self.venue, self.view)
            if buy_ins:
                self.reserve_outbox(buy_ins)
                self.lending.buy_in(self.ledger, self.venue, self.view, self.outbox)
        self.buy_ins = self.pending()

    def open_accounts(self, agent: np.ndarray, cash: np.ndarray) -> np.ndarray:
        """Give accounts the cash that they start with [1e-4], in every environment; returns what
        they had, int64 (n,), in the first.

        Raises
        ------
        ConfigError    no such account
        """
        if len(agent) and not Account.FIRST_AGENT <= agent.min() <= agent.max() < self.n_agents:
            raise ConfigError(f"accounts are opened of agents that do not exist: {agent.tolist()}")
        accounts = self.ledger.accounts
        before: np.ndarray = accounts.cash[agent]
        for env in range(len(self.venue.envs)):
            rows = env * self.n_agents + agent
            accounts.cash[rows] = accounts.start_cash[rows] = cash
            accounts.peak_equity[rows] = 0
        return before

    def untouched(self, agent: int) -> bool:
        """Whether an account has what it began with and nothing reserved, in every environment."""
        rows = np.arange(len(self.venue.envs)) * self.n_agents + agent
        accounts, positions = self.ledger.accounts, self.ledger.positions
        moved = (accounts.cash != accounts.start_cash) | (accounts.reserved != 0)
        return not (moved[rows].any() or positions.reserved[rows].any())

    def pending(self) -> int:
        """Orders in the outbox."""
        return int(self.outbox.n[0])

    def expect_orders(self, rows: int) -> None:
        """Keep room for `rows` orders of built-in strategies, beside all others."""
        self._expected = rows
        self.reserve_outbox(0)

    def reserve_outbox(self, rows: int) -> None:
        """Make room for `rows` orders, beside those that are expected."""
        rows += self._expected
        if rows > len(self.outbox.orders):
            rows = max(rows, 2 * len(self.outbox.orders))
            orders = grown_record_array(Orders, self.outbox.orders, rows)
            self.outbox = Outbox(orders, self.outbox.n)

    def write_orders(self, orders: Orders) -> None:
        """Append order rows to the outbox."""
        self.reserve_outbox(self.pending() + len(orders.qty))
        put_all(self.outbox, orders)

    def write_batches(self, batches: list[Orders]) -> None:
        """Append the orders that came from outside."""
        for orders in batches:
            self.write_orders(orders)

    def keep_orders(self, n: int) -> None:
        """Keep the first `n` orders of the outbox and drop what was written after them."""
        self.outbox.n[0] = n

    def reserve_queue(self, rows: int) -> None:
        """Make room for `rows` more orders in every bucket of the delay queue."""
        room = self.queue.orders.shape[1]
        most = max(self.queue.n.tolist()) + rows
        if most > room:
            self._use_queue(_grown_queue(self.queue, max(most, room * 3 // 2)))

    def admit(self) -> None:
        """Check the outbox; accepted orders enter the queue, refusals become events."""
        if self._silences:
            self._drop_silent()
        self.first_admission = self.n_events
        self.n_checked = n = self.pending()
        self.reserve_queue(n)
        self.venue.reserve_events(self.n_events + n)
        rules = AdmissionRules(
            self._longest_latency,
            self._protection_bps,
            self.lending.terms,
            self._limits,
            self.buy_ins,
        )
        self.n_events = admit(
            self.outbox,
            (self.venue.book_columns, self.view),
            self.ledger,
            self.terms,
            rules,
            self.queue,
            self.venue.events,
            self.n_events,
        )

    def silence(self, agents: Sequence[int]) -> None:
        """Take agents out of the run, in all environments: what they have resting or on its way
        is withdrawn, and what they send from now on is dropped. What they hold stays theirs."""
        self.silent[list(agents)] = True
        self._silences = True
        self.withdraw(agents=agents)

    def silent_among(self, agents: np.ndarray) -> np.ndarray:
        """Those of these agents that were taken out of the run."""
        if not self._silences:
            return agents[:0]
        return np.intersect1d(agents, np.flatnonzero(self.silent))

    def withdraw(
        self,
        agents: Sequence[int] | np.ndarray = (),
        order_ids: Sequence[int] | np.ndarray = (),
        *,
        env: int | None = None,
    ) -> np.ndarray:
        """Take orders of these agents and with these ids out of books and delay queue, between two
        ticks and of one environment or all; returns the ids that were found. The pool's orders
        cannot be found."""
        chosen = np.ones(self.venue.n_markets, bool)
        if env is not None:
            chosen[:] = np.arange(len(chosen)) // self.terms.symbols == env
        found = [self._withdraw_resting(agents, order_ids, chosen)]
        for bucket, n in enumerate(self.queue.n):
            found.append(self._withdraw_waiting(bucket, int(n), agents, order_ids, chosen))
        return np.asarray(np.unique(np.concatenate(found)))

    def _withdraw_resting(self, agents: Any, order_ids: Any, chosen: np.ndarray) -> np.ndarray:
        """Cancel what rests in the markets `chosen`, and free what it had reserved."""
        resting = self.venue.book_columns.orders
        theirs = _of(resting, agents, order_ids)
        market, slot = np.nonzero(theirs & chosen[:, np.newaxis])
        cancels = record_array(Orders, len(market))
        cancels.msg_type[:], cancels.market[:] = MsgType.CANCEL, market
        cancels.agent[:] = resting.agent[market, slot]
        cancels.order_id[:] = resting.order_id[market, slot]
        ids: np.ndarray = cancels.order_id.copy()
        n = self.venue.match(cancels, cancels.market.copy(), ids, len(ids))
        settle(self.venue.events, 0, n, self.ledger, self.terms)
        return ids

    def _withdraw_waiting(
        self, bucket: int, n: int, agents: Any, order_ids: Any, markets: np.ndarray
    ) -> np.ndarray:
        """Take messages out of a bucket of the delay queue, and free what they had reserved."""
        queue = self.queue
        orders = queue.orders[bucket]
        chosen = _of(orders[:n], agents, order_ids) & markets[queue.market[bucket, :n]]
        ids = orders.order_id[:n][chosen]
        priced = np.flatnonzero(chosen & (orders.msg_type[:n] != MsgType.CANCEL))
        freed = allocate(Events, len(priced))
        freed.exec_type[:] = ExecType.CANCELED
        for name in ("side", "market", "agent", "price", "qty"):
            getattr(freed, name)[:] = orders[name][priced]
        settle(freed, 0, len(priced), self.ledger, self.terms)
        kept = np.flatnonzero(~chosen)
        orders[: len(kept)] = orders[kept]
        queue.market[bucket, : len(kept)] = queue.market[bucket, kept]
        queue.n[bucket] = len(kept)
        return np.asarray(ids)

    def _drop_silent(self) -> None:
        """Drop what silent agents want to send; the exchange's own buy-ins come first and stay."""
        orders, first, n = self.outbox.orders, self.buy_ins, self.pending()
        sender = orders.agent[first:n]
        known = (sender >= 0) & (sender < self.n_agents)
        kept = first + np.flatnonzero(~(known & self.silent[np.where(known, sender, 0)]))
        orders[first : first + len(kept)] = orders[kept]
        self.keep_orders(first + len(kept))

    def borrows(self, clock: tuple[int, int]) -> Borrows:
        """Recalls and buy-ins of the tick, for storage; `clock` is (tick, time in ns)."""
        return self.lending.borrows(clock, self.terms.symbols, self.outbox)

    def due(self) -> Arrivals:
        """The orders that arrive now, in the order they were sent."""
        bucket = int(self.queue.now[0]) & (len(self.queue.n) - 1)
        n = int(self.queue.n[bucket])
        self.queue.n[bucket] = 0
        return self._buckets[bucket]._replace(n=n)

    def orders(self) -> "pl.DataFrame":
        """The venue's orders (`Venue.orders`), and those on their way as `pending_new`, whose
        ticks are the venue's.

        Raises
        ------
        ConfigError    `venue.track_orders` was not called
        """
        import polars as pl

        known = self.venue.order_log.checked().frame()
        sent = np.concatenate([b.orders[:n] for b, n in zip(self._buckets, self.queue.n)])
        pending = pending_states(sent.view(np.recarray), self.venue.tick)
        return pl.concat([known, states_frame(pending).sort("order_id", "market")])

    def match(self, arriving: Arrivals) -> None:
        """Let arriving orders trade."""
        self.first_match, self.arrived = self.n_events, arriving.orders
        self.n_events = self.venue.match(*arriving, self.n_events)

    def open_markets(self) -> None:
        """End the opening call: every market trades at one price, near its fair value."""
        self.n_events = self.venue.end_call(self.view.fair_value.copy(), self.n_events)
        self.opening = False
        self.halts.restart()

    def reopen_markets(self) -> None:
        """End the halts whose time is over: each market trades at one price."""
        if self.halts.on:
            self.n_events = self.halts.reopen(self.n_events)

    def watch_prices(self, active: bool) -> int:
        """Halt markets whose price has left its band, from the next tick on; returns how many
        are halted then."""
        return self.halts.watch(active and not self.opening) if self.halts.on else 0

    def settle(self) -> None:
        """Book what `match` did."""
        settle(self.venue.events, self.first_match, self.n_events, self.ledger, self.terms)

    def message_terms(self) -> tuple[np.ndarray, np.ndarray]:
        """TimeInForce and ExecInst of the messages that caused the tick's events, int8
        (n_events,) each; NO_ROW for what came before matching, and where there is none."""
        terms = np.full((2, self.n_events), NO_ROW, np.int8)
        matched = slice(self.first_match, self.n_events)
        terms[:, matched] = message_terms(self.events.row[matched], self.arrived)
        return terms[0], terms[1]

    @property
    def events(self) -> Events:
        """The tick's event columns; the first `n_events` rows count."""
        return self.venue.events

    def state(self) -> State:
        """Books, ledger, halts, and the orders that are on their way."""
        queue = self.queue
        waiting = np.empty(int(queue.n.sum()), queue.orders.dtype)  # `concatenate` would repack
        for end, n, orders in zip(np.cumsum(queue.n), queue.n, queue.orders, strict=True):
            waiting[end - n : end] = orders[:n]
        return {**super().state(), "waiting": waiting, "n": queue.n}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        self._silences = bool(self.silent.any())
        self.queue.now[0] = self.venue.tick
        queue = self.queue
        n = checked(found(state, "n"), queue.n.dtype, queue.n.shape, "Exchange.n")
        orders = queue.orders.dtype
        waiting = checked(found(state, "waiting"), orders, (-1,), "Exchange.waiting")
        if n.min() < 0 or n.sum() != len(waiting):
            raise SnapshotError("the snapshot counts other orders than are on their way")
        self.reserve_queue(int(n.max()))
        self.queue.n[:] = n
        ends = np.cumsum(n)
        for bucket, (first, end) in enumerate(zip(ends - n, ends, strict=True)):
            self.queue.orders[bucket, : end - first] = waiting[first:end]
            self.queue.market[bucket, : end - first] = waiting["market"][first:end]

    def take_over(self, source: "Exchange", rows: np.ndarray, to: np.ndarray) -> None:
        """Let environments `to` have the books, and what is on its way, of environments `rows` of
        `source`, int64 (n,)."""
        self.venue.take_books(source.venue, rows, to)
        symbols = self.terms.symbols
        chosen = np.zeros(len(self.populations), bool)
        chosen[to] = True
        take_out(self.queue, chosen, symbols)
        most = int(source.queue.n.max())
        if most == 0:
            return
        self.reserve_queue(most * int(np.bincount(rows).max()))
        first, following = _lists(rows, to, len(source.populations), len(self.populations))
        copy_messages(source.queue, first, following, self.queue, symbols)

    def nbytes(self) -> dict[str, int]:
        """Bytes by component."""
        return {
            "books": self.venue.nbytes(),
            "ledger": nbytes(*self.ledger),
            "delay queue": self.queue.orders.nbytes + self.queue.market.nbytes,
            "outbox": self.outbox.orders.nbytes,
        }

    def _use_queue(self, queue: DelayQueue) -> None:
        self.queue = queue
        self._buckets = [
            Arrivals(orders, market, orders.order_id, 0)
            for orders, market in zip(queue.orders, queue.market, strict=True)
        ]

    def _first_view(self, config: Config, n_envs: int) -> MarketView:
        view = allocate(MarketView, self.venue.n_markets)
        initial = np.tile([symbol.initial_price_units for symbol in config.symbols], n_envs)
        for column in (view.last, view.mid, view.fair_value):
            column[:] = initial
        markets = self.venue.book_columns.markets
        markets.last_price[:] = initial
        view.tick_size[:] = markets.tick_size
        view.lot_size[:] = markets.lot_size
        return view

    def _first_ledger(self, config: Config, funding: list[Funding]) -> Ledger:
        rows = len(funding) * self.n_agents
        accounts = allocate(Accounts, rows)
        positions = allocate(Positions, rows, len(config.symbols))
        holdings = allocate(Holdings, self.venue.n_markets)
        outstanding = np.array(config.outstanding, np.int64)
        price = np.array([symbol.initial_price_units for symbol in config.symbols])
        for env, funds in enumerate(funding):
            mine = slice(env * self.n_agents, (env + 1) * self.n_agents)
            markets = slice(env * len(price), (env + 1) * len(price))
            accounts.kind[mine], accounts.tier[mine] = funds.kind, funds.tier
            accounts.cash[mine] = accounts.start_cash[mine] = funds.cash
            accounts.may_short[mine] = funds.may_short
            held = funds.shares.sum(axis=0)
            _check_float(config, held, outstanding)
            positions.qty[mine] = funds.shares
            positions.qty[env * self.n_agents + Account.POOL] = outstanding - held
            positions.cost[mine] = funds.shares * price
            holdings.outstanding[markets] = outstanding
            holdings.held[markets] = held
        kept = rows if self.terms.exposures else 0
        exposures = allocate(Exposures, kept, len(config.symbols))
        return Ledger(accounts, positions, holdings, exposures)


def _lists(
    rows: np.ndarray, to: np.ndarray, n_source: int, n_target: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whom each environment is copied into: (the first by the environment copied from, the next by
    the one copied into), NO_ROW at the end."""
    first, following = np.full(n_source, NO_ROW, np.int64), np.full(n_target, NO_ROW, np.int64)
    order = np.argsort(rows, kind="stable")
    rows, to = rows[order], to[order]
    again = rows[1:] == rows[:-1]
    following[to[:-1][again]] = to[1:][again]
    begins = np.append(True, ~again)
    first[rows[begins]] = to[begins]
    return first, following


def _of(orders: np.recarray, agents: Any, order_ids: Any) -> np.ndarray:
    """Which orders, resting or on their way, are of these agents or have these ids."""
    listed = np.isin(orders.agent, agents) | np.isin(orders.order_id, order_ids)
    return np.asarray((orders.order_id != 0) & (orders.agent != Account.POOL) & listed)


def _check_float(config: Config, held: np.ndarray, outstanding: np.ndarray) -> None:
    over = np.flatnonzero(held > outstanding)
    if len(over):
        symbol = config.symbols[over[0]]
        raise ConfigError(
            f"agents start with {held[over[0]]:,} shares of {symbol.symbol} but only "
            f"{outstanding[over[0]]:,} exist; lower `shares` of the populations or raise "
            "shares_outstanding"
        )


def limit_terms(config: Config) -> LimitTerms:
    """The limits of a run in the units of the kernels."""
    limits = config.limits
    return LimitTerms(
        int(limits.any),
        limits.position or 0,
        round((limits.sector or 0.0) * 1_000_000),
        round((limits.drawdown or 0.0) * 1_000_000),
        np.array([symbol.sector for symbol in config.symbols], np.int32),
    )


def _empty_queue(longest_latency: int, rows: int, next_id: np.ndarray) -> DelayQueue:
    buckets = 1 << longest_latency.bit_length()
    return DelayQueue(
        record_array(Orders, buckets, rows),
        np.zeros((buckets, rows), np.int32),
        np.zeros(buckets, np.int64),
        np.zeros(1, np.int64),
        next_id,
    )


def _grown_queue(queue: DelayQueue, rows: int) -> DelayQueue:
    """A longer queue; its new pages are not touched, since many buckets stay short."""
    orders = empty_record_array(Orders, len(queue.n), rows)
    market = np.empty((len(queue.n), rows), np.int32)
    for bucket, n in enumerate(queue.n):
        orders[bucket, :n] = queue.orders[bucket, :n]
        market[bucket, :n] = queue.market[bucket, :n]
    return queue._replace(orders=orders, market=market)
