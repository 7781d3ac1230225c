"""Ensembles: a forest, a line and support vectors learn from a market's winners, and trade.

Training needs scikit-learn (the extra `rl`); following a trained ensemble needs nothing.
"""

from ..ensemble_model import EnsembleModel
from .measuring import Measured, measure
from .settings import EnsembleConfig, trainings
from .training import Report, train_ensemble

__all__ = [
    "EnsembleConfig",
    "EnsembleModel",
    "Measured",
    "Report",
    "measure",
    "train_ensemble",
    "trainings",
]
