"""What must hold after every tick, checked in bulk; docs/INVARIANTS.md explains each."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from qtg.kernels.check_book import Asked, check_books, check_queue, list_ids
from qtg.kernels.check_events import check_ended, check_events
from qtg.kernels.check_ledger import check_ledger
from qtg.kernels.tally import SIZE, Invariant, Tally

from .errors import InvariantError
from .exchange import Exchange
from .stateful import State, Stateful, found

_LOG = logging.getLogger("qtg")

# What is wrong where: {row} is an environment, market, account or event; then the two numbers.
SENTENCES = {
    Invariant.CASH_CONSERVED: "cash is not conserved in environment {row}: off by {seen}",
    Invariant.SHARES_CONSERVED: "shares are not conserved in market {row}: {seen} of {expected}",
    Invariant.CASH_NOT_NEGATIVE: "an agent's free cash is negative: account {row}, {seen}",
    Invariant.SHARES_NOT_NEGATIVE: "an agent's free shares or their cost are negative: account "
    "{row}, {seen}",
    Invariant.CASH_RESERVED: "account {row} has {seen} of its cash reserved, but its live orders "
    "ask for {expected}",
    Invariant.SHARES_RESERVED: "account {row} has {seen} of its shares reserved, but its live "
    "orders ask for {expected}",
    Invariant.OPEN_BUYS: "market {row}: {seen} shares are counted as asked for, but live orders "
    "ask for {expected}",
    Invariant.HELD: "market {row}: {seen} shares are counted as held, but {expected} are",
    Invariant.SHORTS: "market {row}: {expected} shares are short, but {seen} are counted",
    Invariant.LOCATED: "market {row}: {expected} shares are located, but {seen} are counted",
    Invariant.BORROW_FEES: "borrow fees paid are not those received in environment {row}: off by "
    "{seen}",
    Invariant.OPEN_QTY: "market {row}: order {expected} rests with {seen} shares",
    Invariant.NOT_CROSSED: "market {row} is locked or crossed: {seen} ticks are bid and {expected} "
    "asked",
    Invariant.FIFO: "market {row}: an order with priority {seen} stands behind one with {expected}",
    Invariant.LINKS: "market {row}: the orders of a level are not linked as they stand ({seen}, "
    "{expected})",
    Invariant.LEVEL_QTY: "market {row}: a level counts {seen} shares, but its orders have "
    "{expected}",
    Invariant.BITMAP: "market {row}: a level's bit is {seen}, but should be {expected}",
    Invariant.BEST: "market {row}: a ladder's best key is {seen}, but should be {expected}",
    Invariant.LADDER_ORDERS: "market {row}: a ladder counts {seen} orders, but has {expected}",
    Invariant.PLACES: "market {row}: {seen} orders stand in levels, but {expected} should",
    Invariant.PARKED: "market {row}: order {seen} is not where parked orders wait (parent "
    "{expected})",
    Invariant.SLOTS: "market {row}: slots that are live or free do not fit those in use ({seen}, "
    "{expected})",
    Invariant.DIRECTORY: "market {row}: an order is found in slot {seen}, but rests in {expected}",
    Invariant.NOT_OVERDUE: "market {row}: order {seen} rests, but expired at tick {expected}",
    Invariant.IDS_UNIQUE: "two live orders of environment {row} have the id {seen}",
    Invariant.IDS_GIVEN: "market {row}: order {seen} lives, but the next id is {expected}",
    Invariant.ARRIVAL_ORDER: "market {row}: order {seen} arrives after {expected}, but was sent "
    "before it",
    Invariant.FILLS: "event {row}: a fill leaves {seen} shares, which does not follow from what "
    "was open and what it traded ({expected})",
    Invariant.LIMITS_KEPT: "event {row}: a trade at {seen} is worse than the limit {expected}",
    Invariant.NO_FILL_AFTER_END: "event {row}: order {seen} or {expected} trades or rests after "
    "its end",
    Invariant.EVENT_SEQUENCE: "events are numbered up to {seen}, but there were {expected}",
    Invariant.TRADE_IDS: "trades are numbered up to {seen}, but there were {expected}",
}


def name_of(which: Invariant) -> str:
    """An invariant's name as people see it: `INV-01 cash_conserved`."""
    return f"INV-{which:02d} {which.name.lower()}"


class Violation(NamedTuple):
    """An invariant that does not hold."""

    invariant: Invariant
    places: int  # where it does not
    sentence: str  # about the first of them


class Numbers(NamedTuple):
    """How far a run had numbered things at the end of a tick."""

    tick: int
    next_id: int  # of the first environment's next order
    events: int
    trades: int
    tick_events: int  # of that tick alone, as the publisher counted them
    tick_trades: int


class Checker(Stateful):
    """Checks a running market and keeps count.

    Attributes
    ----------
    count : int64 (invariant,)    violations so far, by number of the invariant
    checks : int                  how often it has checked
    """

    STATE = ("count", "checks")

    def __init__(self, stops: bool = False) -> None:
        self.count = np.zeros(SIZE, np.int64)
        self.checks = 0
        self._stops = stops
        self._before: Numbers | None = None

    def state(self) -> State:
        """The counts, and the numbers at the last check."""
        return {**super().state(), "before": [*(self._before or ())]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        before = found(state, "before")
        self._before = Numbers(*(int(each) for each in before)) if before else None

    def forget(self) -> None:
        """Do not compare the next check with the last one."""
        self._before = None

    def check(self, exchange: Exchange, numbers: Numbers) -> int:
        """Check everything after a tick; returns how many violations there are.

        Raises
        ------
        InvariantError    the first one, if the checker stops runs
        """
        found = find_violations(exchange, numbers, self._before)
        self._before = numbers
        self.checks += 1
        if found and self._stops:
            raise InvariantError(found[0].sentence)
        for each in found:
            if self.count[each.invariant] == 0:
                _LOG.warning(
                    "tick %d: %s: %s", numbers.tick, name_of(each.invariant), each.sentence
                )
            self.count[each.invariant] += each.places
        return sum(each.places for each in found)

    def totals(self) -> dict[str, int]:
        """Violations so far by the invariant's name, those that never held back left out."""
        return {name_of(each): int(self.count[each]) for each in Invariant if self.count[each]}


def check_invariants(exchange: Exchange) -> None:
    """Check money, shares, books and the tick's events of every environment.

    Raises
    ------
    InvariantError    names what is inconsistent and where
    """
    found = find_violations(exchange)
    if found:
        raise InvariantError(found[0].sentence)


def find_violations(
    exchange: Exchange, numbers: Numbers | None = None, before: Numbers | None = None
) -> list[Violation]:
    """The invariants that do not hold at the end of a tick, in the order of their numbers.

    `numbers` are those of the run, `before` those at the check before, if there were any.
    """
    tally = Tally(*(np.zeros(SIZE, np.int64) for _ in Tally._fields))
    venue, queue, terms = exchange.venue, exchange.queue, exchange.terms
    books, ledger = venue.book_columns, exchange.ledger
    positions = ledger.positions.qty.shape
    asked = Asked(
        np.zeros(positions[0], np.int64),
        np.zeros(positions, np.int64),
        np.zeros(positions, np.int64),
    )
    check_books(books, venue.next_id, asked, terms, tally)
    check_queue(queue, terms, np.zeros(len(venue.next_id), np.int64), asked, tally)
    check_ledger(ledger, asked, terms, tally)
    _check_ids(exchange, tally)
    n = exchange.n_events
    ended = np.zeros(1 << (2 * n + 1).bit_length(), np.int64)
    trades = check_events(exchange.events, n, books, terms.symbols, ended, tally)
    check_ended(exchange.events, n, books, terms.symbols, ended, tally)
    if numbers is not None:
        _check_numbers(numbers, before, n, int(trades), tally)
    return [
        Violation(each, int(tally.found[each]), _sentence(each, tally))
        for each in Invariant
        if tally.found[each]
    ]


def _sentence(which: Invariant, tally: Tally) -> str:
    values = {name: int(getattr(tally, name)[which]) for name in ("row", "seen", "expected")}
    return SENTENCES[which].format(**values)


def _check_ids(exchange: Exchange, tally: Tally) -> None:
    """No two live orders of an environment have the same id."""
    venue, queue = exchange.venue, exchange.queue
    envs = len(venue.next_id)
    ids = np.empty(int(venue.book_columns.markets.fresh.sum() + queue.n.sum()), np.int64)
    ids = ids[: list_ids(venue.book_columns, queue, venue.symbols, ids)]
    ids.sort()
    twice = ids[1:][ids[1:] == ids[:-1]]
    if len(twice):
        _note(tally, Invariant.IDS_UNIQUE, int(twice[0]) % envs, int(twice[0]) // envs, 0)
        tally.found[Invariant.IDS_UNIQUE] = len(twice)


def _check_numbers(
    now: Numbers, before: Numbers | None, events: int, trades: int, tally: Tally
) -> None:
    """Numbers go up by what happened, without gaps; they are never given twice."""
    if (now.tick_events, now.tick_trades) != (events, trades):
        _note(tally, Invariant.EVENT_SEQUENCE, now.tick, now.tick_events, events)
    if before is None:
        return
    if now.next_id < before.next_id:
        _note(tally, Invariant.IDS_GIVEN, 0, before.next_id, now.next_id)
    follows = now.tick == before.tick + 1
    for which, number, last, fresh in (
        (Invariant.EVENT_SEQUENCE, now.events, before.events, events),
        (Invariant.TRADE_IDS, now.trades, before.trades, trades),
    ):
        if number != last + fresh if follows else number < last + fresh:
            _note(tally, which, now.tick, number, last + fresh)


def _note(tally: Tally, which: Invariant, row: int, seen: int, expected: int) -> None:
    for column, value in zip(tally[1:], (row, seen, expected), strict=True):
        column[which] = value
    tally.found[which] += 1
