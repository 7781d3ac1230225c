"""Progress of a run on a terminal, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config
    from .simulation import Simulation

Advance = Callable[["Simulation"], None]
Progress = Callable[[int], AbstractContextManager[Advance]]

_PAUSE = 0.1  # seconds between two looks at the bar


@contextmanager
def no_progress(last_tick: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda sim: None


def terminal_progress(config: Config, wanted: bool | None = None) -> Progress:
    """A bar with speed and counts; nothing if stderr is no terminal, unless it is `wanted`."""
    if not wanted and not sys.stderr.isatty():
        return no_progress
    return lambda last_tick: _bar(config, last_tick)


@contextmanager
def _bar(config: Config, last_tick: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("ticks  {task.fields[speed]}"),
        TimeLeft(),
    )
    console = Console(stderr=True)
    if not kernels_compiled():
        console.print("compiling kernels, first run only (about a minute)", style="dim")
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("warm-up", total=last_tick, speed="")
        last = started = time.monotonic()
        orders = trades = first_tick = 0

        def advance(sim: Simulation) -> None:
            nonlocal last, orders, trades, started, first_tick
            now = time.monotonic()
            if sim.tick == 1:  # the first tick may have compiled kernels
                started, first_tick = now, 1
            orders += sim.counts.orders
            trades += sim.counts.trades
            if now - last < _PAUSE and sim.tick < last_tick:
                return
            last = now
            seconds = max(now - started, 1e-9)
            speed = f"{(sim.tick - first_tick) / seconds:,.0f}/s  {orders / seconds:,.0f} orders/s"
            name = "warm-up" if sim.warming_up else config.name
            bar.update(
                task,
                completed=sim.tick,
                description=name,
                speed=f"{speed}  {trades:,} trades",
            )

        yield advance


def kernels_compiled() -> bool:
    """Whether compiled kernels of this version are on disk."""
    from qtg.kernels._jit import cache_folder

    return any(cache_folder().rglob("*.nbi"))
