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
    found: np.ndarray = np.asarray(actions)
    shape = (num_envs, *(space.shape or ()))
    if found.shape != shape:
        raise ConfigError(f"actions have shape {found.shape}; this needs {shape}")
    if isinstance(space, Box):
        if found.dtype.kind not in "fiu":
            raise ConfigError(f"actions must be numbers, not {found.dtype}")
        wrong = np.isnan(found)
        _refuse(wrong, found, "is not a number")
        clipped: np.ndarray = np.clip(found, space.low, space.high)
        return clipped
    if found.dtype.kind not in "iu":
        raise ConfigError(f"actions must be whole numbers, not {found.dtype}")
    if isinstance(space, Discrete):
        least, end = space.start, space.start + space.n
    elif isinstance(space, MultiDiscrete):
        least, end = space.start, space.start + space.nvec
    else:
        raise ConfigError(f"actions in {space} are not known here")
    _refuse((found < least) | (found >= end), found, f"is not in {space}")
    return found


def _refuse(wrong: np.ndarray, actions: np.ndarray, why: str) -> None:
    if wrong.any():
        place = tuple(int(each) for each in np.argwhere(wrong)[0])
        raise ConfigError(f"the action {actions[place]} of environment {place[0]} {why}")
