"""Learning environments: steps with observation and reward, alone and in a batch.

The task is `qtg/Execution-v0` in the default market, of which about 20 background orders come in a
step; actions are drawn before. Episodes begin again on the way, as in training.
"""

from __future__ import annotations

from itertools import cycle
from time import perf_counter
from typing import Any

from ..errors import ConfigError
from ..processors import processors
from .registry import Benchmark, Probe

ENVS, MANY = 1_024, 4_096
SETTINGS = {"steps": 200, "parent": 1_000, "size": 20}


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ImportError:
        raise ConfigError("these benchmarks need gymnasium; install qtg[rl]") from None
    from ..registration import register_environments

    register_environments()
    return gymnasium


def _vector(envs: int, threads: int = 1) -> Any:
    made = _gymnasium().make_vec(
        "qtg/Execution-v0",
        envs,
        "vector_entry_point",
        autoreset_mode="SameStep",
        threads=threads,
        **SETTINGS,
    )
    made.reset(seed=1)
    made.action_space.seed(1)
    return made


def _steps_per_second(threads: int) -> Probe:
    env = _vector(ENVS, threads)
    actions = cycle([env.action_space.sample() for _ in range(16)])
    steps = 20

    def sample() -> float:
        start = perf_counter()
        for _ in range(steps):
            env.step(next(actions))
        return ENVS * steps / (perf_counter() - start)

    for _ in range(12):  # until episodes end at different times
        sample()
    batch = env.unwrapped.batch
    parts = batch.parts if threads > 1 else (batch,)
    orders = sum(part.market.sim.counts.orders_background for part in parts) / ENVS
    load = f"{orders:.0f} background orders each a step"
    return Probe(sample, note=f"{ENVS:,} environments, {load}, threads: {threads}")


def _alone() -> Probe:
    env = _gymnasium().make("qtg/Execution-v0", **SETTINGS)
    env.reset(seed=1)
    env.action_space.seed(1)
    actions = cycle([int(env.action_space.sample()) for _ in range(64)])
    steps = 500

    def sample() -> float:
        start = perf_counter()
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(next(actions))
            if terminated or truncated:
                env.reset()
        return steps / (perf_counter() - start)

    sample()
    return Probe(sample, note="by gymnasium.make, with its wrappers")


def _memory() -> Probe:
    env = _vector(MANY)
    for _ in range(60):
        env.step(env.action_space.sample())
    batch = env.unwrapped.batch
    held = sum(batch.market.sim.memory().values()) + batch.market.scene.nbytes

    return Probe(lambda: held / MANY / 1e3, note=f"of {MANY:,}: columns of the market, and scenes")


BENCHMARKS = (
    Benchmark(
        "gym.steps",
        "a batch of environments, vector interface, a thread for each processor",
        "env-steps/s",
        lambda: _steps_per_second(processors()),
    ),
    Benchmark(
        "gym.one_thread",
        "the same on one thread",
        "env-steps/s",
        lambda: _steps_per_second(1),
    ),
    Benchmark("gym.single", "one environment", "steps/s", _alone),
    Benchmark("gym.memory", "memory of an environment in a batch", "kB", _memory, repeats=1),
)
