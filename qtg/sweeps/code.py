"""What code made the runs of a sweep, so that a sweep is not finished by other code unnoticed."""

import hashlib
import inspect
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..agents.registry import find_kind
from ..config import Config
from ..store.run_info import versions
from .plan import Plan

# Folders below qtg that no run is made by.
_ELSEWHERE = ("bench", "cli")


def code_of(plan: Plan, measure: Any, strategies: Sequence[str]) -> dict[str, str]:
    """Versions and hashes of what decides the results, by what it is.

    Parameters
    ----------
    plan : Plan
    measure : the function that measures, its name, or None
    strategies : paths of files that register strategies
    """
    own = {f"strategy {name}": text for name, text in sorted(_own_kinds(plan).items())}
    files = {f"strategies in {Path(each).name}": _file_hash(each) for each in strategies}
    measured = {"measure": _source_hash(measure)} if measure is not None else {}
    return {**code_here(), **files, **own, **measured}


def code_here() -> dict[str, str]:
    """Versions of what makes runs in this process, and a hash of qtg's own code."""
    return {**versions(), "sources": _sources_hash()}


def changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is not as it was, a text for each."""
    texts = []
    for what in dict.fromkeys((*before, *now)):
        was, is_now = before.get(what), now.get(what)
        if was != is_now:
            texts.append(f"{what} was {was or 'not there'}, is {is_now or 'not there'}")
    return texts


@cache
def _sources_hash() -> str:
    """Of every source file of the package that a run can go through."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(_sources(root)):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources(root: Path) -> list[Path]:
    # Folders may be links, which a glob does not follow.
    found = []
    for each in root.iterdir():
        if each.suffix == ".py":
            found.append(each)
        elif each.is_dir() and each.name not in _ELSEWHERE:
            found += _sources(each)
    return found


def _file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _source_hash(code: Any) -> str:
    """Of a function's or class's own text; its name if that cannot be had."""
    try:
        text = inspect.getsource(code)
    except (OSError, TypeError):
        text = f"{getattr(code, '__module__', '')}.{getattr(code, '__qualname__', code)}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _own_kinds(plan: Plan) -> dict[str, str]:
    """The users' strategies of a sweep, with hashes."""
    names: set[str] = set()
    points = {str(job.changes): job.changes for job in plan.jobs}
    for changes in points.values():
        touches = any(path.partition(".")[0] in ("smart", "reactive") for path in changes)
        if touches or not names:
            names |= _kind_names(plan.config.with_(changes))
    kinds = {name: find_kind(name) for name in names}
    return {name: _source_hash(kind.decide) for name, kind in kinds.items() if kind.decide}


def _kind_names(config: Config) -> set[str]:
    return {each.kind for each in (*config.smart, *config.reactive)}
