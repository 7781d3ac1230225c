"""Long seeded streams: the kernels tell exactly what the slow book tells."""

import numpy as np
import pytest

from qtg.schemas import Matching, SelfTradePrevention
from tests.reference.columns import as_columns, as_table
from tests.reference.rules import Message
from tests.sizes import sized

from .differential import FIELDS, MARKET, ROW, Pair, Setup, arrival_order
from .flow import Flow

MESSAGES = sized(100_000, 1_000)


def run(setup: Setup, seed: int, messages: int, check_every: int = 40) -> Pair:
    """Compare a whole stream, and the books now and then."""
    pair = Pair(setup)
    for number, (batch, tick) in enumerate(Flow(pair.slow, seed).batches(messages)):
        pair.submit(batch, tick)
        if number % check_every == 0:
            pair.check_books()
    pair.check_books()
    return pair


def recorded(setup: Setup, seed: int, messages: int) -> list[tuple[list[Message], int]]:
    """The batches of a stream."""
    slow, stream = setup.slow(), []
    for batch, tick in Flow(slow, seed).batches(messages):
        slow.submit(batch, tick)
        stream.append((batch, tick))
    return stream


def told_by_market(tables: list[np.ndarray]) -> np.ndarray:
    """All events sorted by market, without the batch row, which batching changes."""
    events = np.concatenate(tables)
    events[:, ROW] = 0
    return events[np.argsort(events[:, MARKET], kind="stable")]


@pytest.mark.parametrize("protection_bps", [0, 150])
@pytest.mark.parametrize("pool_trades_itself", [False, True])
@pytest.mark.parametrize("self_trade", list(SelfTradePrevention))
def test_a_long_stream_equals_the_slow_venue(
    self_trade: SelfTradePrevention, pool_trades_itself: bool, protection_bps: int
) -> None:
    setup = Setup(
        self_trade=self_trade,
        pool_trades_itself=pool_trades_itself,
        protection_bps=protection_bps,
    )
    pair = run(setup, seed=2 * self_trade + pool_trades_itself, messages=MESSAGES)
    assert pair.messages == MESSAGES
    assert (
        min(pair.counts[kind] for kind in ("TRADE", "REPLACED", "EXPIRED", "REJECTED"))
        > MESSAGES // 100
    )


def test_several_environments_equal_the_slow_venue() -> None:
    messages = sized(30_000, 900)
    pair = run(Setup(terms=((1, 1), (25, 10)), envs=3), seed=11, messages=messages)
    assert min(pair.slow.next_id) > messages // 30


def test_a_shuffled_batch_equals_the_slow_venue_fed_in_that_order() -> None:
    pair = Pair(Setup(matching=Matching.SHUFFLED))
    for batch, tick in Flow(pair.slow, seed=12).batches(sized(20_000, 1_000)):
        pair.submit(batch, tick)
    pair.check_books()


def test_shuffling_works_every_row_once_and_not_in_arrival_order() -> None:
    venue = Setup(matching=Matching.SHUFFLED).fast()
    batch = [Message(price=100 + i, qty=10) for i in range(50)]
    order = arrival_order(as_table(venue.submit(as_columns(batch), tick=1)))
    assert sorted(order) == list(range(50))
    assert order != sorted(order)


def test_an_environment_tells_the_same_alone_as_among_others() -> None:
    together, alone = Setup(envs=3).fast(), Setup().fast()
    for batch, tick in recorded(Setup(envs=3), seed=13, messages=sized(10_000, 1_000)):
        orders = as_columns(batch)
        events = as_table(together.submit(orders, tick=tick))
        rows = np.flatnonzero(orders.market // 2 == 1)
        ours = type(orders)(*(column[rows] for column in orders))
        expected = as_table(alone.submit(ours._replace(market=ours.market - 2), tick=tick))
        expected[:, MARKET] += 2
        expected[:, ROW] = np.where(expected[:, ROW] < 0, -1, np.append(rows, -1)[expected[:, ROW]])
        seen = events[(events[:, MARKET] == 2) | (events[:, MARKET] == 3)]
        np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize("pieces", ["one message a batch", "one batch a tick"])
def test_events_do_not_depend_on_how_messages_are_batched(pieces: str) -> None:
    stream = recorded(Setup(), seed=14, messages=sized(5_000, 500))
    by_tick: dict[int, list[Message]] = {}
    for batch, tick in stream:
        by_tick.setdefault(tick, []).extend(batch)
    if pieces == "one message a batch":
        split = [([message], tick) for tick, batch in by_tick.items() for message in batch]
    else:
        split = [(batch, tick) for tick, batch in by_tick.items()]
    first, second = Setup().fast(), Setup().fast()
    told = [as_table(first.submit(as_columns(batch), tick=tick)) for batch, tick in stream]
    again = [as_table(second.submit(as_columns(batch), tick=tick)) for batch, tick in split]
    np.testing.assert_array_equal(told_by_market(told), told_by_market(again))


def test_the_comparison_sees_every_event_column() -> None:
    for column, name in enumerate(FIELDS):
        pair = Pair(Setup())
        told = as_table(pair.fast.submit(as_columns([Message(price=100, qty=10)])))
        changed = told.copy()
        changed[0, column] += 1
        with pytest.raises(AssertionError):
            pair._compare(changed, told)
        assert name in FIELDS
