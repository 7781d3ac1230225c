"""Several learners in one market: what PettingZoo asks for, and what the market does."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test

import qtg
from qtg.gym.makers import market_batches, role_of
from qtg.gym.petting_zoo import LearnersEnv, parallel_env
from qtg.gym.tasks import MarketMaking, Trading
from qtg.invariants import check_invariants
from qtg.schemas import ExecType, MsgType

pytestmark = pytest.mark.compiled

CHECKED = {"check_every": 1, "on_violation": "stop"}
SHORT: dict[str, Any] = {"starts": 2, "steps": 25, "config": CHECKED}
MIXED = {
    "maker": {"env": "qtg/MarketMaking-v0", "learners": 2, "shares": 500, "widest": 4},
    "trader": {"env": "qtg/Trading-v0", "learners": 2, "cash": 40_000, "ruin": 0.9995, "size": 40},
    "executor": {"env": "qtg/Execution-v0", "parent": 60, "size": 20, "ticks": 1, "steps": 25},
}
MAKES: dict[str, Callable[..., LearnersEnv]] = {
    "traders": partial(parallel_env, "qtg/Trading-v0", learners=4, **SHORT),
    "makers": partial(parallel_env, "qtg/MarketMaking-v0", learners=3, **SHORT),
    "executors": partial(parallel_env, "qtg/Execution-v0", learners=2, parent=60, **SHORT, size=20),
    "investors": partial(parallel_env, "qtg/DailyInvestor-v0", **{**SHORT, "ticks": 2}),
    "mixed": partial(parallel_env, roles=MIXED, **SHORT),
}


def sampled(env: LearnersEnv, seed: int) -> Callable[[], dict[str, Any]]:
    """Actions of those who are there."""
    for k, agent in enumerate(env.possible_agents):
        env.action_space(agent).seed(seed + k)
    return lambda: {agent: env.action_space(agent).sample() for agent in env.agents}


@pytest.mark.parametrize("name", MAKES)
def test_pettingzoo_has_nothing_to_say_against_them(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(MAKES[name](), num_cycles=60)
        parallel_seed_test(MAKES[name], num_cycles=60)
        assert MAKES[name]().metadata["name"] == "qtg_learners_v0"


@pytest.mark.parametrize("name", MAKES)
def test_a_seed_decides_everything_until_the_last_agent_has_left(name: str) -> None:
    """Whole episodes, the second without a seed, with all that is answered; another seed differs;
    the order in which actions are given means nothing."""

    def play(seed: int, backwards: bool = False) -> list[Any]:
        env = MAKES[name]()
        draw, told = sampled(env, 9), []
        for given in (seed, None):
            told.append(env.reset(seed=given))
            while env.agents:
                actions = draw()
                if backwards:
                    actions = dict(reversed(actions.items()))
                told.append((*env.step(actions), env.agents[:], env.state()))
        return told

    first, again, other = play(3), play(3, backwards=True), play(4)
    assert len(first) > 20
    np.testing.assert_equal(again, first)
    with pytest.raises(AssertionError):
        np.testing.assert_equal(other, first)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("qtg/Trading-v0", {"features": ["price", "indicator", "portfolio"], "cash": 5_000}),
        ("qtg/MarketMaking-v0", {"config": {"latency.enabled": True}, "latency": 1}),
        ("qtg/Execution-v0", {"style": "abides", "ticks": 2, "steps": 15, "parent": 50}),
        ("qtg/DailyInvestor-v0", {"ticks": 3, "sparse": True}),
    ],
)
def test_one_learner_does_what_the_single_environment_does(
    name: str, settings: dict[str, Any]
) -> None:
    settings = {"starts": 3, "steps": 15} | settings
    many, single = parallel_env(name, learners=1, **settings), gymnasium.make(name, **settings)
    (agent,) = many.possible_agents
    assert many.observation_space(agent) == single.observation_space
    single.action_space.seed(1)
    for seed in (5, None, None, 6):
        assert not any(  # of (observation, info)
            np.any(a != b[agent]) for a, b in zip(single.reset(seed=seed), many.reset(seed=seed))
        )
        while many.agents:
            action = single.action_space.sample()
            found, expected = many.step({agent: action}), single.step(action)
            for mine, its in zip(found, expected, strict=True):
                np.testing.assert_equal(mine[agent], its)


ALONE = {"background.count": 0, "venue.matching": "price_time", **CHECKED}


def worth(env: LearnersEnv) -> tuple[int, int]:
    """Money and shares of everybody in the market."""
    ledger = env._markets.sim.exchange.ledger
    return int(ledger.accounts.cash.sum()), int(ledger.positions.qty.sum())


@pytest.mark.parametrize("name", ["traders", "makers", "mixed"])
def test_money_and_shares_are_conserved(name: str) -> None:
    """In a market with a background pool; `CHECKED` has every tick checked beside."""
    env = MAKES[name](config={**CHECKED, "smart": [{"kind": "noise_trader", "count": 5}]})
    env.reset(seed=1)
    draw, before, inventory = sampled(env, 2), worth(env), {}
    while env.agents:
        *_, infos = env.step(draw())
        inventory |= {agent: info["inventory"] for agent, info in infos.items()}
        assert worth(env) == before
    assert sum(value != 0 for value in inventory.values()) > 1
    assert env._markets.sim.checker.checks > 10


def test_learners_trade_with_each_other() -> None:
    """Two of them alone: what one pays the other gets."""
    roles = {
        "maker": {"env": "qtg/MarketMaking-v0", "shares": 1_000, "size": 10, "most": 2_000},
        "trader": {"env": "qtg/Trading-v0", "size": 15},
    }
    env = parallel_env(roles=roles, config=ALONE, starts=1, steps=30)
    env.reset(seed=1)
    before = worth(env)
    for step in range(20):
        trade = 1 if step % 3 else 2
        _, rewards, _, _, infos = env.step(
            {"maker_0": np.array([-0.5, 0.0, 1.0, 1.0]), "trader_0": trade}
        )
        assert worth(env) == before
        assert rewards["maker_0"] == pytest.approx(-rewards["trader_0"])
        assert infos["maker_0"]["inventory"] + infos["trader_0"]["inventory"] == 1_000
        events, n = env._markets.sim.exchange.events, env._markets.sim.exchange.n_events
        traded = np.flatnonzero(events.exec_type[:n] == ExecType.TRADE)
        # He sells 10 of 15 as he has nothing yet to sell, or buys: the maker shows 10 a side.
        assert events.qty[traded].tolist() == [10]
        assert {int(events.agent[traded[0]]), int(events.contra_agent[traded[0]])} == {2, 3}
    profit = {agent: info["profit"] for agent, info in infos.items()}
    assert profit["maker_0"] == pytest.approx(-profit["trader_0"])
    assert profit["maker_0"] > 0


def test_orders_are_sent_learner_by_learner() -> None:
    """In the order of `possible_agents`, also where roles write theirs in another."""
    env = parallel_env(roles=MIXED, **{**SHORT, "config": {"venue.matching": "price_time"}})
    env.reset(seed=1)
    sim = env._markets.sim
    first, last = env._markets._agents[[0, -1]]
    sent: list[list[int]] = []
    sim.inputs.taps.append(lambda given: sent.append(given.columns.agent.tolist()))
    draw, cancels = sampled(env, 4), 0
    for _ in range(12):
        env.step(draw())
        cancels += sum(given == MsgType.CANCEL for given in sim.inputs.orders[0].msg_type)
        events, n = sim.exchange.events, sim.exchange.n_events
        new = (events.exec_type[:n] == ExecType.NEW) & (events.row[:n] >= 0)
        theirs = new & (events.agent[:n] >= first) & (events.agent[:n] <= last)
        assert (np.diff(events.agent[:n][theirs]) >= 0).all(), "and they arrive like that"
    assert all(agents == sorted(agents) for agents in sent)
    assert max(len(set(agents)) for agents in sent) == len(env.possible_agents)
    assert cancels > 10


@pytest.mark.parametrize("latency", [0, 3])
def test_a_ruined_learner_leaves_and_the_others_go_on(latency: int) -> None:
    """What he has resting and on its way is withdrawn, and nobody else's."""
    config = {**CHECKED, "latency.enabled": latency > 0}
    roles = {
        "maker": {"env": "qtg/MarketMaking-v0", "learners": 2, "shares": 500, "latency": latency},
        "trader": {"env": "qtg/Trading-v0", "ruin": 0.9999, "size": 500, "shares": 50_000},
    }
    roles["maker"]["features"] = ["price"]
    env = parallel_env(roles=roles, config=config, starts=2, steps=40)
    env.reset(seed=2)
    markets, exchange = env._markets, env._markets.sim.exchange

    def orders_of(agent: int) -> int:
        resting, queue = exchange.venue.book_columns.orders, exchange.queue
        rest = (resting.agent == agent) & (resting.order_id != 0)
        waiting = sum(int((o.agent[:n] == agent).sum()) for o, n in zip(queue.orders, queue.n))
        return int(rest.sum()) + waiting

    quotes = np.array([0.5, 0.5, 1.0, 1.0])
    for _ in range(3 + latency):
        env.step({"maker_0": quotes, "maker_1": quotes, "trader_0": 0})
    agents = dict(zip(env.possible_agents, markets._agents.tolist(), strict=True))
    assert min(orders_of(agents["maker_0"]), orders_of(agents["maker_1"])) > 0
    ruined = next(agent for agent in env.agents if agent.startswith("maker"))
    env._roles[0].market.scene[0, env._roles[0]._places.start] = 1.0
    env._roles[0].task.judge = lambda: (0.0, np.array([True, False]))  # type: ignore[method-assign]
    kept = orders_of(agents["maker_1"])
    _, _, terminated, truncated, _ = env.step(
        {"maker_0": quotes, "maker_1": np.array([1, 1, -1, -1]), "trader_0": 0}
    )
    assert terminated == {"maker_0": True, "maker_1": False, "trader_0": False}
    assert not any(truncated.values())
    assert ruined == "maker_0"
    assert env.agents == ["maker_1", "trader_0"]
    assert orders_of(agents["maker_0"]) == 0
    assert latency == 0 or 0 < orders_of(agents["maker_1"]) <= kept + 2
    accounts = exchange.ledger.accounts
    assert accounts.reserved[agents["maker_0"]] == 0
    held = exchange.ledger.positions.qty[agents["maker_0"]].copy()
    with pytest.raises(qtg.ConfigError, match="agent maker_0 has left"):
        env.step({"maker_0": quotes, "maker_1": quotes, "trader_0": 0})
    left = {"trader_0"}
    while env.agents:
        actions = {"maker_1": quotes, "trader_0": 2}
        seen, *_ = env.step({agent: actions[agent] for agent in env.agents})
        assert "maker_0" not in seen
        assert orders_of(agents["maker_0"]) == 0
        left &= set(env.agents)
    assert np.array_equal(exchange.ledger.positions.qty[agents["maker_0"]], held)
    check_invariants(exchange)
    env.reset()
    assert env.agents == env.possible_agents


def test_a_trader_who_loses_too_much_is_out() -> None:
    env = parallel_env(
        "qtg/Trading-v0", learners=3, ruin=0.999, cash=10_000, size=50, steps=100, starts=2
    )
    env.reset(seed=1)
    for step in range(100):
        churn = {"trader_0": 0, "trader_1": 1 + step % 2, "trader_2": 0}
        _, _, terminated, *_ = env.step({agent: churn[agent] for agent in env.agents})
        if any(terminated.values()):
            break
    assert [agent for agent, over in terminated.items() if over] == ["trader_1"]
    assert env.agents == ["trader_0", "trader_2"]
    assert env.step({"trader_0": 1, "trader_2": 0})[4]["trader_0"]["inventory"] == 50


def test_rows_are_learners_in_environments() -> None:
    """Environments with learners side by side do what each does alone; who is dismissed in one goes
    on in the others."""

    def roles() -> list[Any]:
        return [
            role_of(MarketMaking, {"steps": 20, "widest": 3}, 2),
            role_of(Trading, {"steps": 20, "features": ["indicator", "portfolio"]}, 3),
        ]

    def play(seeds: list[int], rows: list[int]) -> list[np.ndarray]:
        batches = market_batches(roles(), len(seeds), starts=2)
        markets, told = batches[0].markets, []
        markets.begin(np.arange(len(seeds)), np.array(seeds, np.uint64))
        for each in batches:
            each.enter(np.arange(each.num_envs), np.zeros(each.num_envs, np.uint64))
        for step in range(12):
            if step == 6 and seeds[-1] == 8:
                markets.dismiss(len(seeds) - 1, markets._agents[[1, 3]])
            rng = np.random.default_rng(step)
            quotes, trades = rng.uniform(-1, 1, (2, 4)), rng.integers(0, 3, 3)
            batches[0].act(np.tile(quotes, (len(seeds), 1)))
            batches[1].act(np.tile(trades, len(seeds)))
            markets.move(2)
            for each in batches:
                reward = each.outcome().reward.reshape(len(seeds), -1)
                seen = np.empty((each.num_envs, *each.observation_space.shape), np.float32)  # type: ignore[misc]
                each.observe(seen)
                told += [reward[rows], seen.reshape(len(seeds), reward.shape[1], -1)[rows]]
                told += [each.info()["inventory"].reshape(reward.shape)[rows]]
        return told

    together = play([6, 7, 8], [0, 1, 2])
    for row, seed in enumerate([6, 7, 8]):
        for alone, many in zip(play([seed], [0]), together, strict=True):
            assert np.array_equal(alone[0], many[row])
    makers = np.array(together[2::6])  # inventories (step, environment, learner)
    assert np.array_equal(makers[6:, 2, 1], np.full(6, makers[5, 2, 1]))
    assert (makers[-1] != makers[5]).sum() >= 3


def test_who_is_dismissed_keeps_his_orders_in_other_environments() -> None:
    """What rests, and what is on its way."""
    role = role_of(MarketMaking, {"latency": 3, "shares": 500}, 2)
    (batch,) = market_batches([role], 2, starts=1, config={"latency.enabled": True})
    markets, exchange = batch.markets, batch.market.sim.exchange
    markets.begin(np.arange(2), np.array([1, 2], np.uint64))
    batch.enter(np.arange(4), np.zeros(4, np.uint64))
    for _ in range(6):
        batch.act(np.full((4, 4), 0.5))
        markets.move()

    def orders() -> list[list[int]]:
        """Resting and waiting, of the first learner in each environment."""
        books, queue, agent = exchange.venue.book_columns.orders, exchange.queue, markets._agents[0]
        rest = ((books.agent == agent) & (books.order_id != 0)).sum(axis=1)
        waiting = np.zeros(2, int)
        for each, market, n in zip(queue.orders, queue.market, queue.n):
            waiting += np.bincount(market[:n][each.agent[:n] == agent], minlength=2)
        return [rest.tolist(), waiting.tolist()]

    before = orders()
    assert np.min(before) > 0
    markets.dismiss(1, markets._agents[:1])
    assert orders() == [[before[0][0], 0], [before[1][0], 0]]


def test_what_an_agent_sees_is_its_own() -> None:
    env = MAKES["mixed"]()
    seen, _ = env.reset(seed=1)
    seen, *_ = env.step({"maker_0": np.ones(4), "maker_1": -np.ones(4), "trader_0": 1,
                         "trader_1": 0, "executor_0": 0})  # fmt: skip
    for agent in env.agents:
        assert env.observation_space(agent).contains(seen[agent])
        assert env.observation_contract(agent).shape == seen[agent].shape
    held = {agent: env.raw_market_data(agent)["AAPL.position"][0] for agent in env.agents}
    assert held == {"maker_0": 500, "maker_1": 500, "trader_0": 40, "trader_1": 0,
                    "executor_0": 20}  # fmt: skip
    mids = {env.raw_market_data(agent)["AAPL.mid"][0] for agent in env.agents}
    assert len(mids) == 1
    assert np.array_equal(env.state(), np.concatenate(list(seen.values())))


def test_render_says_where_learners_stand() -> None:
    env = MAKES["traders"](render_mode="ansi")
    env.reset(seed=1)
    assert str(env.render()).splitlines()[3].startswith("trader_3: step 0: equity")
    assert MAKES["traders"]().render() is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "name either an environment or roles"),
        ({"env": "qtg/Trading-v0", "roles": MIXED}, "name either an environment or roles"),
        ({"env": "qtg/Weather-v0"}, "no environment 'qtg/Weather-v0' with a market; there are"),
        ({"env": "qtg/AvellanedaStoikov-v0"}, "no environment 'qtg/Avell.* with a market"),
        ({"env": "qtg/Trading-v0", "learners": 0}, "role trader: learners is 0; pass a whole"),
        ({"env": "qtg/Trading-v0", "learners": 1.5}, "learners is 1.5; pass a whole number"),
        ({"env": "qtg/Trading-v0", "sise": 3}, "no setting 'sise' here"),
        ({"env": "qtg/Trading-v0", "render_mode": "human"}, 'render_mode must be "ansi"'),
        ({"env": "qtg/Trading-v0", "learners": 1, "config": {"background.count": 0}},
         "nobody to trade with in AAPL"),
        ({"roles": {"maker": {"learners": 2}}}, "role 'maker' needs an environment: give its `env`"),
        ({"roles": MIXED, "size": 3}, "no setting 'size' beside roles; there are config, starts"),
        ({"roles": {"a": {"env": "qtg/Trading-v0"}, "b": {"env": "qtg/Execution-v0"}}},
         "roles have different steps, 200 and 40; give one beside the roles"),
        ({"roles": {}}, "roles must be settings by name, such as"),
        ({"roles": {"a": 3}}, "roles must be settings by name, such as"),
        ({"roles": "qtg/Trading-v0"}, "roles must be settings by name, such as"),
    ],
)  # fmt: skip
def test_settings_that_make_no_environment(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        parallel_env(**settings)


def test_steps_that_are_none() -> None:
    env = MAKES["mixed"]()
    with pytest.raises(qtg.ConfigError, match="no episode is going on; call reset first"):
        env.step({})
    env.reset(seed=1)
    before, tick = worth(env), env._markets.sim.tick
    good = {agent: env.action_space(agent).sample() for agent in env.agents}
    for wrong, message in (
        ({"trader_0": 3}, "action 3 of agent trader_0 is not in Discrete"),
        ({"trader_1": 0.5}, "actions of agent trader_1 must be whole numbers"),
        ({"trader_1": [1, [2, 3]]}, "actions of agent trader_1 must be an array of shape"),
        ({"maker_1": np.full(4, np.nan)}, "action nan of agent maker_1 is not a number"),
        ({"maker_1": np.ones(3)}, r"actions of agent maker_1 have shape \(3,\); this needs \(4,\)"),
        ({"taker_0": 1}, "no agent 'taker_0'; there are maker_0, maker_1, trader_0"),
    ):
        with pytest.raises(qtg.ConfigError, match=message):
            env.step({**good, **wrong})
    del good["maker_0"]
    with pytest.raises(qtg.ConfigError, match="agent maker_0 has no action"):
        env.step(good)
    assert (worth(env), env._markets.sim.tick) == (before, tick)
    with pytest.raises(qtg.ConfigError, match="a seed must be 0 to"):
        env.reset(seed=-1)
    with pytest.raises(qtg.ConfigError, match="no agent 'nobody'"):
        env.observation_space("nobody")
    for _ in range(25):
        env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    assert env.agents == []
    with pytest.raises(qtg.ConfigError, match="no episode is going on"):
        env.step({})
    env.close()
    env.close()
