"""What the checkers of Gymnasium and Stable-Baselines3 ask for, and wrong calls."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

import qtg

pytestmark = pytest.mark.compiled

MARKET: dict[str, Any] = {"starts": 2, "steps": 6}
NAMES: dict[str, dict[str, Any]] = {
    "qtg/AvellanedaStoikov-v0": {"horizon": 0.03},
    "qtg/DailyInvestor-v0": MARKET | {"ticks": 2},
    "qtg/Execution-v0": MARKET | {"parent": 40, "size": 10},
    "qtg/MarketMaking-v0": MARKET,
    "qtg/Trading-v0": MARKET,
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *NAMES.items(),
    ("qtg/Trading-v0", MARKET | {"target": True}),
    ("qtg/Trading-v0", MARKET | {"features": ["indicator", "microstructure", "news", "order"],
                                 "reward": "differential_sharpe", "shares": 10}),
    ("qtg/Execution-v0", {"style": "abides", "ticks": 2, "steps": 6, "starts": 2}),
]  # fmt: skip
MODES = list(AutoresetMode)


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("name", "settings"), VARIANTS)
def test_gymnasium_is_content(name: str, settings: dict[str, Any]) -> None:
    check_env(gymnasium.make(name, **settings).unwrapped)
    env = gymnasium.make(name, **settings)  # with its wrappers, which check too
    env.reset(seed=1)
    env.step(env.action_space.sample())


@pytest.mark.parametrize(("name", "settings"), VARIANTS)
def test_stable_baselines_is_content(name: str, settings: dict[str, Any]) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gymnasium.make(name, **settings), warn=True)
    checker.check_env(gymnasium.make(name, **settings).unwrapped, warn=True)


def vector(name: str, mode: AutoresetMode, envs: int = 3, **beside: Any) -> VectorEnv:
    return gymnasium.make_vec(
        name, envs, "vector_entry_point", autoreset_mode=mode, **NAMES[name], **beside
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_vector_environment_is_one(name: str, mode: AutoresetMode) -> None:
    """Spaces, shapes, types, masks and seeds, which Gymnasium has no checker of."""
    env, n = vector(name, mode), 3
    single = gymnasium.make(name, **NAMES[name])
    assert env.num_envs == n
    assert env.metadata["autoreset_mode"] is mode
    assert env.single_observation_space == single.observation_space
    assert env.single_action_space == single.action_space
    assert env.observation_space == batch_space(env.single_observation_space, n)
    assert env.action_space == batch_space(env.single_action_space, n)
    assert env.spec is not None
    assert env.spec.id == name
    first, infos = env.reset(seed=4)
    assert env.observation_space.contains(first)
    _check_infos(infos, np.ones(n, bool))
    env.action_space.seed(1)
    late, kept = np.zeros(n, bool), [first]
    for _ in range(15):
        if mode is AutoresetMode.DISABLED and late.any():
            seen, infos = env.reset(options={"reset_mask": late})
            _check_infos(infos, late)
        seen, reward, terminated, truncated, infos = env.step(env.action_space.sample())
        assert env.observation_space.contains(seen)
        assert not any(np.shares_memory(seen, old) for old in kept)
        kept.append(seen)
        for column, kind in ((reward, np.float64), (terminated, bool), (truncated, bool)):
            assert column.shape == (n,)
            assert column.dtype == kind
        assert np.isfinite(reward).all()
        if mode is AutoresetMode.NEXT_STEP:
            assert (reward[late] == 0.0).all()
            assert not (terminated | truncated)[late].any()
        late = terminated | truncated
        final = infos.pop("final_obs", None), infos.pop("_final_obs", None)
        if mode is AutoresetMode.SAME_STEP and late.any():
            assert np.array_equal(final[1], late)
            assert np.array_equal(infos.pop("_final_info"), late)
            _check_infos(infos.pop("final_info"), late)
            for row in range(n):
                inside = late[row] and env.single_observation_space.contains(final[0][row])
                assert inside or (final[0][row] is None and not late[row])
        else:
            assert final == (None, None)
        _check_infos(infos, np.ones(n, bool))
    again, listed = env.reset(seed=4)[0], env.reset(seed=[4, 5, 6])[0]
    assert np.array_equal(first, again)
    assert np.array_equal(first, listed)
    for row, seed in enumerate([4, 5, 6]):
        assert np.array_equal(single.reset(seed=seed)[0], first[row])
    env.close()
    env.close()


def _check_infos(infos: dict[str, Any], there: np.ndarray) -> None:
    names = [name for name in infos if not name.startswith("_")]
    assert names
    assert set(infos) == {*names, *(f"_{name}" for name in names)}
    for name in names:
        assert infos[name].shape == there.shape
        assert infos[f"_{name}"].dtype == bool
        assert np.array_equal(infos[f"_{name}"], there)


@pytest.mark.parametrize("name", NAMES)
def test_a_first_reset_needs_no_seed(name: str) -> None:
    single, many = gymnasium.make(name, **NAMES[name]), vector(name, AutoresetMode.NEXT_STEP)
    assert single.observation_space.contains(single.reset()[0])
    assert many.observation_space.contains(many.reset()[0])
    single.step(single.action_space.sample())
    many.step(many.action_space.sample())


@pytest.mark.parametrize("name", NAMES)
def test_a_step_without_an_episode(name: str) -> None:
    """Before the first reset, and after the end; a reset helps."""
    env = gymnasium.make(name, **NAMES[name]).unwrapped
    many = vector(name, AutoresetMode.NEXT_STEP).unwrapped
    action = env.action_space.sample()
    with pytest.raises(qtg.ConfigError, match="no episode is going on; call reset first"):
        env.step(action)
    with pytest.raises(qtg.ConfigError, match="environment 0 has no episode going on; call reset"):
        many.step(many.action_space.sample())
    env.reset(seed=1)
    over = False
    while not over:
        *_, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
    with pytest.raises(qtg.ConfigError, match="no episode is going on; call reset first"):
        env.step(action)
    env.reset()
    env.step(action)


def _wrong_actions(name: str) -> list[tuple[Any, str]]:
    env = gymnasium.make(name, **NAMES[name])
    space = env.action_space
    if isinstance(space, Box):
        (n,) = space.shape
        return [
            (np.zeros(n + 1), "have shape"),
            (np.zeros((1, n)), "have shape"),
            (0.0, "have shape"),
            (np.full(n, np.nan), "action nan of environment 0 is not a number"),
            (["up"] * n, "must be numbers"),
            ([[0.0], 0.0], "must be an array of shape"),
            (None, "have shape|must be numbers"),
        ]
    return [
        (3, "action 3 of environment 0 is not in"),
        (-1, "action -1 of environment 0 is not in"),
        (0.5, "must be whole numbers"),
        (np.nan, "must be whole numbers"),
        ([0], "have shape"),
        ("hold", "must be whole numbers"),
        (None, "must be whole numbers"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_actions_are_refused_and_change_nothing(name: str) -> None:
    env = gymnasium.make(name, **NAMES[name]).unwrapped
    env.action_space.seed(2)
    right, twin = env.action_space.sample(), gymnasium.make(name, **NAMES[name]).unwrapped
    for each in (env, twin):
        each.reset(seed=1)
    for wrong, message in _wrong_actions(name):
        with pytest.raises(qtg.ConfigError, match=message):
            env.step(wrong)
    assert np.array_equal(env.step(right)[0], twin.step(right)[0])


@pytest.mark.parametrize("name", [name for name in NAMES if "M" in name or "A" in name])
def test_actions_beyond_a_box_are_brought_to_its_edge(name: str) -> None:
    one, other = (gymnasium.make(name, **NAMES[name]).unwrapped for _ in range(2))
    one.reset(seed=1)
    other.reset(seed=1)
    (n,) = one.action_space.shape  # type: ignore[misc]
    for far in (np.full(n, 7.0), np.full(n, -7.0), np.full(n, np.inf), np.full(n, 1e300)):
        found, edge = one.step(far), other.step(np.clip(far, -1.0, 1.0))
        assert np.array_equal(found[0], edge[0])
        assert found[1:] == edge[1:]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"background.count": 0}, "nobody to trade with in AAPL; add agents"),
        ({"background.activity": 0.0}, "nobody to trade with in AAPL"),
        ({"background.count": 0, "smart": [{"kind": "noise_trader", "count": 0}]}, "nobody"),
        (
            {"background.count": 0,
             "smart": [{"kind": "noise_trader", "count": 5, "probability": 0.0}]},
            "nobody to trade with in AAPL",
        ),
        (
            {"background.count": 0,
             "symbols": [{"symbol": "A", "sector": "tech", "initial_price": "10.00"},
                         {"symbol": "B", "sector": "tech", "initial_price": "10.00"}],
             "reactive": [{"kind": "momentum_follower", "count": 5, "symbols": ["A"]}]},
            "nobody to trade with in B",
        ),
        ({"symbols": []}, "symbols: is empty"),
    ],
)  # fmt: skip
def test_a_market_without_others(config: dict[str, Any], message: str) -> None:
    for vectors in (False, True):
        make: Any = gymnasium.make_vec if vectors else gymnasium.make
        with pytest.raises(qtg.ConfigError, match=message):
            make("qtg/Trading-v0", config=config, **MARKET)
    company = {"background.count": 0, "smart": [{"kind": "noise_trader", "count": 5}]}
    gymnasium.make("qtg/Trading-v0", config=company, **MARKET)
