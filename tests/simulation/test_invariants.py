"""Every check can fail: one column is spoilt by hand, and exactly that invariant is told."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import qtg
from qtg.invariants import SENTENCES, Checker, Numbers, find_violations, name_of
from qtg.kernels.ladder import NO_KEY
from qtg.kernels.tally import Invariant
from qtg.schemas import LADDERS, NO_ROW, ExecType, MsgType
from qtg.simulation import Simulation

from .small import FIRST, lively, quiet, start

ROOT = Path(__file__).parents[2]
SHORTS = {"rules": "realistic", "smart.0.short_selling": True, "smart.1.short_selling": True}
Spoil = Callable[[Simulation], None]


def running(check_every: int = 1) -> Simulation:
    """A market with resting orders of all sorts, orders on their way, shorts and trades."""
    return start(lively(SHORTS | {"venue.window": 64, "check_every": check_every})).run(40)


def found(sim: Simulation, before: Numbers | None = None) -> list[Invariant]:
    return [each.invariant for each in find_violations(sim.exchange, numbers(sim), before)]


def numbers(sim: Simulation) -> Numbers:
    publisher, counts = sim.publisher, sim.counts
    return Numbers(
        sim.tick,
        int(sim.exchange.venue.next_id[0]),
        int(publisher.event_count.sum()),
        publisher.trades,
        counts.events,
        counts.trades,
    )


def live(sim: Simulation, ladder: int, parked: int = 0) -> tuple[int, int]:
    """(market, slot) of an order of a ladder."""
    orders = sim.exchange.venue.book_columns.orders
    which = (orders.order_id != 0) & (orders.ladder == ladder) & (orders.parked == parked)
    assert which.any(), (ladder, parked)
    market, slot = np.argwhere(which)[0]
    return int(market), int(slot)


def level_of_two(sim: Simulation, ladder: int = 1) -> tuple[int, int, int]:
    """(market, ladder row, level) with at least two orders."""
    book = sim.exchange.venue.book_columns
    for row in range(ladder, len(book.ladders), LADDERS):
        head, tail = book.levels.head[row], book.levels.tail[row]
        both = np.flatnonzero((head != NO_ROW) & (head != tail))
        if len(both):
            return row // LADDERS, row, int(both[0])
    raise AssertionError("no level has two orders")


def queued(sim: Simulation) -> tuple[int, np.ndarray]:
    """(bucket, rows of new orders) on their way."""
    queue = sim.exchange.queue
    for bucket in range(len(queue.n)):
        rows = np.flatnonzero(queue.orders.msg_type[bucket, : queue.n[bucket]] == MsgType.NEW)
        if len(rows) > 1:
            return bucket, rows
    raise AssertionError("nothing is on its way")


def spoil_cash(sim: Simulation) -> None:
    sim.exchange.ledger.accounts.cash[FIRST] += 1


def spoil_shares(sim: Simulation) -> None:
    sim.exchange.ledger.positions.qty[0, 0] -= 1  # the pool's, which nothing else counts


def spoil_free_cash(sim: Simulation) -> None:
    cash = sim.exchange.ledger.accounts.cash
    cash[FIRST] -= 10**15
    cash[FIRST + 1] += 10**15


def spoil_free_shares(sim: Simulation) -> None:
    may_short = sim.exchange.ledger.accounts.may_short
    row = int(np.flatnonzero(may_short[FIRST:] == 0)[0]) + FIRST
    sim.exchange.ledger.positions.cost[row, 0] = -1


def spoil_reserved_cash(sim: Simulation) -> None:
    sim.exchange.ledger.accounts.reserved[FIRST] += 1


def spoil_reserved_shares(sim: Simulation) -> None:
    ledger = sim.exchange.ledger
    free = ledger.positions.qty - ledger.positions.reserved
    free[:FIRST] = 0
    row, symbol = np.argwhere(free > 1)[0]
    ledger.positions.reserved[row, symbol] += 1


def spoil_open_buys(sim: Simulation) -> None:
    sim.exchange.ledger.holdings.open_buys[1] += 3


def spoil_exposures(sim: Simulation) -> None:
    sim.exchange.ledger.exposures.open_buys[FIRST, 0] += 3


def spoil_held(sim: Simulation) -> None:
    sim.exchange.ledger.holdings.held[0] -= 1


def spoil_short(sim: Simulation) -> None:
    sim.exchange.ledger.holdings.short[0] += 1


def spoil_located(sim: Simulation) -> None:
    sim.exchange.ledger.holdings.located[1] -= 1


def spoil_borrow_fees(sim: Simulation) -> None:
    sim.exchange.ledger.accounts.borrow_fees[0] += 1


def spoil_open_qty(sim: Simulation) -> None:
    market, slot = live(sim, 1)
    book = sim.exchange.venue.book_columns
    order = book.orders[market, slot]
    level = int(order.key) & (book.levels.shape[1] - 1)
    book.levels[market * LADDERS + 1, level].qty -= order.qty
    order.qty = 0


def spoil_crossed(sim: Simulation) -> None:
    """Orders that gathered for an auction may cross; the flag that says so is taken away."""
    sim.exchange.venue.begin_call(0)
    mid = int(sim.exchange.view.mid[0]) // 100 * 100
    for side, agent in ((1, FIRST), (-1, FIRST + 1)):
        price = mid + side * 500
        sim.submit({"side": [side], "agent": [agent], "price": [price], "qty": [1]})
    sim.run(1)
    sim.exchange.venue.book_columns.markets.calling[0] = 0


def spoil_fifo(sim: Simulation) -> None:
    market, row, level = level_of_two(sim)
    book = sim.exchange.venue.book_columns
    first = int(book.levels[row, level].head)
    second = int(book.orders[market, first].next)
    orders = book.orders
    orders[market, first].priority, orders[market, second].priority = (
        int(orders[market, second].priority),
        int(orders[market, first].priority),
    )


def spoil_links(sim: Simulation) -> None:
    market, row, level = level_of_two(sim)
    book = sim.exchange.venue.book_columns
    book.orders[market, int(book.levels[row, level].tail)].prev = NO_ROW


def spoil_level_qty(sim: Simulation) -> None:
    _, row, level = level_of_two(sim)
    sim.exchange.venue.book_columns.levels[row, level].qty += 1


def spoil_bitmap(sim: Simulation) -> None:
    _, row, level = level_of_two(sim)
    sim.exchange.venue.book_columns.occupied[row, level >> 6] ^= np.uint64(1 << (level & 63))


def spoil_best(sim: Simulation) -> None:
    _, row, _ = level_of_two(sim)
    sim.exchange.venue.book_columns.ladders.best[row] -= 1


def spoil_ladder_orders(sim: Simulation) -> None:
    sim.exchange.venue.book_columns.ladders.orders[2] += 1


def spoil_places(sim: Simulation) -> None:
    """A whole level is forgotten, bit and all, with the best key set right."""
    book = sim.exchange.venue.book_columns
    for row in range(1, len(book.ladders), 2):  # the pool's: no reservation hangs on them
        best, window = int(book.ladders.best[row]), book.levels.shape[1]
        level = best & (window - 1)
        if best == NO_KEY:
            continue
        book.levels[row, level].head = book.levels[row, level].tail = NO_ROW
        book.occupied[row, level >> 6] ^= np.uint64(1 << (level & 63))
        keys = [k for k in range(best - window + 1, best) if bit(book.occupied[row], k, window)]
        book.ladders.best[row] = max(keys, default=NO_KEY)
        return
    raise AssertionError("the pool has no orders")


def bit(words: np.ndarray, key: int, window: int) -> bool:
    place = key & (window - 1)
    return bool(int(words[place >> 6]) >> (place & 63) & 1)


def spoil_parked(sim: Simulation) -> None:
    market, slot = live(sim, 1, parked=1)
    sim.exchange.venue.book_columns.orders[market, slot].parent = slot


def spoil_slots(sim: Simulation) -> None:
    book = sim.exchange.venue.book_columns
    market = int(book.markets.free.argmax())
    assert book.markets.free[market] > 0
    book.markets[market].free -= 1


def spoil_directory(sim: Simulation) -> None:
    market, slot = live(sim, 0)
    book = sim.exchange.venue.book_columns
    order_id = int(book.orders[market, slot].order_id)
    place = order_id & (book.directory.shape[1] - 1)
    assert book.directory[market, place].order_id == order_id
    book.directory[market, place].slot += 1


def spoil_overdue(sim: Simulation) -> None:
    market, slot = live(sim, 1)
    sim.exchange.venue.book_columns.orders[market, slot].expire_tick = sim.tick


def spoil_ids(sim: Simulation) -> None:
    orders = sim.exchange.venue.book_columns.orders
    (a, b), (c, d) = live(sim, 1), live(sim, 3)
    orders[a, b].order_id = orders[c, d].order_id


def spoil_next_id(sim: Simulation) -> None:
    market, slot = live(sim, 1)
    orders = sim.exchange.venue.book_columns.orders
    orders[market, slot].order_id = sim.exchange.venue.next_id[0]


def spoil_arrival(sim: Simulation) -> None:
    bucket, rows = queued(sim)
    ids = sim.exchange.queue.orders.order_id[bucket]
    ids[rows[0]], ids[rows[1]] = int(ids[rows[1]]), int(ids[rows[0]])


def trades_of(sim: Simulation) -> np.ndarray:
    events, n = sim.exchange.events, sim.exchange.n_events
    rows = np.flatnonzero(events.exec_type[:n] == ExecType.TRADE)
    assert len(rows)
    return rows


def spoil_fills(sim: Simulation) -> None:
    events = sim.exchange.events
    events.leaves[trades_of(sim)[0]] += 1


def spoil_fill_of_nothing(sim: Simulation) -> None:
    rows = trades_of(sim)
    events = sim.exchange.events
    k = rows[0]
    events.leaves[k] += events.qty[k]
    events.qty[k] = 0


def spoil_limit(sim: Simulation) -> None:
    events, k = sim.exchange.events, trades_of(sim)[0]
    events.price[k] = events.limit_price[k] + events.side[k]


def spoil_end(sim: Simulation) -> None:
    """An order trades after it has expired or been cancelled."""
    events = sim.exchange.events
    last = trades_of(sim)[-1]
    over = np.flatnonzero(
        np.isin(events.exec_type[:last], (ExecType.EXPIRED, ExecType.CANCELED))
        & (events.market[:last] == events.market[last])
    )
    assert len(over)
    events.contra_id[last] = events.order_id[over[0]]


def spoil_ghost(sim: Simulation) -> None:
    """An order rests that the events say has expired."""
    events = sim.exchange.events
    market, slot = live(sim, 0)
    order = sim.exchange.venue.book_columns.orders[market, slot]
    over = np.flatnonzero(events.exec_type[: sim.exchange.n_events] == ExecType.EXPIRED)
    k = over[0]
    events.order_id[k], events.agent[k] = order.order_id, order.agent
    events.market[k] = market


SPOILS: list[tuple[Invariant, Spoil]] = [
    (Invariant.CASH_CONSERVED, spoil_cash),
    (Invariant.SHARES_CONSERVED, spoil_shares),
    (Invariant.CASH_NOT_NEGATIVE, spoil_free_cash),
    (Invariant.SHARES_NOT_NEGATIVE, spoil_free_shares),
    (Invariant.CASH_RESERVED, spoil_reserved_cash),
    (Invariant.SHARES_RESERVED, spoil_reserved_shares),
    (Invariant.OPEN_BUYS, spoil_open_buys),
    (Invariant.OPEN_BUYS, spoil_exposures),
    (Invariant.HELD, spoil_held),
    (Invariant.SHORTS, spoil_short),
    (Invariant.LOCATED, spoil_located),
    (Invariant.BORROW_FEES, spoil_borrow_fees),
    (Invariant.OPEN_QTY, spoil_open_qty),
    (Invariant.NOT_CROSSED, spoil_crossed),
    (Invariant.FIFO, spoil_fifo),
    (Invariant.LINKS, spoil_links),
    (Invariant.LEVEL_QTY, spoil_level_qty),
    (Invariant.BITMAP, spoil_bitmap),
    (Invariant.BEST, spoil_best),
    (Invariant.LADDER_ORDERS, spoil_ladder_orders),
    (Invariant.PLACES, spoil_places),
    (Invariant.PARKED, spoil_parked),
    (Invariant.SLOTS, spoil_slots),
    (Invariant.DIRECTORY, spoil_directory),
    (Invariant.NOT_OVERDUE, spoil_overdue),
    (Invariant.IDS_UNIQUE, spoil_ids),
    (Invariant.IDS_GIVEN, spoil_next_id),
    (Invariant.ARRIVAL_ORDER, spoil_arrival),
    (Invariant.FILLS, spoil_fills),
    (Invariant.FILLS, spoil_fill_of_nothing),
    (Invariant.LIMITS_KEPT, spoil_limit),
    (Invariant.NO_FILL_AFTER_END, spoil_end),
    (Invariant.NO_FILL_AFTER_END, spoil_ghost),
]


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("invariant", "spoil"), SPOILS, ids=[spoil.__name__[6:] for _, spoil in SPOILS]
)
def test_a_spoilt_column_is_told_as_what_it_is(invariant: Invariant, spoil: Spoil) -> None:
    sim = running()
    assert found(sim) == []
    spoil(sim)
    assert found(sim) == [invariant]


def test_several_spoilt_columns_are_all_told() -> None:
    """In one market at once; those that hide each other are left out."""
    sim = running(check_every=0)
    hidden = (spoil_crossed, spoil_places, spoil_links, spoil_ids)
    apart = [pair for pair in SPOILS if pair[1] not in hidden]
    for _, spoil in apart:
        spoil(sim)
    assert {invariant for invariant, _ in apart} <= set(found(sim))


@pytest.mark.parametrize(
    ("invariant", "changes"),
    [
        (Invariant.EVENT_SEQUENCE, {"events": 1}),
        (Invariant.EVENT_SEQUENCE, {"events": -1}),
        (Invariant.EVENT_SEQUENCE, {"tick_events": 1}),
        (Invariant.EVENT_SEQUENCE, {"tick_trades": -1}),
        (Invariant.TRADE_IDS, {"trades": 1}),
        (Invariant.IDS_GIVEN, {"next_id": -(10**6)}),
    ],
)
@pytest.mark.compiled
@pytest.mark.parametrize("gap", [1, 3])
def test_a_wrong_number_is_told(invariant: Invariant, changes: dict[str, int], gap: int) -> None:
    """With ticks between two checks only numbers that went back can be told."""
    sim = running()
    before = numbers(sim)
    sim.run(gap)
    now = numbers(sim)
    assert find_violations(sim.exchange, now, before) == []
    wrong = now._replace(**{name: getattr(now, name) + by for name, by in changes.items()})
    told = [each.invariant for each in find_violations(sim.exchange, wrong, before)]
    blind = gap > 1 and {"events", "trades"} & set(changes)
    assert told == ([] if blind else [invariant])
    back = now._replace(events=before.events, trades=before.trades)
    assert find_violations(sim.exchange, back, before), "events and trades went by in between"


def test_every_invariant_is_spoilt_in_some_test() -> None:
    by_numbers = {Invariant.EVENT_SEQUENCE, Invariant.TRADE_IDS}
    assert {invariant for invariant, _ in SPOILS} | by_numbers == set(Invariant) == set(SENTENCES)


def test_by_default_a_run_goes_on_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    config = quiet(on_violation="count", ticks=6)

    def spoil(sim: Simulation) -> None:
        if sim.tick == 2:  # after its check
            sim.exchange.ledger.accounts.cash[FIRST] += 1

    sim = Simulation(config)
    from qtg.run import open_sink

    with open_sink(config, None) as sink, caplog.at_level(logging.WARNING, "qtg"):
        sim.publisher.attach(sim, sink)
        sim.add_hook(spoil)
        sim.run(6)
        sink.close(trace_hash=sim.trace_hash, ticks=6)
    run = qtg.result.result_of(sink)
    assert run.metrics["violations"].to_list() == [0, 0, 1, 1, 1, 1]
    assert sim.violations == run.info()["violations"] == {"INV-01 cash_conserved": 4}
    assert [record.getMessage() for record in caplog.records] == [
        "tick 3: INV-01 cash_conserved: cash is not conserved in environment 0: off by 1"
    ], "each invariant is logged once"


def test_on_request_a_run_stops() -> None:
    sim = start(quiet())
    sim.exchange.ledger.holdings.held[0] += 1
    with pytest.raises(qtg.InvariantError, match="401 shares are counted as held, but 400 are"):
        sim.step()


def test_only_every_so_many_ticks_are_checked() -> None:
    sim = start(quiet(check_every=3, on_violation="count")).run(2)
    sim.exchange.ledger.holdings.held[0] += 1
    assert (sim.run(1).violations, sim.checker.checks) == ({"INV-08 held": 1}, 1)
    assert sim.run(2).counts.violations == 0, "not checked"
    assert (sim.run(1).violations, sim.checker.checks) == ({"INV-08 held": 2}, 2)
    assert start(quiet(check_every=0)).run(3).checker.checks == 0


@pytest.mark.compiled
def test_environments_of_a_batch_are_checked_by_themselves() -> None:
    sim = Simulation(lively({"on_violation": "count"}), envs=[3, 5, 8]).run(30)
    assert sim.violations == {}
    sim.exchange.ledger.accounts.cash[sim.exchange.n_agents + FIRST] += 7
    (told,) = find_violations(sim.exchange)
    assert told.sentence == "cash is not conserved in environment 1: off by 7"


@pytest.mark.compiled
def test_checks_change_nothing() -> None:
    assert running(check_every=1).trace_hash == running(check_every=0).trace_hash


def test_a_checker_starts_without_counts() -> None:
    assert Checker().totals() == {}


# -- the page


PAGE = (ROOT / "docs/INVARIANTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (INV-\d\d) \| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", PAGE, flags=re.M)


def test_the_page_lists_the_invariants_of_the_code() -> None:
    listed = [f"{number} {name}" for number, name, *_ in ROWS]
    coded = [name_of(each) for each in Invariant]
    assert [row for row in listed if row in coded] == coded
    assert len(set(listed)) == len(listed)
    assert len([row for row in listed if row not in coded]) >= 3, "some are proven by tests alone"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_of_the_page_names_is_there(row: tuple[str, ...]) -> None:
    number, _, formula, enforced, proof = row
    assert formula.strip()
    places = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", enforced + proof)
    assert re.search(r"`[\w/]+\.py", enforced), f"{number} says where it is enforced"
    assert re.search(r"`tests/[\w/]+\.py::\w+`", proof), f"{number} names a test"
    for path, name in places:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not name or re.search(rf"^ *(?:def|class) {name}\b", source, re.M), (path, name)
