"""A training that takes seconds: the dealer whose best quotes are known."""

from typing import Any

import pytest

pytest.importorskip("stable_baselines3")

from qtg.training import TrainingConfig

SHORT: dict[str, Any] = {
    "steps": 40_000,
    "num_envs": 100,
    "ppo.n_steps": 25,
    "ppo.batch_size": 500,
    "ppo.n_epochs": 4,
    "ppo.learning_rate": 5e-3,
    "evaluation.episodes": 20,
    "evaluation.every": 0,
    "checkpoints.every": 0,
}


def short(**changes: Any) -> TrainingConfig:
    given = {name.replace("__", "."): value for name, value in changes.items()}
    return TrainingConfig.load("dealer", {**SHORT, **given})
