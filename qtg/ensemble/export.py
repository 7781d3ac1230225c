"""From scikit-learn's estimators to an ensemble's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.kernels.ensemble import CLASSES, NO_CHILD, PAIRS, Ensemble, Forest, Line, Vectors
from qtg.schemas import F64

from ..ensemble_model import BAR, NO_LEAF, WEIGHTS, flattened

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC


def tables_of(
    forest: RandomForestClassifier,
    line: LinearRegression,
    scaler: StandardScaler,
    vectors: SVC,
    band: float,
) -> Ensemble:
    """The tables of fitted estimators whose classes are among -1, 0 and 1."""
    return Ensemble(
        forest_of(forest),
        Line(
            np.array(line.coef_, np.float64),
            np.array([line.intercept_], np.float64),
            np.array([band], np.float64),
        ),
        vectors_of(scaler, vectors),
        np.array(WEIGHTS, np.int64),
        np.array([BAR], np.int64),
    )


def forest_of(forest: RandomForestClassifier) -> Forest:
    """The trees of a random forest."""
    places = _places(forest.classes_)
    return flattened([_tree(each.tree_, places) for each in forest.estimators_])


def vectors_of(scaler: StandardScaler, vectors: SVC) -> Vectors:
    """A support vector classifier, one row of weights for each pair of classes.

    Its own `dual_coef_` keeps, for each support vector, the weights against the other classes
    (Chang and Lin, 2011, LIBSVM: a library for support vector machines, section 7).
    """
    places = _places(vectors.classes_)
    n = len(vectors.support_vectors_)
    weight, intercept = np.zeros((len(PAIRS), n)), np.zeros(len(PAIRS))
    ends = np.cumsum(vectors.n_support_)
    starts = ends - vectors.n_support_
    dual, own = np.asarray(vectors.dual_coef_), 0
    for i in range(len(places)):
        for j in range(i + 1, len(places)):
            pair = PAIRS.index((places[i], places[j]))
            first, second = slice(starts[i], ends[i]), slice(starts[j], ends[j])
            weight[pair, first] = dual[j - 1, first]
            weight[pair, second] = dual[i, second]
            intercept[pair] = vectors.intercept_[own]
            own += 1
    if len(places) == 2:  # of two classes, scikit-learn turns the sign around
        weight, intercept = -weight, -intercept
    _outvote(places, intercept)
    return Vectors(
        np.array(scaler.mean_, np.float64),
        np.array(scaler.scale_, np.float64),
        np.array([vectors._gamma], np.float64),
        np.array(vectors.support_vectors_, np.float64),
        weight,
        intercept,
    )


def _outvote(places: list[int], intercept: F64) -> None:
    """Let a class that was not there in training lose against those that were."""
    for pair, (i, j) in enumerate(PAIRS):
        if i not in places:
            intercept[pair] = -1.0
        elif j not in places:
            intercept[pair] = 1.0


def _places(classes: Any) -> list[int]:
    """Where scikit-learn's classes -1, 0 and 1 stand among ours."""
    return [int(each) + 1 for each in classes]


def _tree(tree: Any, places: list[int]) -> dict[str, np.ndarray]:
    share = np.zeros((tree.node_count, CLASSES))
    share[:, places] = tree.value[:, 0, :]
    leaf = tree.children_left == NO_CHILD
    return {
        "feature": np.where(leaf, NO_LEAF, tree.feature),
        "threshold": np.where(leaf, 0.0, tree.threshold),
        "left": tree.children_left,
        "right": tree.children_right,
        "share": share,
    }
