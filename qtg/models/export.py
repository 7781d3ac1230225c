"""Policies of Stable-Baselines3 as ONNX files. This alone imports torch, and only when used."""

from __future__ import annotations

import json
import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from ..contract import Contract
from ..errors import ConfigError, ContractMismatch, ModelError, one_line
from ..store.files import put_in_place, reason_of
from .card import ActionForm, Card
from .onnx_model import DIGEST_KEY, INPUT, OUTPUT, OnnxModel, sealed

CARD = "qtg.json"  # member of a saved model that says what it is
_OPSET = 18
_ROWS = 256  # on which the file is compared with the policy
_NEAR = 1e-5
_NEEDED = "exporting a model needs torch, onnx and stable-baselines3; install qtg[rl]"


def export_policy(
    model: Any,
    path: str | Path,
    contract: Contract,
    *,
    action_space: Any = None,
    environment: str | None = None,
) -> Card:
    """Write a policy to an ONNX file that says what it observes and how it acts.

    The graph ends with the action that `model.predict(observation, deterministic=True)` gives: the
    code with the greatest value, or numbers clipped to their bounds. The file is compared with the
    policy before it is left in place.

    Parameters
    ----------
    model : PPO, A2C or DQN of Stable-Baselines3
    path : path                  the file, which is replaced if it is there
    contract : Contract          of the observations that it was trained on
    action_space : Space, optional    of the environment; by default the model's
    environment : str, optional       its id; by default what the contract says

    Raises
    ------
    ModelError          another algorithm, weights that are not numbers, no environment's id, or a
        file that cannot be written
    ContractMismatch    the model observes or acts otherwise
    """
    card = _card(model, contract, action_space, environment)
    policy = _policy(model)
    data = sealed(_graph(policy, card))
    path = Path(path)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        _compare(policy, OnnxModel.load(temporary), card)
        put_in_place(temporary, path)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {reason_of(error)}") from None
    finally:
        temporary.unlink(missing_ok=True)
    return card


def load_policy(path: str | Path) -> Any:
    """A model that Stable-Baselines3 saved: PPO, A2C or DQN, whichever it is.

    Such a file holds Python objects, which loading it runs: load your own only.

    Raises
    ------
    ModelError    there is none, it is damaged, or of another algorithm
    """
    kept = _member(path, "data")
    if not isinstance(kept, dict):
        raise ModelError(f"{path} is no model that Stable-Baselines3 saved")
    try:
        import stable_baselines3 as sb3
    except ImportError:
        raise ModelError(_NEEDED) from None
    traits: dict[str, Any] = {
        "clip_range": sb3.PPO,
        "exploration_fraction": sb3.DQN,
        "gae_lambda": sb3.A2C,
    }
    algorithm = next((its for trait, its in traits.items() if trait in kept), None)
    if algorithm is None:
        raise ModelError(f"{path} is of another algorithm; PPO, A2C and DQN can be exported")
    try:
        return algorithm.load(path, device="cpu")
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {one_line(error)}") from error


def contract_of(path: str | Path) -> Contract:
    """What a saved model was trained on: by the card in its file, or by contract.json beside it.

    Raises
    ------
    ModelError     there is no such model, or it is damaged
    ConfigError    neither says so
    """
    path, card = Path(path), _member(path, CARD)
    if isinstance(card, dict) and "contract" in card:
        read = Contract.from_json(json.dumps(card["contract"]), f"{CARD} of {path}")
        its = {"id": card.get("environment", ""), **read.environment}
        return replace(read, environment=its)
    beside = path.parent / "contract.json"
    if not beside.is_file():
        raise ConfigError(
            f"{path} does not say what it observes, and there is no {beside}; give its contract"
        )
    return Contract.load(beside)


def _member(path: str | Path, name: str) -> Any:
    """A part of a saved model that is JSON; None if it has no such part."""
    try:
        with ZipFile(path) as archive:
            return json.loads(archive.read(name)) if name in archive.namelist() else None
    except FileNotFoundError:
        raise ModelError(f"there is no model at {path}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {reason_of(error)}") from None
    except (BadZipFile, zlib.error, EOFError, ValueError, RecursionError):
        raise ModelError(f"{path} is no model that Stable-Baselines3 saved") from None


def _card(model: Any, contract: Contract, action_space: Any, environment: str | None) -> Card:
    actions = ActionForm.of(model.action_space)
    if action_space is not None and ActionForm.of(action_space) != actions:
        raise ContractMismatch(
            f"the model acts in {actions}, the environment in {ActionForm.of(action_space)}"
        )
    shape = tuple(model.observation_space.shape or ())
    if shape != contract.shape:
        raise ContractMismatch(
            f"the model observes shape {list(shape)}, the contract has {list(contract.shape)}; "
            "export it with the contract of the environment that it was trained in"
        )
    told = contract.environment.get("id")
    if environment and told and environment != told:
        raise ContractMismatch(
            f"the contract is of {told}, not of {environment}; leave the environment out"
        )
    its = {**contract.environment, **({"id": environment} if environment else {})}
    if not its.get("id"):
        raise ModelError("the contract does not say of which environment it is; give `environment`")
    return Card(replace(contract, environment=its), actions)


def _policy(model: Any) -> Any:
    """A torch module from observations to actions."""
    try:
        import torch
        from stable_baselines3.common.policies import ActorCriticPolicy
        from stable_baselines3.dqn.policies import DQNPolicy
    except ImportError:
        raise ModelError(_NEEDED) from None
    policy, form = model.policy, ActionForm.of(model.action_space)
    for name, weights in policy.named_parameters():
        if not bool(torch.isfinite(weights).all()):
            raise ModelError(f"the weights {name} of the model are not all numbers")
    if isinstance(policy, DQNPolicy):
        net = policy.q_net

        def values(seen: Any) -> Any:
            return net.q_net(net.extract_features(seen, net.features_extractor))
    elif isinstance(policy, ActorCriticPolicy):

        def values(seen: Any) -> Any:
            features: Any = policy.extract_features(seen, policy.pi_features_extractor)
            found = policy.action_net(policy.mlp_extractor.forward_actor(features))
            return torch.tanh(found) if policy.squash_output else found
    else:
        known = "PPO, A2C and DQN can be exported"
        raise ModelError(f"a {type(policy).__name__} cannot be exported; {known}")

    class Best(torch.nn.Module):
        """The action that is best."""

        def __init__(self) -> None:
            super().__init__()
            self.policy = policy
            self.low, self.high = torch.tensor(form.low), torch.tensor(form.high)

        def forward(self, seen: Any) -> Any:
            found = values(seen)
            if form.kind == "discrete":
                return found.argmax(dim=1)
            if form.kind == "multi_discrete":
                parts = torch.split(found, list(form.n), dim=1)
                return torch.stack([part.argmax(dim=1) for part in parts], dim=1)
            return torch.clamp(found, self.low, self.high)

    return Best().eval()


def _graph(policy: Any, card: Card) -> bytes:
    """The ONNX file, with its metadata and zeros for its digest."""
    try:
        import onnx
        import torch
    except ImportError:
        raise ModelError(_NEEDED) from None
    example = torch.zeros(2, *card.contract.shape)
    with _quietly(), torch.no_grad():
        program = torch.onnx.export(
            policy,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=_OPSET,
            external_data=False,
            verbose=False,
        )
    proto = program.model_proto  # type: ignore[union-attr]
    onnx.helper.set_model_props(proto, {**card.metadata(), DIGEST_KEY: "0" * 64})
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what torch says of packages that this does not need."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [each.level for each in loggers]
    try:
        for each in loggers:
            each.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def _compare(policy: Any, written: OnnxModel, card: Card) -> None:
    """Both must act alike on rows from all over the observations."""
    import torch

    bounds = np.array([each["bounds"] for each in card.contract.features]).clip(-10.0, 10.0)
    rng = np.random.default_rng(0)
    seen = rng.uniform(bounds[:, 0], bounds[:, 1], (_ROWS, len(bounds))).astype(np.float32)
    with torch.no_grad():
        expected = policy(torch.from_numpy(seen)).numpy()
    found = written.act(seen)
    same = np.abs(found - expected) <= (_NEAR if card.actions.kind == "box" else 0)
    if not same.all():
        raise ModelError(f"the exported model acts otherwise in {np.sum(~same)} of {_ROWS} rows")
