"""`qtg model`, and runs of configurations that name a model."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

import qtg
from qtg.models import OnnxModel
from tests.cli.command import Command

from .policies import Policies

pytestmark = pytest.mark.compiled

MARKET = """
seed = 7
ticks = 20
rules = "realistic"
[[symbols]]
symbol = "KO"
initial_price = "60.00"
[[smart]]
kind = "rl_agent"
model = "trader.onnx"
count = 3
short_selling = true
[background]
count = 200
[warmup]
ticks = 20
"""


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return Command(capsys)


def test_a_trained_model_is_exported_looked_at_and_followed(
    policies: Policies, command: Command
) -> None:
    made = policies("codes")
    made.model.save("trained.zip")
    card = {"environment": "qtg/Trading-v0", "contract": made.contract.as_dict()}
    with ZipFile("trained.zip", "a") as archive:  # as `qtg train` leaves it
        archive.writestr("qtg.json", json.dumps(card))
    answer = command("model", "export", "trained.zip", "--out", "trader.onnx")
    assert (answer.code, answer.out) == (0, "")
    assert "trader.onnx: qtg/Trading-v0, observes 12 numbers, discrete: 3" in answer.err
    assert Path("trader.onnx").read_bytes() == made.path.read_bytes()

    shown = command("model", "info", "trader.onnx")
    assert (shown.code, shown.err) == (0, "")
    assert "trained in   qtg/Trading-v0" in shown.out
    assert "size 10, target false, most 100, ticks 1, steps 20" in shown.out
    assert "(AAPL.ask - AAPL.bid) / AAPL.mid" in shown.out
    assert "z_score 0, 0.0005" in shown.out

    told = json.loads(command("model", "info", "trader.onnx", "--json").out)
    assert told["contract"] == made.contract.as_dict()
    assert told["action_space"] == {"kind": "discrete", "n": [3]}
    assert (told["observation_contract_version"], told["observation_shape"]) == (1, [12])
    assert told["sha256"] == OnnxModel.load("trader.onnx").digest

    Path("market.toml").write_text(MARKET)
    assert command("config", "validate", "market.toml").code == 0
    ran = command("simulate", "market.toml", "--out", "run")
    assert ran.code == 0, ran.err
    traded = qtg.open_run("run").sql(
        "select count(*) from trades where buyer_id between 2 and 4 or seller_id between 2 and 4"
    )
    assert traded.item() > 10


def test_what_goes_wrong_is_one_line(policies: Policies, command: Command) -> None:
    made = policies("codes")
    made.model.save("trained.zip")
    export = ("model", "export", "trained.zip", "--out", "m.onnx")
    assert (
        "trained.zip does not say what it observes, and there is no contract.json"
        in command.fails(2, *export)
    )
    assert "no observation contract at none.json" in command.fails(
        2, *export, "--contract", "none.json"
    )
    policies("everything").contract.save("contract.json")
    assert "observes shape [12], the contract has [23]" in command.fails(1, *export)
    assert "there is no folder" in command.fails(2, *export[:3], "--out", "nowhere/m.onnx")
    made.contract.save("contract.json")
    assert "there is no model at x.zip" in command.fails(
        1, "model", "export", "x.zip", "--out", "m"
    )
    assert "there is no model at x.onnx" in command.fails(1, "model", "info", "x.onnx")
    assert "is no ONNX model" in command.fails(1, "model", "info", "contract.json")
    Path("market.toml").write_text(MARKET)
    assert "smart.0.model: there is no file trader.onnx" in command.fails(
        2, "simulate", "market.toml"
    )
    Path("market.toml").write_text(MARKET.replace('model = "trader.onnx"', ""))
    says = command.fails(2, "config", "validate", "market.toml")
    assert "smart.0: rl_agent follows a model; give its file as `model`" in says
    Path("market.toml").write_text(MARKET.replace('"trader.onnx"', '""'))
    assert "smart.0.model" in command.fails(2, "config", "validate", "market.toml")
