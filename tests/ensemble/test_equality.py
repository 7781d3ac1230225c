"""The kernels answer as scikit-learn does, on 100,000 rows."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from qtg.ensemble import EnsembleModel
from qtg.ensemble.validating import compare_with_sklearn, differences
from qtg.errors import ModelError

from .fitted import fitted_on_noise, lattice

ALL = ("price", "book", "indicator", "microstructure", "news")


@pytest.mark.compiled
def test_votes_equal_scikit_learns_on_100_000_rows() -> None:
    fitted, model = fitted_on_noise((-1, 0, 1), ALL, rows=3_000, trees=50, vectors=500, seed=3)
    read = EnsembleModel.from_json(model.to_json())
    x = lattice(fitted, 100_000, seed=4)
    assert {name: len(rows) for name, rows in differences(read, fitted, x).items()} == {
        "forest": 0,
        "line": 0,
        "vectors": 0,
    }
    votes = read.votes(x)
    score = votes[:, :3].astype(int) @ [5, 3, 2]
    assert (votes[:, 3] == np.where(score > 3, 1, np.where(score < -3, -1, 0))).all()


def test_a_scikit_learn_that_answers_otherwise_is_noticed() -> None:
    fitted, model = fitted_on_noise((-1, 0, 1), ("price",), trees=5, vectors=200)
    x = lattice(fitted, 300, seed=1)
    assert compare_with_sklearn(model, fitted, x) == 300
    other, _ = fitted_on_noise((-1, 0, 1), ("price",), trees=5, vectors=200, seed=9)
    with pytest.raises(ModelError, match="the forest differs from scikit-learn"):
        compare_with_sklearn(model, fitted._replace(forest=other.forest), x)
    with pytest.raises(ModelError, match="the vectors differs from scikit-learn"):
        compare_with_sklearn(model, fitted._replace(vectors=other.vectors), x)
