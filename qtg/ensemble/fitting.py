"""The three models are fitted with scikit-learn, and written as an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..agents.market_rows import market_contract
from ..ensemble_model import EnsembleModel, check_rows
from ..errors import ConfigError
from .export import tables_of
from .samples import BPS, Samples, classes, proved
from .settings import FEW_ROWS, EnsembleConfig

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC


class Fitted(NamedTuple):
    """scikit-learn's estimators; the forest's and the vectors' classes are -1, 0 and 1."""

    forest: RandomForestClassifier
    line: LinearRegression
    scaler: StandardScaler
    vectors: SVC


def fit(samples: Samples, config: EnsembleConfig) -> Fitted:
    """Fit the forest to what winners did and were right with, the line to forward returns, and the
    vectors to the regime.

    Raises
    ------
    ConfigError    scikit-learn is not there; too few rows, or all of one class
    ModelError     a feature that is no number
    """
    need_sklearn()
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    if len(samples) < FEW_ROWS:
        raise ConfigError(
            f"{len(samples)} rows to learn from are too few, it takes {FEW_ROWS}; run more "
            "episodes, or more ticks"
        )
    check_rows(samples.x, samples.x.shape[1])
    draw = np.random.default_rng(config.seed)
    some = samples.taken(_drawn(draw, len(samples), config.forest.rows))
    few = samples.taken(_drawn(draw, len(samples), config.vectors.rows))
    forest = RandomForestClassifier(
        config.forest.trees,
        max_depth=config.forest.depth,
        min_samples_leaf=config.forest.leaf,
        class_weight="balanced",
        random_state=config.seed,
        n_jobs=1,
    ).fit(some.x, _several(proved(some, config.threshold_bps), "threshold_bps"))
    line = LinearRegression().fit(samples.x, samples.ahead)
    scaler = StandardScaler().fit(samples.x)
    vectors = SVC(C=config.vectors.penalty, class_weight="balanced").fit(
        scaler.transform(few.x),
        _several(classes(few.far, config.vectors.threshold_bps), "vectors.threshold_bps"),
    )
    return Fitted(forest, line, scaler, vectors)


def model_of(fitted: Fitted, config: EnsembleConfig) -> EnsembleModel:
    """The ensemble as qtg runs it."""
    import sklearn

    trained = {
        "episodes": config.seeds[0],
        "market": config.market.name,
        "horizon": config.horizon,
        "threshold_bps": config.threshold_bps,
    }
    tables = tables_of(*fitted, config.line.band_bps * BPS)
    return EnsembleModel(market_contract(config.features), tables, trained, sklearn.__version__)


def need_sklearn() -> None:
    """Check that scikit-learn is there.

    Raises
    ------
    ConfigError
    """
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise ConfigError(
            "an ensemble is trained with scikit-learn, not installed here: pip install 'qtg[rl]'"
        )


def _drawn(draw: np.random.Generator, n: int, most: int) -> Any:
    return np.sort(draw.choice(n, most, replace=False)) if n > most else slice(None)


def _several(label: np.ndarray, threshold: str) -> np.ndarray:
    """The labels, if there are at least two."""
    found = np.unique(label)
    if len(found) < 2:
        raise ConfigError(
            f"all {len(label):,} rows are of one class ({found[0]:+d}): nothing to tell apart; "
            f"lower {threshold}, or run a market in which somebody gains"
        )
    return label
