"""The voting kernels against scikit-learn, and against the rules in fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from qtg.ensemble_model import EnsembleModel
from qtg.kernels.ensemble import PAIRS, Ensemble, Line, Vectors, forest_vote

from ..ensemble.short import FEATURES, handmade, stump

SHARES = {-1: (1.0, 0.0, 0.0), 0: (0.0, 1.0, 0.0), 1: (0.0, 0.0, 1.0)}


def voting(forest: int, line: int, vectors: int) -> EnsembleModel:
    """An ensemble whose models always vote so."""
    model = handmade([stump(0, 0.0, SHARES[forest], SHARES[forest])])
    n = model.contract.shape[0]
    say = [1.0 if i == vectors + 1 else -1.0 for i, _ in PAIRS]
    tables = Ensemble(
        model.tables.forest,
        Line(np.zeros(n), np.array([float(line)]), np.full(1, 0.5)),
        Vectors(
            np.zeros(n), np.ones(n), np.ones(1), np.zeros((1, n)), np.zeros((3, 1)), np.array(say)
        ),
        *model.tables[3:],
    )
    return EnsembleModel(model.contract, tables)


@pytest.mark.parametrize("votes", list(product((-1, 0, 1), repeat=3)))
def test_the_weighted_vote_is_that_of_fractions(votes: tuple[int, int, int]) -> None:
    weights = Fraction(5, 10), Fraction(3, 10), Fraction(2, 10)
    score = sum(weight * vote for weight, vote in zip(weights, votes, strict=True))
    bar = Fraction(3, 10)
    expected = 1 if score > bar else -1 if score < -bar else 0
    said = voting(*votes).votes(np.zeros((1, 6)))[0]
    assert tuple(said[:3]) == votes
    assert said[3] == expected


def test_a_forest_asks_about_the_feature_as_float32() -> None:
    """0.1 as float32 lies above 0.1; a threshold between the two tells them apart."""
    rounded = float(np.float32(0.1))
    between = (0.1 + rounded) / 2
    assert 0.1 < between < rounded
    forest = handmade([stump(0, between, SHARES[-1], SHARES[1])]).tables.forest
    assert forest_vote(forest, np.array([0.1, 0, 0, 0, 0, 0])) == 1
    at = handmade([stump(0, rounded, SHARES[-1], SHARES[1])]).tables.forest
    assert forest_vote(at, np.array([0.1, 0, 0, 0, 0, 0])) == -1, "the threshold itself is left"


@pytest.mark.parametrize(
    ("shares", "vote"),
    [
        ((0.4, 0.2, 0.4), -1),
        ((0.2, 0.4, 0.4), 0),
        ((0.3, 0.3, 0.4), 1),
        ((0.4, 0.4, 0.2), -1),
    ],
)
def test_of_equal_classes_the_first_wins(shares: tuple, vote: int) -> None:
    forest = handmade([stump(0, 0.0, shares, shares)]).tables.forest
    assert forest_vote(forest, np.zeros(6)) == vote


def test_three_pairs_that_disagree_are_a_vote_for_the_first() -> None:
    model = handmade()
    n = model.contract.shape[0]
    cycle = np.array([1.0, -1.0, 1.0])  # sell beats hold, buy beats sell, hold beats buy
    vectors = Vectors(
        np.zeros(n), np.ones(n), np.ones(1), np.zeros((1, n)), np.zeros((3, 1)), cycle
    )
    same = EnsembleModel(model.contract, model.tables._replace(vectors=vectors))
    assert same.votes(np.zeros((1, n)))[0, 2] == -1


@pytest.mark.parametrize("classes", [(-1, 0, 1), (-1, 1), (0, 1), (-1, 0)])
def test_votes_are_those_of_scikit_learn(classes: tuple[int, ...]) -> None:
    pytest.importorskip("sklearn")
    from ..ensemble.fitted import fitted_on_noise, lattice

    fitted, model = fitted_on_noise(classes, FEATURES, seed=len(classes) + classes[0])
    x = lattice(fitted, 400, seed=5)
    votes = model.votes(x)
    line, band = fitted.line.predict(x), float(model.tables.line.band[0])
    assert (votes[:, 0] == fitted.forest.predict(x)).all()
    assert (votes[:, 1] == np.where(line > band, 1, np.where(line < -band, -1, 0))).all()
    assert (votes[:, 2] == fitted.vectors.predict(fitted.scaler.transform(x))).all()
    assert set(np.unique(votes[:, 0])) == set(classes) == set(np.unique(votes[:, 2]))
