"""Which runs a sweep has: points times seeds, all of them checked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from typing import Any

from ..agents.population import check_populations
from ..config import Config
from ..config.problem import shown
from ..config.root import LARGEST_SEED
from ..errors import ConfigError
from .grid import Grid, Point, paths_of, points_of

Seeds = int | Iterable[int]

_TOLD = 3  # problems that are told; the others are counted


@dataclass(frozen=True)
class Job:
    """One run of a sweep."""

    run_id: int
    changes: Point  # what it has other than the sweep's configuration
    seed: int
    fingerprint: str  # of its configuration


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, by the number `run_id` that each has."""

    config: Config  # what all runs have in common
    jobs: tuple[Job, ...]

    @property
    def paths(self) -> list[str]:
        """The settings that differ."""
        return paths_of(job.changes for job in self.jobs)


def make_plan(config: Config, grid: Grid | None, seeds: Seeds = 1) -> Plan:
    """Every point of the grid with every seed; the seed changes fastest.

    Parameters
    ----------
    config : Config
    grid : see `points_of`
    seeds : how many, counted from the configuration's own on; or the seeds themselves

    Raises
    ------
    ConfigError    a point that makes no configuration that could run, and which; a run twice
    """
    points, chosen = points_of(grid), _seeds(config, seeds)
    made = _configs(config, points)
    jobs: list[Job] = []
    for point, one in zip(points, made, strict=True):
        for seed in chosen:
            print_of = one.model_copy(update={"seed": seed}).fingerprint()
            jobs.append(Job(len(jobs), point, seed, print_of))
    _check_twice(jobs)
    return Plan(config, tuple(jobs))


def _seeds(config: Config, seeds: Seeds) -> list[int]:
    if isinstance(seeds, bool) or not isinstance(seeds, (int, Iterable)) or isinstance(seeds, str):
        raise ConfigError(f"seeds must be a number of seeds or a list of them, got {shown(seeds)}")
    if isinstance(seeds, int):
        if seeds < 1:
            raise ConfigError(f"seeds must be at least 1, got {seeds}")
        seeds = range(config.seed, config.seed + seeds)
    try:
        chosen = [_seed(each) for each in seeds]
    except TypeError:
        raise ConfigError(f"seeds must be whole numbers, got {shown(seeds)}") from None
    if not chosen:
        raise ConfigError("there are no seeds; give at least one")
    if twice := [seed for seed, times in Counter(chosen).items() if times > 1]:
        raise ConfigError(f"seed {twice[0]} is given more than once")
    return chosen


def _seed(value: Any) -> int:
    seed = index(value)
    if not 0 <= seed <= LARGEST_SEED:
        raise ConfigError(f"seeds must be from 0 to {LARGEST_SEED}, got {seed}")
    return seed


def _configs(config: Config, points: list[Point]) -> list[Config]:
    """The configuration of each point; all that do not fit are told in one sentence."""
    made, wrong = [], dict[str, list[Point]]()
    for point in points:
        try:
            one = config.with_(point)
            check_populations(one)
        except ConfigError as error:
            wrong.setdefault(str(error), []).append(point)
        else:
            made.append(one)
    if not wrong:
        return made
    bad = sum(map(len, wrong.values()))
    told = [_told(text, those) for text, those in list(wrong.items())[:_TOLD]]
    more = f"; and {len(wrong) - _TOLD} problems more" if len(wrong) > _TOLD else ""
    raise ConfigError(
        f"{bad} of {len(points)} points of the grid cannot be run: {'; '.join(told)}{more}"
    )


def _told(problem: str, points: list[Point]) -> str:
    others = f" and {len(points) - 1} more" if len(points) > 1 else ""
    return f"{problem} (in {as_text(points[0])}{others})"


def as_text(point: Point) -> str:
    """A point for people.

    >>> as_text({"ticks": 10, "background.regime": "calm"})
    "ticks = 10, background.regime = 'calm'"
    """
    return ", ".join(f"{path} = {shown(value)}" for path, value in point.items()) or "no changes"


def _check_twice(jobs: list[Job]) -> None:
    seen: dict[str, Job] = {}
    for job in jobs:
        other = seen.setdefault(job.fingerprint, job)
        if other is not job:
            raise ConfigError(
                f"two runs are the same: {as_text(job.changes)} and {as_text(other.changes)}, "
                f"seed {job.seed}; leave one of them out"
            )
