"""Policies with seeded weights, whose actions vary, and their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import onnx
import torch
from onnx import helper
from stable_baselines3 import DQN, PPO

import qtg
from qtg.contract import Contract
from qtg.gym import default_market
from qtg.models import OnnxModel, export_policy
from qtg.models.onnx_model import sealed

torch.set_num_threads(1)

TWO = {
    "symbols": [
        {"symbol": "AAPL", "sector": "tech", "initial_price": "185.00"},
        {"symbol": "XOM", "sector": "energy", "initial_price": "105.00"},
    ]
}
NEWS = {"news.enabled": True, "news.company.frequency": 0.05, "bar_ticks": 2, "warmup.ticks": 59}
EVERYTHING = ("price", "book", "indicator", "microstructure", "news", "portfolio")
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "codes": ("Trading-v0", {}),
    "two_symbols": ("Trading-v0", {"config": {**NEWS, **TWO}}),
    "target": ("Trading-v0", {"target": True}),
    "two_targets": ("Trading-v0", {"target": True, "config": {**NEWS, **TWO}}),
    "quotes": ("MarketMaking-v0", {"size": 40, "most": 60}),
    "investor": ("DailyInvestor-v0", {"ticks": 1}),
    "everything": ("Trading-v0", {"features": EVERYTHING, "ticks": 3, "size": 5}),
    "execution": ("Execution-v0", {"parent": 100}),
    "dqn": ("Trading-v0", {}),
}


class Made(NamedTuple):
    """A policy: as Stable-Baselines3 has it, and exported."""

    path: Path
    model: Any
    contract: Contract
    env: Any
    config: qtg.Config


class Policies:
    """Policies by name of `SETTINGS`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Made] = {}

    def __call__(self, name: str) -> Made:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Made:
        env_name, settings = SETTINGS[name]
        config = default_market({**NEWS, **settings.get("config", {})})
        given = {"starts": 1, "steps": 20, **settings, "config": config}
        env = gymnasium.make(f"qtg/{env_name}", **given)
        model: Any
        if name == "dqn":
            model = DQN("MlpPolicy", env, seed=5, device="cpu", buffer_size=500)
            first, last = model.policy.q_net.q_net[0], model.policy.q_net.q_net[-1]
        else:
            model = PPO("MlpPolicy", env, seed=5, device="cpu", n_steps=64)
            first, last = model.policy.mlp_extractor.policy_net[0], model.policy.action_net
        with torch.no_grad():
            first.weight *= 8.0  # or one action would always be the best
            last.weight *= 60.0
            last.bias += torch.linspace(-0.2, 0.2, len(last.bias))
        contract = env.unwrapped.observation_contract()  # type: ignore[attr-defined]
        path = self._folder / f"{name}.onnx"
        export_policy(model, path, contract, action_space=env.action_space)
        return Made(path, model, contract, env, config)


def rows(made: Made, n: int, seed: int = 1) -> np.ndarray:
    """Observations from all over the space, float32 (n, feature)."""
    bounds = np.array([each["bounds"] for each in made.contract.features]).clip(-10, 10)
    drawn = np.random.default_rng(seed).uniform(bounds[:, 0], bounds[:, 1], (n, len(bounds)))
    return drawn.astype(np.float32)


def agents(made: Made, count: int = 1, **more: Any) -> dict[str, Any]:
    """A population that follows a policy."""
    group = {"kind": "rl_agent", "model": str(made.path), "count": count, "cash": 1_000_000}
    return {**group, "short_selling": True, **more}


def loaded(made: Made) -> OnnxModel:
    """The exported policy."""
    return OnnxModel.load(made.path, made.contract)


def edited(path: Path, change: Callable[[Any], None]) -> bytes:
    """A model's file with a change, sealed anew as if it had been exported so."""
    model = onnx.load(path)
    change(model)
    for entry in model.metadata_props:
        if entry.key == "qtg_sha256":
            entry.value = "0" * 64
    data: bytes = model.SerializeToString(deterministic=True)
    return sealed(data)


def with_metadata(path: Path, **values: str | None) -> bytes:
    """A model's file with other metadata; None takes an entry out."""

    def change(model: Any) -> None:
        kept = {each.key: each.value for each in model.metadata_props} | values
        del model.metadata_props[:]
        helper.set_model_props(model, {k: v for k, v in kept.items() if v is not None})

    return edited(path, change)
