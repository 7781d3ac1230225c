"""Observations of scenes, as a contract has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qtg.kernels.scene import Plan, observe
from qtg.schemas import F64

from .contract import Contract
from .errors import ConfigError
from .features import Feature


class Observation:
    """Features of the scenes of a market, and their contract.

    Parameters
    ----------
    features : list of Feature
    column : mapping    place of each column in a scene
    """

    def __init__(self, features: Sequence[Feature], column: Mapping[str, int]) -> None:
        self.features = tuple(features)
        missing = {name for each in features for name in each.columns} - set(column)
        if missing:
            raise ConfigError(f"the market has no {', '.join(sorted(missing))} to look at")
        places = np.zeros((3, len(features)), np.int64)
        for j, each in enumerate(features):
            for i, name in enumerate(each.columns):
                places[i, j] = column[name]
        shift, scale = np.array([each.norm.line for each in features]).T.copy()
        self._plan = Plan(
            np.array([each.operation for each in features], np.int64),
            places[0],
            places[1],
            places[2],
            shift,
            scale,
            np.array([each.low for each in features]),
            np.array([each.high for each in features]),
        )

    def write(self, scenes: F64, out: F64) -> None:
        """Features of every row, float64 (num_envs, feature)."""
        observe(scenes, self._plan, out)

    @property
    def contract(self) -> Contract:
        """What each number is."""
        return Contract.of(self.features)
