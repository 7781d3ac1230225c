"""Counter-based randomness: Philox4x32-10.

Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC11,
section 3.3. A draw is a pure function of (seed; entity, tick, draw, environment and stream), so
its value does not depend on the order or the thread in which it is asked for.
"""

from typing import NamedTuple

import numpy as np

from ._jit import kernel

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_TO_UNIT = 1.0 / (1 << 53)
_DROP = np.uint64(11)


class Moment(NamedTuple):
    """What a draw of an environment is keyed by, one element per environment.

    Every environment has its own clock: one that is begun again goes on beside others that are at
    other ticks. Whatever tick a column holds is of its environment's clock.
    """

    seed: np.ndarray  # uint64 (E,)
    env: np.ndarray  # int64 (E,): id, which tells the environments of one seed apart
    tick: np.ndarray  # int64 (E,): the tick that it is in


@kernel
def philox(c0, c1, c2, c3, key):
    """Four 32-bit words (held in uint64) for a 128-bit counter and a 64-bit key."""
    k0 = np.uint64(key) & _LOW
    k1 = np.uint64(key) >> _HALF
    c0 = np.uint64(c0) & _LOW
    c1 = np.uint64(c1) & _LOW
    c2 = np.uint64(c2) & _LOW
    c3 = np.uint64(c3) & _LOW
    for _ in range(10):
        p0 = _MULTIPLIER_0 * c0
        p1 = _MULTIPLIER_1 * c2
        c0 = (p1 >> _HALF) ^ c1 ^ k0
        c1 = p1 & _LOW
        c2 = (p0 >> _HALF) ^ c3 ^ k1
        c3 = p0 & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@kernel
def fill_words(seed, lane_word, tick, first, n, out):
    """The four words of `n` entities first, first + 1, ... at draw 0; out is uint32 (4, n or more).

    A loop of its own, because the compiler then works on 8 or 16 entities at a time.
    """
    for i in range(n):
        out[0, i], out[1, i], out[2, i], out[3, i] = philox(first + i, tick, 0, lane_word, seed)


@kernel
def lane(env, stream):
    """Counter word that names the environment and the random stream."""
    return (np.uint64(env) << np.uint64(8)) | np.uint64(stream)


@kernel
def unit(high, low):
    """A double in [0, 1) from two 32-bit words: 53 bits."""
    return np.float64(((high << _HALF) | low) >> _DROP) * _TO_UNIT


@kernel
def uniform_pair(seed, lane_word, entity, tick, draw):
    """Two independent doubles in [0, 1)."""
    a, b, c, d = philox(entity, tick, draw, lane_word, seed)
    return unit(a, b), unit(c, d)


@kernel
def normal_pair(seed, lane_word, entity, tick, draw):
    """Two independent standard normal doubles (Box and Muller, 1958)."""
    u, v = uniform_pair(seed, lane_word, entity, tick, draw)
    radius = np.sqrt(-2.0 * np.log(1.0 - u))
    return radius * np.cos(2.0 * np.pi * v), radius * np.sin(2.0 * np.pi * v)


@kernel
def below(word, n):
    """An integer in 0 .. n-1 from a 32-bit word; bias below n / 2**32 (Lemire, 2019)."""
    return np.int64((word * np.uint64(n)) >> _HALF)


@kernel
def fill_uniform(seed, lane_word, entity, out):
    """Uniform doubles in [0, 1), one per element of `out` (float64 (n,))."""
    for i in range(out.shape[0]):
        out[i], _ = uniform_pair(seed, lane_word, entity, 0, i)
