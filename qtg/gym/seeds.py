"""Which episode each environment plays."""

from collections.abc import Sequence

import numpy as np

from qtg.schemas import I64

from ..errors import ConfigError
from .batch import U64

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Seeds:
    """A chain of episode seeds for each environment.

    The seed of an episode depends on the seed that the environment was given and on how many
    episodes it has begun since, and on nothing else.

    Parameters
    ----------
    num_envs : int
    """

    def __init__(self, num_envs: int) -> None:
        self.given = np.zeros(num_envs, np.uint64)
        self.begun = np.zeros(num_envs, np.uint64)

    def give(self, rows: I64, seeds: Sequence[int] | U64) -> None:
        """Let the environments in `rows` start a chain of their own.

        Raises
        ------
        ConfigError    a seed is negative, or 2^64 or more
        """
        for seed in seeds:
            if not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 1 << 64:
                raise ConfigError(f"a seed must be 0 to 2^64 - 1, got {seed!r}")
        self.given[rows] = np.array([int(seed) for seed in seeds], np.uint64)
        self.begun[rows] = 0

    def next(self, rows: I64) -> U64:
        """Seeds of the next episodes in these rows, uint64 (k,)."""
        episode = mixed(self.given[rows] + mixed(self.begun[rows]))
        self.begun[rows] += np.uint64(1)
        return episode


def mixed(words: U64) -> U64:
    """Each word hashed: SplitMix64's next output from it (Steele, Lea and Flood, 2014)."""
    z = words + _STEP
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    hashed: U64 = z ^ (z >> np.uint64(31))
    return hashed
