"""Points drawn from ranges, for grids that would be too large."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..config.problem import shown
from ..config.spelling import did_you_mean
from ..errors import ConfigError
from .grid import Point

HOW = ("latin_hypercube", "random")
_PARTS = {"low", "high", "log", "whole"}


def draw_points(
    ranges: Mapping[str, Sequence[float] | Mapping[str, Any]],
    n: int,
    how: str = "latin_hypercube",
    seed: int = 0,
) -> list[Point]:
    """Draw `n` points for a sweep, evenly over ranges.

    Parameters
    ----------
    ranges : mapping of dotted paths to (low, high), or to a table with `low` and `high` and, if
        wanted, `log` (even over the logarithm) and `whole` (whole numbers, both ends included)
    n : int
    how : str     `latin_hypercube`: each of `n` equal parts of every range has one point;
        `random`: each point by itself
    seed : int    of the draws alone

    Returns
    -------
    list of points, which `sweep` takes as its grid

    Raises
    ------
    ConfigError    no ranges, a range that is none, n below 1, or a way that is not known

    Source
    ------
    McKay, Beckman, Conover (1979), A Comparison of Three Methods for Selecting Values of Input
    Variables in the Analysis of Output from a Computer Code, Technometrics 21(2)

    Examples
    --------
    >>> points = draw_points({"background.activity": (0.1, 0.5)}, 4)
    >>> sorted(int(point["background.activity"] * 10) for point in points)
    [1, 2, 3, 4]
    """
    if how not in HOW:
        raise ConfigError(f"draws cannot be {shown(how)}; {did_you_mean(str(how), HOW)}")
    if not ranges:
        raise ConfigError("there are no ranges to draw from; give at least one")
    if not isinstance(n, int) or n < 1:
        raise ConfigError(f"n must be at least 1, got {shown(n)}")
    if not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"the seed of draws must be a whole number from 0, got {shown(seed)}")
    rng = np.random.default_rng(seed)
    columns = {}
    for path, given in ranges.items():
        part = rng.random(n)
        if how == "latin_hypercube":
            part = (rng.permutation(n) + part) / n
        columns[path] = _placed(part, str(path), given)
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def _placed(part: np.ndarray, path: str, given: Any) -> list[Any]:
    """Numbers in [0, 1) as values of a range."""
    low, high, log, whole = _range(path, given)
    if whole:
        high = high + 1
    if log:
        values = np.exp(math.log(low) + part * (math.log(high) - math.log(low)))
    else:
        values = low + part * (high - low)
    if whole:
        return [int(value) for value in np.clip(np.floor(values), low, high - 1)]
    return [float(value) for value in values]


def _range(path: str, given: Any) -> tuple[float, float, bool, bool]:
    if isinstance(given, Mapping):
        if unknown := sorted(set(given) - _PARTS):
            raise ConfigError(
                f"range {path}: no part {unknown[0]!r}; {did_you_mean(unknown[0], sorted(_PARTS))}"
            )
        low, high = given.get("low"), given.get("high")
        log, whole = bool(given.get("log", False)), bool(given.get("whole", False))
    elif isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        (low, high), log, whole = given, False, False
    else:
        raise ConfigError(f"range {path}: must be two numbers, low and high, got {shown(given)}")
    numbers = isinstance(low, (int, float)) and isinstance(high, (int, float))
    if not numbers or not (math.isfinite(low) and math.isfinite(high) and low < high):  # type: ignore[arg-type, operator]
        raise ConfigError(
            f"range {path}: low must be below high, got {shown(low)} and {shown(high)}"
        )
    if log and low <= 0:  # type: ignore[operator]
        raise ConfigError(f"range {path}: low must be above 0 for a logarithm, got {shown(low)}")
    if whole and not (float(low).is_integer() and float(high).is_integer()):  # type: ignore[arg-type]
        raise ConfigError(f"range {path}: low and high of whole numbers must be whole numbers")
    return low, high, log, whole  # type: ignore[return-value]
