"""The door for Stable-Baselines3, against its own `DummyVecEnv` of single environments."""

import warnings
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest

import qtg
from qtg.gym import BatchEnv, DealerBatch
from qtg.gym.makers import execution, trading

sb3 = pytest.importorskip("stable_baselines3")

from gymnasium.vector import AutoresetMode  # noqa: E402
from stable_baselines3.common.env_checker import check_env  # noqa: E402
from stable_baselines3.common.evaluation import evaluate_policy  # noqa: E402
from stable_baselines3.common.monitor import Monitor  # noqa: E402
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize  # noqa: E402

from qtg.gym.stable_baselines import BatchVecEnv, make_batch, make_sb3  # noqa: E402

DEALER = "qtg/AvellanedaStoikov-v0"
SHORT: dict[str, Any] = {"horizon": 0.05, "spread_inventory": 3}  # 10 steps
MARKET: dict[str, Any] = {"starts": 3, "steps": 12}
ENVS = 4


def dealer() -> BatchEnv:
    return BatchEnv(DealerBatch(1, **SHORT))


@pytest.mark.compiled
@pytest.mark.parametrize(
    "name", ["AvellanedaStoikov", "Trading", "MarketMaking", "Execution", "DailyInvestor"]
)
def test_stable_baselines_has_nothing_to_say_against_single_ones(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings = SHORT if name == "AvellanedaStoikov" else MARKET
        check_env(gymnasium.make(f"qtg/{name}-v0", **settings))


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("name", "make", "settings"),
    [
        (DEALER, dealer, SHORT),
        ("qtg/Execution-v0", execution, {**MARKET, "parent": 60, "size": 20}),  # ends early
        ("qtg/Trading-v0", trading, MARKET),  # is truncated
    ],
)
def test_it_is_as_single_environments_side_by_side(
    name: str, make: Any, settings: dict[str, Any]
) -> None:
    single = make if make is dealer else partial(make, **settings)
    ours, theirs = make_sb3(name, ENVS, **settings), DummyVecEnv([lambda: Monitor(single())] * ENVS)
    vector = gymnasium.make_vec(
        name, ENVS, "vector_entry_point", autoreset_mode=AutoresetMode.SAME_STEP, **settings
    )
    for env in (ours, theirs):
        assert env.seed(5) == [5, 6, 7, 8]
    first = ours.reset()
    assert np.array_equal(first, theirs.reset())
    assert np.array_equal(first, vector.reset(seed=5)[0])
    vector.action_space.seed(3)
    ends = 0
    for step in range(40):
        actions = vector.action_space.sample()
        found, expected, other = ours.step(actions), theirs.step(actions), vector.step(actions)
        for mine, one in zip(found[:3], expected[:3], strict=True):
            assert np.array_equal(mine, one), step
            assert mine.dtype == one.dtype
        assert np.array_equal(found[0], other[0])
        assert np.array_equal(found[2], other[2] | other[3])
        for row in range(ENVS):
            mine, one = found[3][row], expected[3][row]
            if not found[2][row]:
                assert mine == {}
                continue
            ends += 1
            assert np.array_equal(mine.pop("terminal_observation"), one.pop("terminal_observation"))
            assert mine["TimeLimit.truncated"] == one["TimeLimit.truncated"]
            assert mine["episode"]["l"] == one["episode"]["l"]
            assert mine["episode"]["r"] == pytest.approx(one["episode"]["r"], abs=1e-6)
            assert mine.keys() == one.keys()
            assert all(mine[key] == one[key] for key in mine if key not in ("episode",))
    assert ends >= 3 * ENVS


def env_of(rows: int = ENVS, seed: int = 1) -> BatchVecEnv:
    env = BatchVecEnv(DealerBatch(rows, **SHORT))
    env.seed(seed)
    env.reset()
    return env


def zeros(rows: int = ENVS) -> np.ndarray:
    return np.zeros((rows, 2), np.float32)


def test_a_reset_without_a_seed_goes_on() -> None:
    env = env_of()
    second = env.reset()
    env.seed(1)
    first = env.reset()
    assert not np.array_equal(first, second)
    assert np.array_equal(env.reset(), second)
    assert env.reset_infos == [{}] * ENVS


def test_what_was_seen_stays_as_it_was() -> None:
    env = env_of()
    seen = env.step(zeros())[0]
    copy = seen.copy()
    for _ in range(12):
        env.step(zeros())
    assert np.array_equal(seen, copy)


def test_attributes_and_methods_are_of_rows() -> None:
    env = env_of()
    held = env.get_attr("dealers")[0].inventory
    assert env.get_attr("steps") == [10] * ENVS
    assert env.get_attr("wealth", [2]) == [env.batch.wealth[2]]
    assert [each["inventory"] for each in env.env_method("info")] == held.tolist()
    assert env.env_method("info", indices=1)[0]["inventory"] == held[1]
    assert env.env_method("observation_contract", indices=[0])[0].shape == (2,)
    assert env.has_attr("steps")
    assert not env.has_attr("weather")
    env.set_attr("steps", 5)
    assert env.get_attr("steps") == [5] * ENVS
    env.batch.mark = np.zeros(ENVS)
    env.set_attr("mark", 7.0, [1, 3])
    assert env.get_attr("mark") == [0.0, 7.0, 0.0, 7.0]
    with pytest.raises(qtg.ConfigError, match="steps is one for all environments"):
        env.set_attr("steps", 3, indices=0)
    for name in ("step", "reset"):
        with pytest.raises(qtg.ConfigError, match="for all environments at once"):
            env.env_method(name)
    assert env.env_is_wrapped(Monitor) == [True] * ENVS
    assert env.env_is_wrapped(gymnasium.wrappers.TimeLimit, [0]) == [False]


def test_its_helpers_work_around_it() -> None:
    class Still:
        def predict(self, seen: np.ndarray, *_: Any, **__: Any) -> tuple[np.ndarray, None]:
            return zeros(len(seen)), None

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rewards, lengths = evaluate_policy(
            Still(), env_of(), n_eval_episodes=8, return_episode_rewards=True
        )
    assert lengths == [10] * 8
    with pytest.warns(UserWarning, match="already wrapped with a `Monitor`"):
        wrapped = VecNormalize(VecMonitor(env_of()))
    wrapped.reset()
    ends = [wrapped.step(zeros())[3] for _ in range(10)][-1]
    assert [info["episode"]["l"] for info in ends] == [10] * ENVS
    assert sorted(rewards)[0] < sorted(rewards)[-1]


def test_bad_input_is_named() -> None:
    with pytest.raises(qtg.ConfigError, match=r"no environment 'qtg/Weather-v0'.*qtg/Execution-v0"):
        make_sb3("qtg/Weather-v0", 2)
    with pytest.raises(qtg.ConfigError, match="CartPole-v1 is no environment in columns"):
        make_batch("CartPole-v1")
    with pytest.raises(qtg.ConfigError, match="CartPole-v1 is no environment in columns"):
        make_sb3("CartPole-v1", 2, steps=3)
    with pytest.raises(qtg.ConfigError, match="num_envs is 'a'; pass a whole number"):
        make_sb3(DEALER, "a")  # type: ignore[arg-type]
    with pytest.raises(qtg.ConfigError, match="no environment 3"):
        make_sb3(3)  # type: ignore[arg-type]
    with pytest.raises(qtg.ConfigError, match="agents is 'a'; pass a whole number"):
        qtg.gym.TradingEnv(agents="a")  # type: ignore[arg-type]
    with pytest.raises(qtg.ConfigError, match="no setting 'rat' here"):
        make_sb3(DEALER, 2, rat=3)
    with pytest.raises(qtg.ConfigError, match="call reset first"):
        BatchVecEnv(DealerBatch(2)).step(zeros(2))
    with pytest.raises(qtg.ConfigError, match="actions have shape"):
        env_of().step(zeros(2))
    with pytest.raises(qtg.ConfigError, match="action nan of environment 0"):
        env_of().step(np.full((ENVS, 2), np.nan))


def test_a_reward_that_float32_does_not_hold_is_refused() -> None:
    env = make_sb3(
        "qtg/Trading-v0", 2, starts=1, steps=10,
        reward={"kind": "terminal_utility", "risk_aversion": 500.0},
    )  # fmt: skip
    env.seed(1)
    env.reset()
    with pytest.raises(qtg.ConfigError, match=r"reward of environment 0 is -?inf; choose another"):
        for _ in range(10):
            env.step(np.ones(2, np.int64))


@pytest.mark.parametrize(
    ("name", "flag"),
    [("Trading", "target"), ("Trading", "truncates"), ("AvellanedaStoikov", "binary")],
)
def test_flags_are_true_or_false(name: str, flag: str) -> None:
    with pytest.raises(qtg.ConfigError, match=f"{flag} must be true or false, got 'no'"):
        make_sb3(f"qtg/{name}-v0", 2, **{flag: "no"})


def test_the_package_has_it() -> None:
    assert qtg.gym.make_sb3 is make_sb3
    assert qtg.gym.BatchVecEnv is BatchVecEnv
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        qtg.gym.weather  # noqa: B018
