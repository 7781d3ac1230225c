"""Whatever the threads did, the tape knows in which order: the run can be made again from it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import numpy as np
import pytest

import qtg
from qtg.tape import TapeReader, TapeWriter, replay_tape

from .small import FIRST, PRICE, busy, raised, together

STEP = 100
SAID = (qtg.BridgeFull, qtg.BridgeStopped)


def batch(random: Random) -> dict[str, list[int]]:
    """A few orders; some of them are refused, some trade."""
    n = random.randint(1, 4)
    return {
        "market": [random.randint(0, 1) for _ in range(n)],
        "side": [random.choice((1, -1)) for _ in range(n)],
        "price": [PRICE + STEP * random.randint(-30, 30) + random.randint(0, 1) for _ in range(n)],
        "qty": [random.randint(1, 20) for _ in range(n)],
    }


@contextmanager
def paused() -> Iterator[None]:
    """Somebody else may pause the market before all ticks are made."""
    try:
        yield
    except qtg.BridgeError as error:
        if "was paused after" not in str(error):
            raise


def threaded(bridge: qtg.Bridge, seed: int, rounds: int, ids: list[np.ndarray]) -> None:
    """One who trades on a thread, and steps the market or lets it run now and then."""
    random, me = Random(seed), bridge.client()
    me.spawn(f"thread {seed}", cash=random.randint(1_000, 10**6))
    for k in range(rounds):
        ack = me.submit(batch(random))
        what = random.random()
        if what < 0.2:
            with paused():
                me.tick(random.randint(1, 3))
            if ack.order_ids is None:
                continue
            ids.append(ack.wait(30.0).order_ids)
            live = ids[-1][ids[-1] > 0]
            if len(live):
                me.cancel("A", live[:1])
        elif what < 0.3:
            me.run(rate=random.choice((None, 300.0)))
        elif what < 0.4:
            me.pause()
        elif what < 0.45:
            me.inject_news("macro", surprise=random.uniform(-0.01, 0.01), sentiment=0.3)
        elif what < 0.5:
            me.set_regime(random.choice(("calm", "normal", "volatile")))
        elif what < 0.6:
            assert me.book("B").tick <= bridge.health().tick
        if k % 3 == 0:
            time.sleep(random.random() * 0.003)


async def task(bridge: qtg.Bridge, seed: int, rounds: int) -> None:
    """The same, as a task."""
    random, me = Random(seed), bridge.aclient()
    await me.spawn(f"task {seed}")
    for _ in range(rounds):
        ack = await me.submit(batch(random))
        if random.random() < 0.3:
            with paused():
                await me.tick()
            if ack.order_ids is None:
                continue
            admission = await ack.known(30.0)
            live = admission.order_ids[admission.order_ids > 0]
            if len(live):
                await me.replace("B", live, price=PRICE, qty=5)
        await asyncio.sleep(random.random() * 0.003)


def crowd(bridge: qtg.Bridge, seed: int, rounds: int) -> list[BaseException]:
    """Five threads and three tasks at once; what they raised."""
    ids: list[np.ndarray] = []

    def tasks() -> None:
        async def main() -> None:
            await asyncio.gather(*(task(bridge, seed + 10 + k, rounds) for k in range(3)))

        asyncio.run(main())

    def again(k: int) -> None:
        threaded(bridge, seed + k, rounds, ids)

    return together(tasks, *(lambda k=k: again(k) for k in range(5)))


@pytest.mark.compiled
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_eight_clients_replay_to_the_same_hash(seed: int, tmp_path: Path) -> None:
    sim = busy(seed=seed)
    with TapeWriter.attach(sim, tmp_path / "run.rpl"), qtg.Bridge(sim) as bridge:
        assert not crowd(bridge, 100 * seed, 25)
        bridge.client().tick(3)
    assert sim.inputs.sequence > 100
    assert sim.publisher.trades > 10
    again = replay_tape(tmp_path / "run.rpl")
    assert (again.tick, again.trace_hash) == (sim.tick, sim.trace_hash)
    accounts, theirs = sim.exchange.ledger.accounts, again.exchange.ledger.accounts
    assert np.array_equal(accounts.cash, theirs.cash)


def test_the_order_of_acknowledgements_is_the_order_on_the_tape(tmp_path: Path) -> None:
    sim, told = busy(), {}
    lock = threading.Lock()
    with TapeWriter.attach(sim, tmp_path / "run.rpl"), qtg.Bridge(sim) as bridge:

        def send(agent: int) -> None:
            me = bridge.client(agent)
            last = 0
            for k in range(40):
                price = PRICE - STEP * (40 * (agent - FIRST) + k)
                ack = me.submit({"price": [price], "qty": [1]})
                assert ack.sequence > last
                last = ack.sequence
                with lock:
                    told[ack.sequence] = (ack.tick, price)

        bridge.client().run()
        assert not together(*(lambda a=a: send(a) for a in range(FIRST, FIRST + 4)))
        bridge.client().pause()
        bridge.client().tick()
    inputs = [record.what for record in TapeReader(tmp_path / "run.rpl")]
    taped = {
        each.sequence: (each.tick, int(each.columns.price[0]))
        for each in inputs
        if type(each).__name__ == "Input"
    }
    assert taped == told
    assert sorted(taped) == list(range(1, 161))


@pytest.mark.compiled
@pytest.mark.parametrize("seed", [5, 6])
def test_a_run_that_is_stopped_among_its_clients_replays_too(seed: int, tmp_path: Path) -> None:
    sim = busy(seed=seed)
    with TapeWriter.attach(sim, tmp_path / "run.rpl"):
        bridge = qtg.Bridge(sim, capacity=4, block=True).start()

        def stop() -> None:
            time.sleep(0.15)
            bridge.stop()

        errors: list[BaseException] = []
        stopping = threading.Thread(target=stop)
        stopping.start()
        errors += crowd(bridge, 1_000 * seed, 200)
        stopping.join()
        assert errors
        assert not raised(errors, *SAID)
    again = replay_tape(tmp_path / "run.rpl")
    assert (again.tick, again.trace_hash) == (sim.tick, sim.trace_hash)
    assert again.inputs.sequence == sim.inputs.sequence
    assert again.run(2).trace_hash == sim.run(2).trace_hash, "what waited is there too"
