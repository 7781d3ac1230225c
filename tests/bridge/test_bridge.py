"""What a bridge's clients can do, and that what goes wrong is their own affair."""

import time

import numpy as np
import pytest

import qtg
from qtg.bridge import BridgeState, Overflow
from qtg.schemas import ExecType, Reason
from tests.simulation.small import IDLE, SYMBOL

from .small import FIRST, GUESTS, LONG, PRICE, Block, busy, order, still, together


def test_an_acknowledgement_comes_before_the_tick_and_its_ids_after_it() -> None:
    with qtg.Bridge(still()) as bridge:
        client = bridge.client(FIRST)
        one = client.submit(order(n=2))
        two = client.submit({**order(side=-1, price=PRICE + 100), "agent": [FIRST + 1]})
        assert [(ack.sequence, ack.tick) for ack in (one, two)] == [(1, 1), (2, 1)]
        assert one.order_ids is None
        assert client.tick() == 1
        assert one.order_ids.tolist() == [1, 2]
        assert two.wait().order_ids.tolist() == [3]
        three = client.submit(order())
        assert (three.sequence, three.tick) == (3, 2)


def test_ids_and_reasons_are_those_of_the_events() -> None:
    traders = {**IDLE, "probability": 1.0, "params": {"size": 3}}  # stand before us in the outbox
    sim = qtg.Simulation(busy().config.with_(smart=[GUESTS, traders]))
    with qtg.Bridge(sim) as bridge:
        client, seen = bridge.client(FIRST), bridge.client().events()
        client.tick(3)
        sim.hooks.append(lambda sim: sim.submit({**order(price=PRICE - 700), "agent": [FIRST + 5]}))
        client.tick()
        rng = np.random.default_rng(5)
        acks = []
        for _ in range(6):
            n = int(rng.integers(1, 6))
            prices = rng.choice([PRICE - 300, PRICE - 301, 10**10], n)  # fine, off tick, too dear
            acks.append(client.submit({"price": prices, "qty": [2] * n, "side": [1] * n}))
        client.tick()
        found = [ack.wait(LONG) for ack in acks]
        ids = np.concatenate([each.order_ids for each in found])
        reasons = np.concatenate([each.reasons for each in found])
        batches = list(iter(lambda: seen.take(0), None))
        events = batches[-1].events
    assert set(reasons) == {Reason.NONE, Reason.OFF_TICK, Reason.INSUFFICIENT_CASH}
    assert ((ids == 0) == (reasons != Reason.NONE)).all()
    mine = events.agent == FIRST
    new = mine & np.isin(events.exec_type, [ExecType.NEW, ExecType.TRADE])
    assert set(ids[ids > 0]) == set(events.order_id[new])
    refused = mine & (events.exec_type == ExecType.REJECTED)
    assert events.reason[refused].tolist() == reasons[reasons != 0].tolist()


def test_orders_are_cancelled_and_replaced_by_their_owner() -> None:
    with qtg.Bridge(still()) as bridge:
        mine, other = bridge.client(FIRST), bridge.client(FIRST + 1)
        ack = mine.submit(order(price=PRICE - 1_000, qty=5, n=3))
        mine.tick()
        first, second, third = ack.order_ids.tolist()
        mine.cancel("A", first)
        mine.replace("A", [second, third], price=[PRICE - 500, PRICE - 600], qty=9)
        stolen = other.cancel("A", third)
        mine.tick()
        refused = mine.replace("A", [second, third], price=[PRICE - 1, PRICE - 600], qty=9)
        mine.tick()
        assert refused.wait().order_ids.tolist() == [0, third]
        assert refused.wait().reasons.tolist() == [Reason.OFF_TICK, Reason.NONE]
        resting = mine.portfolio().orders
        assert resting.order_id.tolist() == [second, third]
        assert resting.price.tolist() == [PRICE - 500, PRICE - 600]
        assert resting.qty.tolist() == [9, 9]
        assert stolen.wait().order_ids.tolist() == [third], "admitted: the book refuses it"


def test_a_book_and_a_portfolio_are_copies() -> None:
    with qtg.Bridge(still()) as bridge:
        client = bridge.client(FIRST)
        client.submit(order(price=PRICE - 100, qty=7))
        client.submit(order(side=-1, price=PRICE + 100, qty=4))
        client.tick()
        book, before = client.book("A"), client.portfolio()
        assert (book.tick, book.bids.price.tolist(), book.asks.qty.tolist()) == (
            1,
            [PRICE - 100],
            [4],
        )
        assert (before.cash, before.reserved) == (10_000_000_000, 7 * (PRICE - 100))
        assert before.positions["A"].qty, before.positions["A"].reserved == (500, 4)
        bridge.client(FIRST + 1).submit(order(side=-1, price=PRICE - 100, qty=7))
        client.tick()
        assert book.bids.price.tolist() == [PRICE - 100]
        after = client.portfolio()
        assert (after.cash, after.positions["A"].qty) == (before.cash - 7 * (PRICE - 100), 507)
        assert client.book("A", levels=0).asks.price.tolist() == []


def test_accounts_are_taken_out_of_the_reserve() -> None:
    with qtg.Bridge(still(), names={"old": FIRST + 1}) as bridge:
        one, two = bridge.client(), bridge.client()
        assert one.spawn("one", cash="1234.5") == FIRST
        assert two.spawn("two") == FIRST + 2
        one.tick()
        assert one.portfolio().cash == 12_345_000
        assert two.portfolio().cash == 10_000_000_000
        assert bridge.names == {"old": FIRST + 1, "one": FIRST, "two": FIRST + 2}
        for name in ("one", ""):
            with pytest.raises(qtg.BridgeError, match="taken or empty"):
                bridge.client().spawn(name)
        with pytest.raises(qtg.ConfigError, match="0 to 1e12"):
            bridge.client().spawn("poor", cash=-1)
        for k in range(5):
            bridge.client().spawn(f"more {k}")
        with pytest.raises(qtg.BridgeError, match="no account is left in reserve: 8"):
            bridge.client().spawn("nobody")


def test_news_and_regimes_come_through_the_bridge() -> None:
    sim = busy()
    with qtg.Bridge(sim) as bridge:
        client = bridge.client()
        value = sim.economy.value()[0]
        ack = client.inject_news("earnings", symbol="A", surprise=0.5, duration=2)
        assert client.set_regime("crisis").sequence == 2
        client.tick()
        assert ack.wait().order_ids.tolist() == []
        with pytest.raises(qtg.ConfigError, match="no regime"):
            client.set_regime("panic")
    assert sim.economy.value()[0] > 1.5 * value
    assert sim.background.pool.terms.regime[0] == qtg.Regime.CRISIS


def test_what_the_sender_does_to_its_arrays_later_does_not_matter() -> None:
    with qtg.Bridge(still()) as bridge:
        client, prices = bridge.client(FIRST), np.array([PRICE - 100])
        client.submit({"price": prices, "qty": [1]})
        prices[:] = 1
        client.tick()
        assert client.book("A").bids.price.tolist() == [PRICE - 100]


@pytest.mark.parametrize(
    ("orders", "error", "says"),
    [
        ({"prize": [1]}, qtg.OrderError, "no order column"),
        ({"price": [1], "qty": [1, 2]}, qtg.OrderError, "unequal"),
        ({"price": [1.5], "qty": [1]}, qtg.OrderError, "integers"),
        ({"price": [1], "qty": [1], "agent": [0]}, qtg.OrderError, "account"),
        (7, qtg.OrderError, "columns by name"),
    ],
)
def test_bad_orders_hurt_their_sender_only(orders, error, says: str) -> None:
    with qtg.Bridge(still()) as bridge:
        with pytest.raises(error, match=says):
            bridge.client(FIRST).submit(orders)
        assert bridge.client(FIRST).submit(order()).sequence == 1
        assert bridge.health().state == BridgeState.PAUSED


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda c: c.portfolio(), "which account"),
        (lambda c: c.portfolio(99), "no account 99"),
        (lambda c: c.portfolio(1), "no account 1"),
        (lambda c: c.book("Z"), "no symbol 'Z'"),
        (lambda c: c.book("A", -1), "negative"),
        (lambda c: c.cancel("A", 1), "which account"),
        (lambda c: c.tick(0), "at least 1"),
        (lambda c: c.run(rate=0), "rate"),
        (lambda c: c.run(until=-1), "is over"),
        (lambda c: c.events(agents=[-5]), "agents must be"),
        (lambda c: c.inject_news("gossip"), "no news"),
    ],
)
def test_wrong_calls_say_what_is_wrong(ask, says: str) -> None:
    with qtg.Bridge(still()) as bridge, pytest.raises(qtg.ConfigError, match=says):
        ask(bridge.client())


def test_wrong_amendments_say_what_is_wrong() -> None:
    with qtg.Bridge(still()) as bridge:
        client = bridge.client(FIRST)
        for order_id, price in ((1.5, 1), ([[1]], 1), ([1, 2], [1, 2, 3]), (1, 1.5)):
            with pytest.raises(qtg.OrderError, match="must be"):
                client.replace("A", order_id, price=price, qty=1)
        with pytest.raises(qtg.ConfigError, match="no symbol 'Z'"):
            client.cancel("Z", 1)


def test_a_log_that_is_full_hurts_the_sender_only() -> None:
    sim = still()

    def refuse(new) -> None:
        if new.sequence == 2:
            raise qtg.StorageError("no space")

    sim.inputs.taps.append(refuse)
    with qtg.Bridge(sim) as bridge:
        client = bridge.client(FIRST)
        client.submit(order())
        with pytest.raises(qtg.StorageError, match="no space"):
            client.submit(order())
        client.tick()
        assert client.portfolio().orders.order_id.tolist() == [1]


def test_events_come_by_tick_and_only_ones_own() -> None:
    with qtg.Bridge(still()) as bridge:
        one, two = bridge.client(FIRST), bridge.client(FIRST + 1)
        mine, every = (
            one.events(),
            bridge.client().events(capacity=1, overflow=Overflow.DROP_NEWEST),
        )
        one.submit(order(qty=3))
        two.submit(order(side=-1, qty=2))
        two.submit(order(side=1, price=PRICE - 100, qty=2))
        one.tick(2)
        batch = mine.take(LONG)
        assert batch.tick == 1
        assert batch.events.exec_type.tolist() == [ExecType.NEW, ExecType.NEW, ExecType.TRADE] or (
            batch.events.exec_type.tolist()[-1] == ExecType.TRADE
        )
        assert (FIRST + 1 in batch.events.agent.tolist()) == (
            batch.events.exec_type.tolist()[-1] == ExecType.TRADE
        )
        assert mine.take(0) is None
        assert every.held == 1
        assert every.dropped >= 3
        counters = one.metrics()
        assert counters["subscriptions"] == 2
        assert counters["events_dropped"] == every.dropped
        mine.close()
        one.tick()
        assert one.metrics()["subscriptions"] == 1


def test_a_market_runs_pauses_and_keeps_to_its_rate() -> None:
    with qtg.Bridge(still()) as bridge:
        client = bridge.client()
        began = time.monotonic()
        assert client.run(rate=100.0) == 0
        assert bridge.health().state == BridgeState.RUNNING
        time.sleep(0.25)
        tick = client.pause()
        assert 1 <= tick <= (time.monotonic() - began) * 100 + 1
        time.sleep(0.05)
        assert bridge.health().tick == tick
        client.run(until=tick + 30)
        while bridge.health().state == BridgeState.RUNNING:
            time.sleep(0.001)
        assert bridge.health().tick == tick + 30
        assert client.metrics()["ticks_made"] == tick + 30


def test_a_paused_bridge_costs_nothing() -> None:
    with qtg.Bridge(still()) as bridge:
        bridge.client().tick()
        before = time.process_time()
        time.sleep(0.4)
        assert time.process_time() - before < 0.1


def test_a_full_queue_refuses_or_waits() -> None:
    sim = still()
    block = Block(sim)
    with qtg.Bridge(sim, capacity=2) as bridge:
        bridge.client().run()
        assert block.reached.wait(LONG)
        impatient = bridge.client(FIRST, timeout=0.05)
        for _ in range(2):
            with pytest.raises(qtg.BridgeTimeout, match="had to wait for more than 0.05 s"):
                impatient.submit(order())
        assert bridge.health().queue_depth == 0, "who gives up takes its command back"
        slow = [lambda: bridge.client(FIRST).submit(order()) for _ in range(2)]

        def full() -> None:
            while bridge.health().queue_depth < 2:
                time.sleep(0.001)
            with pytest.raises(qtg.BridgeFull, match="2 commands wait"):
                bridge.client(FIRST).submit(order())
            block.let_go()

        assert not together(full, *slow)
        assert bridge.client().metrics()["commands_refused"] == 1
    assert sim.inputs.sequence == 2


def test_who_may_wait_gets_in_when_there_is_room() -> None:
    sim = still()
    block = Block(sim)
    with qtg.Bridge(sim, capacity=1, block=True) as bridge:
        bridge.client().run()
        assert block.reached.wait(LONG)

        def look() -> None:
            while bridge.health().in_line < 4:
                time.sleep(0.001)
            with pytest.raises(qtg.BridgeTimeout, match="was not carried out"):
                bridge.client(FIRST, timeout=0.02).submit(order())
            assert bridge.health().in_line == 4
            block.let_go()

        assert not together(look, *[lambda: bridge.client(FIRST).submit(order())] * 5)
    assert sim.inputs.sequence == 5


def test_what_waits_for_the_next_tick_is_bounded() -> None:
    with qtg.Bridge(still(), orders_per_tick=10) as bridge:
        client = bridge.client(FIRST)
        client.submit(order(n=7))
        with pytest.raises(qtg.BridgeFull, match="7 orders wait for tick 1"):
            client.submit(order(n=4))
        client.submit(order(n=3))
        client.tick()
        assert client.submit(order(n=10)).tick == 2


def test_ticks_that_nobody_waits_for_any_more_are_not_made() -> None:
    sim = still()
    sim.add_hook(lambda sim: time.sleep(0.01))
    with qtg.Bridge(sim) as bridge:
        with pytest.raises(qtg.BridgeTimeout, match="was begun"):
            bridge.client().tick(10_000, timeout=0.1)
        assert bridge.client().tick() < 500


def test_a_pause_ends_the_wait_for_ticks() -> None:
    with qtg.Bridge(still()) as bridge:
        errors = together(
            lambda: bridge.client().tick(10**9), lambda: (time.sleep(0.1), bridge.client().pause())
        )
    assert [type(error) for error in errors] == [qtg.BridgeError]
    assert "paused after" in str(errors[0])


def test_an_acknowledgement_can_be_waited_for_with_a_limit() -> None:
    with qtg.Bridge(still()) as bridge:
        ack = bridge.client(FIRST).submit(order())
        with pytest.raises(qtg.BridgeTimeout, match="tick 1 was not over within 0.01 s"):
            ack.wait(0.01)


def test_a_bridge_leads_to_one_environment() -> None:
    sim = qtg.Simulation(still().config, envs=(0, 1))
    with pytest.raises(qtg.ConfigError, match="one environment"):
        qtg.Bridge(sim)
    with pytest.raises(qtg.ConfigError, match="orders_per_tick"):
        qtg.Bridge(still(), orders_per_tick=0)
    with pytest.raises(qtg.ConfigError, match="named 'me', is no guest"):
        qtg.Bridge(busy(), names={"me": FIRST + 8})


def test_a_market_without_reserve_can_be_traded_in() -> None:
    sim = qtg.Simulation(qtg.Config(symbols=[SYMBOL], latency={"enabled": False}))
    with qtg.Bridge(sim) as bridge, pytest.raises(qtg.BridgeError, match="no account is left"):
        bridge.client().spawn("me")


def test_a_snapshot_goes_on_to_the_same_bits(tmp_path) -> None:
    sim = busy()
    with qtg.Bridge(sim) as bridge:
        client = bridge.client()
        client.spawn("me", cash=777)
        client.tick(5)
        client.submit(order(price=PRICE - 300))
        assert client.snapshot(tmp_path / "at-5.qtgs") == 5
        with pytest.raises(qtg.StorageError):
            client.snapshot(tmp_path)
        client.tick(5)
        mine = client.portfolio()
        assert mine.positions["A"].qty == 501
    other = qtg.Simulation.restore(tmp_path / "at-5.qtgs")
    with qtg.Bridge(other, names=bridge.names) as again:
        again.client().tick(5)
        assert again.client(FIRST).portfolio().positions == mine.positions
    assert other.trace_hash == sim.trace_hash
