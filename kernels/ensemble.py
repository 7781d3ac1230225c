"""Three models vote on a row of features: a forest, a line and support vectors.

A vote is sell -1, hold 0 or buy 1. They are counted in whole numbers, so that no order of adding
matters: `weight[0] * forest + weight[1] * line + weight[2] * vectors`, and beyond `bar[0]` it is a
decision. Each model answers as scikit-learn's own `predict` does, which is what its rules about
casts, ties and strict comparisons are for.
"""

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from .desk import take_stances

CLASSES = 3  # sell, hold, buy, in this order
PAIRS = ((0, 1), (0, 2), (1, 2))  # of classes that support vectors tell apart
NO_CHILD = -1


class Forest(NamedTuple):
    """Decision trees, one after the other; a child is named by its row."""

    root: np.ndarray  # int64 (tree,)
    feature: np.ndarray  # int64 (node,): asked about
    threshold: np.ndarray  # float64 (node,): left if the feature, as float32, is not above it
    left: np.ndarray  # int64 (node,): NO_CHILD at a leaf
    right: np.ndarray  # int64 (node,)
    share: np.ndarray  # float64 (node, class): of the training rows that came here


class Line(NamedTuple):
    """A linear regression of the forward return."""

    slope: np.ndarray  # float64 (feature,)
    intercept: np.ndarray  # float64 (1,)
    band: np.ndarray  # float64 (1,): a forecast within it, either way, is a vote to hold


class Vectors(NamedTuple):
    """A support vector classifier with a radial kernel, one machine for each of `PAIRS`."""

    mean: np.ndarray  # float64 (feature,): taken away
    deviation: np.ndarray  # float64 (feature,): then divided by
    gamma: np.ndarray  # float64 (1,)
    support: np.ndarray  # float64 (vector, feature): scaled
    weight: np.ndarray  # float64 (pair, vector)
    intercept: np.ndarray  # float64 (pair,)


class Ensemble(NamedTuple):
    """Three models and how their votes count."""

    forest: Forest
    line: Line
    vectors: Vectors
    weight: np.ndarray  # int64 (model,)
    bar: np.ndarray  # int64 (1,): a weighted vote beyond it, either way, is a decision


class Votes(NamedTuple):
    """What was decided for each market in this tick."""

    decision: np.ndarray  # int8 (market,)


@kernel
def forest_vote(forest, row):
    """The class with the largest mean share over all trees; of equal ones the first."""
    sell, hold, buy = 0.0, 0.0, 0.0
    for tree in range(forest.root.shape[0]):
        node = forest.root[tree]
        while forest.left[node] != NO_CHILD:
            # Trees are grown on float32; their thresholds lie between two of these.
            value = np.float64(np.float32(row[forest.feature[node]]))
            node = forest.left[node] if value <= forest.threshold[node] else forest.right[node]
        sell += forest.share[node, 0]
        hold += forest.share[node, 1]
        buy += forest.share[node, 2]
    trees = np.float64(forest.root.shape[0])
    sell, hold, buy = sell / trees, hold / trees, buy / trees
    if sell >= hold and sell >= buy:
        return -1
    return 0 if hold >= buy else 1


@kernel
def line_value(line, row):
    """The forecast of the forward return."""
    value = 0.0
    for j in range(line.slope.shape[0]):
        value += line.slope[j] * row[j]
    return value + line.intercept[0]


@kernel
def line_vote(line, row):
    """The sign of the forecast, if it lies beyond the band."""
    value = line_value(line, row)
    if value > line.band[0]:
        return 1
    return -1 if value < -line.band[0] else 0


@kernel
def pair_values(vectors, row):
    """What each pair's machine says; above 0 it is the pair's first class."""
    a, b, c = vectors.intercept[0], vectors.intercept[1], vectors.intercept[2]
    for s in range(vectors.support.shape[0]):
        distance = 0.0
        for j in range(vectors.mean.shape[0]):
            off = (row[j] - vectors.mean[j]) / vectors.deviation[j] - vectors.support[s, j]
            distance += off * off
        near = np.exp(-vectors.gamma[0] * distance)
        a += vectors.weight[0, s] * near
        b += vectors.weight[1, s] * near
        c += vectors.weight[2, s] * near
    return a, b, c


@kernel
def vectors_vote(vectors, row):
    """The class that most pairs say; of equal ones the first."""
    sell_hold, sell_buy, hold_buy = pair_values(vectors, row)
    sell = (1 if sell_hold > 0.0 else 0) + (1 if sell_buy > 0.0 else 0)
    hold = (0 if sell_hold > 0.0 else 1) + (1 if hold_buy > 0.0 else 0)
    buy = 3 - sell - hold
    if sell >= hold and sell >= buy:
        return -1
    return 0 if hold >= buy else 1


@kernel
def vote_rows(ensemble, rows, out):
    """Vote on every row.

    Parameters
    ----------
    ensemble : Ensemble
    rows : float64 (n, feature)    finite
    out : int8 (n, 4)              forest, line, vectors, decision; modified in place
    """
    for i in range(rows.shape[0]):
        row = rows[i]
        forest = forest_vote(ensemble.forest, row)
        line = line_vote(ensemble.line, row)
        vectors = vectors_vote(ensemble.vectors, row)
        weight, bar = ensemble.weight, ensemble.bar[0]
        score = weight[0] * forest + weight[1] * line + weight[2] * vectors
        out[i, 0], out[i, 1], out[i, 2] = forest, line, vectors
        out[i, 3] = 1 if score > bar else (-1 if score < -bar else 0)


@kernel
def voted_stance(votes, desk, i, symbol, sight, m, tick):
    """Long after a decision to buy, short after one to sell; to hold is to stay."""
    vote = np.int64(votes.decision[m])
    return vote if vote != 0 else np.int64(desk.stance[i, symbol])


@kernel
def follow_votes(rows, desk, votes, symbols, sight, ledger, terms, moment):
    """`take_stances` by votes."""
    take_stances(voted_stance, votes, rows, desk, symbols, sight, ledger, terms, moment)
