"""Many at once, in orders that nobody chose: nothing hangs, nothing is lost or done twice."""

import asyncio
import time
from random import Random

import pytest

import qtg
from qtg.bridge import BridgeState

from .small import FIRST, PRICE, order, raised, still, together


@pytest.mark.parametrize("seed", range(5))
def test_stopping_during_submits_loses_no_acknowledged_order(seed: int) -> None:
    sim, random = still(), Random(seed)
    acknowledged: list[tuple[int, int]] = []
    bridge = qtg.Bridge(sim, capacity=3, block=bool(seed % 2)).start()

    def send(agent: int) -> None:
        me = bridge.client(agent)
        for k in range(10_000):
            try:
                ack = me.submit(order(price=PRICE - 100 * (k % 50 + 1)))
            except qtg.BridgeFull:
                time.sleep(0)
                continue
            acknowledged.append((ack.sequence, agent))

    def stop() -> None:
        time.sleep(0.02 + random.random() * 0.05)
        bridge.stop(drain=bool(random.getrandbits(1)))

    heard: list[int] = []
    sim.inputs.taps.append(lambda new: heard.append((new.sequence, int(new.columns.agent[0]))))
    errors = together(stop, *(lambda a=a: send(a) for a in range(FIRST, FIRST + 6)))
    assert [type(error) for error in errors] == [qtg.BridgeStopped] * 6
    assert sorted(acknowledged) == sorted(set(acknowledged))
    assert set(acknowledged) == set(heard)
    assert [sequence for sequence, _ in heard] == list(range(1, len(heard) + 1))


def test_running_and_pausing_all_the_time() -> None:
    sim = still()
    paused: list[str] = []
    with qtg.Bridge(sim) as bridge:

        def toggle(seed: int) -> None:
            random, me = Random(seed), bridge.client()
            for _ in range(60):
                if random.random() < 0.5:
                    me.run(rate=random.choice((None, 50.0, 5_000.0)), until=None)
                else:
                    me.pause()

        def step() -> None:
            me = bridge.client()
            for _ in range(60):
                try:
                    me.tick(2)
                except qtg.BridgeError as error:
                    paused.append(str(error))

        def read() -> None:
            me, last = bridge.client(FIRST), 0
            for _ in range(60):
                tick = me.portfolio().tick
                assert tick >= last
                last = tick

        assert not together(*(lambda s=s: toggle(s) for s in range(4)), step, step, read)
        assert bridge.client().pause() == sim.tick
    assert all("was paused after" in each for each in paused)


@pytest.mark.parametrize("seed", range(3))
def test_a_death_among_many_clients_reaches_all_of_them(seed: int) -> None:
    sim = still()
    last = Random(seed).randint(1, 40)

    def fail(sim: qtg.Simulation) -> None:
        if sim.tick >= last:
            raise qtg.InvariantError("broken")

    sim.add_hook(fail)
    bridge = qtg.Bridge(sim, capacity=4, block=True).start()

    def thread(agent: int) -> None:
        me = bridge.client(agent)
        for _ in range(100_000):
            me.submit(order())
            me.tick()

    def tasks() -> None:
        async def endless(agent: int) -> None:
            me = bridge.aclient(agent)
            while True:
                await (await me.submit(order())).known()

        async def main() -> None:
            done = await asyncio.gather(
                *(endless(FIRST + k) for k in range(4)), return_exceptions=True
            )
            assert not raised(list(done), qtg.BridgeDead)

        asyncio.run(main())

    errors = together(tasks, *(lambda a=a: thread(a) for a in range(FIRST + 4, FIRST + 8)))
    assert [type(error) for error in errors] == [qtg.BridgeDead] * 4
    assert bridge.health().state == BridgeState.DEAD
    assert bridge.health().queue_depth == bridge.health().in_line == 0


def test_deadlines_among_many_clients_lose_no_command_and_do_none_twice() -> None:
    sim = still()
    sim.add_hook(lambda sim: time.sleep(0.002))
    sent = [0] * 6
    with qtg.Bridge(sim, capacity=2, block=True) as bridge:

        def send(place: int) -> None:
            random = Random(place)
            for _ in range(40):
                me = bridge.client(FIRST + place, timeout=random.choice((0.0005, 0.003, 10.0)))
                try:
                    me.submit(order(price=PRICE - 1_000))
                    sent[place] += 1
                except qtg.BridgeTimeout as error:
                    sent[place] += "was begun" in str(error)

        bridge.client().run()
        assert not together(*(lambda p=p: send(p) for p in range(6)))
        assert bridge.client().metrics()["inputs"] == sum(sent) == sim.inputs.sequence
