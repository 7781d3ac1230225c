"""Agents who follow a model in a running market: what they see, do, keep and are refused."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.gym import Trading, market_batch
from qtg.schemas import PRICE_SCALE, ExecType
from qtg.simulation import Simulation
from qtg.state import copy_environment
from qtg.stateful import kept
from tests.state.graph import differences

from .policies import EVERYTHING, TWO, Made, Policies, agents, with_metadata

pytestmark = pytest.mark.compiled
IN_A_MARKET = ("codes", "two_symbols", "target", "two_targets", "quotes", "investor", "everything")
WARM = 59


def market(made: Made, *groups: dict[str, Any], **changes: Any) -> qtg.Config:
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return made.config.with_({"smart": list(groups), **settings})


def decisions(group: Any) -> list[np.ndarray]:
    """The actions of every call of the model from now on."""
    made: list[np.ndarray] = []
    ask = group._model.act

    def noting(seen: np.ndarray) -> np.ndarray:
        made.append(ask(seen))
        return made[-1]

    group._model.act = noting
    return made


@pytest.mark.parametrize("name", IN_A_MARKET)
def test_it_sees_and_does_what_it_did_in_its_environment(policies: Policies, name: str) -> None:
    """To the last event: a market with one agent has the trace hash of the environment in which
    the same model is the learner."""
    made = policies(name)
    batch = made.env.unwrapped.batch
    batch.begin(np.array([0]), np.array([made.config.seed], np.uint64))
    cash = 10_000 if name == "investor" else 1_000_000
    sim = Simulation(market(made, agents(made, cash=cash))).run(WARM)
    (agent,) = sim.onlookers
    learner = batch.market.sim
    assert learner.trace_hash == sim.trace_hash
    seen = np.empty((1, *batch.observation_space.shape), np.float32)
    actions = decisions(agent)
    for _ in range(batch.steps):
        batch.observe(seen)
        assert np.array_equal(seen, agent.observations)
        batch.step(made.model.predict(seen, deterministic=True)[0])
        sim.run(batch.ticks)
        assert learner.trace_hash == sim.trace_hash
    assert len(actions) == batch.steps
    assert len(np.unique(np.concatenate(actions).round(3), axis=0)) > 1, "it did several things"
    assert not sim.exchange.untouched(int(agent._agent[0]))


def test_each_sees_its_own_account_and_all_see_one_market(policies: Policies) -> None:
    """Against plain Python, from the ledger and the books."""
    made = policies("everything")
    group = agents(made, 5, cash={"kind": "uniform", "low": 5e3, "high": 9e4}, shares=20, every=2)
    sim = Simulation(market(made, group), envs=(4, 0)).run(WARM)
    exchange, (agent,) = sim.exchange, sim.onlookers
    names = [each["name"] for each in made.contract.features]
    mids: list[np.ndarray] = []
    start, volume = np.zeros(10), np.zeros(2)
    for tick in range(WARM, WARM + 48, 2):  # they look at odd ticks, and act in even ones
        books, seen = [exchange.venue.book(env) for env in (0, 1)], agent.observations
        mids.append(np.array([(b.bids(1).price[0] + b.asks(1).price[0]) // 2 for b in books]))
        mid = mids[-1]
        step = len(mids) - 1
        for env in (0, 1):
            for k in range(5):
                row, account = env * 5 + k, env * exchange.n_agents + int(agent._agent[k])
                cash = exchange.ledger.accounts.cash[account] / PRICE_SCALE
                held = exchange.ledger.positions.qty[account, 0]
                equity = cash + held * mid[env] / PRICE_SCALE
                if step % 20 == 0:
                    start[row] = equity
                cost = exchange.ledger.positions.cost[account, 0] / PRICE_SCALE
                expected = {
                    "AAPL.position": cost / start[row],
                    "cash": cash / start[row],
                    "profit": 100 * (equity / start[row] - 1),
                    "left": 1 - step % 20 / 20,
                    "AAPL.imbalance_best": _lean(books[env], 1),
                    "AAPL.imbalance_deep": _lean(books[env], 10),
                }
                if step:
                    deep = books[env].bids(10).qty.sum()
                    expected["AAPL.trade_rate"] = min(volume[env] / deep, 10.0)
                    expected["AAPL.return_1"] = np.log(mid[env] / mids[-2][env]) / 0.0005
                for name, value in expected.items():
                    found = seen[row, names.index(name)]
                    assert found == pytest.approx(value, rel=1e-5, abs=1e-6), (name, tick, row)
        volume = np.zeros(2)
        for _ in range(2):
            events = sim.step().exchange.events
            trades = events.exec_type[: exchange.n_events] == ExecType.TRADE
            np.add.at(
                volume, events.market[: len(trades)][trades], events.qty[: len(trades)][trades]
            )
    assert len(np.unique(seen[:5], axis=0)) == 5
    assert step > 20, "a second episode has begun"


def _lean(book: Any, levels: int) -> float:
    bid, ask = book.bids(levels).qty.sum(), book.asks(levels).qty.sum()
    return float((bid - ask) / (bid + ask))


def test_all_are_decided_in_one_call(policies: Policies) -> None:
    made = policies("codes")
    sim = Simulation(market(made, agents(made, 40)), envs=(0, 1, 2)).run(WARM)
    actions = decisions(sim.onlookers[0])
    sim.run(7)
    assert [len(each) for each in actions] == [120] * 7
    rare = Simulation(market(made, agents(made, 40, every=5))).run(WARM)
    actions = decisions(rare.onlookers[0])
    rare.run(21)  # ticks 60 to 80
    assert len(actions) == 5


def test_some_agents_act_if_there_is_a_chance(policies: Policies) -> None:
    made = policies("codes")
    sim = Simulation(market(made, agents(made, 200, probability=0.3))).run(WARM)
    actions = decisions(sim.onlookers[0])
    sim.run(20)
    counts = np.array([len(each) for each in actions])
    assert abs(counts.mean() / 200 - 0.3) < 4 * (0.21 / 4_000) ** 0.5
    assert len(set(counts.tolist())) > 5
    never = Simulation(market(made, agents(made, 5, probability=0.0))).run(WARM)
    actions = decisions(never.onlookers[0])
    never.run(5)
    assert actions == []


def test_a_market_without_a_warm_up_and_one_without_agents(policies: Policies) -> None:
    made = policies("everything")
    sim = Simulation(market(made, agents(made, 3), warmup__ticks=0)).run(20)
    assert sim.exchange.ledger.positions.qty[2:5].any()
    every_tick = policies("codes")
    sim = Simulation(market(every_tick, agents(every_tick, 2), warmup__ticks=0))
    actions = decisions(sim.onlookers[0])
    sim.run(1)
    assert actions == [], "they have seen nothing yet"
    sim.run(2)
    assert len(actions) == 2
    none = Simulation(market(made, agents(made, 0)), envs=(0, 1)).run(WARM + 4)
    assert none.trace_hashes == Simulation(market(made), envs=(0, 1)).run(WARM + 4).trace_hashes


def test_it_trades_any_symbol(policies: Policies) -> None:
    """A model knows no names: with one symbol it trades whichever its agents may trade."""
    made = policies("codes")
    two = made.config.with_(TWO)
    config = two.with_(smart=[agents(made, 2, symbols=["XOM"])])
    sim = Simulation(config).run(WARM + 20)
    held = sim.exchange.ledger.positions.qty[2:4]
    assert (held[:, 1] != 0).all()
    assert (held[:, 0] == 0).all()
    turned = policies("two_targets")
    both = [agents(turned, 1, symbols=each) for each in (["AAPL", "XOM"], ["XOM", "AAPL"])]
    sim = Simulation(turned.config.with_(smart=both)).run(WARM)
    first, second = (each.observations[0] for each in sim.onlookers)
    names = [each["name"] for each in turned.contract.features]
    for j, name in enumerate(names):
        other = {"AAPL": "XOM", "XOM": "AAPL"}.get(name.split(".")[0])
        swapped = name if other is None else f"{other}.{name.split('.')[1]}"
        assert first[j] == second[names.index(swapped)]


def test_orders_take_their_agents_time(policies: Policies) -> None:
    made = policies("target")
    for latency in (1, 4):
        group = agents(made, 3, latency=latency)
        config = market(made, group, latency__enabled=True, latency__default_ticks=1)
        sim = Simulation(config).run(WARM)
        held = [sim.step().exchange.ledger.positions.qty[2:5, 0].any() for _ in range(latency + 1)]
        assert held == [False] * latency + [True]


def everyone(policies: Policies) -> qtg.Config:
    """Populations that follow four models, beside others, with latency."""
    made = policies("everything")
    groups = [
        agents(policies("codes"), 4, probability=0.7, symbols=["AAPL"]),
        agents(policies("two_targets"), 3, every=3),
        agents(policies("quotes"), 2, symbols=["XOM"], latency=2),
        agents(made, 3, symbols=["XOM"]),
        {"kind": "market_maker", "count": 2, "cash": 1_000_000, "shares": 5_000},
        {"kind": "noise_trader", "count": 3, "cash": 100_000, "shares": 100},
    ]
    return made.config.with_({"latency.enabled": True, "warmup.ticks": 10, **TWO, "smart": groups})


def test_a_run_is_the_same_for_any_threads_and_in_any_batch(policies: Policies) -> None:
    config = everyone(policies)
    batch = Simulation(config, envs=(5, 2, 9)).run(50)
    assert Simulation(config, envs=(5, 2, 9), threads=2).run(50).trace_hashes == batch.trace_hashes
    for place, env in enumerate((5, 2, 9)):
        assert Simulation(config, envs=(env,)).run(50).trace_hash == batch.trace_hashes[place]
    without = config.with_(smart=[each.model_dump() for each in config.smart[4:]])
    assert Simulation(without, envs=(5,)).run(50).trace_hash != batch.trace_hashes[0]


def test_it_goes_on_from_a_snapshot_as_if_nothing_had_happened(
    policies: Policies, tmp_path: Path
) -> None:
    config = everyone(policies)
    straight = Simulation(config, envs=(3, 1)).run(60)
    sim = Simulation(config, envs=(3, 1))
    for ticks in (0, 4, 7, 11, 13):
        sim.run(ticks).snapshot(tmp_path / "s")
        again = Simulation.restore(tmp_path / "s", config=config)
        assert differences(sim, again) == []
        for one, other in zip(sim.onlookers, again.onlookers, strict=True):
            assert np.array_equal(one._scenes._view.mid, other._scenes._view.mid)
        sim = again.fork()
    assert sim.run(25).trace_hashes == straight.trace_hashes


def test_an_environment_is_copied_with_what_its_agents_saw(policies: Policies) -> None:
    config = everyone(policies)
    begun = Simulation(config).run(31)
    batch = Simulation(config, envs=range(3), population=0).run(20)
    copy_environment(begun, 0, batch, 2, seed=config.seed)
    assert batch.run(15).trace_hashes[2] == begun.run(15).trace_hash


def test_learners_trade_among_agents_who_follow_models(policies: Policies) -> None:
    made = policies("codes")
    config = market(made, agents(made, 5))
    batch, alone = (market_batch(Trading, n, config=config, starts=2) for n in (3, 1))
    batch.begin(np.arange(3), np.array([1, 2, 3], np.uint64))
    alone.begin(np.arange(1), np.array([2], np.uint64))
    agent = batch.market.sim.onlookers[0]
    first = agent.observations
    for step in range(10):
        batch.step(np.full(3, step % 3))
        alone.step(np.array([step % 3]))
    assert (first != agent.observations).any(axis=1).all()
    assert alone.market.sim.trace_hashes[0] == batch.market.sim.trace_hashes[1]


def test_a_snapshot_names_the_model_it_was_taken_with(policies: Policies, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    made = policies("codes")
    shutil.copy(made.path, path)
    config = market(made, agents(made._replace(path=path), 2))
    Simulation(config).run(WARM + 3).snapshot(tmp_path / "s")
    Simulation.restore(tmp_path / "s").run(1)
    shutil.copy(policies("dqn").path, path)
    with pytest.raises(qtg.SnapshotError, match=r"another model than .*m\.onnx is now; put that"):
        Simulation.restore(tmp_path / "s")
    path.unlink()
    with pytest.raises(qtg.ConfigError, match="there is no file"):
        Simulation.restore(tmp_path / "s")
    with pytest.raises(qtg.ConfigError, match=r"a fork cannot change smart\.0\.model"):
        shutil.copy(made.path, path)
        Simulation(config).fork(changes={"smart.0.model": str(policies("dqn").path)})


def test_a_state_of_other_agents_is_refused(policies: Policies) -> None:
    made = policies("codes")
    (group,) = Simulation(market(made, agents(made, 4))).onlookers
    for damage, says in (
        (lambda its: its.pop("_acted"), "has no _acted"),
        (lambda its: its.pop("model"), "has no model"),
        (lambda its: its["_scenes"].update(rows=its["_scenes"]["rows"][:2]), "has shape"),
    ):
        state = kept(group.state())
        damage(state)
        with pytest.raises(qtg.SnapshotError, match=says):
            group.restore(state)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("codes", {"model": None}, "rl_agent follows a model; give its file as `model`"),
        ("codes", {"model": "none.onnx"}, r"smart\.0\.model: there is no file none\.onnx"),
        ("codes", {"kind": "noise_trader"}, "noise_trader follows no model; remove its `model`"),
        ("codes", {"params": {"size": 3}}, "rl_agent has no parameter 'size'"),
        ("codes", {"config": TWO}, r"codes\.onnx: .* of 1 symbol, as AAPL, cannot be of 2; name 1"),
        (
            "two_symbols",
            {"config": {"symbols": TWO["symbols"][:1]}},
            "of 2 symbols, as AAPL, XOM, cannot be of 1; name 2 in `symbols`",
        ),
        (
            "execution",
            {},
            r"execution\.onnx: a model of qtg/Execution-v0 cannot trade in a running",
        ),
        (
            "codes",
            {"config": {"symbols.0.lot_size": 4}},
            r"trades 10 shares at once, which is not a multiple of the lot sizes \[4\]",
        ),
        ("codes", {"on_error": "bench"}, "on_error: is for strategies of your own"),
    ],
)
def test_populations_that_make_no_sense(
    policies: Policies, name: str, more: dict[str, Any], says: str
) -> None:
    made = policies(name)
    changes = more.pop("config", {}) if "config" in more else {}
    group = {key: value for key, value in {**agents(made), **more}.items() if value is not None}
    with pytest.raises(qtg.QtgError, match=says) as caught:
        Simulation(made.config.with_(changes).with_(smart=[group]))
    assert isinstance(caught.value, qtg.ConfigError | qtg.ModelError)


@pytest.mark.parametrize(
    ("name", "environment", "says"),
    [
        ("codes", {"size": None}, "has the size None for qtg/Trading-v0; export it with"),
        ("codes", {"ticks": 0}, "has the ticks 0"),
        ("codes", {"steps": True}, "has the steps True"),
        ("codes", {"history": 3}, r"the market has no AAPL.mid\[-20\], AAPL.mid\[-5\] to look at"),
        ("codes", {"id": "qtg/MarketMaking-v0"}, "the model's actions are discrete: 3, but those"),
        ("codes", {"target": True}, "those of qtg/Trading-v0 with its settings are box of 1"),
        ("quotes", {"id": "qtg/Trading-v0", "target": True}, "settings are box of 1: -1 to 1"),
        ("quotes", {"widest": 2.5}, "has the widest 2.5"),
    ],
)
def test_models_that_do_not_say_what_they_need(
    policies: Policies, tmp_path: Path, name: str, environment: dict[str, Any], says: str
) -> None:
    made = policies(name)
    its = replace(made.contract, environment={**made.contract.environment, **environment})
    kept = {"qtg_contract": its.to_json(), "qtg_environment": its.environment["id"]}
    (tmp_path / "m.onnx").write_bytes(with_metadata(made.path, **kept))
    with pytest.raises(qtg.QtgError, match=says):
        Simulation(market(made, agents(made._replace(path=tmp_path / "m.onnx"))))


def test_every_builder_is_in_the_contract_that_has_everything(policies: Policies) -> None:
    names = {each["name"].split(".")[-1] for each in policies("everything").contract.features}
    assert {"return_1", "spread", "rsi", "trade_rate", "news", "left"} <= names
    assert len(EVERYTHING) == 6
