"""Models in the market: what a decision costs, alone and with a thousand agents.

A decision is all that an agent adds to a tick: to look at the market, to compute its features, to
ask the model (two layers of 64, as Stable-Baselines3 makes them) and to write the order.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from ..agents.policies import PolicyAgents
from ..errors import ConfigError
from ..simulation import Simulation
from .registry import Benchmark, Probe

MANY = 1_000
FEATURES = ("price", "book", "indicator", "microstructure", "news", "portfolio")
_CALLS = 50


def _market(agents: int, folder: Path) -> Simulation:
    """A market with agents who follow a model that has learned nothing."""
    try:
        from stable_baselines3 import PPO

        from ..gym.makers import default_market, trading
    except ImportError:
        raise ConfigError(
            "these benchmarks need stable-baselines3 and torch; install qtg[rl]"
        ) from None
    from ..models import export_policy

    path = folder / "model.onnx"
    env: Any = trading(features=FEATURES, starts=1)
    untrained = PPO("MlpPolicy", env, n_steps=2, batch_size=2, seed=1, device="cpu")
    export_policy(untrained, path, env.observation_contract())
    group = {"kind": "rl_agent", "count": agents, "model": str(path), "short_selling": True}
    return Simulation(default_market({"smart": [group]})).run(100)


def _decision(agents: int) -> Probe:
    with TemporaryDirectory() as folder:
        sim = _market(agents, Path(folder))
    (group,) = [each for each in sim.smart if isinstance(each, PolicyAgents)]
    exchange = sim.exchange
    alone: list[float] = []

    def sample() -> float:
        start = perf_counter()
        for _ in range(_CALLS):
            group.look(exchange, True)
            group.decide(exchange)
            exchange.keep_orders(0)
        return 1e6 * (perf_counter() - start) / _CALLS / agents

    seen = group.observations
    for _ in range(_CALLS):
        start = perf_counter()
        group.ask(seen)
        alone.append(1e6 * (perf_counter() - start) / agents)
    sample()
    model = sorted(alone)[_CALLS // 2]
    return Probe(sample, note=f"{seen.shape[1]} features; the model alone {model:.2g} us")


BENCHMARKS = (
    Benchmark("models.alone", "decision of an agent alone", "us", partial(_decision, 1)),
    Benchmark(
        "models.batch", f"decision of one of {MANY:,} agents", "us", partial(_decision, MANY)
    ),
)
