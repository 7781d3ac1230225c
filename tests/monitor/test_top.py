"""`qtg top`, driven by textual's own pilot."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, ProgressBar, Sparkline, Static

from qtg.errors import StorageError
from qtg.monitor import read_status
from qtg.monitor.lines import cell
from qtg.monitor.status import Status, now
from qtg.monitor.top import Top


def drive(
    look: Callable[[], Status], act: Callable[[Top, Pilot[None]], Coroutine[Any, Any, None]]
) -> Top:
    """Run the application without a terminal."""

    async def run() -> Top:
        app = Top(look, seconds=0.05)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            await act(app, pilot)
        return app

    return asyncio.run(run())


def text(app: Top, name: str) -> str:
    return str(app.query_one(f"#{name}", Static).content)


@pytest.fixture
def status(watched_run: Path) -> Status:
    return read_status(watched_run)


def test_everything_known_is_shown(status: Status) -> None:
    async def act(app: Top, pilot: Pilot[None]) -> None:
        assert status.trace_hash is not None
        assert status.trace_hash in text(app, "head")
        assert "tick 70 of 70 (100%)" in text(app, "head")
        assert app.query_one(ProgressBar).percentage == 1.0
        table = app.query_one(DataTable)
        assert {str(key.value) for key in table.rows} == set(status.latencies)
        assert table.get_row("tick")[1].strip() == "70"
        for word in ("rejects", "waiting", "resting orders", "process", "MiB"):
            assert word in text(app, "figures")
        assert app.query_one("#past_ticks", Sparkline).data == status.history["ticks"]
        assert text(app, "now_tick_p50_ns").endswith(("us", "ms"))
        assert text(app, "trouble") == ""

    drive(lambda: status, act)


def test_it_follows_a_run_that_goes_on(status: Status) -> None:
    at, looks = [replace(status, state="running", time=now())], []

    def look() -> Status:
        looks.append(at[0])
        return at[0]

    async def act(app: Top, pilot: Pilot[None]) -> None:
        slow = replace(status.latencies["tick"], count=71)
        added = {**status.latencies, "tick": slow, "bridge.submit": slow}
        history = {**status.history, "ticks": [1.0, 1234.0]}
        at[0] = replace(at[0], tick=35, latencies=added, history=history)
        await pilot.pause(0.3)
        assert "tick 35 of 70 (50%)" in text(app, "head")
        assert app.query_one(ProgressBar).percentage == 0.5
        table = app.query_one(DataTable)
        assert table.get_row("tick")[1].strip() == "71"
        assert table.row_count == len(added)
        assert text(app, "now_ticks") == "ticks/s 1,234"
        at[0] = status
        await pilot.pause(0.3)
        assert "complete" in text(app, "head")
        seen = len(looks)
        await pilot.pause(0.3)
        assert len(looks) == seen, "a run that is over does not change"

    drive(look, act)


def test_q_quits(status: Status) -> None:
    async def act(app: Top, pilot: Pilot[None]) -> None:
        await pilot.press("q")

    assert not drive(lambda: status, act).is_running


def test_a_look_that_fails_is_told_and_tried_again(status: Status) -> None:
    broken = [True]

    def look() -> Status:
        if broken[0]:
            raise StorageError("the run is [gone]")
        return status

    async def act(app: Top, pilot: Pilot[None]) -> None:
        assert text(app, "trouble") == "the run is [gone]"
        broken[0] = False
        await pilot.press("r")
        await pilot.pause()
        assert text(app, "trouble") == ""
        assert "tick 70" in text(app, "head")

    drive(look, act)


def test_a_status_with_hardly_anything_is_shown() -> None:
    bare = Status("r", "c", 0, "", "running", None, "2026-01-01T00:00:00+00:00", 0.0, 0, 0, None)

    async def act(app: Top, pilot: Pilot[None]) -> None:
        assert "silent for" in text(app, "head")
        assert "rejects: none" in text(app, "figures")

    drive(lambda: bare, act)


@pytest.mark.parametrize("size", [(80, 24), (113, 30), (114, 30), (200, 60)])
def test_no_latency_is_cut(status: Status, size: tuple[int, int]) -> None:
    async def run() -> str:
        async with Top(lambda: status).run_test(size=size) as pilot:
            await pilot.pause(0.1)
            return pilot.app.export_screenshot()

    shown = asyncio.run(run()).replace("&#160;", " ")
    for name in ("tick", "phase.background"):
        latency = status.latencies[name]
        cells = [cell(latency, field) for field in ("count", "p50_ns", "p99_ns", "max_ns")]
        assert re.search(" +.* +".join(map(re.escape, [name, *cells])), shown), (name, shown)
    assert "wakeups" in shown


def test_a_small_terminal_is_enough(status: Status) -> None:
    async def run() -> None:
        async with Top(lambda: status).run_test(size=(30, 10)) as pilot:
            await pilot.pause()

    asyncio.run(run())
