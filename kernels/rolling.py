"""Aggregates of the last n values of each market: sums, extremes, moments; exponential averages.

A window over n values is kept as the end of the last block of n values plus the start of this one.
Nothing is ever subtracted, so nothing drifts; every n values the block is turned into aggregates
from each slot to the block's end, which is O(1) per value in the mean.

All work on a span: neighbouring `markets`, a slice, that have seen the same number of values (see
`spans`). Values are numbered from 1; what is given with a smaller number is not read again.
`open_*` cuts the rows that the value number `seen` needs, and folds the last block if a new one
begins; `push_*` then takes market m of the span, without a branch that differs between markets.
What it returns means nothing before n values.
"""

from typing import NamedTuple

import numpy as np

from ._jit import kernel

SUM, LOWEST = 0, 1  # what a Window keeps of its values


class Window(NamedTuple):
    """Sum, or lowest value, of the last n values."""

    head: np.ndarray  # float64 (market,), over this block so far
    tail: np.ndarray  # float64 (n, market), this block's values, then the last block from slot on


class Moments(NamedTuple):
    """Mean and sum of squared deviations of the last n values."""

    head_mean: np.ndarray  # float64 (market,), over this block so far
    head_squares: np.ndarray  # float64 (market,)
    tail_mean: np.ndarray  # float64 (n, market), as in Window
    tail_squares: np.ndarray  # float64 (n, market), of the last block; the last row is 0


class PairMoments(NamedTuple):
    """Means, and sums of squared deviations and of their products, of the last n pairs (x, y).

    The middle axis: mean of x, mean of y, sum of xx, of xy, of yy.
    """

    head: np.ndarray  # float64 (1, 5, market), over this block so far
    tail: np.ndarray  # float64 (n, 5, market), as in Moments


class Average(NamedTuple):
    """Exponential average, seeded with the mean of the first n values."""

    n: int
    alpha: float  # weight of a new value
    value: np.ndarray  # float64 (market,), the sum until n values are there


class Slot(NamedTuple):
    """Where a window's new value goes: float64 (market of the span,) each."""

    begins: bool  # a block
    ends: bool
    head: np.ndarray
    new: np.ndarray
    rest: np.ndarray  # of the last block; at a block's end not read, and any other row


class MomentsSlot(NamedTuple):
    """As `Slot`. A new value's squares are 0 and need no row."""

    n: int
    here: int  # values in this block, with the new one
    head_mean: np.ndarray
    head_squares: np.ndarray
    new: np.ndarray
    rest_mean: np.ndarray
    rest_squares: np.ndarray


class PairSlot(NamedTuple):
    """As `MomentsSlot`."""

    n: int
    here: int
    head: tuple[np.ndarray, ...]
    new_x: np.ndarray
    new_y: np.ndarray
    rest: tuple[np.ndarray, ...]


@kernel
def joined(keep, a, b):
    """The sum, or the lowest, of both; `keep` is a constant where this is called."""
    return a + b if keep == SUM else min(a, b)


@kernel
def fold(tail, markets, keep):
    """Turn a block's values into what is kept from each slot to the block's end."""
    for s in range(len(tail) - 2, -1, -1):
        row, later = tail[s, markets], tail[s + 1, markets]
        for m in range(len(row)):
            row[m] = joined(keep, row[m], later[m])


@kernel
def open_window(window, markets, seen, keep):
    """The slot of the value number `seen`."""
    head, tail = window.head, window.tail
    n = len(tail)
    slot = (seen - 1) % n
    if slot == 0 and seen > 1:
        fold(tail, markets, keep)
    ends = slot + 1 == n
    rest = tail[0 if ends else slot + 1, markets]
    return Slot(slot == 0, ends, head[markets], tail[slot, markets], rest)


@kernel
def push(slot, m, x, keep):
    """What is kept (`SUM`, `LOWEST`) of the last n values with `x` as the last."""
    rest = slot.rest[m]
    head = x if slot.begins else joined(keep, slot.head[m], x)
    slot.head[m] = head
    slot.new[m] = x
    return head if slot.ends else joined(keep, head, rest)


@kernel
def merged(n_a, mean_a, squares_a, n_b, mean_b, squares_b):
    """Mean and sum of squared deviations of two groups together.

    Source: Chan, Golub, LeVeque (1983), The American Statistician 37(3), eq. 2.1.
    """
    share = n_b / (n_a + n_b)
    delta = mean_b - mean_a
    return mean_a + delta * share, squares_a + squares_b + delta * delta * share * n_a


@kernel
def fold_moments(moments, markets):
    """As `fold`."""
    n = len(moments.tail_mean)
    for s in range(n - 2, -1, -1):
        mean, squares = moments.tail_mean[s, markets], moments.tail_squares[s, markets]
        later_mean = moments.tail_mean[s + 1, markets]
        later_squares = moments.tail_squares[s + 1, markets]
        for m in range(len(mean)):
            mean[m], squares[m] = merged(
                n - 1.0 - s, later_mean[m], later_squares[m], 1.0, mean[m], 0.0
            )


@kernel
def open_moments(moments, markets, seen):
    """The slot of the value number `seen`."""
    mean, squares = moments.tail_mean, moments.tail_squares
    n = len(mean)
    slot = (seen - 1) % n
    if slot == 0 and seen > 1:
        fold_moments(moments, markets)
    rest = slot + 1 if slot + 1 < n else 0
    return MomentsSlot(
        n,
        slot + 1,
        moments.head_mean[markets],
        moments.head_squares[markets],
        mean[slot, markets],
        mean[rest, markets],
        squares[rest, markets],
    )


@kernel
def push_moments(slot, m, x):
    """Mean and sum of squared deviations of the last n values."""
    here = float(slot.here)
    rest_mean, rest_squares = slot.rest_mean[m], slot.rest_squares[m]
    mean, squares = x, 0.0
    if slot.here > 1:
        mean, squares = merged(here - 1.0, slot.head_mean[m], slot.head_squares[m], 1.0, x, 0.0)
    slot.head_mean[m], slot.head_squares[m] = mean, squares
    slot.new[m] = x
    if slot.here == slot.n:
        return mean, squares
    return merged(slot.n - here, rest_mean, rest_squares, here, mean, squares)


@kernel
def pair_rows(block, s, markets):
    """The rows of a slot's five aggregates."""
    return (
        block[s, 0, markets],
        block[s, 1, markets],
        block[s, 2, markets],
        block[s, 3, markets],
        block[s, 4, markets],
    )


@kernel
def read_pair(rows, m):
    """The five aggregates of a market."""
    return rows[0][m], rows[1][m], rows[2][m], rows[3][m], rows[4][m]


@kernel
def write_pair(rows, m, pair):
    """Set the five aggregates of a market."""
    rows[0][m], rows[1][m] = pair[0], pair[1]
    rows[2][m], rows[3][m], rows[4][m] = pair[2], pair[3], pair[4]


@kernel
def merged_pairs(n_a, a, n_b, b):
    """The aggregates of two groups of pairs together; see `merged`."""
    share = n_b / (n_a + n_b)
    dx, dy = b[0] - a[0], b[1] - a[1]
    weight = share * n_a
    return (
        a[0] + dx * share,
        a[1] + dy * share,
        a[2] + b[2] + dx * dx * weight,
        a[3] + b[3] + dx * dy * weight,
        a[4] + b[4] + dy * dy * weight,
    )


@kernel
def fold_pairs(tail, markets):
    """As `fold`."""
    for s in range(len(tail) - 2, -1, -1):
        rows, later = pair_rows(tail, s, markets), pair_rows(tail, s + 1, markets)
        for m in range(len(later[0])):
            new = (rows[0][m], rows[1][m], 0.0, 0.0, 0.0)
            pair = merged_pairs(len(tail) - 1.0 - s, read_pair(later, m), 1.0, new)
            write_pair(rows, m, pair)


@kernel
def open_pairs(pairs, markets, seen):
    """The slot of the pair number `seen`."""
    n = len(pairs.tail)
    slot = (seen - 1) % n
    if slot == 0 and seen > 1:
        fold_pairs(pairs.tail, markets)
    return PairSlot(
        n,
        slot + 1,
        pair_rows(pairs.head, 0, markets),
        pairs.tail[slot, 0, markets],
        pairs.tail[slot, 1, markets],
        pair_rows(pairs.tail, slot + 1 if slot + 1 < n else 0, markets),
    )


@kernel
def push_pair(slot, m, x, y):
    """The aggregates of the last n pairs with (x, y) as the last."""
    here = float(slot.here)
    rest = read_pair(slot.rest, m)
    whole = (x, y, 0.0, 0.0, 0.0)
    if slot.here > 1:
        whole = merged_pairs(here - 1.0, read_pair(slot.head, m), 1.0, whole)
    write_pair(slot.head, m, whole)
    slot.new_x[m], slot.new_y[m] = x, y
    if slot.here == slot.n:
        return whole
    return merged_pairs(slot.n - here, rest, here, whole)


@kernel
def averaged(average, value, x, seen):
    """What an average's `value` becomes with `x`, the value number `seen`."""
    if seen > average.n:
        return value + average.alpha * (x - value)
    total = x if seen == 1 else value + x
    return total / average.n if seen == average.n else total
