"""`python -m qtg.training.speed`: PPO on environments in columns, and on single ones side by side.

The same learner, by the settings of the preset `execution`, learns for a while on `BatchVecEnv` and
on Stable-Baselines3's `DummyVecEnv` of as many environments made one by one; in turns, so that both
have the same company on the machine. Making the environments is told apart from learning.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import gymnasium
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from ..gym.stable_baselines import make_sb3
from .algorithms import make_learner
from .settings import TrainingConfig
from .trainer import threads_of_torch


def in_columns(config: TrainingConfig) -> VecEnv:
    """Environments in one set of columns."""
    return make_sb3(config.environment, config.num_envs, **config.settings)


def one_by_one(config: TrainingConfig) -> VecEnv:
    """As many single ones."""
    made: list[Callable[[], Any]] = [
        lambda: gymnasium.make(config.environment, **config.settings)
    ] * config.num_envs
    return DummyVecEnv(made)


def seconds(
    config: TrainingConfig, make: Callable[[TrainingConfig], VecEnv]
) -> tuple[float, float]:
    """Wall time of making the environments, and of learning for `config.steps`."""
    started = time.perf_counter()
    env = make(config)
    made = time.perf_counter()
    env.seed(config.seed)
    with threads_of_torch(config.threads):
        make_learner("ppo", config, env, config.seed).learn(config.steps)
    return made - started, time.perf_counter() - made


def main() -> None:
    """Print both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m qtg.training.speed")
    parser.add_argument("--steps", type=int, default=51_200)
    parser.add_argument("--envs", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    changes = {"ppo.batch_size": 10 * asked.envs}
    config = TrainingConfig.load("execution", changes, num_envs=asked.envs, steps=asked.steps)
    ways = {"in columns": in_columns, "one by one": one_by_one}
    for make in ways.values():  # compiles and warms up
        seconds(config.with_(steps=config.num_envs), make)
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, make in ways.items():
            took[name].append(seconds(config, make))
    print(
        f"PPO on {config.environment}, {asked.envs} environments, {asked.steps:,} steps, median of"
    )
    print(f"{asked.rounds} rounds in turns, one thread of torch; load {os.getloadavg()[0]:.1f}")
    learning = {}
    for name, rounds in took.items():
        making, learning[name] = (median(each) for each in zip(*rounds))
        rate = asked.steps / learning[name]
        print(
            f"{name}: {learning[name]:8.2f} s ({rate:,.0f} steps/s; a million steps in "
            f"{1e6 / rate:,.0f} s), and {making:.2f} s to make them"
        )
    ratios = sorted(b[1] / a[1] for a, b in zip(*took.values()))
    print(f"in columns is {median(ratios):.1f} times as fast ({ratios[0]:.1f} .. {ratios[-1]:.1f})")


if __name__ == "__main__":
    main()
