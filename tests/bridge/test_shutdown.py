"""However a bridge ends, nobody is left waiting, and everybody is told why."""

import asyncio
import subprocess
import sys
import time

import pytest

import qtg
from qtg.bridge import BridgeState

from .small import FIRST, LONG, Block, order, raised, still, together


def test_stopping_carries_out_what_is_queued() -> None:
    sim = still()
    block = Block(sim)
    bridge = qtg.Bridge(sim).start()
    bridge.client().run()
    assert block.reached.wait(LONG)

    def stop() -> None:
        while bridge.health().queue_depth < 3:
            time.sleep(0.001)
        with pytest.raises(qtg.BridgeTimeout, match="not ended within 0.05 s"):
            bridge.stop(timeout=0.05)
        assert bridge.health().state == BridgeState.STOPPING
        with pytest.raises(qtg.BridgeStopped, match="was stopped after tick 1"):
            bridge.client().pause()
        block.let_go()
        bridge.stop()

    assert not together(stop, *[lambda: bridge.client(FIRST).submit(order())] * 3)
    assert bridge.health().state == BridgeState.STOPPED
    assert (sim.inputs.sequence, sim.tick) == (3, 1)
    sim.step()
    assert sim.exchange.n_events == 3, "the simulation is its owner's again"


def test_stopping_at_once_refuses_what_is_queued() -> None:
    sim = still()
    block = Block(sim)
    bridge = qtg.Bridge(sim, capacity=2, block=True).start()
    bridge.client().run()
    assert block.reached.wait(LONG)

    def stop() -> None:
        while bridge.health().queue_depth + bridge.health().in_line < 4:
            time.sleep(0.001)
        with pytest.raises(qtg.BridgeTimeout):
            bridge.stop(drain=False, timeout=0.01)
        block.let_go()
        bridge.stop()

    errors = together(stop, *[lambda: bridge.client(FIRST).submit(order())] * 4)
    assert [type(error) for error in errors] == [qtg.BridgeStopped] * 4
    assert sim.inputs.sequence == 0


def test_who_waits_for_a_tick_that_never_comes_is_told() -> None:
    bridge = qtg.Bridge(still()).start()
    client = bridge.client(FIRST)
    ack, events = client.submit(order()), client.events()
    errors = together(
        lambda: ack.wait(),
        lambda: events.take(),
        lambda: client.tick(10**9),
        lambda: (time.sleep(0.1), bridge.stop()),
    )
    kinds = [type(error) for error in errors]
    assert kinds.count(qtg.BridgeStopped) >= 1
    assert not raised(errors, qtg.BridgeStopped)


def test_a_hook_that_fails_kills_the_bridge_and_everybody_hears_why() -> None:
    sim = still()

    def fail(sim: qtg.Simulation) -> None:
        if sim.tick == 5:
            raise ZeroDivisionError("my hook")

    sim.add_hook(fail)
    bridge = qtg.Bridge(sim).start()
    client = bridge.client(FIRST)
    events, errors = client.events(), []
    for ask in (lambda: client.tick(9), lambda: client.submit(order()), lambda: events.take()):
        with pytest.raises(qtg.BridgeDead, match="in tick 5: ZeroDivisionError: my hook") as told:
            ask()
        errors.append(told.value.__cause__)
    assert {type(error) for error in errors} == {ZeroDivisionError}
    health = bridge.health()
    assert (health.state, health.tick) == (BridgeState.DEAD, 4)
    assert health.error == "ZeroDivisionError: my hook"
    bridge.stop()


def test_a_death_that_nobody_noticed_is_raised_at_the_end() -> None:
    sim = still()
    sim.add_hook(lambda sim: 1 / 0)
    with pytest.raises(qtg.BridgeDead, match="division"), qtg.Bridge(sim) as bridge:
        bridge.client().run()
        while bridge.health().state != BridgeState.DEAD:
            time.sleep(0.001)
    sim = still()
    sim.add_hook(lambda sim: 1 / 0)
    with pytest.raises(KeyError), qtg.Bridge(sim) as bridge:
        with pytest.raises(qtg.BridgeDead):
            bridge.client().tick()
        raise KeyError("the body's own error comes first")


def test_whoever_leaves_the_thread_kills_it_too() -> None:
    sim = still()
    sim.add_hook(lambda sim: sys.exit(3))
    bridge = qtg.Bridge(sim).start()
    with pytest.raises(qtg.BridgeDead, match="SystemExit"):
        bridge.client().tick()


def test_a_command_that_leaves_the_thread_is_answered_too() -> None:
    sim = still()
    sim.inputs.taps.append(lambda new: sys.exit(3))
    bridge = qtg.Bridge(sim).start()
    with pytest.raises(qtg.BridgeDead, match="SystemExit"):
        bridge.client(FIRST).submit(order())


def test_a_hook_may_stop_the_bridge_but_not_wait_for_itself() -> None:
    sim = still()
    bridge = qtg.Bridge(sim)
    told: list[Exception] = []

    def hook(sim: qtg.Simulation) -> None:
        try:
            bridge.client(FIRST).submit(order())
        except qtg.BridgeError as error:
            told.append(error)
        bridge.stop()

    sim.add_hook(hook)
    bridge.start()
    with pytest.raises(qtg.BridgeStopped):
        bridge.client().tick(5)
    bridge.stop()
    assert sim.tick == 1
    assert "wait for itself" in str(told[0])


def test_a_bridge_starts_once_and_stops_as_often_as_one_likes() -> None:
    bridge = qtg.Bridge(still())
    with pytest.raises(qtg.BridgeStopped, match="not started"):
        bridge.client().pause()
    assert bridge.health().state == BridgeState.NEW
    with bridge, pytest.raises(qtg.BridgeStopped, match="cannot start again"):
        bridge.start()
    bridge.stop()
    bridge.stop(drain=False)
    with pytest.raises(qtg.BridgeStopped, match="was stopped"):
        bridge.client().pause()
    never = qtg.Bridge(still())
    never.stop()
    with pytest.raises(qtg.BridgeStopped):
        never.client().pause()
    with pytest.raises(qtg.BridgeStopped, match="is stopped"):
        never.start()


def test_health_answers_while_a_tick_hangs() -> None:
    sim = still()
    block = Block(sim)
    bridge = qtg.Bridge(sim).start()
    assert bridge.health().last_tick_age is None
    bridge.client().run()
    assert block.reached.wait(LONG)
    time.sleep(0.05)
    health = bridge.health()
    assert (health.state, health.tick, health.error) == (BridgeState.RUNNING, 0, None)
    assert health.in_tick_for is not None
    assert health.in_tick_for >= 0.04
    block.let_go()
    bridge.stop()
    assert bridge.health().in_tick_for is None
    assert bridge.health().last_tick_age is not None


def test_a_program_that_forgets_to_stop_ends_all_the_same() -> None:
    code = (
        "import qtg; from tests.bridge.small import still\n"
        "bridge = qtg.Bridge(still()).start(); bridge.client().run(rate=50); print('end')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr


def test_asyncio_stops_without_blocking_its_loop() -> None:
    async def main() -> int:
        sim = still()
        block = Block(sim)
        bridge = qtg.Bridge(sim).start()
        await bridge.aclient().run()
        while not block.reached.is_set():
            await asyncio.sleep(0.001)
        stopping = asyncio.create_task(bridge.astop())
        turns = 0
        while turns < 5:
            await asyncio.sleep(0.001)
            turns += 1
        assert not stopping.done(), "it waits for the tick that goes on"
        block.let_go()
        await asyncio.wait_for(stopping, LONG)
        assert bridge.health().state == BridgeState.STOPPED
        return turns

    assert asyncio.run(main()) >= 5
