"""The structures inside a book against plain sets, dicts and lists."""

from random import Random

import numpy as np
import pytest

from qtg.kernels import directory as ids
from qtg.kernels.arrange import group_rows, name_rows
from qtg.kernels.bits import bit_below, clear_bit, set_bit
from qtg.kernels.ladder import (
    NO_KEY,
    available,
    occupied_at_or_below,
    reduce,
    remove,
    rest,
    take_slot,
)
from qtg.kernels.parked import park, parked_qty, unpark
from qtg.schemas import NO_ROW, Book, MsgType, TimeInForce
from qtg.venue import Venue
from tests.property.invariants import check_ladder, check_market
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.sizes import sized


def empty_book(orders: int = 256) -> tuple[Book, Book]:
    """All markets' tables of a venue with one market, and the market's own part of them."""
    whole = Venue(orders=orders, window=64).book_columns
    part = whole._replace(
        orders=whole.orders[0],
        directory=whole.directory[0],
        overflow=whole.overflow[0],
        timers=whole.timers[0],
        chunks=whole.chunks[0],
        free=whole.free[0],
        behind=whole.behind[0],
    )
    return whole, part


def put(book: Book, order_id: int, key: int, qty: int = 1, agent: int = 1, tick: int = 0) -> int:
    """Let an order rest in the buy ladder; its slot."""
    slot = int(take_slot(book)[0])
    fill(book, slot, order_id, key, qty, agent)
    book.orders.expire_tick[slot] = tick
    ids.insert(book, order_id, slot)
    rest(book, slot)
    return slot


def fill(book: Book, slot: int, order_id: int, key: int, qty: int = 1, agent: int = 1) -> None:
    orders = book.orders
    orders.order_id[slot], orders.key[slot], orders.qty[slot] = order_id, key, qty
    orders.priority[slot], orders.agent[slot], orders.ladder[slot] = order_id, agent, 0
    book.markets.priority[0] = max(int(book.markets.priority[0]), order_id)


@pytest.mark.parametrize("n_words", [1, 2, 8])
def test_the_nearest_bit_below_goes_around(n_words: int) -> None:
    draw, held = Random(n_words), set()
    words, size = np.zeros((3, n_words), np.uint64), 64 * n_words
    assert bit_below(words, 1, 5) == -1
    for _ in range(sized(600, 200)):
        position = draw.randrange(size)
        if position in held or len(held) > 6:
            position = draw.choice(sorted(held)) if held else position
            clear_bit(words, 1, position)
            held.discard(position)
        else:
            set_bit(words, 1, position)
            held.add(position)
        start = draw.randrange(size)
        expected = min(((start - bit) % size for bit in held), default=-1)
        assert bit_below(words, 1, start) == expected
    assert not words[[0, 2]].any(), "other rows stay as they are"


@pytest.mark.parametrize("spread", [1, 16, 512])
def test_the_directory_finds_what_a_dict_finds(spread: int) -> None:
    """With a spread of the table's length all ids compete for the same place."""
    book = empty_book(orders=256)[1]
    draw, held = Random(spread), {}
    for turn in range(sized(4_000, 1_000)):
        order_id = 1 + spread * draw.randrange(200)
        slot = turn % 256
        if order_id in held:
            slot = held.pop(order_id)
            ids.remove(book, order_id, slot)
            book.orders.order_id[slot] = 0
        elif book.orders.order_id[slot] == 0:
            book.orders.order_id[slot] = order_id
            ids.insert(book, order_id, slot)
            held[order_id] = slot
        asked = 1 + spread * draw.randrange(200)
        assert ids.find(book, asked) == held.get(asked, NO_ROW)
    for order_id, slot in held.items():
        assert ids.find(book, order_id) == slot


def test_parked_orders_come_back_best_first_then_earliest() -> None:
    _, book = empty_book()
    draw, held = Random(3), {}
    for turn in range(sized(3_000, 500)):
        free = [slot for slot in range(200) if slot not in held]
        if held and (not free or draw.random() < 0.48):
            slot = draw.choice(sorted(held)) if draw.random() < 0.7 else min(held, key=held.get)
            unpark(book, 0, slot)
            del held[slot]
        else:
            slot, key = draw.choice(free), draw.randint(1, 12)
            fill(book, slot, turn + 1, key, qty=draw.randint(1, 9), agent=draw.choice((1, 2)))
            park(book, 0, slot)
            held[slot] = (-key, turn + 1)
        assert book.ladders.parked[0] == (min(held, key=held.get) if held else NO_ROW)
        lowest = draw.randint(1, 12)
        reached = [slot for slot, (key, _) in held.items() if -key >= lowest]
        own = sum(int(book.orders.qty[s]) for s in reached if book.orders.agent[s] == 1)
        every = sum(int(book.orders.qty[s]) for s in reached)
        assert parked_qty(book, 0, lowest, 1) == (every - own, own)


def test_a_ladder_keeps_its_levels_while_the_window_slides() -> None:
    whole, book = empty_book()
    draw, held, middle = Random(4), {}, 1_000
    for turn in range(1, sized(4_001, 501)):
        middle += draw.choice((-1, 0, 1)) + (draw.choice((-300, 300)) if turn % 97 == 0 else 0)
        middle = max(middle, 400)
        if len(held) > 100 or (held and draw.random() < 0.4):
            slot = draw.choice(sorted(held))
            if held[slot][1] > 1 and draw.random() < 0.3:
                reduce(book, slot, 1)
                held[slot] = (held[slot][0], held[slot][1] - 1)
            else:
                remove(book, slot)
                del held[slot]
        else:
            key, qty = middle + draw.randint(-90, 30), draw.randint(1, 5)
            held[put(book, turn, key, qty)] = (key, qty)
        best = max((key for key, _ in held.values()), default=NO_KEY)
        assert book.ladders.best[0] == best
        lowest = middle - draw.randint(-20, 120)
        assert available(book, 0, lowest, 9)[0] == sum(q for k, q in held.values() if k >= lowest)
        if turn % 20 == 0:
            assert check_ladder(whole, 0, 0) == set(held)
            _compare_levels(book, held, best)


def _compare_levels(book: Book, held: dict[int, tuple[int, int]], best: int) -> None:
    """Every key near the best: the next occupied one at or below it."""
    inside = [key for key, _ in held.values() if key >= book.ladders.low[0]]
    for key in range(best - 80, best + 3):
        expected = max((k for k in inside if k <= key), default=NO_KEY)
        assert occupied_at_or_below(book, 0, key) == expected


def test_slots_are_used_again_before_new_ones() -> None:
    _, book = empty_book()
    slots = [put(book, order_id, 100) for order_id in (1, 2, 3)]
    remove(book, slots[0])
    remove(book, slots[2])
    assert put(book, 4, 100) == slots[2]
    assert put(book, 5, 100) == slots[0]
    assert put(book, 6, 100) == 3


def test_the_expiry_wheel_gives_what_is_due_and_lists_the_rest() -> None:
    """Random orders against a plain dict; lists that are full are swept and grow."""
    venue = Venue(orders=256, window=64)
    draw, held, tick, grown = Random(5), {}, 0, 0
    for order_id in range(1, sized(6_000, 1_000)):
        action = draw.random()
        if action < 0.02 and not held:
            continue
        if action < 0.5:
            lifetime = draw.choice((1, 2, 7, 256, 257, 700))
            venue.submit({"side": [1], "price": [5], "qty": [1], "tif": [TimeInForce.GTT],
                          "expire_tick": [tick + lifetime], "agent": [3]})  # fmt: skip
            held[int(venue.next_id[0]) - 1] = tick + lifetime
        elif action < 0.8 and held:
            gone = draw.choice(sorted(held))
            venue.submit({"msg_type": [MsgType.CANCEL], "order_id": [gone], "agent": [3]})
            del held[gone]
        elif action < 0.9:
            tick += draw.choice((1, 1, 1, 3, 300))
            due = {each for each, until in held.items() if until <= tick}
            n = venue.advance(tick)
            assert set(venue.events.order_id[:n].tolist()) == due
            held = {each: until for each, until in held.items() if until > tick}
        else:
            words = venue.book_columns.chunks.shape[1]
            venue.grow_timers()
            grown += venue.book_columns.chunks.shape[1] > words
        if order_id % 50 == 0:
            check_market(venue, 0)
    assert grown


def test_ended_orders_do_not_fill_the_expiry_lists() -> None:
    venue = Venue(orders=64)
    words = venue.book_columns.chunks.shape[1]
    for _ in range(sized(20, 3) * words):
        venue.submit({"side": [1], "price": [5], "qty": [1], "tif": [TimeInForce.GTT],
                      "expire_tick": [1_000], "agent": [3]})  # fmt: skip
        venue.submit({"msg_type": [MsgType.CANCEL], "order_id": [venue.next_id[0] - 1],
                      "agent": [3]})  # fmt: skip
    assert venue.book_columns.chunks.shape[1] == words


def test_rows_are_grouped_by_market_and_named_in_batch_order() -> None:
    draw, symbols, envs = Random(6), 3, 2
    n_markets = symbols * envs
    next_id = np.array([10, 20], np.int64)
    given = [10, 20]
    for n in (0, 1, 5, 200):
        batch = [
            Message(
                draw.choice((MsgType.NEW, MsgType.NEW, MsgType.CANCEL)),
                market=draw.randint(-1, n_markets),
            )
            for _ in range(n)
        ]
        expected_ids = []
        for message in batch:
            known = 0 <= message.market < n_markets
            named = known and message.msg_type == MsgType.NEW
            expected_ids.append(given[message.market // symbols] if named else 0)
            if named:
                given[message.market // symbols] += 1
        order_ids, index = np.zeros(n, np.int64), np.zeros(n, np.int64)
        starts = np.zeros(n_markets + 2, np.int64)
        orders = as_columns(batch)
        name_rows(orders, n, symbols, next_id, order_ids)
        group_rows(orders.market, n, index, starts)
        group = [m.market if 0 <= m.market < n_markets else n_markets for m in batch]
        assert index.tolist() == sorted(range(n), key=lambda row: group[row])
        assert order_ids.tolist() == expected_ids
        assert next_id.tolist() == given
        assert np.diff(starts).tolist() == [group.count(g) for g in range(n_markets + 1)]
