"""Learners and policies of Stable-Baselines3, from settings."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from gymnasium import Space
from gymnasium.spaces import Discrete
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.dqn.policies import DQNPolicy

from ..errors import ConfigError
from ..gym import Batch
from .settings import Algorithm, Network, TrainingConfig

_BETWEEN = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


def make_learner(
    algorithm: Algorithm, config: TrainingConfig, env: VecEnv, seed: int
) -> BaseAlgorithm:
    """A learner that knows nothing yet.

    Raises
    ------
    ConfigError    the algorithm does not know the environment's actions, or settings do not fit
    """
    check_actions(algorithm, env.action_space)
    own: dict[str, Any] = config.learner(algorithm).model_dump()
    start, end = own.pop("learning_rate"), own.pop("learning_rate_end")
    own["learning_rate"] = LinearSchedule(start, start if end is None else end, 1.0)
    known: dict[str, Any] = {
        "policy_kwargs": _network(algorithm, config.network),
        "device": "cpu",
        "seed": seed,
    }
    # A seed sets the environments' too, which is not asked for: they have their own.
    given = env._seeds
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are trying to run PPO on the GPU")
        learner: BaseAlgorithm = (
            PPO("MlpPolicy", env, **own, **known)
            if algorithm == "ppo"
            else DQN("MlpPolicy", env, **own, **known)
        )
    env._seeds = given
    return learner


def make_policy(algorithm: Algorithm, config: TrainingConfig, batch: Batch) -> BasePolicy:
    """A policy without what it learned."""
    check_actions(algorithm, batch.action_space)
    of: Any = ActorCriticPolicy if algorithm == "ppo" else DQNPolicy
    network = _network(algorithm, config.network)
    schedule = LinearSchedule(1e-3, 1e-3, 1.0)  # it does not learn
    policy: BasePolicy = of(batch.observation_space, batch.action_space, schedule, **network)
    return policy


def check_actions(algorithm: Algorithm, space: Space[Any]) -> None:
    """Refuse actions that an algorithm does not know."""
    if algorithm == "dqn" and not isinstance(space, Discrete):
        raise ConfigError(f"DQN learns one of a few actions, and these are {space}; train with ppo")


def _network(algorithm: Algorithm, network: Network) -> dict[str, Any]:
    known = {"net_arch": list(network.hidden), "activation_fn": _BETWEEN[network.activation]}
    return known | ({"log_std_init": network.log_std_init} if algorithm == "ppo" else {})
