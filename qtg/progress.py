"""Progress of a run, on stderr: a bar on a terminal, else now and then a line."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING

from .terminal import rounded

if TYPE_CHECKING:
    from .config import Config
    from .simulation import Simulation

Advance = Callable[["Simulation"], None]
Progress = Callable[[int], AbstractContextManager[Advance]]

_PAUSE = 0.1  # seconds between two looks at the bar
_SILENCE = 10.0  # seconds between two lines where there is no terminal
_COMPILING = "compiling kernels, first run only (about a minute)"
_NAME = 12  # letters of a name beside the bar


@contextmanager
def no_progress(last_tick: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda sim: None


def terminal_progress(config: Config, wanted: bool | None = None) -> Progress:
    """A bar with speed and counts; nothing if stderr is no terminal, unless it is `wanted`."""
    if not wanted and not sys.stderr.isatty():
        return no_progress
    return lambda last_tick: _bar(config, last_tick)


def silent_progress(last_tick: int) -> AbstractContextManager[Advance]:
    """Show nothing; Ctrl-C stops the run after a tick."""
    return _stoppable(no_progress(last_tick))


def command_progress(config: Config, quiet: bool = False) -> Progress:
    """A bar on a terminal; a line every ten seconds where stderr is a file or a pipe; nothing if
    `quiet`.

    Ctrl-C stops the run after a tick.
    """
    if quiet:
        return silent_progress
    if sys.stderr.isatty():
        return lambda last_tick: _stoppable(_bar(config, last_tick))
    return lambda last_tick: _stoppable(_lines(config, last_tick))


@contextmanager
def _stoppable(shown: AbstractContextManager[Advance]) -> Iterator[Advance]:
    """Let Ctrl-C wait for the tick's end, from the first tick on, which may compile for a minute.

    It would get lost in one case of ten: NumPy looks attributes up that are written in Python (of
    an enum, of a record array) and takes any exception for "there is none".
    """
    usual = signal.default_int_handler
    ours = signal.getsignal(signal.SIGINT) is usual and current_thread() is main_thread()
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if len(pressed) > 1:  # it was not heard soon enough
            raise KeyboardInterrupt

    with shown as advance:

        def advance_or_stop(sim: Simulation) -> None:
            advance(sim)
            if pressed:
                raise KeyboardInterrupt
            if sim.tick == 1 and ours:
                signal.signal(signal.SIGINT, press)

        try:
            yield advance_or_stop
        finally:
            if ours:
                signal.signal(signal.SIGINT, usual)


@contextmanager
def runs_progress(
    name: str, runs: int, over: int = 0, pause: float = 0.0
) -> Iterator[Callable[[int, int], None]]:
    """Runs that are over: a bar on a terminal, else lines, at most one in `pause` seconds.

    Gives what to call with the runs that are over, and how many of them failed.
    """
    if not kernels_compiled():
        print(f"qtg: {_COMPILING}", file=sys.stderr, flush=True)
    if not sys.stderr.isatty():
        last = -pause

        def tell(over: int, failed: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= pause or over == runs:
                last = now
                wrong = f", {failed} of them failed" if failed else ""
                text = f"qtg: {name}: {over} of {runs} runs are over{wrong}"
                print(text, file=sys.stderr, flush=True)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("runs{task.fields[wrong]}"),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name[:_NAME], total=runs, completed=over, wrong="")
        yield lambda over, failed: bar.update(
            task, completed=over, wrong=f", {failed} failed" if failed else ""
        )


def working(what: str) -> AbstractContextManager[object]:
    """Say on a terminal what is being done, for as long as it takes."""
    from rich.console import Console

    return Console(stderr=True).status(what)


class Pace:
    """How fast a run goes, from its first tick on, which may have compiled kernels."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.seconds = 0.0
        self.ticks = self.orders = self.trades = 0

    def add(self, sim: Simulation) -> float:
        """Count a tick; the time now."""
        now = time.monotonic()
        self.trades += sim.counts.trades
        if sim.tick == 1:
            self.started = now
        else:
            self.ticks += 1
            self.orders += sim.counts.orders
        self.seconds = now - self.started
        return now

    def rates(self) -> tuple[str, str, str]:
        """What there is to tell, the most important first."""
        seconds = max(self.seconds, 1e-9)
        return (
            f"{self.ticks / seconds:,.0f} ticks/s",
            f"{rounded(round(self.orders / seconds))} orders/s",
            f"{rounded(self.trades)} trades",
        )


@contextmanager
def _bar(config: Config, last_tick: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    if not kernels_compiled():
        console.print(_COMPILING, style="dim", highlight=False)
    bar_width, n_rates = _shape(console.width)
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rates]}"),
        TimeLeft(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("warm-up", total=last_tick, rates="")
        pace, last = Pace(), time.monotonic()

        def advance(sim: Simulation) -> None:
            nonlocal last
            now = pace.add(sim)
            if now - last < _PAUSE and sim.tick < last_tick:
                return
            last = now
            name = "warm-up" if sim.warming_up else config.name[:_NAME]
            rates = "  ".join(pace.rates()[:n_rates])
            bar.update(task, completed=sim.tick, description=name, rates=rates)

        yield advance


def _shape(width: int) -> tuple[int, int]:
    """Width of the bar, and how many rates stand beside it such that no number is cut."""
    if width < 78:
        return max(min(width - 52, 20), 4), 1
    return (12, 2) if width < 104 else (24, 3)


@contextmanager
def _lines(config: Config, last_tick: int) -> Iterator[Advance]:
    if not kernels_compiled():
        print(f"qtg: {_COMPILING}", file=sys.stderr, flush=True)
    pace, last = Pace(), time.monotonic()

    def advance(sim: Simulation) -> None:
        nonlocal last
        now = pace.add(sim)
        if now - last < _SILENCE or sim.tick == last_tick:
            return
        last = now
        left = round((last_tick - sim.tick) * pace.seconds / max(pace.ticks, 1))
        print(
            f"qtg: {config.name}: tick {sim.tick:,} of {last_tick:,}, "
            f"{', '.join(pace.rates())}, {timedelta(seconds=left)} left",
            file=sys.stderr,
            flush=True,
        )

    yield advance


@contextmanager
def counted_progress(what: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar for work of so many equal steps; a line every ten seconds where stderr is no terminal.

    Gives what to call after each step.
    """
    if not kernels_compiled():
        print(f"qtg: {_COMPILING}", file=sys.stderr, flush=True)
    show = _counting_bar if sys.stderr.isatty() else _counting_lines
    with show(what, steps) as shown:
        done, last = 0, time.monotonic()
        pause = _PAUSE if sys.stderr.isatty() else _SILENCE

        def advance() -> None:
            nonlocal done, last
            done += 1
            now = time.monotonic()
            if now - last >= pause:
                last = now
                shown(done)

        yield advance
        if sys.stderr.isatty():
            shown(steps)


@contextmanager
def _counting_bar(what: str, steps: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(24),
        TaskProgressColumn(),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _counting_lines(what: str, steps: int) -> Iterator[Callable[[int], None]]:
    yield lambda done: print(f"qtg: {what}: {done / steps:.0%}", file=sys.stderr, flush=True)


def kernels_compiled() -> bool:
    """Whether compiled kernels of this version are on disk."""
    from qtg.kernels._jit import cache_folder

    return any(cache_folder().rglob("*.nbi"))
