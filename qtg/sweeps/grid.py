"""Points of a grid: the settings that a sweep gives to its runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import product
from typing import Any

import numpy as np
from pydantic import BaseModel

from ..config.problem import shown
from ..errors import ConfigError

Point = dict[str, Any]  # dotted path -> value, as JSON has it
Grid = Mapping[str, Any] | Iterable[Mapping[str, Any]]


def points_of(grid: Grid | None) -> list[Point]:
    """The points of a grid, in order: the last setting changes fastest.

    Parameters
    ----------
    grid : mapping of dotted paths to lists of values, of which every combination is a point; or
        an iterable of mappings of paths to values, each of which is a point; or None, one point
        that changes nothing

    Raises
    ------
    ConfigError    nothing to combine, something that is not a list, a value that no setting has

    Examples
    --------
    >>> points_of({"ticks": [10, 20], "background": {"activity": [0.1]}})
    [{'ticks': 10, 'background.activity': 0.1}, {'ticks': 20, 'background.activity': 0.1}]
    """
    if grid is None:
        return [{}]
    if isinstance(grid, Mapping):
        lists = dict(_lists(grid))
        if not lists:
            raise ConfigError(
                "the grid is empty; give settings with lists of values, such as "
                "{'background.activity': [0.1, 0.2]}, or None to change nothing but the seed"
            )
        return [dict(zip(lists, values)) for values in product(*lists.values())]
    return _listed(grid)


def paths_of(points: Iterable[Point]) -> list[str]:
    """The settings that points give, in the order in which they come."""
    return list(dict.fromkeys(path for point in points for path in point))


def _lists(grid: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, list[Any]]]:
    for name, values in grid.items():
        path = _path(name, above)
        if isinstance(values, Mapping):
            yield from _lists(values, path)
            continue
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise ConfigError(
                f"grid: {path} must be a list of values, got {shown(values)}; write "
                f"[{shown(values)}] for a single one"
            )
        made = [_plain(each, f"grid: {path}") for each in values]
        if not made:
            raise ConfigError(f"grid: {path} has no values; give at least one, or leave it out")
        yield path, made


def _listed(grid: Any) -> list[Point]:
    if isinstance(grid, (str, bytes)) or not isinstance(grid, Iterable):
        raise ConfigError(
            f"the grid must be a mapping of settings to lists, or a list of mappings of settings "
            f"to values, got {shown(grid)}"
        )
    points = []
    for number, each in enumerate(grid):
        if not isinstance(each, Mapping):
            raise ConfigError(
                f"point {number} must be a mapping of settings to values, got {shown(each)}"
            )
        where = f"point {number}"
        points.append({_path(k): _plain(v, f"{where}: {k}") for k, v in each.items()})
    if not points:
        raise ConfigError("the grid is empty; give at least one mapping of settings to values")
    return points


def _path(name: Any, above: str = "") -> str:
    if not isinstance(name, str) or not name:
        raise ConfigError(f"grid: settings are named by dotted paths, got {shown(name)}")
    path = f"{above}.{name}" if above else name
    if path == "seed":
        raise ConfigError("grid: seed is no setting of the grid; give `seeds` beside it")
    return path


def _plain(value: Any, where: str) -> Any:
    """A value as JSON has it, which is how it is kept and sent to other processes."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, np.generic):
        return _plain(value.item(), where)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(each, where) for name, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(each, where) for each in value]
    raise ConfigError(f"{where}: no setting takes a {type(value).__name__}, got {shown(value)}")
