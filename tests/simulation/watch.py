"""A running simulation beside the slow ledger: every tick is replayed and compared."""

from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np

import qtg
from qtg.exchange import Arrivals
from qtg.invariants import check_invariants
from qtg.schemas import BorrowEvent, ExecType, Reason, Side
from qtg.simulation import Simulation
from tests.reference.borrowing import BorrowingLedger, BorrowRules
from tests.reference.halts import SlowHalts
from tests.reference.ledger import HOUSE, POOL, Limits, SlowLedger, Terms
from tests.reference.rules import Message

from .small import events_of, messages_of


def slow_ledger_of(sim: Simulation) -> SlowLedger:
    """A slow ledger with the terms and the opening accounts of a simulation."""
    exchange, config = sim.exchange, sim.config
    terms = Terms(
        [symbol.tick_size_units for symbol in config.symbols],
        [symbol.lot_size for symbol in config.symbols],
        list(config.outstanding),
        exchange.n_agents,
        len(exchange.venue.envs),
        round(config.venue.maker_fee_bps * 100),
        round(config.venue.taker_fee_bps * 100),
        config.venue.protection_bps,
        exchange._longest_latency,
    )
    slow = SlowLedger(terms)
    if config.borrows_shares:
        slow = BorrowingLedger(terms, rules=_borrow_rules(sim))
    if config.limits.any:
        slow.limits = _limits(config)
    prices = [symbol.initial_price_units for symbol in config.symbols]
    accounts, positions = exchange.ledger.accounts, exchange.ledger.positions
    for row in range(len(accounts.cash)):
        account = divmod(row, exchange.n_agents)
        slow.cash[account] = int(accounts.cash[row])
        for symbol, price in enumerate(prices):
            held = int(positions.qty[row, symbol])
            slow.qty[(*account, symbol)] = held
            slow.cost[(*account, symbol)] = held * price if account[1] != POOL else 0
    slow.last = {m: prices[m % len(prices)] for m in range(exchange.venue.n_markets)}
    return slow


def _limits(config: qtg.Config) -> Limits:
    def part(share: float | None) -> Fraction | None:
        return None if share is None else Fraction(round(share * 10**6), 10**6)

    own = config.limits
    sectors = [int(symbol.sector) for symbol in config.symbols]
    return Limits(own.position, part(own.sector), part(own.drawdown), sectors)


def _borrow_rules(sim: Simulation) -> BorrowRules:
    config, own = sim.config, sim.config.short_selling
    groups = [group for group in sim._members if group.population.short_selling]
    return BorrowRules(
        Fraction(round(config.rules_in_force.borrow_pool * 10**6), 10**6),
        config.rules_in_force.max_short,
        Fraction(own.initial_bps, 10_000),
        Fraction(own.maintenance_bps, 10_000),
        own.fee_bps,
        own.recall_ticks,
        round(config.ticks_per_year),
        {int(agent) for group in groups for agent in group.agent},
    )


class Watched:
    """Steps a simulation and lets the slow ledger follow."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.slow = slow_ledger_of(sim)
        self.sent: list[Message] = []
        self.arrived: list[Message] = []
        self.counts: Counter[str] = Counter()
        self._tap(sim.exchange)
        rules, markets = sim.config.halts, sim.exchange.venue.n_markets
        self.halts = SlowHalts(
            markets, rules.band_bps or 10**9, rules.window_ticks, rules.halt_ticks
        )

    def step(self) -> None:
        """One tick on both sides; raises AssertionError at the first difference."""
        self.sim.step()
        sim, slow, exchange = self.sim, self.slow, self.sim.exchange
        for event in events_of(sim, 0, exchange.first_admission):
            self._book(event)
        refused = []
        if slow.limits is not None:
            slow.limits.begin(slow)
        forced = self._begin_borrowing()
        for row, message in enumerate(self.sent):
            slow.forced = row < forced
            reason = slow.admit(message, sim.tick)
            if reason:
                refused.append((row, message.agent, message.market, int(reason)))
                self.counts[Reason(reason).name] += 1
        told = events_of(sim, exchange.first_admission, exchange.first_match)
        assert [(e["row"], e["agent"], e["market"], e["reason"]) for e in told] == refused
        assert [m for m in self.arrived if m.agent != POOL] == slow.arrive(sim.tick)
        auctions: dict[int, int] = {}
        for event in events_of(sim, exchange.first_match):
            self._book(event)
            if event["exec_type"] == ExecType.TRADE and slow.halted:
                in_call = event["market"] in slow.halted
                assert not in_call or event["market"] in self.halts.due(sim.tick)
                auctions.setdefault(event["market"], event["price"])
                assert not in_call or event["price"] == auctions[event["market"]]
        self._follow_halts(auctions)
        self._compare()
        check_invariants(exchange)

    def _follow_halts(self, auctions: dict[int, int]) -> None:
        sim, halts = self.sim, self.sim.exchange.halts
        if not halts.on:
            return
        before = len(self.halts.ended)
        self.halts.end(sim.tick, auctions, self.slow.last, not sim.warming_up)
        self.slow.halted = self.halts.halted
        assert set(np.flatnonzero(halts.halted)) == self.halts.halted
        assert set(np.flatnonzero(sim.exchange.venue.gathering)) == self.halts.halted
        rows = halts.ended((sim.tick, 0), sim.exchange.venue.n_markets)
        told = (rows.tick, rows.symbol, rows.start_tick, rows.reference, rows.price, rows.reopening)
        found = list(zip(*(column.tolist() for column in told), strict=True))
        assert found == self.halts.ended[before:]

    def _begin_borrowing(self) -> int:
        """Fees and recalls; how many of the messages sent are the exchange's own."""
        slow, exchange = self.slow, self.sim.exchange
        if not isinstance(slow, BorrowingLedger):
            return 0
        forced = slow.begin(self.sim.tick)
        assert self.sent[: exchange.buy_ins] == forced
        told = exchange.lending.notices()
        assert list(zip(*(column.tolist() for column in told[:5]), strict=True)) == slow.notices
        self.counts.update(BorrowEvent(event).name for _, _, event, _, _ in slow.notices)
        return len(forced)

    def _tap(self, exchange: Any) -> None:
        """Note what is sent and what arrives."""
        admit, due = exchange.admit, exchange.due

        def noting_admit() -> None:
            self.sent = messages_of(exchange.outbox.orders, exchange.pending())
            admit()

        def noting_due() -> Arrivals:
            arriving: Arrivals = due()
            self.arrived = messages_of(arriving.orders, arriving.n)
            return arriving

        exchange.admit, exchange.due = noting_admit, noting_due

    def _book(self, event: dict[str, int]) -> None:
        self.slow.book(event)
        self.counts[ExecType(event["exec_type"]).name] += 1
        if event["reason"]:
            self.counts[Reason(event["reason"]).name] += 1

    def _compare(self) -> None:
        """Every number of the ledger."""
        slow, terms, ledger = self.slow, self.slow.terms, self.sim.exchange.ledger
        accounts = [(env, agent) for env in range(terms.envs) for agent in range(terms.n_agents)]
        reserved = slow.reserved_cash()
        for name, expected in (("cash", slow.cash), ("fees", slow.fees), ("reserved", reserved)):
            _same(name, getattr(ledger.accounts, name), [expected[key] for key in accounts])
        holdings = [(*account, symbol) for account in accounts for symbol in range(terms.symbols)]
        shares = slow.reserved_shares()
        for name, values in (
            ("qty", [slow.qty[key] for key in holdings]),
            ("cost", [slow.cost[key] for key in holdings]),
            ("realized", [slow.realized[key] for key in holdings]),
            ("reserved", [shares[key] for key in holdings]),
            ("bid_id", [_latest(slow, key, Side.BUY) for key in holdings]),
            ("ask_id", [_latest(slow, key, Side.SELL) for key in holdings]),
        ):
            _same(name, getattr(ledger.positions, name).ravel(), values)
        self._compare_markets()
        for env, agent in accounts:
            if agent > HOUSE:
                assert slow.cash[env, agent] >= reserved[env, agent] >= 0
        if isinstance(slow, BorrowingLedger):
            self._compare_borrowing(slow, accounts, holdings)
        else:
            assert all(slow.qty[key] >= shares[key] for key in holdings)

    def _compare_borrowing(self, slow: BorrowingLedger, accounts: Any, holdings: Any) -> None:
        ledger = self.sim.exchange.ledger
        fees = [slow.borrow_fees[key] for key in accounts]
        _same("borrow_fees", ledger.accounts.borrow_fees, fees)
        for name, values in (("accrued", slow.owed), ("recalled", slow.recalled)):
            column = getattr(ledger.exposures, name).ravel()
            _same(name, column, [values[key] for key in holdings])
        markets = range(len(ledger.holdings.short))
        for name, by_market in (("short", slow.short()), ("located", slow.located_in())):
            _same(name, getattr(ledger.holdings, name), [by_market[m] for m in markets])

    def _compare_markets(self) -> None:
        holdings, slow = self.sim.exchange.ledger.holdings, self.slow
        held, asked = slow.held(), slow.open_buys()
        markets = range(len(holdings.held))
        _same("held", holdings.held, [held[m] for m in markets])
        _same("open_buys", holdings.open_buys, [asked[m] for m in markets])
        for name in ("bought", "sold", "paid", "received"):
            column = getattr(holdings, f"pool_{name}")
            _same(f"pool_{name}", column, [getattr(slow.pool[m], name) for m in markets])


def _latest(slow: SlowLedger, key: tuple[int, int, int], side: Side) -> int:
    return 0 if key[1] == POOL else slow.latest[key, int(side)]


def _same(name: str, found: np.ndarray, expected: list[int]) -> None:
    rows = np.flatnonzero(found != np.array(expected, np.int64))
    assert not len(rows), f"{name}, row {rows[0]}: {found[rows[0]]}, not {expected[rows[0]]}"
