"""Trainings: what they report, what they refuse, and that nothing is known ahead of its time."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from qtg.ensemble import EnsembleConfig, EnsembleModel, measure, train_ensemble
from qtg.ensemble.collecting import collect
from qtg.ensemble.fitting import fit, model_of
from qtg.ensemble.samples import Samples
from qtg.ensemble.validating import scores_of
from qtg.errors import ConfigError, ModelError

from .short import short

pytestmark = pytest.mark.compiled


def every(config: EnsembleConfig) -> list[int]:
    """Seeds of all episodes."""
    teach, check = config.seeds
    return [*teach, *check]


@pytest.fixture(scope="module")
def samples() -> Samples:
    config = short()
    return collect(config, every(config)).samples


def test_a_training_reports_itself(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    config = short()
    model, report = train_ensemble(config, tmp_path / "m.json", lambda *each: told.append(each))
    read = EnsembleModel.load(tmp_path / "m.json")
    assert read.digest == model.digest
    own = collect(config, every(config)).samples.of(config.seeds[0])
    assert model.to_json() == model_of(fit(own, config), config).to_json(), "no other rows taught"
    assert read.trained["episodes"] == config.seeds[0] == [1, 2, 3, 4, 5, 6]
    assert told[-1] == ("held-out markets", 3, 3)
    assert report.rows == 6 * 2 * (250 - 40)
    assert report.validation.rows == 2 * 2 * (250 - 40)
    assert report.agree == report.validation.rows
    importances = report.validation.importances
    assert sum(each.forest for each in importances) == pytest.approx(1.0)
    assert [each.forest for each in importances] == sorted(
        (each.forest for each in importances), reverse=True
    )
    scores = report.validation.scores
    for voter in ("forest", "line", "vectors", "decision"):
        own = [each for each in scores.classes if each.voter == voter]
        assert sum(each.share for each in own) == pytest.approx(1.0)
        assert sum(each.chance for each in own) == pytest.approx(1.0)
    assert sum(report.winners.values()) > 0
    assert report.measured.episodes == (2_000_000, 2_000_001, 2_000_002)
    assert set(report.measured.episodes).isdisjoint(every(config))
    plain = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert plain["beats_rival"] is report.measured.beats_rival
    again = measure(tmp_path / "m.json", config)
    assert again == report.measured


def test_a_training_is_a_function_of_its_settings(tmp_path: Path) -> None:
    one, first = train_ensemble(short(episodes=4), tmp_path / "a.json")
    two, second = train_ensemble(short(episodes=4), tmp_path / "b.json")
    assert one.to_json() == two.to_json()
    assert first.as_dict()["validation"] == second.as_dict()["validation"]
    assert (
        one.to_json() != train_ensemble(short(episodes=4, seed=2), tmp_path / "c.json")[0].to_json()
    )


def over_chance(samples: Samples, config: EnsembleConfig) -> dict[str, float]:
    """By how much each voter is right more often than by chance, as a mean over the classes."""
    teach, check = config.seeds
    model = model_of(fit(samples.of(teach), config), config)
    found = scores_of(model, samples.of(check), config)
    return {name: found.balanced[name] - found.chance[name] for name in found.balanced}


def test_if_the_future_is_shuffled_the_score_falls_to_chance() -> None:
    config = short(
        episodes=16,
        **{"market.ticks": 600, "market.background.count": 1_000, "vectors.rows": 1_000},
    )
    samples = collect(config, every(config)).samples
    truth = over_chance(samples, config)
    assert truth["forest"] > 0.25
    assert truth["line"] > 0.15
    assert truth["decision"] > 0.2
    for seed in range(3):
        chance = over_chance(samples.with_shuffled_future(seed), config)
        for voter, over in chance.items():
            assert abs(over) < 0.05, (voter, seed, over)


def test_episodes_that_validate_teach_nothing(samples: Samples) -> None:
    """The model is the same whatever happened in them."""
    config = short()
    teach, check = config.seeds
    assert set(teach).isdisjoint(check)
    assert sorted(teach + check) == list(range(1, 9))
    other = samples.taken(slice(None))
    own = np.isin(other.episode, check)
    other.ahead[own], other.far[own], other.x[own] = 1.0, -1.0, 0.0
    one, two = (model_of(fit(each.of(teach), config), config) for each in (samples, other))
    assert one.to_json() == two.to_json()


def test_what_cannot_be_learned_from_is_refused(samples: Samples, tmp_path: Path) -> None:
    config = short()
    with pytest.raises(ConfigError, match="199 rows to learn from are too few, it takes 200"):
        fit(samples.taken(slice(199)), config)
    still = Samples(samples.x, samples.action, 0 * samples.ahead, samples.far, samples.episode)
    with pytest.raises(ConfigError, match=r"rows are of one class \(\+0\).*lower threshold_bps"):
        fit(still, config)
    flat = Samples(samples.x, samples.action, samples.ahead, 0 * samples.far, samples.episode)
    with pytest.raises(ConfigError, match=r"one class.*lower vectors\.threshold_bps"):
        fit(flat, config)
    bad = samples.taken(slice(None))
    bad.x[7, 2] = np.nan
    with pytest.raises(ModelError, match="row 7 has nan as feature 2"):
        fit(bad, config)
    with pytest.raises(ConfigError, match=r"no folder .*none; make it first"):
        train_ensemble(config, tmp_path / "none" / "m.json")
    with pytest.raises(ConfigError, match="'maker' is no kind of tier 1"):
        train_ensemble(short(**{"evaluation.rival": "maker"}), tmp_path / "m.json")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"horizon": 250}, r"market\.ticks: is 250; returns over 250 ticks need more"),
        ({"held_out": 0.01}, "held_out: leaves training or validation none of 8 episodes"),
        ({"forest.tree": 3}, "did you mean 'trees'"),
        ({"features": ("prices",)}, "are not each one of price"),
        ({"features": ()}, "an observation needs features"),
        ({"features": ("portfolio",)}, "an account's and not the market's"),
        ({"episodes": 1}, "episodes"),
    ],
)
def test_settings_that_make_no_sense(changes: dict, says: str, tmp_path: Path) -> None:
    with pytest.raises((ConfigError, ModelError), match=says):
        train_ensemble(short(**changes), tmp_path / "m.json")


def test_trainings_are_read_and_written() -> None:
    config = short()
    assert EnsembleConfig.from_toml(config.to_toml()) == config
    assert EnsembleConfig.from_toml('market = "quick_test"\n').market.name == "quick_test"
    with pytest.raises(ConfigError, match="no preset 'quick'"):
        EnsembleConfig.from_toml('market = "quick"\n')
    with pytest.raises(ConfigError, match="use one of: news_driven"):
        EnsembleConfig.load("news")
    with pytest.raises(ConfigError, match="market: is missing"):
        EnsembleConfig.from_toml("episodes = 4\n")
