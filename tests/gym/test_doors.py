"""One batch, several doors: what an environment does depends on none of them."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import qtg
from qtg.gym import BatchEnv, BatchVectorEnv, DealerBatch
from qtg.gym.seeds import Seeds

NAME = "qtg/AvellanedaStoikov-v0"
SHORT = {"horizon": 0.05, "spread_inventory": 3}  # 10 steps
ENVS = 5


def vector(mode: AutoresetMode, envs: int = ENVS, **settings: Any) -> BatchVectorEnv:
    made = gymnasium.make_vec(
        NAME, envs, "vector_entry_point", autoreset_mode=mode, **(SHORT | settings)
    )
    assert isinstance(made.unwrapped, BatchVectorEnv)
    return made.unwrapped


def actions(step: int, envs: int = ENVS) -> np.ndarray:
    rng = np.random.default_rng(step)
    return rng.uniform(-1.0, 1.0, (envs, 2)).astype(np.float32)


def same(ours: Any, theirs: Any) -> bool:
    """Whether infos say the same; theirs leaves out what no environment has."""
    if isinstance(ours, dict):
        return all(
            same(value, theirs[key]) if key in theirs else not np.any(ours[f"_{key.lstrip('_')}"])
            for key, value in ours.items()
        )
    if getattr(ours, "dtype", int) == np.dtype("O"):
        return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    return bool(np.array_equal(ours, theirs))


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_batch_is_as_single_environments_side_by_side(mode: AutoresetMode) -> None:
    ours = vector(mode)
    singles = [lambda: BatchEnv(DealerBatch(1, **SHORT)) for _ in range(ENVS)]  # type: ignore[arg-type]
    theirs = SyncVectorEnv(singles, autoreset_mode=mode)
    (seen, infos), (expected, told) = ours.reset(seed=11), theirs.reset(seed=11)
    assert np.array_equal(seen, expected)
    assert same(infos, told)
    ends = 0
    for step in range(35):
        found, should = ours.step(actions(step)), theirs.step(actions(step))
        for ours_now, theirs_now in zip(found[:4], should[:4], strict=True):
            assert np.array_equal(ours_now, theirs_now), step
            assert ours_now.dtype == theirs_now.dtype
        assert same(found[4], should[4]), step
        ends += int(found[2].sum())
    assert ends == 3 * ENVS


def test_disabled_autoreset_waits_for_a_reset() -> None:
    env = vector(AutoresetMode.DISABLED)
    with pytest.raises(qtg.ConfigError, match="environment 0 has no episode going on"):
        env.step(actions(0))
    env.reset(seed=3)
    for step in range(10):
        seen, _, terminated, _, _ = env.step(actions(step))
    assert terminated.all()
    with pytest.raises(qtg.ConfigError, match="environment 0 has no episode"):
        env.step(actions(10))
    mask = np.array([True, False, True, False, False])
    again, infos = env.reset(options={"reset_mask": mask})
    assert np.array_equal(again[~mask], seen[~mask])
    assert (again[mask, 1] == 1.0).all()
    assert np.array_equal(infos["_wealth"], mask)
    with pytest.raises(qtg.ConfigError, match="environment 1 has no episode"):
        env.step(actions(11))


def test_an_episode_is_a_function_of_its_seed() -> None:
    def play(env: BatchVectorEnv, row: int) -> list[float]:
        return [float(env.step(actions(step, env.num_envs))[1][row]) for step in range(25)]

    alone, batch = (vector(AutoresetMode.NEXT_STEP, envs) for envs in (1, ENVS))
    alone.reset(seed=[7])
    batch.reset(seed=[None, 4, None, 7, 5])
    for env in (alone, batch):  # the same actions for both
        env.action_space.seed(0)
    first = [float(alone.step(actions(step)[3:4])[1][0]) for step in range(25)]
    assert first == play(batch, 3)
    batch.reset(seed=[None, 4, None, 8, 5])
    assert first != play(batch, 3)


def test_episodes_follow_each_other_the_same_way() -> None:
    env = BatchEnv(DealerBatch(1, **SHORT))  # type: ignore[arg-type]

    def three() -> list[float]:
        firsts = [env.reset(seed=5)[0][0], env.reset()[0][0], env.reset()[0][0]]
        return [float(each) for each in firsts]

    found = three()
    assert found == three()
    assert len({env.reset(seed=seed)[0][0] for seed in range(30)}) > 3


def test_episode_statistics_of_gymnasium_work() -> None:
    env = RecordEpisodeStatistics(vector(AutoresetMode.SAME_STEP))
    env.reset(seed=1)
    total = np.zeros(ENVS)
    for step in range(10):
        _, rewards, _, _, infos = env.step(actions(step))
        total += rewards
    assert infos["episode"]["r"] == pytest.approx(total)
    assert (infos["episode"]["l"] == 10).all()


def test_observations_are_new_unless_asked_otherwise() -> None:
    fresh, shared = (vector(AutoresetMode.NEXT_STEP, copy=copy) for copy in (True, False))
    kept = [env.reset(seed=1)[0] for env in (fresh, shared)]
    first = [each.copy() for each in kept]
    for env in (fresh, shared):
        env.step(actions(1))
    assert np.array_equal(kept[0], first[0])
    assert not np.array_equal(kept[1], first[1])


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.zeros((ENVS, 3)), r"actions have shape \(5, 3\); this needs \(5, 2\)"),
        (np.array([[0.0, 0.0]] * 3 + [[0.0, np.nan]] * 2), "action nan of environment 3 is not a"),
        (np.full((ENVS, 2), "up"), "actions must be numbers"),
    ],
)
def test_actions_that_are_none(action: np.ndarray, message: str) -> None:
    env = vector(AutoresetMode.NEXT_STEP)
    env.reset(seed=1)
    before = env.batch.info()["wealth"]
    with pytest.raises(qtg.ConfigError, match=message):
        env.step(action)
    assert np.array_equal(env.batch.info()["wealth"], before)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_actions_beyond_the_box_are_brought_to_its_edge(sign: float) -> None:
    one, other = (vector(AutoresetMode.NEXT_STEP) for _ in range(2))
    for env in (one, other):
        env.reset(seed=1)
    edge = np.full((ENVS, 2), sign)
    found, expected = (
        env.step(each)[4]["wealth"] for env, each in ((one, 3 * edge), (other, edge))
    )
    assert np.array_equal(found, expected)


def test_a_row_has_its_own_chain_of_seeds() -> None:
    seeds, rows = Seeds(3), np.arange(3)
    seeds.give(rows, [5, 6, 5])
    first = seeds.next(rows)
    assert first[0] == first[2] != first[1]
    second = seeds.next(np.array([2]))
    assert [seeds.next(np.array([row]))[0] == second[0] for row in rows] == [True, False, False]
    seeds.give(np.array([2]), [2**64 - 1])
    assert len({*first[:2], *second, *seeds.next(np.array([2]))}) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"autoreset_mode": "later"}, "autoreset_mode must be one of 'NextStep', 'SameStep'"),
        ({"horizon": 0.001}, "horizon must be at least a step"),
        ({"horizon": "x"}, "horizon is 'x'; pass a number greater than 0"),
        ({"volatility": "x"}, "volatility is 'x'; pass a number greater than 0"),
        ({"reward": "log_return"}, "the dealer begins with nothing; choose another reward"),
        ({"rate": float("nan")}, "rate is nan; pass a number greater than 0"),
        ({"rat": 3.0}, "no setting 'rat' here; there are price, volatility"),
        ({"most": 1.5}, "most is 1.5; pass a whole number"),
        ({"reward": "weather"}, "no reward 'weather'"),
        ({"inventory": 300}, "is not within -most .. most"),
    ],
)
def test_settings_that_make_no_environment(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        gymnasium.make_vec(NAME, 2, "vector_entry_point", **wrong)


def test_seeds_and_masks_that_are_none() -> None:
    env = vector(AutoresetMode.NEXT_STEP)
    for seed, message in (
        ([1, 2], "2 seeds were given for 5"),
        (-1, "a seed must be 0 or"),
        ([0, 1, 2, 3, -4], "a seed must be 0 to"),
        ([0, 1, 2, 3, 1.5], "a seed must be 0 to 2\\^64 - 1, got 1.5"),
        (1.5, "a seed must be a whole number, or one for each, got 1.5"),
        ("seed", "a seed must be a whole number, or one for each, got 'seed'"),
    ):
        with pytest.raises((qtg.ConfigError, gymnasium.error.Error), match=message):
            env.reset(seed=seed)  # type: ignore[arg-type]
    for mask in ([True], np.zeros(ENVS, bool), np.ones(3, bool)):
        with pytest.raises(qtg.ConfigError, match="reset_mask must"):
            env.reset(options={"reset_mask": mask})
    single = BatchEnv(DealerBatch(1))
    with pytest.raises(qtg.ConfigError, match="no episode is going on"):
        single.step(np.zeros(2))
    with pytest.raises(qtg.ConfigError, match="needs a batch of one"):
        BatchEnv(DealerBatch(2))


def test_render_says_where_an_episode_stands() -> None:
    env = gymnasium.make(NAME, render_mode="ansi", **SHORT)
    env.reset(seed=1)
    assert str(env.render()).startswith("step 0: inventory")
    with pytest.raises(qtg.ConfigError, match='must be "ansi"'):
        BatchEnv(DealerBatch(1), render_mode="human")
