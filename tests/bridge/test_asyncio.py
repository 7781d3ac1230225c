"""Tasks of an event loop: they do not block it, and leave nothing behind when they are cancelled."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable

import pytest

import qtg

from .small import FIRST, LONG, Block, busy, order, still


def with_bridge(work: Callable[[qtg.Bridge], Awaitable[None]], **options) -> None:
    """Run an async test with an open bridge."""

    async def main() -> None:
        bridge = qtg.Bridge(still(), **options).start()
        try:
            await work(bridge)
        finally:
            await bridge.astop()

    asyncio.run(main())


def test_a_task_can_do_what_a_thread_can(tmp_path) -> None:
    async def main() -> None:
        sim = busy()
        bridge = qtg.Bridge(sim).start()
        me = bridge.aclient()
        assert await me.spawn("me", cash="500.5") == FIRST
        events = await me.events()
        ack = await me.submit(order(price=900_000, n=2))
        assert (ack.sequence, ack.tick, ack.order_ids) == (2, 1, None)
        waiting = asyncio.create_task(ack.known(LONG))
        assert await me.tick() == 1
        ids = (await waiting).order_ids.tolist()
        assert len(ids) == 2
        await me.cancel("A", ids[0])
        await me.replace("A", ids[1], price=900_100, qty=2)
        await me.inject_news("macro", surprise=0.01)
        await me.set_regime("calm")
        assert await me.tick(2) == 3
        copy = await me.portfolio()
        assert copy.orders.price.tolist() == [900_100]
        assert (await me.book("A")).tick == 3
        assert await me.snapshot(tmp_path / "at-3.qtgs") == 3
        assert (await me.metrics())["inputs"] == 6
        await me.run(rate=200)
        await asyncio.sleep(0.05)
        tick = await me.pause()
        assert tick > 3
        assert [batch.tick async for batch in _first(events, 2)] == [1, 2]
        await bridge.astop()
        with pytest.raises(qtg.BridgeStopped):
            await me.tick()
        assert [batch.tick async for batch in events if batch.tick > tick] == []

    asyncio.run(main())


async def _first(events, n: int):
    for _ in range(n):
        yield await events.atake(LONG)


def test_cancelling_a_task_takes_its_command_back() -> None:
    async def main() -> None:
        sim = still()
        block = Block(sim)
        bridge = qtg.Bridge(sim, capacity=3, block=True).start()
        me = bridge.aclient(FIRST, timeout=None)
        await me.run()
        assert await asyncio.to_thread(block.reached.wait, LONG)
        tasks = [asyncio.create_task(me.submit(order())) for _ in range(5)]
        await asyncio.sleep(0.01)
        assert (bridge.health().queue_depth, bridge.health().in_line) == (3, 2)
        for task in tasks[:4]:
            task.cancel()
        results = await asyncio.gather(*tasks[:4], return_exceptions=True)
        assert [type(each) for each in results] == [asyncio.CancelledError] * 4
        assert (bridge.health().queue_depth, bridge.health().in_line) == (1, 0)
        block.let_go()
        assert (await tasks[4]).sequence == 1
        await bridge.astop()
        assert sim.inputs.sequence == 1

    asyncio.run(main())


def test_cancelling_who_waits_for_ticks_ends_the_ticks() -> None:
    async def work(bridge: qtg.Bridge) -> None:
        me = bridge.aclient()
        task = asyncio.create_task(me.tick(10**9))
        while not bridge.health().tick:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        before = await me.tick()
        await asyncio.sleep(0.05)
        assert bridge.health().tick == before

    with_bridge(work)


def test_cancelling_who_waits_for_events_or_ids_leaves_nothing() -> None:
    async def work(bridge: qtg.Bridge) -> None:
        me = bridge.aclient(FIRST)
        events, ack = await me.events(), await me.submit(order())
        for waiting in (events.atake(), ack.known()):
            task = asyncio.create_task(waiting)
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert events._told == []
        assert ack._admission._told == []
        await me.tick()
        assert len((await ack.known(LONG)).order_ids) == 1
        batch = await events.atake(LONG)
        assert batch is not None
        assert batch.tick == 1

    with_bridge(work)


def test_deadlines_hold_for_tasks() -> None:
    async def work(bridge: qtg.Bridge) -> None:
        me = bridge.aclient(FIRST)
        ack = await me.submit(order())
        with pytest.raises(qtg.BridgeTimeout, match="tick 1 was not over"):
            await ack.known(0.01)
        with pytest.raises(qtg.BridgeTimeout, match="was begun"):
            await me.tick(10**9, timeout=0.05)

    with_bridge(work)


def test_the_loop_turns_while_a_tick_goes_on() -> None:
    async def main() -> int:
        sim = still()
        sim.add_hook(lambda sim: time.sleep(0.2))
        bridge = qtg.Bridge(sim).start()
        ticking, turns = asyncio.create_task(bridge.aclient().tick()), 0
        while not ticking.done():
            await asyncio.sleep(0.005)
            turns += 1
        await bridge.astop()
        return turns

    assert asyncio.run(main()) >= 5


def test_a_loop_that_is_closed_before_the_answer_comes_hurts_nobody() -> None:
    sim = still()
    block = Block(sim)
    bridge = qtg.Bridge(sim).start()
    bridge.client().run()
    assert block.reached.wait(LONG)
    loop = asyncio.new_event_loop()
    task = loop.create_task(bridge.aclient(FIRST).submit(order()))
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    block.let_go()
    assert bridge.client(FIRST).submit(order()).sequence == 2
    bridge.stop()
    task._log_destroy_pending = False  # this is the point of the test
    del task
    gc.collect()
