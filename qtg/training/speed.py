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
from typing import Any, NamedTuple

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


Make = Callable[[TrainingConfig], VecEnv]


class Took(NamedTuple):
    """Seconds."""

    making: float  # of the environments
    learning: float  # on the wall
    working: float  # of the processor, while learning: company on the machine does not count


def seconds(config: TrainingConfig, make: Make) -> Took:
    """What it takes to make the environments and to learn for `config.steps`."""
    started = time.perf_counter()
    env = make(config)
    made, worked = time.perf_counter(), time.process_time()
    env.seed(config.seed)
    with threads_of_torch(config.threads):
        make_learner("ppo", config, env, config.seed).learn(config.steps)
    over = time.perf_counter()
    return Took(made - started, over - made, time.process_time() - worked)


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
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(asked.rounds):
        for name, make in ways.items():
            took[name].append(seconds(config, make))
    print(f"PPO on {config.environment}, {asked.envs} environments, {asked.steps:,} steps,")
    print(f"median of {asked.rounds} rounds in turns, one thread of torch; load", end=" ")
    print(f"{os.getloadavg()[0]:.1f}")
    for name, rounds in took.items():
        middle = Took(*(median(each) for each in zip(*rounds)))
        rate = asked.steps / middle.learning
        print(
            f"{name}: {middle.learning:.2f} s ({rate:,.0f} steps/s; a million steps in "
            f"{1e6 / rate:,.0f} s), {middle.working:.2f} s of the processor; "
            f"{middle.making:.2f} s to make them"
        )
    for what, at in (("on the wall", 1), ("of the processor", 2)):
        ratios = sorted(b[at] / a[at] for a, b in zip(*took.values()))
        print(f"in columns is {median(ratios):.1f} times as fast {what}", end=" ")
        print(f"({ratios[0]:.1f} .. {ratios[-1]:.1f})")


if __name__ == "__main__":
    main()
