"""One run of a sweep, in whatever process."""

import gc
import os
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..agents.failure import told
from ..config import Config
from ..errors import QtgError, SweepError
from ..loading import load_strategies
from ..progress import Progress
from ..run import simulate
from ..summary import run_figures
from .folder import Places
from .measuring import Measure, find_measure, take_measure
from .plan import Job
from .row import COMPLETE, FAILED, FIGURES, SPEEDS, Row

if TYPE_CHECKING:
    from ..result import Result


@dataclass(frozen=True)
class Setup:
    """What a worker needs to know before its first run; sent to other processes."""

    settings: dict[str, Any]  # of the configuration that all runs have in common
    out: str | None  # folder of the sweep; None keeps nothing
    measure: Measure | str | None
    strategies: tuple[str, ...]  # files that register strategies
    paths: list[str]  # settings that differ between runs


class Runner:
    """Makes runs, one after the other, in one process.

    Raises
    ------
    ConfigError, StrategyError, SweepError    what the setup names cannot be loaded
    """

    def __init__(self, setup: Setup, worker: str = "", progress: Progress | bool = False) -> None:
        for path in setup.strategies:
            load_strategies(path)
        self._config = Config(**setup.settings)
        self._measure = find_measure(setup.measure)
        self._paths = setup.paths
        self._places = Places(Path(setup.out)) if setup.out is not None else None
        self._worker = worker or f"{socket.gethostname()}:{os.getpid()}"
        self._progress = progress
        self._tidied = False

    def run(self, job: Job) -> Row:
        """Make a run and measure it; a failure is a row too."""
        row = Row(job.run_id, job.fingerprint, FAILED, worker=self._worker)
        try:
            row = self._made(job, row)
        except QtgError as error:
            row = replace(row, error=str(error))
        except Exception as error:
            row = replace(row, error=told(error))
        return row

    def tidy(self) -> None:
        """Let go of what the last run left in cycles, which would add up from run to run.

        For a process that does nothing else: what there is after its first run stays for good, and
        is not looked at again.
        """
        gc.collect()
        if not self._tidied:
            gc.freeze()
            self._tidied = True

    def _made(self, job: Job, row: Row) -> Row:
        config = self._config.with_(job.changes, seed=job.seed)
        if config.fingerprint() != job.fingerprint:
            raise SweepError(
                f"run {job.run_id} would have another configuration here than where the sweep was "
                "started; use the same qtg everywhere"
            )
        place = None if self._places is None else self._places.begin(job.run_id)
        start = perf_counter()
        run = simulate(config, place, progress=self._progress)
        seconds = perf_counter() - start
        measures = take_measure(self._measure, run, self._paths) if self._measure else {}
        row = replace(
            row,
            status=COMPLETE,
            trace_hash=run.trace_hash,
            seconds=round(seconds, 4),
            memory_mb=_peak_mb(),
            figures=_figures(run),
            measures=measures,
        )
        if self._places is not None:
            self._places.finish(row)
        return row


def _figures(run: "Result") -> dict[str, Any]:
    told_of = run_figures(run)
    told_of["violations"] = sum(told_of["violations"].values())
    told_of["benched"] = len(told_of["benched"])
    return {name: told_of.get(name) for name in (*FIGURES, *SPEEDS)}


def _peak_mb() -> float | None:
    """The most memory that this process has held [MB]; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
