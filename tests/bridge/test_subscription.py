"""A subscription's buffer against a list of numbered events."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtg
from qtg.bridge import Overflow, Subscription
from qtg.schemas import Events, allocate

PLAN = st.lists(st.one_of(st.just(0), st.integers(1, 9)), max_size=30)  # 0 reads, n pushes


def numbered(first: int, n: int) -> Events:
    events = allocate(Events, n)
    events.order_id[:] = np.arange(first, first + n)
    return events


@given(PLAN, st.integers(1, 8), st.sampled_from([Overflow.DROP_OLDEST, Overflow.DROP_NEWEST]))
@settings(max_examples=400, deadline=None)
def test_what_is_read_and_what_is_dropped_make_up_everything(plan, capacity, overflow) -> None:
    reader = Subscription(None, 10, capacity, overflow)
    buffer: list[int] = []  # what must be there, by the rule
    made, read, told = 0, [], 0

    def take() -> None:
        nonlocal told
        batch = reader.take(0)
        if batch is None:
            assert not buffer
            return
        ids = batch.events.order_id.tolist()
        told += batch.dropped
        assert ids == buffer[: len(ids)]
        assert ids[0] == (read[-1] if read else -1) + 1 + batch.dropped
        assert ids == list(range(ids[0], ids[-1] + 1))
        read.extend(ids)
        del buffer[: len(ids)]

    for n in plan:
        if not n:
            take()
            continue
        reader.push(made, numbered(made, n))
        new = list(range(made, made + n))
        room = capacity - len(buffer)
        buffer += new[:room] if overflow == Overflow.DROP_NEWEST else new
        del buffer[: max(len(buffer) - capacity, 0)]
        made += n
        assert reader.held == len(buffer) <= capacity
    while buffer:
        take()
    assert reader.delivered == len(read)
    assert reader.delivered + reader.dropped == made
    assert told <= reader.dropped


def test_a_reader_that_must_not_lose_anything_is_told_that_it_did() -> None:
    reader = Subscription(None, 10, 4, Overflow.CLOSE)
    reader.push(1, numbered(0, 3))
    reader.push(2, numbered(3, 2))
    reader.push(3, numbered(5, 1))
    assert reader.closed
    batch = reader.take()
    assert batch is not None
    assert batch.events.order_id.tolist() == [0, 1, 2]
    with pytest.raises(qtg.BridgeFull, match="more than 4 events behind"):
        reader.take()


def test_only_wanted_events_come() -> None:
    reader = Subscription([3], 10, 100, Overflow.DROP_OLDEST)
    events = numbered(0, 5)
    events.agent[:] = [3, 2, 4, -1, 9]
    events.contra_agent[:] = [-1, 3, -1, -1, 0]
    reader.offer(7, events, 5)
    reader.offer(8, events, 0)
    batch = reader.take(0)
    assert batch is not None
    assert (batch.tick, batch.events.order_id.tolist(), batch.dropped) == (7, [0, 1], 0)
    assert reader.take(0) is None
    events.order_id[:] = 99
    assert batch.events.order_id.tolist() == [0, 1]


def test_a_closed_one_ends_for_threads_and_tasks() -> None:
    reader = Subscription(None, 10, 100, Overflow.DROP_OLDEST)
    reader.push(1, numbered(0, 2))
    with reader:
        pass
    reader.push(2, numbered(2, 2))
    assert [batch.tick for batch in reader] == [1]

    async def read() -> list[int]:
        other = Subscription(None, 10, 100, Overflow.DROP_OLDEST)
        asyncio.get_running_loop().call_later(0.02, other.push, 5, numbered(0, 1))
        asyncio.get_running_loop().call_later(0.04, other.close)
        assert await other.atake(0.001) is None
        return [batch.tick async for batch in other]

    assert asyncio.run(read()) == [5]


@pytest.mark.parametrize(("agents", "capacity"), [([-1], 5), ([10], 5), ([1], 0)])
def test_what_makes_no_sense_is_refused(agents: list[int], capacity: int) -> None:
    with pytest.raises(qtg.ConfigError):
        Subscription(agents, 10, capacity, Overflow.DROP_OLDEST)
