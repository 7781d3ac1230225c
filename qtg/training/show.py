"""Training and evaluations, for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..terminal import Column, print_table, print_text

if TYPE_CHECKING:
    from .callbacks import Told
    from .evaluation import Evaluation
    from .measures import Line
    from .trainer import Trained

_SILENCE = 10.0  # seconds between two lines where there is no terminal


@contextmanager
def training_progress(name: str, steps: int, quiet: bool = False) -> Iterator[Told]:
    """A bar with speed and reward on a terminal, now and then a line where stderr is a file."""
    if quiet:
        yield lambda phase, done, reward: None
    elif sys.stderr.isatty():
        with _bar(name, steps) as told:
            yield told
    else:
        yield _Lines(name, steps)


class _Pace:
    """Steps a second, from the first that are told."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def said(self, done: int, reward: float | None) -> str:
        now = time.monotonic()
        began, steps = self._first = self._first or (now, done)
        speed = (done - steps) / max(now - began, 1e-9)
        rate = f"{speed:,.0f} steps/s" if done > steps else ""
        return f"{rate}  reward {reward:.4g}" if reward is not None else rate


class _Lines:
    def __init__(self, name: str, steps: int) -> None:
        self._name, self._steps, self._pace = name, steps, _Pace()
        self._last = time.monotonic()

    def __call__(self, phase: str, done: int, reward: float | None) -> None:
        said, now = self._pace.said(done, reward), time.monotonic()
        if now - self._last >= _SILENCE:
            self._last = now
            print(
                f"qtg: {self._name}: {phase}, {done:,} of {self._steps:,} steps  {said}",
                file=sys.stderr,
                flush=True,
            )


@contextmanager
def _bar(name: str, steps: int) -> Iterator[Told]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, pace = bar.add_task(name, total=steps, said=""), _Pace()

        def told(phase: str, done: int, reward: float | None) -> None:
            shown = name if phase == "training" else phase
            bar.update(task, completed=done, description=shown, said=pace.said(done, reward))

        yield told


def print_trained(trained: Trained, as_json: bool = False) -> None:
    """What a training came to."""
    if as_json:
        lines = {name: line._asdict() for name, line in trained.lines.items()}
        told = {"path": str(trained.path), "model": str(trained.model), "steps": trained.steps}
        print(json.dumps({**told, "lines": lines}, indent=2))
        return
    print_text(f"{trained.steps:,} steps; reward on held-out seeds, by population:")
    rows = [line._replace(policy=name) for name, line in trained.lines.items()]
    print_table(_columns(rows, "population"), keyed=False)
    print_text(f"the model is {trained.model}; try: qtg evaluate {trained.path}")


def print_evaluation(found: Evaluation, as_json: bool = False) -> None:
    """A model beside rules."""
    if as_json:
        print(json.dumps(found.as_dict(), indent=2))
        return
    print_text(
        f"{found.model}: {found.environment}, population {found.population}, trained for "
        f"{found.steps:,} steps; {found.seeds} held-out seeds from {found.first_seed:,} on, "
        f"{found.episodes} episodes of each"
    )
    print_table(_columns(found.lines, "policy"), keyed=False)
    best = found.lines[0]
    beaten = [each.policy for each in found.lines[1:] if best.beats(each)]
    print_text(f"its interval lies above those of: {', '.join(beaten) or 'none'}")


def _columns(lines: Sequence[Line], key: str) -> list[Column]:
    named: dict[str, Callable[[Line], str]] = {
        "reward": lambda line: f"{line.reward:.4f}",
        "95% interval": lambda line: f"{line.low:.4f} .. {line.high:.4f}",
        "profit": lambda line: f"{line.profit:.3f}",
        "Sharpe": lambda line: f"{line.sharpe:.3f}",
        "drawdown": lambda line: f"{line.drawdown:.3f}",
        "inventory": lambda line: f"{line.inventory:.2f}",
        "at the end": lambda line: f"{line.left:.2f}",
        "steps": lambda line: f"{line.length:.1f}",
    }
    first = Column(key, [line.policy for line in lines])
    return [first, *(Column(name, [cell(each) for each in lines], right=True)
                     for name, cell in named.items())]  # fmt: skip
