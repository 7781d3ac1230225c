"""`sweep`: all runs of a sweep, in one call."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from ..config import Config, did_you_mean
from ..config.problem import shown
from ..errors import ConfigError
from ..loading import load_strategies
from ..processors import processors
from ..progress import kernels_compiled, runs_progress
from ..warmup import compile_kernels
from .cluster import need_ray, ray_rows
from .code import code_of
from .folder import Places
from .grid import Grid, paths_of
from .measuring import Measure, find_measure
from .plan import Job, Plan, Seeds, make_plan
from .pool import check_travels, process_rows
from .result import Sweep
from .row import COMPLETE, FAILED, Row, RowStream
from .runner import Setup
from .serial import serial_rows
from .taking import Allowed, take_folder

EXECUTORS = ("process", "ray", "serial")

_SILENCE = 10.0  # seconds between two lines where there is no terminal


def sweep(
    config: Config | str,
    grid: Grid | None = None,
    seeds: Seeds = 1,
    *,
    executor: str = "process",
    workers: int | None = None,
    out: str | Path | None = None,
    measure: Measure | str | None = None,
    strategies: Sequence[str | Path] = (),
    resume: bool = False,
    extend: bool = False,
    other_code: bool = False,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Sweep:
    """Run a market with every point of a grid and every seed.

    Everything is checked before the first run starts. A run that fails is a row of the table with
    its error, and the others go on. Runs, and so the table but for its times, are the same whoever
    makes them.

    Parameters
    ----------
    config : Config or str    what all runs have in common; or the name of a preset
    grid : mapping or list    `{"background.activity": [0.1, 0.2]}`, settings as in
        `Config.with_`: every combination is a point. Or a list of points, `[{"ticks": 100}]`, as
        `draw_points` draws them. None changes nothing but the seed
    seeds : int or iterable   how many, counted from the configuration's own on; or the seeds
    executor : str            `process`: processes of this machine; `ray`: a Ray cluster; `serial`:
        this process
    workers : int             how many runs at a time; by default as many as there are processors
    out : path                folder of the sweep, which on a cluster all machines must share;
        without it the runs are not kept, and only the table comes back
    measure : callable        is given each run's `Result` and returns a dict of numbers and texts,
        which become columns; or its name, `module:function` or `file.py:function`
    strategies : paths        Python files that register strategies, for the workers too
    resume : bool             go on with the sweep at `out`: finished runs are not made again
    extend : bool             the same, and add points and seeds that it does not have
    other_code : bool         take the finished runs although other code made them
    overwrite : bool          remove the sweep that is at `out` first
    progress : bool           show a progress bar; by default on a terminal

    Returns
    -------
    Sweep    the table `runs`, and the tables of all runs by SQL or as frames

    Raises
    ------
    ConfigError     a wrong argument, or points that cannot be run, and which
    SweepError      the sweep at `out` is another one, or workers cannot start or see `out`
    StorageError    `out` cannot be used

    Examples
    --------
    >>> found = sweep("quick_test", {"ticks": [5, 10]}, seeds=2, executor="serial")
    >>> found.runs.select("run_id", "seed", "status").rows()
    [(0, 0, 'complete'), (1, 1, 'complete'), (2, 0, 'complete'), (3, 1, 'complete')]
    """
    if isinstance(config, str):
        config = Config.preset(config)
    _check(executor, workers, measure)
    allowed = Allowed(resume, extend, other_code, overwrite)
    if out is None and (resume or extend or overwrite):
        raise ConfigError("only a sweep with a folder can be resumed or overwritten; give out=...")
    files = tuple(str(Path(each).resolve()) for each in strategies)
    for each in files:
        load_strategies(each)
    measuring = find_measure(measure)
    plan = make_plan(config, grid, seeds)
    folder = None if out is None else Path(out).resolve()
    with _folder(folder, plan, code_of(plan, measuring, files), allowed) as (jobs, rows):
        setup = Setup(
            settings=config.model_dump(mode="json"),
            out=None if folder is None else str(folder),
            measure=_absolute(measure),
            strategies=files,
            paths=paths_of(job.changes for job in jobs),
        )
        try:
            _run(setup, jobs, rows, Hands(executor, workers, other_code), progress, config.name)
        finally:
            done = Sweep(config.name, jobs, rows, folder)
            done.save_summary()
    return done


class Hands(NamedTuple):
    """Who makes the runs."""

    executor: str
    workers: int | None
    other_code: bool

    def rows(self, setup: Setup, jobs: tuple[Job, ...]) -> RowStream:
        """The row of each job, as they come."""
        if self.executor == "ray":
            return ray_rows(setup, jobs, self.workers, self.other_code)
        if self.executor == "serial":
            return serial_rows(setup, jobs)
        if not kernels_compiled():
            compile_kernels()  # else each process would compile them
        return process_rows(setup, jobs, self.workers or processors())


def _check(executor: str, workers: int | None, measure: Measure | str | None) -> None:
    if executor not in EXECUTORS:
        raise ConfigError(f"no executor {executor!r}; {did_you_mean(str(executor), EXECUTORS)}")
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise ConfigError(f"workers must be at least 1, got {shown(workers)}")
    if workers and workers > 1 and executor == "serial":
        raise ConfigError(f"executor 'serial' makes one run at a time, got {workers} workers")
    if executor == "process":
        check_travels(measure)
    if executor == "ray":
        need_ray()


@contextmanager
def _folder(
    path: Path | None, plan: Plan, code: dict[str, str], allowed: Allowed
) -> Iterator[tuple[tuple[Job, ...], dict[int, Row]]]:
    """All runs of the sweep, and the rows that there are already; nobody else writes meanwhile."""
    if path is None:
        yield plan.jobs, {}
        return
    jobs, lock = take_folder(path, plan, code, allowed)
    with lock:
        yield jobs, Places(path).rows(jobs)


def _run(
    setup: Setup,
    jobs: tuple[Job, ...],
    rows: dict[int, Row],
    hands: Hands,
    progress: bool | None,
    name: str,
) -> None:
    """Make the runs that are not complete, and put their rows among `rows`."""
    over = {number for number, row in rows.items() if row.status == COMPLETE}
    left = tuple(job for job in jobs if job.run_id not in over)
    if not left:
        return
    failed = 0
    places = None if setup.out is None else Places(Path(setup.out))
    shown = _shown(name, len(jobs), len(over), progress)
    with shown as tell, closing(hands.rows(setup, left)) as made:
        for row in made:
            rows[row.run_id] = row
            over.add(row.run_id)
            failed += row.status == FAILED
            if places is not None and row.status == FAILED:
                places.keep_failure(row)
            tell(len(over), failed)


def _shown(
    name: str, runs: int, over: int, progress: bool | None
) -> AbstractContextManager[Callable[[int, int], None]]:
    wanted = sys.stderr.isatty() if progress is None else progress
    if not wanted:
        return nullcontext(lambda over, failed: None)
    return runs_progress(name, runs, over, _SILENCE)


def _absolute(measure: Measure | str | None) -> Measure | str | None:
    """A measure named by a file, as it can be found from another folder."""
    if not isinstance(measure, str):
        return measure
    place, _, name = measure.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else measure
