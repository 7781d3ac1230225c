"""Aggregates of the last n values of each market: sums, extremes, moments; exponential averages.

A window over n values is kept as the end of the last block of n values plus the start of this one.
Nothing is ever subtracted, so nothing drifts; every n values the block is turned into aggregates
from each slot to the block's end, which is O(1) per value in the mean.

`seen[m] = 0` clears a market. What a push returns means nothing before n values.
"""

from typing import NamedTuple

import numpy as np

from ._jit import kernel

SUM, LOWEST = 0, 1  # what a Window keeps of its values


class Window(NamedTuple):
    """Sum, or lowest value, of the last n values."""

    seen: np.ndarray  # int64 (market,), values since the start or the last clear
    head: np.ndarray  # float64 (market,), over this block so far
    tail: np.ndarray  # float64 (n, market), this block's values, then the last block from slot on


class Moments(NamedTuple):
    """Mean and sum of squared deviations of the last n values."""

    seen: np.ndarray  # int64 (market,), values since the start or the last clear
    head_mean: np.ndarray  # float64 (market,), over this block so far
    head_squares: np.ndarray  # float64 (market,)
    tail_mean: np.ndarray  # float64 (n, market), as in Window
    tail_squares: np.ndarray  # float64 (n, market)


class PairMoments(NamedTuple):
    """Means, and sums of squared deviations and of their products, of the last n pairs (x, y).

    The middle axis: mean of x, mean of y, sum of xx, of xy, of yy.
    """

    seen: np.ndarray  # int64 (market,), pairs since the start or the last clear
    head: np.ndarray  # float64 (1, 5, market), over this block so far
    tail: np.ndarray  # float64 (n, 5, market), as in Window


class Average(NamedTuple):
    """Exponential average, seeded with the mean of the first n values."""

    n: int
    alpha: float  # weight of a new value
    seen: np.ndarray  # int64 (market,), values since the start or the last clear
    value: np.ndarray  # float64 (market,), the sum until n values are there


@kernel
def joined(keep, a, b):
    """The sum, or the lowest, of both; `keep` is a constant where this is called."""
    return a + b if keep == SUM else min(a, b)


@kernel
def push(window, m, x, keep):
    """What is kept (`SUM`, `LOWEST`) of the last n values with `x` as the last."""
    head, tail = window.head, window.tail
    n = tail.shape[0]
    slot = window.seen[m] % n
    if slot == 0:
        if window.seen[m] > 0:
            for s in range(n - 2, -1, -1):
                tail[s, m] = joined(keep, tail[s, m], tail[s + 1, m])
        head[m] = x
    else:
        head[m] = joined(keep, head[m], x)
    tail[slot, m] = x
    window.seen[m] += 1
    if slot + 1 == n:
        return head[m]
    return joined(keep, head[m], tail[slot + 1, m])


@kernel
def merged(n_a, mean_a, squares_a, n_b, mean_b, squares_b):
    """Mean and sum of squared deviations of two groups together.

    Source: Chan, Golub, LeVeque (1983), The American Statistician 37(3), eq. 2.1.
    """
    share = n_b / (n_a + n_b)
    delta = mean_b - mean_a
    return mean_a + delta * share, squares_a + squares_b + delta * delta * share * n_a


@kernel
def push_moments(moments, m, x):
    """Mean and sum of squared deviations of the last n values."""
    mean, squares = moments.tail_mean, moments.tail_squares
    n = mean.shape[0]
    slot = moments.seen[m] % n
    if slot == 0:
        if moments.seen[m] > 0:
            for s in range(n - 2, -1, -1):
                mean[s, m], squares[s, m] = merged(
                    n - 1.0 - s, mean[s + 1, m], squares[s + 1, m], 1.0, mean[s, m], 0.0
                )
        moments.head_mean[m], moments.head_squares[m] = x, 0.0
    else:
        moments.head_mean[m], moments.head_squares[m] = merged(
            float(slot), moments.head_mean[m], moments.head_squares[m], 1.0, x, 0.0
        )
    mean[slot, m], squares[slot, m] = x, 0.0
    moments.seen[m] += 1
    here = slot + 1
    if here == n:
        return moments.head_mean[m], moments.head_squares[m]
    return merged(
        float(n - here),
        mean[here, m],
        squares[here, m],
        float(here),
        moments.head_mean[m],
        moments.head_squares[m],
    )


@kernel
def read_pair(block, s, m):
    """The five aggregates of a slot."""
    return block[s, 0, m], block[s, 1, m], block[s, 2, m], block[s, 3, m], block[s, 4, m]


@kernel
def write_pair(block, s, m, pair):
    """Set the five aggregates of a slot."""
    block[s, 0, m], block[s, 1, m] = pair[0], pair[1]
    block[s, 2, m], block[s, 3, m], block[s, 4, m] = pair[2], pair[3], pair[4]


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
def push_pair(pairs, m, x, y):
    """The aggregates of the last n pairs with (x, y) as the last."""
    head, tail = pairs.head, pairs.tail
    n = tail.shape[0]
    slot = pairs.seen[m] % n
    new = (x, y, 0.0, 0.0, 0.0)
    whole = new
    if slot == 0:
        if pairs.seen[m] > 0:
            for s in range(n - 2, -1, -1):
                later = read_pair(tail, s + 1, m)
                write_pair(tail, s, m, merged_pairs(n - 1.0 - s, later, 1.0, read_pair(tail, s, m)))
    else:
        whole = merged_pairs(float(slot), read_pair(head, 0, m), 1.0, new)
    write_pair(head, 0, m, whole)
    write_pair(tail, slot, m, new)
    pairs.seen[m] += 1
    here = slot + 1
    if here == n:
        return whole
    return merged_pairs(float(n - here), read_pair(tail, here, m), float(here), whole)


@kernel
def push_average(average, m, x):
    """The average after `x`."""
    seen = average.seen[m]
    value = average.value[m]
    if seen == 0:
        value = x
    elif seen < average.n:
        value += x
    else:
        value += average.alpha * (x - value)
    seen += 1
    if seen == average.n:
        value /= average.n
    average.seen[m] = seen
    average.value[m] = value
    return value
