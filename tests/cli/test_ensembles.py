"""`qtg train ensemble`."""

import json
from pathlib import Path

import pytest

from qtg.ensemble import EnsembleModel

from .command import Command

pytest.importorskip("sklearn")

MINE = """
episodes = 4
features = ["price", "news"]
vectors.rows = 300
vectors.horizon = 30
forest.trees = 5
evaluation.episodes = 2

[market]
ticks = 200
symbols = [{ symbol = "KO", sector = "consumer", initial_price = "60.00" }]
smart = [
    { kind = "avellaneda_stoikov", count = 2, cash = 5_000_000, shares = 5_000 },
    { kind = "noise_trader", count = 4, cash = 100_000, shares = 100 },
]
reactive = [{ kind = "news_reactor", count = 40, cash = 50_000, shares = 50 }]
background.count = 300
news = { enabled = true, company = { frequency = 0.02, size = 0.01 } }
"""


@pytest.mark.compiled
def test_train_an_ensemble(command: Command) -> None:
    Path("mine.toml").write_text(MINE)
    first = command("train", "ensemble", "mine.toml", "--out", "m.json")
    assert first.code == 0, first
    assert "m.json: learned from 510 rows" in first.out
    assert "scikit-learn answers as the file does on 170 rows" in first.out
    assert "Profit per agent in 2 held-out markets" in first.out
    assert "ensemble less noise_trader" in first.out
    assert "episodes: 4 of 4" in first.err
    model = EnsembleModel.load("m.json")
    said = command.fails(1, "train", "ensemble", "mine.toml", "--out", "m.json")
    assert said.endswith("give another --out, or --overwrite")
    again = command("train", "ensemble", "mine.toml", "--out", "m.json", "--overwrite",
                    "--seed", 3, "--json", "-q")  # fmt: skip
    assert again.err == ""
    found = json.loads(again.out)
    assert found["rows"] == 510
    assert set(found["validation"]["scores"]["balanced"]) == {
        "forest",
        "line",
        "vectors",
        "decision",
    }
    assert len(found["measured"]["profit"]["ensemble"]) == 3
    assert EnsembleModel.load("m.json").digest != model.digest
    assert EnsembleModel.load("m.json").trained["episodes"] == [3, 4, 5]


def test_what_is_wrong_is_one_line(command: Command) -> None:
    assert "use one of: news_driven" in command.fails(2, "train", "ensemble", "nothing")
    Path("mine.toml").write_text(MINE.replace("ticks = 200", "ticks = 20"))
    assert "returns over 30 ticks need more" in command.fails(2, "train", "ensemble", "mine.toml")
    Path("mine.toml").write_text(MINE)
    nowhere = command.fails(2, "train", "ensemble", "mine.toml", "--out", "no/m.json")
    assert nowhere.endswith("make it first")
    assert "is a folder" in command.fails(2, "train", "ensemble", "mine.toml", "--out", ".")
