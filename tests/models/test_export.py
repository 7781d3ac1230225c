"""What is exported acts as the policy does, and says what it observes."""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import onnx
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.vec_env import DummyVecEnv

import qtg
from qtg.contract import Contract
from qtg.models import OnnxModel, export_policy, load_policy

from .policies import SETTINGS, Policies, loaded, rows

pytestmark = pytest.mark.compiled
MANY = 20_000


@pytest.mark.parametrize("name", SETTINGS)
def test_it_acts_as_the_policy_does(policies: Policies, name: str) -> None:
    made = policies(name)
    seen = rows(made, MANY)
    theirs, _ = made.model.predict(seen, deterministic=True)
    ours = loaded(made).act(seen)
    assert ours.shape == theirs.shape
    if np.issubdtype(theirs.dtype, np.integer):
        assert np.array_equal(ours, theirs)
        kinds = [len(np.unique(code)) for code in theirs.reshape(MANY, -1).T]
        assert min(kinds) == 3, "all actions come up"
    else:
        assert np.abs(ours - theirs).max() < 1e-5
        assert np.abs(ours).max() == 1.0, "some are clipped"
        assert (np.abs(ours) < 0.9).any()


def test_a_row_is_decided_as_it_would_be_alone(policies: Policies) -> None:
    for name in ("codes", "target", "quotes", "dqn"):
        made = policies(name)
        model, seen = loaded(made), rows(made, 300)
        together = model.act(seen)
        for n in (1, 2, 3, 7, 16, 33, 100):
            for first in range(0, 300 - n, 3 * n):
                part = model.act(seen[first : first + n])
                assert np.array_equal(part, together[first : first + n])


def test_a_policy_that_has_learned_is_exported_as_well(tmp_path: Path) -> None:
    venv = DummyVecEnv([lambda: gymnasium.make("qtg/Trading-v0", starts=1, steps=20)] * 2)
    model = PPO("MlpPolicy", venv, seed=1, device="cpu", n_steps=64, batch_size=32, n_epochs=2)
    model.learn(256)
    contract = venv.env_method("observation_contract")[0]
    model.save(tmp_path / "model.zip")
    contract.save(tmp_path / "contract.json")
    read = load_policy(tmp_path / "model.zip")
    export_policy(read, tmp_path / "m.onnx", Contract.load(tmp_path / "contract.json"))
    observations = venv.reset()
    found = OnnxModel.load(tmp_path / "m.onnx", contract).act(observations)
    assert np.array_equal(found, model.predict(observations, deterministic=True)[0])


def test_the_metadata_has_the_keys_that_others_look_for(policies: Policies) -> None:
    made = policies("target")
    kept = {each.key: each.value for each in onnx.load(made.path).metadata_props}
    assert kept["observation_contract_version"] == "1"
    assert json.loads(kept["observation_shape"]) == list(made.contract.shape)
    assert json.loads(kept["qtg_contract"]) == made.contract.as_dict()
    assert json.loads(kept["qtg_action_space"]) == {"kind": "box", "low": [-1.0], "high": [1.0]}
    assert kept["qtg_environment"] == "qtg/Trading-v0"
    card = loaded(made).card
    assert card.contract == made.contract
    assert card.contract.environment == {
        "id": "qtg/Trading-v0", "size": 10, "target": True, "most": 100,
        "ticks": 1, "steps": 20, "history": 20, "near": 5, "deep": 10,
    }  # fmt: skip


def test_the_same_policy_is_the_same_file(policies: Policies, tmp_path: Path) -> None:
    made = policies("codes")
    export_policy(made.model, tmp_path / "again.onnx", made.contract)
    assert (tmp_path / "again.onnx").read_bytes() == made.path.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == ["again.onnx"]


def test_exporting_is_quiet(
    policies: Policies, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: Any
) -> None:
    made = policies("codes")
    capfd.readouterr()
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        export_policy(made.model, tmp_path / "m.onnx", made.contract)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("algorithm", [PPO, DQN, A2C])
def test_it_is_told_which_algorithm_a_file_is_of(
    policies: Policies, tmp_path: Path, algorithm: Any
) -> None:
    more = {"buffer_size": 10} if algorithm is DQN else {}
    algorithm("MlpPolicy", policies("codes").env, device="cpu", **more).save(tmp_path / "m.zip")
    assert type(load_policy(tmp_path / "m.zip")) is algorithm


def test_files_that_are_no_models_are_refused(policies: Policies, tmp_path: Path) -> None:
    made, path = policies("codes"), tmp_path / "m.zip"
    with pytest.raises(qtg.ModelError, match=r"there is no model at .*m\.zip"):
        load_policy(path)
    with pytest.raises(qtg.ModelError, match="cannot be read: Is a directory"):
        load_policy(tmp_path)
    made.model.save(path)
    whole = path.read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(qtg.ModelError, match=r"m\.zip is no model that Stable"):
            load_policy(path)
    SAC("MlpPolicy", policies("target").env, device="cpu", buffer_size=10).save(path)
    with pytest.raises(qtg.ModelError, match="of another algorithm; PPO, A2C and DQN"):
        load_policy(path)


def test_what_does_not_fit_is_not_exported(policies: Policies, tmp_path: Path) -> None:
    made, other, out = policies("codes"), policies("everything"), tmp_path / "m.onnx"
    model, contract = made.model, made.contract
    says: dict[str, Any] = {
        r"observes shape \[12\], the contract has \[23\]": (model, other.contract, {}),
        "acts in discrete: 3, the environment in box of 1: -1 to 1": (
            model, contract, {"action_space": policies("target").env.action_space},
        ),
        "does not say of which environment": (
            model, Contract(contract.version, contract.features), {},
        ),
        "a SACPolicy cannot be exported": (
            SAC("MlpPolicy", policies("target").env, device="cpu", buffer_size=10), contract, {},
        ),
        "actions in Discrete.*start=1.* cannot be exported": (
            model, contract, {"action_space": gymnasium.spaces.Discrete(3, start=1)},
        ),
    }  # fmt: skip
    for message, (its, seen, more) in says.items():
        with pytest.raises(qtg.ModelError, match=message):
            export_policy(its, out, seen, **more)
    with pytest.raises(qtg.ModelError, match="cannot be written: No such file or directory"):
        export_policy(model, tmp_path / "nowhere" / "m.onnx", contract)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_no_numbers_are_not_exported(policies: Policies, tmp_path: Path) -> None:
    made = policies("codes")
    model = PPO("MlpPolicy", made.env, device="cpu")
    with torch.no_grad():
        model.policy.action_net.bias[1] = torch.nan
    with pytest.raises(qtg.ModelError, match=r"weights action_net\.bias of the model are not all"):
        export_policy(model, tmp_path / "m.onnx", made.contract)


def test_an_older_contract_is_told_its_environment(policies: Policies, tmp_path: Path) -> None:
    made = policies("codes")
    old = Contract(made.contract.version, made.contract.features)
    card = export_policy(made.model, tmp_path / "m", old, environment="qtg/Trading-v0")
    assert card.environment == OnnxModel.load(tmp_path / "m").card.environment == "qtg/Trading-v0"
    with pytest.raises(qtg.ContractMismatch, match=r"is of qtg/.*, not of nonsense; leave"):
        export_policy(made.model, tmp_path / "n", made.contract, environment="nonsense")
