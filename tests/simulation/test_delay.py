"""How long orders travel, and the order in which they arrive."""

from collections import defaultdict
from random import Random
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.config import Latency
from qtg.kernels.delay import DelayQueue, enqueue
from qtg.schemas import ExecType, MsgType, Orders, Reason, Side, record_array
from tests.clocks import at
from tests.reference.columns import as_columns
from tests.reference.ledger import POOL
from tests.reference.rules import Message

from .small import FIRST, IDLE, PRICE, lively, messages_of, quiet, start, tick
from .watch import Watched

ON = {"latency.enabled": True}


def latencies(config: qtg.Config) -> list[int]:
    """Latency of every noise trader of a simulation."""
    return start(config).smart[0].rows.latency.tolist()  # type: ignore[attr-defined]


def with_own(own: Any, **latency: Any) -> qtg.Config:
    group = {**IDLE, "count": 6} | ({} if own is None else {"latency": own})
    return quiet({"smart": [group], "latency": {"enabled": True, **latency}})


@pytest.mark.parametrize(
    ("own", "expected"), [(None, 3), (0, 3), (1, 1), (7, 7), (0.4, 3), (0.6, 1)]
)
def test_own_latency_goes_before_the_default_unless_it_is_zero(own: Any, expected: int) -> None:
    assert latencies(with_own(own, default_ticks=3)) == [expected] * 6


@pytest.mark.compiled
def test_the_global_switch_goes_before_everything() -> None:
    assert latencies(with_own(7, enabled=False, default_ticks=3)) == [0] * 6
    sim = start(lively({"latency.enabled": False}))
    watched = Watched(sim)
    for _ in range(20):
        watched.step()
        assert {m.latency_ticks for m in watched.arrived} <= {0}
    assert len(sim.exchange.queue.n) == 1


def test_latency_of_a_kind_can_be_a_seeded_distribution() -> None:
    spread = {"kind": "uniform", "low": 2, "high": 9}
    group = {**IDLE, "count": 400, "latency": spread, "shares": 0}
    config = quiet({"smart": [group], "latency": {"enabled": True}})
    drawn = latencies(config)
    assert set(drawn) == set(range(2, 10))
    assert abs(np.mean(drawn) - 5.5) < 0.35
    assert drawn == latencies(config)
    assert drawn != latencies(config.with_(seed=9))


def test_a_drawn_latency_beyond_the_longest_is_a_named_error() -> None:
    with pytest.raises(qtg.ConfigError, match="latency.max_ticks is 4"):
        with_own({"kind": "uniform", "low": 0, "high": 5}, max_ticks=4)
    assert Latency(default_ticks=2).resolve(np.array([0, 1])).tolist() == [2, 1]


@pytest.mark.parametrize("own", [1, 2, 5, 16])
def test_an_order_arrives_its_latency_after_it_was_sent(own: int) -> None:
    sim = start(with_own(own))
    order = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=1, latency_ticks=own)
    arrivals = [tick(sim, order)] + [tick(sim) for _ in range(own)]
    assert [len(events) for events in arrivals] == [0] * own + [1]
    assert arrivals[-1][0]["exec_type"] == ExecType.NEW
    assert sim.tick == 1 + own


def test_what_an_order_needs_is_set_aside_while_it_travels() -> None:
    sim = start(with_own(3))
    order = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=100, latency_ticks=3)
    assert tick(sim, order) == []
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 100 * PRICE
    again = order._replace(qty=1)
    assert tick(sim, again)[0]["reason"] == Reason.INSUFFICIENT_CASH


@pytest.mark.compiled
def test_the_pool_takes_one_to_five_ticks() -> None:
    watched = Watched(start(lively()))
    delays: dict[int, int] = defaultdict(int)
    for _ in range(40):
        watched.step()
        for m in watched.arrived:
            if m.agent == POOL:
                delays[m.latency_ticks] += 1
    counts = np.array([delays[ticks] for ticks in range(1, 6)])
    assert counts.sum() == sum(delays.values()) > 2_000
    assert (np.abs(counts / counts.sum() - 0.2) < 0.05).all()


@pytest.mark.compiled
def test_queue_keeps_the_order_of_sending() -> None:
    """Random sends of strategies and the pool against a plain list per tick."""
    watched = Watched(start(lively({"background.count": 50, "venue.matching": "shuffled"})))
    sim, exchange = watched.sim, watched.sim.exchange
    expected: dict[int, list[Message]] = defaultdict(list)
    decide, admit = sim.background.decide, exchange.admit

    def after(work: Any) -> Any:
        def call(*args: Any) -> Any:
            old = exchange.queue.n.copy()
            result = work(*args)
            for bucket, (low, high) in enumerate(zip(old, exchange.queue.n, strict=True)):
                for m in messages_of(exchange.queue.orders[bucket], int(high))[int(low) :]:
                    expected[sim.tick + m.latency_ticks].append(m)
            return result

        return call

    sim.background.decide = after(decide)  # type: ignore[method-assign]
    exchange.admit = after(admit)  # type: ignore[method-assign]
    random = Random(1)
    agents = sim.agents("threshold_seller").tolist()
    for _ in range(50):
        batch = [
            Message(agent=random.choice(agents), side=Side.SELL, market=random.randrange(2),
                    price=random.randrange(1, 10**5) * 100, qty=1,
                    latency_ticks=random.randint(0, 5))
            for _ in range(random.randrange(40))
        ]  # fmt: skip
        sim.submit(as_columns(batch))
        watched.step()
        assert watched.arrived == expected.pop(sim.tick, [])
    assert set(expected) <= set(range(sim.tick + 1, sim.tick + 6))


def test_a_full_queue_grows_and_loses_nothing() -> None:
    sim = start(with_own(8))
    room = sim.exchange.queue.orders.shape[1]
    random, sent = Random(3), defaultdict(list)
    for now in range(1, 12):
        n = random.choice((0, 3, room, 2 * room))
        batch = [
            Message(agent=FIRST, side=Side.SELL, price=PRICE, qty=i,
                    latency_ticks=random.randint(1, 8))
            for i in range(n)
        ]  # fmt: skip
        for m in batch:
            sent[now + m.latency_ticks].append(m)
        exchange, columns = at(sim, now), as_records(batch)
        exchange.reserve_queue(n)
        for k in range(n):
            enqueue(exchange.queue, columns, k, 0)
        arriving, market, ids, due = exchange.due()
        assert (ids[:due] > 0).all()
        assert (market[:due] == 0).all()
        assert messages_of(arriving, due) == sent.pop(now, [])
    assert sim.exchange.queue.orders.shape[1] > room


def as_records(batch: list[Message]) -> np.recarray:
    """Messages as the rows of an outbox."""
    columns = as_columns(batch)
    records = record_array(Orders, len(batch))
    for name, column in columns._asdict().items():
        records[name] = column
    return records


def test_enqueue_copies_every_column_and_names_new_orders() -> None:
    orders = record_array(Orders, 1)
    for number, name in enumerate(Orders._fields):
        orders[name] = number + 1
    places, now = np.zeros((4, 2), np.int32), np.array([6 - int(orders.latency_ticks[0])])
    queue = DelayQueue(
        record_array(Orders, 4, 2), places, np.zeros(4, np.int64), now, np.array([5, 40])
    )
    enqueue(queue, orders, 0, 1)
    assert queue.n.tolist() == [0, 0, 1, 0]
    assert queue.orders[2, 0].tolist() == orders[0].tolist()
    assert places[2, 0] == orders[0].market
    orders.msg_type[:] = MsgType.NEW
    enqueue(queue, orders, 0, 1)
    assert queue.orders[2, 1].order_id == 40
    assert queue.next_id.tolist() == [5, 41]
