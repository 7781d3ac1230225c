"""What every environment is underneath: columns, one row for each of many environments."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import Space
from numpy.typing import NDArray

from qtg.schemas import F64, I64

F32 = NDArray[np.float32]
U64 = NDArray[np.uint64]
Flags = NDArray[np.bool_]


class Outcome(NamedTuple):
    """What a step came to, shape (num_envs,) each; new arrays."""

    reward: F64
    terminated: Flags  # the episode came to its own end
    truncated: Flags  # it was cut off, and would have gone on


class Batch(Protocol):
    """Environments in columns; see docs/adr/0022-learning-environments.md.

    Attributes
    ----------
    num_envs : int
    observation_space, action_space : Space    of one environment; observations are float32 (n,)
    """

    num_envs: int
    observation_space: Space[Any]
    action_space: Space[Any]

    def begin(self, rows: I64, seeds: U64) -> None:
        """Start a new episode in each of `rows`, int64 (k,); it is a function of its seed."""

    def step(self, actions: np.ndarray) -> Outcome:
        """Move all rows on; `actions` (num_envs, ...) are in the action space."""

    def observe(self, out: F32, rows: I64 | None = None) -> None:
        """Write what each environment sees now, float32 (num_envs, n); or each of `rows`, int64
        (k,), to as many rows."""

    def info(self) -> dict[str, np.ndarray]:
        """Named columns (num_envs,) that are of use beside the observation; new arrays."""

    def close(self) -> None:
        """Let go of what it holds."""
