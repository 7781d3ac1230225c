"""Taking a folder for a sweep: a new one, or the one of a sweep that is to go on."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import ConfigError, StorageError, SweepError
from ..store.files import reason_of
from ..store.lock import LOCK, RunLock
from .code import changed
from .folder import FILE_NAME, RUNS, SUMMARY, UNFINISHED, Places, Stored, read_stored
from .plan import Job, Plan, as_text

_TOLD = 3  # differences that are told; the others are counted


@dataclass(frozen=True)
class Allowed:
    """What may be done with a sweep that is there already."""

    resume: bool = False  # go on with it
    extend: bool = False  # and add runs that it does not have
    other_code: bool = False  # although other code made the finished ones
    overwrite: bool = False  # remove it and begin anew

    def __post_init__(self) -> None:
        if self.overwrite and (self.resume or self.extend or self.other_code):
            raise ConfigError("a sweep is resumed or overwritten, not both; leave one of them out")


def take_folder(
    path: Path, plan: Plan, code: dict[str, str], allowed: Allowed
) -> tuple[tuple[Job, ...], RunLock]:
    """Make the folder of a sweep, or go on with the one that is there; and lock it.

    Returns
    -------
    all runs of the sweep, with the numbers that they have there; the lock

    Raises
    ------
    StorageError    something is there, somebody writes to it, or it cannot be written
    SweepError      the sweep that is there is another one
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = RunLock(path)
        try:
            return _taken(path, plan, code, allowed), lock
        except BaseException:
            lock.release()
            raise
    except (FileExistsError, NotADirectoryError):
        raise StorageError(f"{path} is a file; choose another folder for the sweep") from None
    except OSError as error:
        raise StorageError(
            f"no sweep can be written to {path}: {reason_of(error)}; choose another place"
        ) from None


def _taken(path: Path, plan: Plan, code: dict[str, str], allowed: Allowed) -> tuple[Job, ...]:
    there = {each.name for each in path.iterdir()} - {LOCK, f"{FILE_NAME}.tmp"}
    if there and FILE_NAME not in there:
        raise StorageError(
            f"{path} exists and holds something that is not a sweep; choose another place"
        )
    if there and (allowed.overwrite or not Places(path).any_begun()):
        read_stored(path)  # refuses a sweep.json that is not one of qtg's
        _remove(path)
        there = set()
    jobs = _joined(path, plan, code, allowed) if there else plan.jobs
    created = read_stored(path).created if there else datetime.now(UTC).isoformat("T", "seconds")
    settings = plan.config.model_dump(mode="json")
    Stored(plan.config.name, created, settings, code, [asdict(each) for each in jobs]).save(path)
    (path / RUNS).mkdir(exist_ok=True)
    (path / UNFINISHED).mkdir(exist_ok=True)
    return jobs


def _joined(path: Path, plan: Plan, code: dict[str, str], allowed: Allowed) -> tuple[Job, ...]:
    """The runs of the sweep that is there, and behind them those that are new."""
    stored = read_stored(path)
    _check_config(path, stored, plan.config)
    if not (allowed.resume or allowed.extend):
        raise StorageError(
            f"{path} already holds a sweep; go on with it (resume=True, --resume), overwrite it "
            "(overwrite=True, --overwrite), or choose another place"
        )
    if not allowed.other_code and (what := changed(stored.code, code)):
        raise SweepError(
            f"{path} was made by other code: {_some(what)}; use that, or take its finished runs as "
            "they are (other_code=True, --other-code)"
        )
    known = {job.fingerprint: job for job in stored.jobs}
    new = [job for job in plan.jobs if job.fingerprint not in known]
    asked = {job.fingerprint for job in plan.jobs}
    gone = [job for job in stored.jobs if job.fingerprint not in asked]
    if (new or gone) and not allowed.extend:
        raise SweepError(
            f"{path} holds a sweep with another grid or other seeds: {_difference(new, gone)}; ask "
            "for the same, add to it what is new (extend=True, --extend), or choose another place"
        )
    first = len(stored.runs)
    added = (Job(first + n, job.changes, job.seed, job.fingerprint) for n, job in enumerate(new))
    return (*stored.jobs, *added)


def _check_config(path: Path, stored: Stored, config: Config) -> None:
    before, now = dict(_leaves(stored.config)), dict(_leaves(config.model_dump(mode="json")))
    what = [
        f"{name} was {before.get(name, 'not there')!r}, is {now.get(name, 'not there')!r}"
        for name in dict.fromkeys((*before, *now))
        if before.get(name) != now.get(name)
    ]
    if what:
        raise SweepError(
            f"{path} holds a sweep of another configuration: {_some(what)}; choose another place, "
            "or overwrite it (overwrite=True, --overwrite)"
        )


def _leaves(settings: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is neither a table nor a list, with its dotted path."""
    pairs = settings.items() if isinstance(settings, dict) else enumerate(settings)
    for name, value in pairs:
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, (dict, list, tuple)) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def _some(texts: list[str]) -> str:
    more = f", and {len(texts) - _TOLD} more" if len(texts) > _TOLD else ""
    return ", ".join(texts[:_TOLD]) + more


def _difference(new: list[Job], gone: list[Job]) -> str:
    parts = []
    for jobs, what in ((new, "new"), (gone, "not asked for any more")):
        if jobs:
            first = f"{as_text(jobs[0].changes)}, seed {jobs[0].seed}"
            parts.append(f"{len(jobs)} runs are {what}, the first with {first}")
    return " and ".join(parts)


def _remove(path: Path) -> None:
    for name in (RUNS, UNFINISHED):
        for run in (path / name).glob("run_id=*"):
            shutil.rmtree(run)
    (path / SUMMARY).unlink(missing_ok=True)
    (path / FILE_NAME).unlink()
