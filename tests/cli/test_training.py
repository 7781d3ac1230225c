"""`qtg train` and `qtg evaluate`."""

import json

import pytest

from .command import Command

pytest.importorskip("stable_baselines3")

MINE = """
name = "mine"
environment = "qtg/AvellanedaStoikov-v0"
settings = {{ horizon = 0.1 }}
num_envs = {envs}
steps = 400
ppo = {{ n_steps = 20, batch_size = 200 }}
evaluation = {{ seeds = 3, episodes = 2, populations = {{ calm = {{ volatility = 1.0 }} }} }}
"""


def write(envs: int = 10) -> str:
    with open("mine.toml", "w") as file:
        file.write(MINE.format(envs=envs))
    return "mine.toml"


@pytest.mark.compiled
def test_train_and_evaluate(command: Command) -> None:
    first = command("train", "ppo", write(), "--quiet")
    assert first.code == 0, first
    assert "400 steps; reward on held-out seeds" in first.out
    assert "calm" in first.out
    assert first.err == ""
    assert "qtg evaluate runs/mine-ppo" in first.out
    said = command.fails(1, "train", "ppo", "mine.toml")
    assert said.endswith("go on with --resume, or replace it with --overwrite")
    more = command("train", "ppo", "mine.toml", "--steps", 600, "--resume", "--json", "-q")
    found = json.loads(more.out)
    assert found["steps"] == 600
    assert set(found["lines"]) == {"same", "calm"}
    again = command("train", "ppo", "mine.toml", "--overwrite", "--seed", 3, "-q")
    assert again.code == 0
    shown = command("evaluate", "runs/mine-ppo")
    assert "trained for 400 steps; 3 held-out seeds from 1,000,000 on, 2 episodes" in shown.out
    assert "avellaneda_stoikov" in shown.out
    assert "its interval lies above those of:" in shown.out
    told = command("evaluate", "runs/mine-ppo/model.zip", "--json", "--seeds", 4,
                   "--first-seed", 9, "--episodes", 1, "--population", "calm")  # fmt: skip
    data = json.loads(told.out)
    assert [data[name] for name in ("seeds", "first_seed", "episodes")] == [4, 9, 1]
    assert data["population"] == "calm"
    assert data["lines"][0]["policy"] == "model"
    assert data["lines"][0]["low"] < data["lines"][0]["reward"] < data["lines"][0]["high"]


def test_what_is_wrong_is_one_line(command: Command) -> None:
    assert "did you mean 'trading'?" in command.fails(2, "train", "ppo", "trading2")
    assert "must divide the 20 rows" in command.fails(2, "train", "ppo", write(envs=1))
    assert "DQN learns one of a few" in command.fails(2, "train", "dqn", write())
    assert "no such model" in command.fails(2, "evaluate", "nothing")
    both = command.fails(2, "train", "ppo", write(), "--resume", "--overwrite")
    assert both.endswith("give one")
    with open("bad.zip", "wb") as file:
        file.write(b"PK\x03\x04 no model")
    assert "is no model, or damaged" in command.fails(1, "evaluate", "bad.zip")
