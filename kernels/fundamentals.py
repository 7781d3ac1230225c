"""Fair value per symbol: a seeded diffusion; news will move it through `shock`."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .random import lane, normal_pair


class Fundamentals(NamedTuple):
    """One row per market."""

    value: np.ndarray  # float64, fair value [1e-4]
    anchor: np.ndarray  # float64, level a mean-reverting value returns to [1e-4]
    shock: np.ndarray  # float64, log move to apply at the next tick (from news), then 0


class Diffusion(NamedTuple):
    """Terms of the process, per tick."""

    drift: float
    volatility: float
    reversion: float  # pull towards the anchor
    correlation: float  # between any two symbols of an environment
    symbols: int


@kernel
def move_fair_value(fundamentals, diffusion, seed, envs, tick, out_fair_value):
    """One tick of  dv/v = drift + reversion * log(anchor / v) + volatility * z + shock.

    z has unit variance: sqrt(correlation) times a factor common to the environment plus its own
    noise. `out_fair_value` (int64, 1e-4) receives the rounded values.
    """
    symbols = diffusion.symbols
    common_share = np.sqrt(diffusion.correlation)
    own_share = np.sqrt(1.0 - diffusion.correlation)
    for m in range(out_fair_value.shape[0]):
        lane_word = lane(envs[m // symbols], Stream.FAIR_VALUE)
        common, _ = normal_pair(seed, lane_word, symbols, tick, 0)
        own, _ = normal_pair(seed, lane_word, m % symbols, tick, 0)
        value = fundamentals.value[m]
        pull = diffusion.reversion * np.log(fundamentals.anchor[m] / value)
        noise = diffusion.volatility * (common_share * common + own_share * own)
        value *= max(1.0 + diffusion.drift + pull + noise + fundamentals.shock[m], 0.5)
        fundamentals.value[m] = max(value, 1.0)
        fundamentals.shock[m] = 0.0
        out_fair_value[m] = np.int64(np.round(fundamentals.value[m]))
