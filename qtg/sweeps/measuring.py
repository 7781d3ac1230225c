"""A user's `measure`: what it may be, and what it may answer."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..agents.failure import home_of, told
from ..config.problem import shown
from ..errors import ConfigError, QtgError, SweepError
from .row import RESERVED

if TYPE_CHECKING:
    from ..result import Result

Measure = Callable[["Result"], Mapping[str, Any]]


def find_measure(measure: Measure | str | None) -> Measure | None:
    """A measure from its name, `module:function` or `file.py:function`.

    Raises
    ------
    ConfigError    there is none of that name
    SweepError     the file fails
    """
    if measure is None or not isinstance(measure, str):
        if measure is not None and not callable(measure):
            raise ConfigError(f"measure must be a function of a result, got {shown(measure)}")
        return measure
    place, _, name = measure.rpartition(":")
    if not place or not name:
        raise ConfigError(f"measure {measure!r}: name it as module:function or file.py:function")
    found = getattr(_module(place, measure), name, None)
    if not callable(found):
        raise ConfigError(f"measure {measure!r}: there is no function {name} in {place}")
    return found  # type: ignore[no-any-return]


def take_measure(measure: Measure, run: "Result", paths: list[str]) -> dict[str, Any]:
    """What `measure` says of a run: numbers and texts by name.

    Raises
    ------
    SweepError    it failed, or answered something else
    """
    try:
        answer = measure(run)
    except QtgError as error:
        raise SweepError(f"measure failed: {error}") from None
    except Exception as error:
        raise SweepError(f"measure failed: {told(error, home_of(measure))}") from None
    if not isinstance(answer, Mapping):
        raise SweepError(
            f"measure must answer with a dict of numbers and texts, got {shown(answer)}"
        )
    return {_name(name, paths): _value(name, value) for name, value in answer.items()}


def _name(name: Any, paths: list[str]) -> str:
    if not isinstance(name, str) or not name:
        raise SweepError(f"measure must name its numbers by texts, got {shown(name)}")
    if name in RESERVED or name in paths:
        raise SweepError(f"measure: {name!r} is a column of every sweep; choose another name")
    return name


def _value(name: str, value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise SweepError(f"measure: {name} must be a number or a text, got {shown(value)}")


def _module(place: str, measure: str) -> Any:
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ImportError as error:
            raise ConfigError(f"measure {measure!r}: {error}") from None
    path = Path(place)
    spec = importlib.util.spec_from_file_location(f"qtg_measure_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"measure {measure!r}: there is no Python file at {place}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SweepError(f"{place} cannot be loaded: {told(error, str(path))}") from error
    return module
