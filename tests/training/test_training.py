"""Learners learn, go on where they were, and are measured on what they did not see."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.training.settings import TrainingConfig

from .short import short

pytest.importorskip("stable_baselines3")

from stable_baselines3 import PPO

from qtg.gym.stable_baselines import make_batch
from qtg.training import (
    Trained,
    algorithms,
    evaluate,
    load_policy,
    read_card,
    train,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    config = short(checkpoints__every=10_000, checkpoints__keep=2, evaluation__every=20_000)
    return train(config, "ppo", tmp_path_factory.mktemp("trained") / "run")


def table(trained: Trained) -> list[dict[str, str]]:
    with (trained.path / "evaluations.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def logged(trained: Trained) -> Any:
    """What TensorBoard reads."""
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = reading.EventAccumulator(str(trained.path / "tensorboard"))
    found.Reload()
    return found


@pytest.mark.compiled
def test_a_learner_learns(trained: Trained) -> None:
    found = evaluate(trained.path)
    assert found.lines[0].policy == "model"
    for other in ("random", "hold"):
        assert found.line().beats(found.line(other)), other
    assert found.line("closed_form").reward > found.line().reward
    early, late = (float(row["reward"]) for row in table(trained) if row["population"] == "same")
    assert late > early > found.line("random").reward


@pytest.mark.compiled
def test_its_folder_has_everything(trained: Trained) -> None:
    names = {each.name for each in trained.path.iterdir()}
    assert names == {
        "training.toml", "model.zip", "best.zip", "evaluations.csv", "checkpoints", "tensorboard",
    }  # fmt: skip
    kept = sorted(each.name for each in (trained.path / "checkpoints").iterdir())
    assert kept == ["000000030000.zip", "000000040000.zip"]
    assert TrainingConfig.load(trained.path / "training.toml").steps == 40_000
    rows = [(int(row["steps"]), row["population"]) for row in table(trained)]
    assert rows == [(at, name) for at in (20_000, 40_000) for name in ("same", "busy")]
    assert trained.steps == 40_000
    assert trained.lines["same"].reward == float(table(trained)[-2]["reward"])


@pytest.mark.compiled
def test_tensorboard_reads_its_log(trained: Trained) -> None:
    found = logged(trained)
    assert {"rollout/ep_rew_mean", "evaluation/same_reward", "train/value_loss"} <= set(
        found.Tags()["scalars"]
    )
    assert [each.step for each in found.Scalars("evaluation/busy_reward")] == [20_000, 40_000]


@pytest.mark.compiled
def test_the_same_settings_give_the_same_model(tmp_path: Path) -> None:
    config = short(steps=10_000)
    one, other = (train(config, "ppo", tmp_path / name) for name in "ab")
    third = train(config.with_(seed=2), "ppo", tmp_path / "c")
    first, second, last = (PPO.load(each.model).policy.state_dict() for each in (one, other, third))
    assert all(bool((first[name] == second[name]).all()) for name in first)
    assert any(bool((first[name] != last[name]).any()) for name in first)
    assert one.lines == other.lines != third.lines


@pytest.mark.compiled
def test_a_resumed_training_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "run"
    config = short(steps=10_000, evaluation__every=5_000, ppo__learning_rate_end=1e-4)
    first = train(config, "ppo", place)
    before = PPO.load(first.model)
    late = place / "model.zip"
    more = train(config.with_(steps=20_000), "ppo", place, resume=True)
    after = PPO.load(late)
    assert more.steps == after.num_timesteps == 20_000
    assert after._n_updates == 2 * before._n_updates == read_card(place).updates
    # Adam counts its updates too.
    counts = [
        int(model.policy.optimizer.state_dict()["state"][0]["step"]) for model in (before, after)
    ]
    assert counts[1] == 2 * counts[0] > 0
    assert [int(row["steps"]) for row in table(more)[::2]] == [5_000, 10_000, 15_000, 20_000]
    rates = {each.step: each.value for each in logged(more).Scalars("train/learning_rate")}
    assert rates[5_000] == pytest.approx(1e-4 + 4.9e-3 * 0.5)  # of 10,000 steps
    assert rates[15_000] == pytest.approx(1e-4 + 4.9e-3 * 0.25)  # of 20,000


@pytest.mark.compiled
def test_a_killed_training_goes_on_from_its_newest_checkpoint(tmp_path: Path) -> None:
    place = tmp_path / "run"
    config = short(steps=20_000, checkpoints__every=10_000, evaluation__every=2_500)

    def stop(phase: str, done: int, reward: float | None) -> None:
        if phase == "evaluation" and done == 17_500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, "ppo", place, told=stop)
    assert not (place / "model.zip").exists()
    done: list[int] = []
    more = train(config, "ppo", place, resume=True, told=lambda phase, at, reward: done.append(at))
    assert more.steps == 20_000
    assert min(done) > 10_000
    rows = [int(row["steps"]) for row in table(more)[::2]]
    assert rows == list(range(2_500, 20_001, 2_500))


@pytest.mark.compiled
def test_dqn_trains_and_goes_on(tmp_path: Path) -> None:
    changes = {
        "num_envs": 20, "steps": 2_000, "settings.starts": 2, "settings.steps": 20,
        "settings.parent": 200, "evaluation.episodes": 2, "evaluation.seeds": 3,
        "dqn.learning_starts": 200, "dqn.batch_size": 64, "evaluation.populations": {},
    }  # fmt: skip
    config = TrainingConfig.load("execution", changes).with_(**{"evaluation.every": 0})
    place = tmp_path / "run"
    train(config, "dqn", place)
    more = train(config.with_(steps=2_800), "dqn", place, resume=True)
    assert more.steps == 2_800
    found = evaluate(place, seeds=2, episodes=3)
    assert {"model", "random", "hold", "twap", "market_every_step", "limit_then_market"} == {
        line.policy for line in found.lines
    }
    assert found.line("hold").reward == -1.0
    assert found.line("market_every_step").length == 4.0
    config = config.with_({"ppo.batch_size": 80})
    with pytest.raises(qtg.ConfigError, match="was trained with dqn; go on with that"):
        train(config.with_(steps=9_000), "ppo", place, resume=True)


@pytest.mark.compiled
def test_another_contract_is_refused(trained: Trained) -> None:
    batch = make_batch("qtg/Trading-v0", 1, starts=1, features=("order", "news"))
    with pytest.raises(qtg.ContractMismatch, match=r"the shape is \[2\] here and \[5\] there"):
        load_policy(trained.path, batch)
    with pytest.raises(qtg.ContractMismatch, match="norm_params of feature 0"):
        load_policy(trained.path, make_batch("qtg/AvellanedaStoikov-v0", most=7))
    with pytest.raises(
        qtg.ContractMismatch, match=r"norm_params of feature 0 is \[0.0, 6.0\] here"
    ):
        evaluate(trained.path, settings={"most": 7})


def damaged(trained: Trained, name: str, change: Any) -> Path:
    """A copy of a model with one member changed; left out if there is nothing left of it."""
    path = trained.path.parent / "damaged.zip"
    with zipfile.ZipFile(trained.model) as old, zipfile.ZipFile(path, "w") as new:
        for each in old.namelist():
            data = old.read(each)
            if each == name:
                data = change(data)
            if data:
                new.writestr(each, data)
    return path


def card_with(**changed: Any) -> Any:
    return lambda data: json.dumps({**json.loads(data), **changed})


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("qtg.json", lambda data: b"", "has no qtg.json: it was not trained by `qtg train`"),
        ("qtg.json", lambda data: b"{", "is no model, or damaged"),
        ("qtg.json", lambda data: b"[1]", "is no model, or damaged"),
        ("qtg.json", card_with(format=9), "is of format 9; this qtg reads 1"),
        ("qtg.json", card_with(algorithm="sarsa"), "is of algorithm 'sarsa'"),
        ("qtg.json", card_with(config={"environment": 3}), "is no model, or damaged: environment"),
        ("policy.pth", lambda data: data[:50], "policy.pth is damaged"),
        ("policy.pth", lambda data: b"", "policy.pth"),
    ],
)
def test_damaged_models_are_refused(trained: Trained, name: str, change: Any, message: str) -> None:
    with pytest.raises(qtg.ModelError, match=message):
        evaluate(damaged(trained, name, change))


@pytest.mark.compiled
def test_a_file_that_is_cut_or_changed_anywhere_is_refused(trained: Trained) -> None:
    whole = trained.model.read_bytes()
    path = trained.path.parent / "cut.zip"
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        if rng.random() < 0.3:
            data = data[: rng.integers(len(data))]
        else:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        try:
            card = read_card(path)
        except qtg.ModelError:
            refused += 1
        else:  # what was changed was a name, a date or the like
            assert card == read_card(trained.model)
    assert refused > 45


@pytest.mark.compiled
def test_models_unpickle_nothing(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    import cloudpickle

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("unpickled")

    for module in (pickle, cloudpickle):
        monkeypatch.setattr(module, "loads", never)
    evaluate(trained.path, seeds=2, episodes=1)


class Trap:
    """Runs something when it is unpickled."""

    def __reduce__(self) -> Any:
        return SPRUNG.append, (True,)


SPRUNG: list[bool] = []


@pytest.mark.compiled
def test_a_model_that_would_run_something_is_refused(trained: Trained) -> None:
    import torch

    def trapped(data: bytes) -> bytes:
        out = io.BytesIO()
        torch.save({"log_std": Trap()}, out)
        return out.getvalue()

    path = damaged(trained, "policy.pth", trapped)
    with pytest.raises(qtg.ModelError, match="policy.pth is damaged"):
        evaluate(path)
    assert not SPRUNG


@pytest.mark.compiled
def test_the_best_model_stays_the_best_when_a_training_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "run"
    first = train(short(steps=5_000), "ppo", place)
    best = (place / "best.zip").read_bytes()
    rows = (place / "evaluations.csv").read_text().replace(str(first.lines["same"].reward), "1e9")
    (place / "evaluations.csv").write_text(rows)
    train(short(steps=7_500), "ppo", place, resume=True)
    assert (place / "best.zip").read_bytes() == best


@pytest.mark.compiled
def test_a_disk_that_fails_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(qtg.StorageError, match="cannot be written: Not a directory"):
        train(short(), "ppo", tmp_path / "file" / "run")
    place = tmp_path / "run"
    train(short(steps=2_500), "ppo", place)
    (place / "evaluations.csv").write_text("steps\nmany\n")
    with pytest.raises(qtg.StorageError, match="evaluations.csv is damaged; move it away"):
        train(short(steps=5_000), "ppo", place, resume=True)


@pytest.mark.compiled
def test_a_training_that_runs_away_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(qtg.ConfigError, match="the reward of environment .* is -?(inf|nan)"):
        beyond = {"kind": "profit_and_loss", "weight": 1e300}
        train(short(settings__reward=[beyond]), "ppo", tmp_path / "a")
    made = algorithms.make_learner

    def lost(*given: Any) -> Any:
        learner = made(*given)
        for weights in learner.policy.parameters():
            weights.data.fill_(float("nan"))
        return learner

    monkeypatch.setattr(algorithms, "make_learner", lost)
    with pytest.raises(qtg.ModelError, match="came to hold no numbers after 0 steps; lower learn"):
        train(short(), "ppo", tmp_path / "b")


def test_training_never_plays_what_it_is_measured_on() -> None:
    from qtg.gym import DealerBatch
    from qtg.gym.stable_baselines import BatchVecEnv
    from qtg.training.trainer import first_seed

    firsts = {first_seed(seed, done) for seed in range(30) for done in (0, 1_000, 2_000)}
    assert len(firsts) == 90
    assert all(2**63 <= each < 2**64 - 10**9 for each in firsts)  # exams have less
    config = short(num_envs=20)
    env = BatchVecEnv(DealerBatch(20))
    env.seed(first_seed(1, 0))
    algorithms.make_learner("ppo", config, env, 3)
    env.reset()
    assert env.seeds.given.tolist() == [first_seed(1, 0) + row for row in range(20)]


@pytest.mark.compiled
def test_bad_input_is_named(trained: Trained, tmp_path: Path) -> None:
    for call, error, message in (
        (lambda: evaluate(tmp_path / "no.zip"), qtg.ConfigError, "no such model; make one"),
        (lambda: evaluate(trained.path, population="bsy"), qtg.ConfigError, "did you mean 'busy'"),
        (lambda: evaluate(trained.path, seeds=1), qtg.ConfigError, "seeds is 1"),
        (lambda: evaluate(trained.path, settings={"rat": 1}), qtg.ConfigError, "no setting 'rat'"),
        (lambda: evaluate(trained.path).line("twap"), qtg.ConfigError, "no policy 'twap' here"),
        (lambda: train(short(), "ppo", trained.path), qtg.StorageError, "--resume, or replace it"),
        (lambda: train(short(), "ppo", tmp_path, resume=True), qtg.ConfigError, "no training to"),
        (lambda: train(short(), "dqn", tmp_path / "x"), qtg.ConfigError, "DQN learns one of a few"),
        (lambda: train(short(steps=10_000), "ppo", trained.path, resume=True), qtg.ConfigError,
         "has 40,000 steps already"),
        (lambda: train(short(network__hidden=(8,), steps=80_000), "ppo", trained.path, resume=True),
         qtg.ConfigError, "has another network"),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            call()
    wrong = short(evaluation__populations={"odd": {"rat": 1}})
    with pytest.raises(qtg.ConfigError, match="no setting 'rat'"):
        train(wrong, "ppo", trained.path, overwrite=True)
    assert trained.model.exists(), "nothing is removed before all settings are known to fit"
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(qtg.StorageError, match="is there and no training"):
        train(short(), "ppo", tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.compiled
def test_seeds_of_an_evaluation_are_those_of_environments(trained: Trained) -> None:
    """The first two episodes of seed 7, alone and through Gymnasium."""
    import gymnasium

    found = evaluate(trained.path, seeds=2, episodes=2, first_seed=7)
    card = read_card(trained.path)
    env = gymnasium.make(card.environment, **card.training.settings)
    policy = load_policy(trained.path, env.unwrapped.batch)  # type: ignore[attr-defined]
    means = []
    for seed in (7, 8):
        totals = []
        for episode in range(2):
            seen, _ = env.reset(seed=seed if episode == 0 else None)
            total, over = 0.0, False
            while not over:
                action, _ = policy.predict(seen, deterministic=True)
                seen, reward, over, _, _ = env.step(action)
                total += float(reward)
            totals.append(total)
        means.append(np.mean(totals))
    assert found.line().reward == pytest.approx(np.mean(means), rel=1e-4)


def test_a_population_that_shows_something_else_is_refused_before_training(tmp_path: Path) -> None:
    changes = {"settings.starts": 1, "evaluation.populations": {"odd": {"features": ["price"]}}}
    config = TrainingConfig.load("execution", changes)
    with pytest.raises(qtg.ConfigError, match=r"populations\.odd: its observation_space is Box"):
        train(config, "ppo", tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"first_seed": 2**63 - 2, "seeds": 3}, "3 seeds from 9,223,372,036,854,775,806 on go bey"),
        ({"first_seed": 10**22}, "go beyond 9,223,372,036,854,775,807"),
        ({"seeds": 10**12}, "more than the 1,000,000 that are played side by side"),
    ],
)
def test_exams_have_bounds(trained: Trained, asked: dict[str, int], said: str) -> None:
    with pytest.raises(qtg.ConfigError, match=said):
        evaluate(trained.path, **{"seeds": 2, "episodes": 1, **asked})
