"""What a training is told: presets, files, and what is wrong with them."""

from typing import Any

import pytest

import qtg
from qtg.training.settings import TrainingConfig, training_presets


@pytest.mark.parametrize("name", training_presets())
def test_presets_are_whole(name: str) -> None:
    config = TrainingConfig.load(name)
    assert config.name == name
    assert TrainingConfig.from_toml(config.to_toml()) == config
    config.learner("ppo")
    assert set(config.populations()) > {"same"}


def test_changes_are_by_path() -> None:
    config = TrainingConfig.load(
        "execution", {"ppo.n_epochs": 2, "settings.parent": 300, "network.hidden": [8]}, seed=4
    )
    assert (config.ppo.n_epochs, config.settings["parent"], config.seed) == (2, 300, 4)
    assert config.network.hidden == (8,)
    assert config.populations()["volatile"]["parent"] == 300
    assert "parent" not in TrainingConfig.load("execution").settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = 5", "environment: is missing; give the name of an environment"),
        ("environment = 3", "environment: must be text"),
        (
            'environment = "x"\nppo.n_step = 3',
            "ppo.n_step: no such setting; did you mean 'n_steps'",
        ),
        ('environment = "x"\nppo.gamma = 1.5', "ppo.gamma: must be at most 1"),
        ('environment = "x"\nsteps = 1.5', "steps: must be a whole number"),
        ('environment = "x"\nnetwork.hidden = [0]', "network.hidden: must be 1 or more neurons"),
        ('environment = "x"\nnetwork.activation = "gelu"', "network.activation: "),
        ('environment = "x"\nname = "a/b"', "name: must be 1 to 64 letters"),
        ('environment = "x"\nevaluation.seeds = 1', "evaluation.seeds: must be at least 2"),
        ('environment = "x"\nevaluation.populations.same = {}', "populations.same: is the train"),
        ('environment = "x"\nsettings = 3', "settings: must be a table"),
        ("environment = ", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        TrainingConfig.from_toml(text + "\n")


def test_names_that_are_none() -> None:
    with pytest.raises(qtg.ConfigError, match="no training or file 'executoin'; did you mean"):
        TrainingConfig.load("executoin")
    with pytest.raises(qtg.ConfigError, match=r"no.toml: no such file"):
        TrainingConfig.load("no.toml")


@pytest.mark.parametrize(
    "changes", [{"ppo.batch_size": 3_000}, {"num_envs": 1, "ppo.batch_size": 41}]
)
def test_minibatches_divide_the_rows(changes: dict[str, Any]) -> None:
    with pytest.raises(qtg.ConfigError, match="ppo.batch_size: must divide the "):
        TrainingConfig.load("execution", changes).learner("ppo")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from qtg.training import extra

    real = extra.find_spec
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "torch" else real(name))
    with pytest.raises(qtg.ConfigError, match=r"training needs torch.*pip install 'qtg\[rl\]'"):
        extra.need_rl("training")
