"""What learners want to do, checked."""

from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from ..errors import ConfigError


def checked(actions: Any, space: Space[Any], num_envs: int) -> np.ndarray:
    """Actions of all environments, (num_envs, *space.shape), as an array.

    Numbers beyond a `Box` are brought to its edge, as learners with Gaussian policies expect; codes
    that a discrete space does not have are refused.

    Raises
    ------
    ConfigError    another shape, not numbers, NaN, or no such code; it names the environment
    """
    return _checked(actions, space, (num_envs, *(space.shape or ())), "")


def checked_action(action: Any, space: Space[Any], whose: str = "environment 0") -> np.ndarray:
    """One action, of the space's shape, checked in the same way; errors say whose it is."""
    return _checked(action, space, space.shape or (), whose)


def _checked(actions: Any, space: Space[Any], shape: tuple[int, ...], whose: str) -> np.ndarray:
    of = f"actions of {whose}" if whose else "actions"
    try:
        found: np.ndarray = np.asarray(actions)
    except ValueError:
        raise ConfigError(f"{of} must be an array of shape {shape}") from None
    if found.shape != shape:
        raise ConfigError(f"{of} have shape {found.shape}; this needs {shape}")
    if isinstance(space, Box):
        if found.dtype.kind not in "fiu":
            raise ConfigError(f"{of} must be numbers, not {found.dtype}")
        unknown = np.isnan(found)
        if unknown.any():
            _refuse(unknown, found, "is not a number", whose)
        clipped: np.ndarray = np.clip(found, space.low, space.high)
        return clipped
    if found.dtype.kind not in "iu":
        raise ConfigError(f"{of} must be whole numbers, not {found.dtype}")
    least: Any
    end: Any
    if isinstance(space, Discrete):
        least, end = int(space.start), int(space.start + space.n)
    elif isinstance(space, MultiDiscrete):
        least, end = space.start, space.start + space.nvec
    else:
        raise ConfigError(f"actions in {space} are not known here")
    wrong = (found < least) | (found >= end)
    if np.count_nonzero(wrong):
        _refuse(wrong, found, f"is not in {space}", whose)
    return found.astype(np.int64)


def _refuse(wrong: np.ndarray, actions: np.ndarray, why: str, whose: str) -> None:
    """Name the first wrong action."""
    place = tuple(int(each) for each in np.argwhere(wrong)[0])
    owner = whose or f"environment {place[0]}"
    raise ConfigError(f"the action {actions[place]} of {owner} {why}")
