"""Orders that are refused are told of: how many in a step, and why the last was."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import qtg
from qtg.gym import MarketBatch
from qtg.gym.makers import market_batch, trading
from qtg.gym.petting_zoo import parallel_env
from qtg.gym.tasks import MarketMaking, Trading
from qtg.schemas import ExecType, Reason

pytestmark = pytest.mark.compiled

SHORT: dict[str, Any] = {"starts": 2, "steps": 10}


def listened(batch: MarketBatch) -> list[tuple[int, int]]:
    """(agent, reason) of everything that is refused, as it comes; of one environment."""
    told: list[tuple[int, int]] = []

    def listen(sim: qtg.Simulation) -> None:
        events = sim.exchange.events
        for k in range(sim.exchange.n_events):
            if events.exec_type[k] == ExecType.REJECTED:
                told.append((int(events.agent[k]), int(events.reason[k])))

    batch.market.sim.add_hook(listen)
    return told


def test_they_are_those_of_the_market() -> None:
    """Over all ticks of a step, of the learner alone, in a market where others are refused too."""
    others = [{"kind": "noise_trader", "count": 20, "cash": 400, "shares": 0}]
    config = {"smart": others, "latency.enabled": True}
    batch = market_batch(
        MarketMaking,
        1,
        ticks=3,
        latency=2,
        cash=2_500,
        size=20,
        widest=2,
        config=config,
        short_selling=False,
        **SHORT,
    )
    batch.begin(np.zeros(1, np.int64), np.array([3], np.uint64))
    told, rng, counts = listened(batch), np.random.default_rng(1), []
    reasons: set[str] = set()
    for step in range(60):
        told.clear()
        quotes = rng.uniform(-1.0, 1.0, (1, 4))
        quotes[:, 2:] = -1.0 if step % 5 < 2 else quotes[:, 2:]  # none at all
        batch.step(quotes)
        mine = [reason for agent, reason in told if agent == batch.market.learner]
        info = batch.info()
        assert info["refused"].tolist() == [len(mine)]
        assert info["reason"].tolist() == [Reason(mine[-1]).name if mine else ""]
        counts.append((len(mine), len(told)))
        reasons |= {Reason(each).name for each in mine}
    assert reasons >= {"INSUFFICIENT_CASH", "INSUFFICIENT_SHARES", "POST_ONLY_WOULD_CROSS"}
    assert {0, 1, 2} <= {count for count, _ in counts}
    assert any(every > count > 0 for count, every in counts)


def test_an_order_for_no_market_is_nobodys() -> None:
    """It is refused, and belongs to no environment whose count it could be in."""
    batch = market_batch(Trading, 2, **SHORT)
    batch.begin(np.arange(2), np.array([3, 4], np.uint64))
    told, agent = listened(batch), batch.market.learner
    for market in (-1, 2, 10**6):
        batch.market.sim.submit({"agent": [agent], "market": [market], "price": [100], "qty": [1]})
        batch.step(np.zeros(2, np.int64))
        assert told.pop() == (agent, int(Reason.UNKNOWN_MARKET))
        assert batch.info()["refused"].tolist() == [0, 0]
    batch.market.sim.submit({"agent": [agent], "market": [1], "price": [-100], "qty": [1]})
    batch.step(np.zeros(2, np.int64))
    assert batch.info()["refused"].tolist() == [0, 1]


def test_the_single_environment_has_numbers_and_names() -> None:
    env = trading(cash=100, **SHORT)
    _, info = env.reset(seed=1)
    assert (info["refused"], info["reason"]) == (0, "")
    *_, info = env.step(1)
    assert info["refused"] == 1
    assert type(info["refused"]) is int
    assert info["reason"] == "INSUFFICIENT_CASH"
    assert Reason[info["reason"]] in qtg.schemas.REASON_TEXT
    *_, info = env.step(0)
    assert (info["refused"], info["reason"]) == (0, "")
    env.step(1)
    assert env.reset()[1]["refused"] == 0


@pytest.mark.parametrize("mode", list(AutoresetMode)[:2])
def test_vector_environments_have_masked_columns(mode: AutoresetMode) -> None:
    """As Gymnasium makes them of single environments, at the ends of episodes too."""
    settings = {**SHORT, "cash": 3_000, "size": 10, "short_selling": False}
    ours = gymnasium.make_vec(
        "qtg/Trading-v0", 3, "vector_entry_point", autoreset_mode=mode, **settings
    )
    theirs = SyncVectorEnv([lambda: trading(**settings) for _ in range(3)], autoreset_mode=mode)
    ours.reset(seed=1)
    theirs.reset(seed=1)
    ours.action_space.seed(4)
    refused = 0
    for step in range(25):
        actions = ours.action_space.sample()
        infos, expected = ours.step(actions)[4], theirs.step(actions)[4]
        for found, made in (
            (infos, expected),
            (infos.get("final_info"), expected.get("final_info")),
        ):
            if found is None:
                assert made is None
                continue
            for name in ("refused", "reason"):
                mask = found[f"_{name}"]
                assert np.array_equal(mask, made[f"_{name}"]), step
                assert found[name][mask].tolist() == made[name][mask].tolist(), step
                assert not found[name][~mask].any()
            refused += int(found["refused"].sum())
    assert infos["refused"].dtype == np.int64
    assert refused > 10


def test_each_learner_hears_of_his_own() -> None:
    roles = {
        "poor": {"env": "qtg/Trading-v0", "learners": 2, "cash": 10},
        "rich": {"env": "qtg/Trading-v0", "learners": 2},
    }
    env = parallel_env(roles=roles, **SHORT)
    env.reset(seed=1)
    *_, infos = env.step({"poor_0": 0, "poor_1": 1, "rich_0": 1, "rich_1": 2})
    assert [info["refused"] for info in infos.values()] == [0, 1, 0, 0]
    assert infos["poor_1"]["reason"] == "INSUFFICIENT_CASH"
    assert (env.step(dict.fromkeys(env.agents, 0))[4]["poor_1"]["reason"]) == ""


def test_begun_rows_forget_and_the_others_do_not() -> None:
    batch = market_batch(Trading, 3, cash=100, **SHORT)
    rows = np.arange(3)
    batch.begin(rows, rows.astype(np.uint64))
    batch.step(np.array([1, 1, 0]))
    assert batch.info()["refused"].tolist() == [1, 1, 0]
    batch.begin(np.array([1]), np.array([5], np.uint64))
    assert batch.info()["refused"].tolist() == [1, 0, 0]
    assert batch.info()["reason"].tolist() == ["INSUFFICIENT_CASH", "", ""]
