"""Short trainings, and ensembles written by hand."""

import numpy as np

from qtg.agents.market_rows import market_contract
from qtg.ensemble import EnsembleConfig, EnsembleModel
from qtg.ensemble_model import BAR, WEIGHTS, flattened
from qtg.kernels.ensemble import Ensemble, Line, Vectors

FEATURES = ("price", "news")


def short(**changes: object) -> EnsembleConfig:
    """A training of about a second."""
    small = {
        "market.ticks": 250,
        "market.background.count": 300,
        "episodes": 8,
        "forest.trees": 12,
        "forest.depth": 6,
        "vectors.rows": 400,
        "vectors.horizon": 40,
        "evaluation.episodes": 3,
        "evaluation.agents": 3,
    }
    return EnsembleConfig.load("news_driven", {**small, **changes})


def stump(feature: int, threshold: float, below: tuple, above: tuple) -> dict:
    """A tree of one question; shares of sell, hold and buy at its leaves."""
    return {
        "feature": [feature, -2, -2],
        "threshold": [threshold, 0.0, 0.0],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "share": [[0.2, 0.6, 0.2], list(below), list(above)],
    }


def handmade(trees: list | None = None, features: tuple = FEATURES) -> EnsembleModel:
    """Follows the last return: buys after a rise, sells after a fall."""
    contract = market_contract(features)
    n = contract.shape[0]
    trees = trees or [
        stump(0, -0.001, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        stump(0, 0.001, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        stump(0, 0.0, (0.6, 0.4, 0.0), (0.0, 0.4, 0.6)),
    ]
    slope = np.zeros(n)
    slope[0] = 1.0
    line = Line(slope, np.zeros(1), np.full(1, 0.01))
    vectors = Vectors(
        np.zeros(n), np.ones(n), np.ones(1), np.zeros((1, n)), np.zeros((3, 1)),
        np.array([-1.0, 1.0, 1.0]),
    )  # fmt: skip
    tables = Ensemble(flattened(trees), line, vectors, np.array(WEIGHTS), np.array([BAR]))
    return EnsembleModel(contract, tables, {"by": "hand"}, "none")
