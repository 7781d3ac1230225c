"""A model that cannot be followed is refused when it is loaded, with a sentence that says why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import qtg
from qtg.contract import Contract
from qtg.models import OnnxModel

from .policies import Policies, edited, loaded, rows, with_metadata

pytestmark = pytest.mark.compiled


def refused(data: bytes, folder: Path, contract: Contract | None = None) -> str:
    path = folder / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(qtg.ModelError) as caught:
        OnnxModel.load(path, contract)
    assert "\n" not in str(caught.value)
    assert "m.onnx" in str(caught.value)
    assert len(str(caught.value)) < 600
    return str(caught.value)


def test_a_file_that_is_not_there_or_no_model(policies: Policies, tmp_path: Path) -> None:
    with pytest.raises(qtg.ModelError, match=r"there is no model at .*none\.onnx; export one with"):
        OnnxModel.load(tmp_path / "none.onnx")
    with pytest.raises(qtg.ModelError, match="cannot be read: Is a directory"):
        OnnxModel.load(tmp_path)
    for nonsense in (b"", b"{}", b"not a model at all" * 50, bytes(1_000)):
        assert "is no ONNX model" in refused(nonsense, tmp_path)


def test_any_flipped_bit_and_any_cut_is_seen(policies: Policies, tmp_path: Path) -> None:
    made = policies("codes")
    whole = made.path.read_bytes()
    places = np.random.default_rng(3).integers(0, len(whole), 150)
    digest = whole.index(b"qtg_sha256")  # without which nothing is compared
    for at in [0, len(whole) - 1, *range(digest, digest + 10), *places.tolist()]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        refused(bytes(damaged), tmp_path)
    for cut in (10, len(whole) // 2, len(whole) - 1):
        refused(whole[:cut], tmp_path)
    assert "is damaged: it is not what was exported" in refused(whole + b"\0", tmp_path)


def test_models_that_others_exported_lack_metadata(policies: Policies, tmp_path: Path) -> None:
    seen = helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["n", 12])
    acts = helper.make_tensor_value_info("action", TensorProto.FLOAT, ["n", 12])
    graph = helper.make_graph(
        [helper.make_node("Relu", ["observation"], ["action"])], "g", [seen], [acts]
    )
    foreign = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    says = refused(foreign.SerializeToString(), tmp_path)
    assert "has no observation_contract_version in its metadata; export it with" in says
    path = policies("codes").path
    for key in ("observation_shape", "qtg_contract", "qtg_action_space", "qtg_environment"):
        assert f"has no {key} in its metadata" in refused(
            with_metadata(path, **{key: None}), tmp_path
        )
    kept = {each.key: each.value for each in onnx.load(path).metadata_props}
    del kept["qtg_sha256"]
    helper.set_model_props(foreign, kept)
    assert "has no qtg_sha256" in refused(foreign.SerializeToString(), tmp_path)


def test_another_version_of_observations_is_another_contract(
    policies: Policies, tmp_path: Path
) -> None:
    path = policies("codes").path
    data = with_metadata(path, observation_contract_version="2")
    assert "trained on observation contract version 2, this qtg has 1; train it" in refused(
        data, tmp_path
    )
    with pytest.raises(qtg.ContractMismatch):
        OnnxModel.load(tmp_path / "m.onnx")
    contract = json.loads(policies("codes").contract.to_json())
    data = with_metadata(path, qtg_contract=json.dumps({**contract, "version": 3}))
    assert "is of contract version 3; this qtg has 1" in refused(data, tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("observation_shape", "[13]", r"has the observation_shape [13], but its contract has [12]"),
        ("observation_shape", "thirteen", "its metadata makes no sense"),
        ("qtg_contract", "{}", "is no observation contract: KeyError('version')"),
        ("qtg_contract", '{"version": 1, "shape": [0], "features": []}', "shape and features"),
        ("qtg_contract", "[" * 5_000, "is no observation contract"),
        ("qtg_action_space", '{"kind": "tree"}', "no such action space"),
        ("qtg_action_space", '{"kind": "discrete", "n": [0]}', "no such action space"),
        ("qtg_action_space", "[1]", "its metadata makes no sense"),
        (
            "qtg_action_space",
            '{"kind": "box", "low": [-1], "high": [1]}',
            "gives tensor(int64) of shape ['batch'], but its actions are box of 1: -1 to 1",
        ),
    ],
)  # fmt: skip
def test_metadata_that_makes_no_sense(
    policies: Policies, tmp_path: Path, key: str, value: str, says: str
) -> None:
    assert says in refused(with_metadata(policies("codes").path, **{key: value}), tmp_path)


def test_a_graph_of_another_shape(policies: Policies, tmp_path: Path) -> None:
    made = policies("codes")

    def narrower(model: Any) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 7

    assert "of shape ['batch', 7], but its contract has [12]" in refused(
        edited(made.path, narrower), tmp_path
    ) or "is no ONNX model" in refused(edited(made.path, narrower), tmp_path)
    contract = made.contract.as_dict()
    less = {**contract, "shape": [11], "features": contract["features"][:-1]}
    data = with_metadata(made.path, qtg_contract=json.dumps(less), observation_shape="[11]")
    assert "takes tensor(float) of shape ['batch', 12], but its contract has [11]" in refused(
        data, tmp_path
    )

    def renamed(model: Any) -> None:
        for node in model.graph.node:
            node.output[:] = ["act" if name == "action" else name for name in node.output]
        model.graph.output[0].name = "act"

    assert "must take 'observation' and give 'action'" in refused(
        edited(made.path, renamed), tmp_path
    )


def test_it_must_observe_what_it_was_trained_on(policies: Policies, tmp_path: Path) -> None:
    made, other = policies("codes"), policies("everything")
    data = made.path.read_bytes()
    assert "the shape is [12] here and [23] there" in refused(data, tmp_path, other.contract)
    contract = made.contract
    entries = [dict(each) for each in contract.features]
    entries[3]["norm_params"] = [0.0, 0.7]
    changed = Contract(contract.version, tuple(entries))
    assert "norm_params of feature 3 is [0.0, 0.0005] here and [0.0, 0.7] there" in refused(
        data, tmp_path, changed
    )
    deeper = Contract(contract.version, contract.features, {**contract.environment, "near": 3})
    assert "near is 5 here and 3 there" in refused(data, tmp_path, deeper)
    for same in (contract, contract.renamed(["KO"]), Contract(1, contract.features)):
        OnnxModel.load(made.path, same)


def test_observations_of_another_shape(policies: Policies) -> None:
    model = loaded(policies("codes"))
    with pytest.raises(qtg.ContractMismatch, match=r"observes 12 numbers; .* shape \(4, 13\)"):
        model.act(np.zeros((4, 13), np.float32))


def test_actions_that_are_no_numbers(policies: Policies) -> None:
    made = policies("target")
    model = loaded(made)
    seen = rows(made, 5)
    seen[3] = np.inf  # which a market does not show
    with pytest.raises(qtg.ModelError, match="action of row 3 is not a number"):
        model.act(seen)


def test_without_onnxruntime(policies: Policies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(qtg.ModelError, match="models need onnxruntime; install it with pip"):
        loaded(policies("codes"))


def test_running_a_model_imports_nothing_that_trains(policies: Policies) -> None:
    """Nor does a run without one import onnxruntime."""
    code = f"""
import sys
import qtg
agent = {{"kind": "rl_agent", "count": 2, "model": {str(policies("codes").path)!r}}}
config = qtg.Config.preset("quick_test", ticks=2, warmup={{"ticks": 2}})
from qtg.simulation import Simulation
Simulation(config)
assert "onnxruntime" not in sys.modules
agent["symbols"] = [config.symbols[0].symbol]
Simulation(config.with_(smart=[agent])).run(4)
assert "onnxruntime" in sys.modules
heavy = ("torch", "onnx", "gymnasium", "stable_baselines3")
assert not [name for name in heavy if name in sys.modules]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
