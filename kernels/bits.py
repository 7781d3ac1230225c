"""Bit counting on 64-bit words."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import config
from numba.core import types
from numba.extending import intrinsic

from ._jit import kernel

if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def leading_zeros(word: Any) -> Any:
        """Zero bits above the highest set bit; `word` is not 0."""
        return 64 - int(word).bit_length()

else:

    @intrinsic
    def leading_zeros(typingctx: Any, word: Any) -> Any:
        """Zero bits above the highest set bit; `word` is not 0."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(types.uint64), codegen


ONE = np.uint64(1)
SIX = np.uint64(6)
LOW_SIX = np.uint64(63)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def set_bit(words, row, position):
    """Set one bit of a row of 64-bit words (modified in place)."""
    p = np.uint64(position)
    words[np.uint64(row), p >> SIX] |= ONE << (p & LOW_SIX)


@kernel
def clear_bit(words, row, position):
    """Clear one bit of a row of 64-bit words (modified in place)."""
    p = np.uint64(position)
    words[np.uint64(row), p >> SIX] &= ~(ONE << (p & LOW_SIX))


@kernel
def bit_below(words, row, position):
    """Distance down from `position` to the nearest set bit, going around; -1 if no bit is set.

    The distance is 0 if the bit at `position` itself is set.
    """
    n_words = words.shape[1]
    word = position >> 6
    bit = position & 63
    bits = words[row, word] & (ALL >> np.uint64(63 - bit))
    distance = bit
    for _ in range(n_words + 1):
        if bits != 0:
            return distance - (63 - leading_zeros(bits))
        word = (word - 1) & (n_words - 1)
        bits = words[row, word]
        distance += 64
    return -1
