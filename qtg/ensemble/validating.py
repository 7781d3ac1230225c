"""How a trained ensemble does on episodes that it has not seen, beside chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qtg.kernels.ensemble import line_value, pair_values
from qtg.schemas import F64, I64

from ..ensemble_model import MODELS, NAMES, EnsembleModel
from ..errors import ModelError
from .samples import BPS, Samples, classes
from .settings import EnsembleConfig

if TYPE_CHECKING:
    from .fitting import Fitted

VOTERS = (*MODELS, "decision")
_SHUFFLED = 2_000  # rows that importances are measured on
COMPARED = 20_000  # and on which scikit-learn is asked too
_NEAR = 1e-9  # closer to a border than this, sums may fall on either side of it


@dataclass(frozen=True)
class ClassScore:
    """How one voter does on one class of what came.

    Parameters
    ----------
    voter, name : str        the voter, and the class: sell (prices fell), hold, buy (they rose)
    share : float            of the rows that are of the class
    chance : float           share of all rows that the voter votes so: right by chance this often
    accuracy : float         share of the class's rows that the voter votes so
    return_bps : float       mean forward return of the rows that it votes so; NaN without any
    """

    voter: str
    name: str
    share: float
    chance: float
    accuracy: float
    return_bps: float


@dataclass(frozen=True)
class Importance:
    """What a feature is worth.

    Parameters
    ----------
    feature : str
    forest : float      the forest's mean decrease of impurity, all together 1
    edge_bps : float    how much less a decision earns if the feature is dealt out by chance
    """

    feature: str
    forest: float
    edge_bps: float


@dataclass(frozen=True)
class Scores:
    """How the voters do.

    Parameters
    ----------
    balanced : dict      voter -> mean accuracy over the classes that came; by chance 1 / classes
    chance : dict        voter -> that
    edge_bps : dict      voter -> mean forward return of a vote's side, over all rows
    classes : tuple of ClassScore
    """

    balanced: dict[str, float]
    chance: dict[str, float]
    edge_bps: dict[str, float]
    classes: tuple[ClassScore, ...]


@dataclass(frozen=True)
class Validation:
    """Scores on held-out episodes, and the features' importances, the largest first."""

    rows: int
    scores: Scores
    importances: tuple[Importance, ...]


def validate(
    model: EnsembleModel, held_out: Samples, config: EnsembleConfig, importance: F64
) -> Validation:
    """Judge every voter and every feature by what came.

    Parameters
    ----------
    model : EnsembleModel
    held_out : Samples
    config : EnsembleConfig
    importance : float64 (feature,)    the forest's
    """
    importances = _importances(model, held_out, importance, config.seed)
    return Validation(len(held_out), scores_of(model, held_out, config), tuple(importances))


def scores_of(model: EnsembleModel, held_out: Samples, config: EnsembleConfig) -> Scores:
    """Judge every voter by what came."""
    votes = model.votes(held_out.x)
    found: list[ClassScore] = []
    balanced, chance, edges = {}, {}, {}
    for column, voter in enumerate(VOTERS):
        came, returns = _truth(voter, held_out, config)
        own = [_score(voter, votes[:, column], came, returns, c) for c in (-1, 0, 1)]
        there = [each.accuracy for each in own if each.share > 0]
        found += own
        balanced[voter], chance[voter] = float(np.mean(there)), 1.0 / len(there)
        edges[voter] = float((votes[:, column] * returns).mean() / BPS)
    return Scores(balanced, chance, edges, tuple(found))


def compare_with_sklearn(model: EnsembleModel, fitted: Fitted, x: F64) -> int:
    """Rows, of at most some thousand, on which both were asked and agree.

    Rows that lie on a border within 1e-9 count as agreeing: there the order of adding decides.

    Raises
    ------
    ModelError    they differ: this version of scikit-learn keeps its models in another way
    """
    x = np.ascontiguousarray(x[:COMPARED])
    differ = differences(model, fitted, x)
    for voter, rows in differ.items():
        if len(rows):
            raise ModelError(
                f"the {voter} differs from scikit-learn {model.sklearn}'s in {len(rows)} of "
                f"{len(x)} rows; install another version of scikit-learn"
            )
    return len(x)


def differences(model: EnsembleModel, fitted: Fitted, x: F64) -> dict[str, I64]:
    """Rows on which a model's voters and scikit-learn differ, but for those on a border."""
    votes, (band,) = model.votes(x), model.tables.line.band
    line = fitted.line.predict(x)
    expected = (
        fitted.forest.predict(x),
        (line > band).astype(int) - (line < -band).astype(int),
        fitted.vectors.predict(fitted.scaler.transform(x)),
    )
    found = {}
    for column, (voter, its) in enumerate(zip(MODELS, expected, strict=True)):
        rows = np.flatnonzero(votes[:, column] != its)
        near = [_is_near(model, voter, x[row]) for row in rows]
        found[voter] = rows[~np.array(near, bool)]
    return found


def _is_near(model: EnsembleModel, voter: str, row: F64) -> bool:
    """Whether a vote turns within 1e-9 of this row's value."""
    if voter == "line":
        line = model.tables.line
        return bool(abs(abs(line_value(line, row)) - line.band[0]) < _NEAR * BPS)
    pairs = pair_values(model.tables.vectors, row) if voter == "vectors" else (1.0,)
    return bool(min(map(abs, pairs)) < _NEAR)


def _truth(voter: str, samples: Samples, config: EnsembleConfig) -> tuple[np.ndarray, F64]:
    """What came, as a class and as a return, over the horizon that the voter looks at."""
    if voter == "vectors":
        return classes(samples.far, config.vectors.threshold_bps), samples.far
    return classes(samples.ahead, config.threshold_bps), samples.ahead


def _score(voter: str, votes: np.ndarray, came: np.ndarray, returns: F64, c: int) -> ClassScore:
    voted, own = votes == c, came == c
    return ClassScore(
        voter,
        NAMES[c + 1],
        float(own.mean()),
        float(voted.mean()),
        float(voted[own].mean()) if own.any() else float("nan"),
        float(returns[voted].mean() / BPS) if voted.any() else float("nan"),
    )


def _importances(
    model: EnsembleModel, samples: Samples, importance: F64, seed: int
) -> list[Importance]:
    draw = np.random.default_rng(seed)
    some = samples.taken(np.sort(draw.permutation(len(samples))[:_SHUFFLED]))
    whole = _edge(model, some.x, some.ahead)
    found = []
    for j, feature in enumerate(model.contract.features):
        x = some.x.copy()
        x[:, j] = draw.permutation(x[:, j])
        name = feature["name"].rpartition(".")[2]
        found.append(Importance(name, float(importance[j]), whole - _edge(model, x, some.ahead)))
    return sorted(found, key=lambda each: -each.forest)


def _edge(model: EnsembleModel, x: F64, ahead: F64) -> float:
    return float((model.votes(x)[:, 3] * ahead).mean() / BPS)
