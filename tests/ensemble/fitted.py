"""scikit-learn's models of made-up data, and rows that are hard for them."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from qtg.agents.market_rows import market_contract
from qtg.ensemble import EnsembleModel
from qtg.ensemble.export import tables_of
from qtg.ensemble.fitting import Fitted


def fitted_on_noise(
    classes: tuple[int, ...], features: tuple[str, ...], *, rows: int = 1_200, trees: int = 25,
    vectors: int = 300, seed: int = 0,
) -> tuple[Fitted, EnsembleModel]:  # fmt: skip
    """Models that have learned something, but not much."""
    draw = np.random.default_rng(seed)
    contract = market_contract(features)
    x = draw.normal(size=(rows, contract.shape[0])) * draw.uniform(0.1, 9.0, contract.shape[0])
    score = x[:, 0] / 3 + np.sin(x[:, 1]) + draw.normal(size=rows)
    edges = np.quantile(score, np.linspace(0, 1, len(classes) + 1)[1:-1])
    label = np.array(classes)[np.searchsorted(edges, score)]
    forest = RandomForestClassifier(trees, max_depth=9, random_state=seed, n_jobs=1).fit(x, label)
    scaler = StandardScaler().fit(x)
    machine = SVC(C=2.0).fit(scaler.transform(x[:vectors]), label[:vectors])
    fitted = Fitted(forest, LinearRegression().fit(x, score), scaler, machine)
    return fitted, EnsembleModel(contract, tables_of(*fitted, band=0.4))


def lattice(fitted: Fitted, rows: int, seed: int) -> np.ndarray:
    """Rows of which every second number is a threshold of the forest, or a float32 beside one."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, fitted.scaler.mean_.size)) * fitted.scaler.scale_
    for j in range(x.shape[1]):
        asked = [
            tree.tree_.threshold[tree.tree_.feature == j] for tree in fitted.forest.estimators_
        ]
        near = np.concatenate(asked)
        near = np.concatenate([near, near.astype(np.float32), np.nextafter(near, np.inf)])
        some = draw.random(rows) < 0.5
        x[some, j] = draw.choice(near, int(some.sum()))
    return x
