"""A model's file comes back as it was, and a damaged one is refused by name."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.ensemble import EnsembleModel
from qtg.ensemble_model import signed
from qtg.errors import ConfigError, ContractMismatch, ModelError, QtgError

from .short import handmade


def test_every_number_comes_back() -> None:
    model = handmade()
    odd = model.tables.forest._replace(threshold=model.tables.forest.threshold + 0.1 + 1e-17)
    model = EnsembleModel(model.contract, model.tables._replace(forest=odd), {"a": 1}, "1.9.1")
    read = EnsembleModel.from_json(model.to_json())
    assert read.contract == model.contract
    assert (read.trained, read.sklearn, read.digest) == ({"a": 1}, "1.9.1", model.digest)
    for mine, its in zip(model.tables[:3], read.tables[:3], strict=True):
        for name in mine._fields:
            one, two = getattr(mine, name), getattr(its, name)
            assert one.dtype == two.dtype
            assert one.tobytes() == two.tobytes(), name
    assert read.tables.weight.tolist() == [5, 3, 2]
    assert read.tables.bar.tolist() == [3]


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    path = handmade().save(tmp_path / "m.json")
    read = json.loads(path.read_text())
    assert read["contract"]["version"] >= 1
    assert read["contract"]["shape"] == [len(read["contract"]["features"])]
    assert read["classes"] == ["sell", "hold", "buy"]
    assert read["sklearn"] == "none"
    assert list(tmp_path.iterdir()) == [path], "nothing else is left"


def test_another_model_has_another_digest() -> None:
    model = handmade()
    line = model.tables.line._replace(band=np.array([0.011]))
    other = EnsembleModel(model.contract, model.tables._replace(line=line))
    assert other.digest != model.digest


def ok(whole: Any) -> bool:
    """Whether JSON has all of its numbers."""
    text = json.dumps(whole)
    return "NaN" not in text and "Infinity" not in text


def changed(*path: Any, to: Any) -> str:
    """A file that was written with one value changed."""
    whole = handmade().as_dict()
    inside: Any = whole
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = to
    return signed(whole) if ok(whole) else json.dumps(whole)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("", ModelError, "is no model, or damaged"),
        (handmade().to_json()[:-40], ModelError, "is no model, or damaged"),
        ("[" * 100_000, ModelError, "is no model, or damaged"),
        ("[]", ModelError, "is no ensemble of qtg"),
        ('{"format": "onnx"}', ModelError, "is no ensemble of qtg"),
        (changed("format_version", to=2), ModelError, "is of format 2; this qtg reads 1"),
        (changed("contract", "version", to=99), ContractMismatch, "contract version 99"),
        (changed("contract", "shape", to=[3]), ContractMismatch, "shape and features differ"),
        (changed("contract", to=None), ModelError, "no observation contract"),
        (changed("contract", "features", 0, "formula", to="x ** y"), ContractMismatch, "contract"),
        (changed("classes", to=["buy", "hold", "sell"]), ModelError, "classes are not sell"),
        (changed("weights", to=[5, 3]), ModelError, "weights are not 3"),
        (changed("weights", to=[5, 3, 2.5]), ModelError, "weights are not whole numbers"),
        (changed("bar", to=-1), ModelError, "bar must be 0 to"),
        (changed("forest", to=[]), ModelError, "forest has no trees"),
        (changed("forest", 0, "left", 0, to=0), ModelError, "tree 0 is no tree"),
        (changed("forest", 0, "right", 0, to=3), ModelError, "tree 0: right must be"),
        (changed("forest", 1, "feature", 0, to=6), ModelError, "tree 1: feature must be"),
        (changed("forest", 1, "feature", 0, to=-2), ModelError, "asks about no feature"),
        (changed("forest", 0, "share", 1, to=[1, 0]), ModelError, "damaged"),
        (changed("forest", 0, "threshold", to=[0.0]), ModelError, "threshold has shape"),
        (changed("line", "slope", 0, to=float("nan")), ModelError, "it holds NaN"),
        (changed("line", "band", to=-0.1), ModelError, "band must not be negative"),
        (changed("line", "intercept", to=1e999), ModelError, "it holds Infinity"),
        (changed("vectors", "deviation", 0, to=0.0), ModelError, "must be above 0"),
        (changed("vectors", "gamma", to=-1.0), ModelError, "must be above 0"),
        (changed("vectors", "support", to=[]), ModelError, "vectors.support has shape"),
        (changed("vectors", "weight", to=[[0.0]]), ModelError, "vectors.weight has shape"),
        (changed("vectors", "mean", to="many"), ModelError, "damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(text: str, kind: type, says: str) -> None:
    with pytest.raises(kind, match=says) as raised:
        EnsembleModel.from_json(text, "m.json")
    assert type(raised.value) is kind
    assert str(raised.value).startswith("m.json ")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_every_key_is_needed() -> None:
    whole = handmade().as_dict()
    for name in whole:
        rest = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(ModelError):
            EnsembleModel.from_json(signed(rest))
    for part in ("line", "vectors"):
        for name in whole[part]:
            rest = {key: value for key, value in whole[part].items() if key != name}
            with pytest.raises(ModelError, match=f"damaged: '{name}'"):
                EnsembleModel.from_json(signed({**whole, part: rest}))


def test_damaged_bytes_are_noticed() -> None:
    """Whatever is changed, the file is refused, or says the same in other letters."""
    draw, model, said = random.Random(3), handmade(), []
    text = model.to_json().encode()
    for _ in range(600):
        data = bytearray(text)
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            assert EnsembleModel.from_json(data.decode("latin-1")).digest == model.digest
        except QtgError as error:
            said.append(str(error))
    assert len(said) > 590
    assert all(each.isprintable() for each in said)


def test_a_digit_that_was_changed_is_noticed() -> None:
    text = handmade().to_json()
    other = text.replace('"band": 0.01', '"band": 0.02')
    assert other != text
    with pytest.raises(ModelError, match="is damaged: it is not what was written"):
        EnsembleModel.from_json(other)


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such model"):
        EnsembleModel.load(tmp_path / "none.json")
    with pytest.raises(ModelError, match="cannot be written"):
        handmade().save(tmp_path / "none" / "m.json")
    (tmp_path / "bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="cannot be read"):
        EnsembleModel.load(tmp_path / "bin")


@pytest.mark.parametrize(
    ("rows", "kind", "says"),
    [
        (np.zeros((2, 5)), ContractMismatch, r"shape \(n, 6\), got \(2, 5\)"),
        (np.zeros(6), ContractMismatch, r"shape \(n, 6\)"),
        (np.array([[0] * 6, [0, 0, np.nan, 0, 0, 0]]), ModelError, "row 1 has nan as feature 2"),
        (np.full((1, 6), np.inf), ModelError, "row 0 has inf as feature 0"),
    ],
)
def test_rows_must_be_observations(rows: np.ndarray, kind: type, says: str) -> None:
    with pytest.raises(kind, match=says):
        handmade().votes(rows)
    assert handmade().votes(np.zeros((0, 6))).shape == (0, 4)


def test_populations_name_a_model_that_is_there(tmp_path: Path) -> None:
    def run(**settings: object) -> qtg.Simulation:
        group = {"kind": "ensemble", "count": 1, **settings}
        return qtg.Simulation(qtg.Config.preset("quick_test", {"smart": [group]}))

    with pytest.raises(ConfigError, match=r"smart\.0.*ensemble follows a model"):
        run()
    with pytest.raises(ConfigError, match="there is no file"):
        run(model=str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ModelError, match=r"bad\.json is no model"):
        run(model=str(tmp_path / "bad.json"))
    own = handmade(features=("price", "portfolio"))
    with pytest.raises(ContractMismatch, match="looks at cash, which is an account's"):
        run(model=str(own.save(tmp_path / "own.json")))
    deep = tmp_path / "deep.json"
    deep.write_text(changed("contract", "environment", "deep", to=0))
    with pytest.raises(ContractMismatch, match="5 and 0 price levels"):
        run(model=str(deep))
