"""Environments on the real book: what they show, what they do, and what they are paid."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import qtg
from qtg.book import BookView
from qtg.contract import Contract
from qtg.features import BUILDERS
from qtg.gym import BatchEnv, BatchVectorEnv, TradingEnv, TransactionCost
from qtg.gym.makers import default_market, execution, making, market_batch, trading
from qtg.gym.market_batch import MarketBatch
from qtg.gym.tasks import DailyInvestor, Execution, MarketMaking, Trading
from qtg.schemas import PRICE_SCALE, ExecType

from .markets import TWO

SHORT: dict[str, Any] = {"starts": 3, "steps": 12}
CROWD = {
    "smart": [
        {"kind": "market_maker", "count": 2, "cash": 1_000_000, "shares": 5_000},
        {"kind": "noise_trader", "count": 3, "cash": 100_000, "shares": 100},
    ],
    "reactive": [{"kind": "momentum_follower", "count": 5, "shares": 50}],
}


def batch_of(task: Any, num_envs: int = 1, **settings: Any) -> MarketBatch:
    return market_batch(task, num_envs, **{**SHORT, **settings})


def begun(batch: MarketBatch, seed: int = 0) -> MarketBatch:
    rows = np.arange(batch.num_envs)
    batch.begin(rows, (rows + seed).astype(np.uint64))
    return batch


def observed(batch: MarketBatch) -> np.ndarray:
    out = np.empty((batch.num_envs, *batch.observation_space.shape), np.float32)  # type: ignore[misc]
    batch.observe(out)
    return out


@pytest.mark.compiled
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (execution, {"parent": 60, "size": 20, "config": CROWD}),  # ends when it is filled
        (trading, {"features": BUILDERS[:5], "config": {**TWO, **CROWD}}),
        (making, {"latency": 1, "config": {"latency.enabled": True}}),
        (trading, {"config": {"background.count": 4}, "shares": 50}),  # often one side is empty
    ],
)
def test_a_batch_is_as_single_environments_side_by_side(
    make: Any, settings: dict[str, Any], mode: AutoresetMode
) -> None:
    envs, settings = 4, {**SHORT, **settings}
    vector = {execution: "Execution-v0", trading: "Trading-v0", making: "MarketMaking-v0"}[make]
    ours = gymnasium.make_vec(
        f"qtg/{vector}", envs, "vector_entry_point", autoreset_mode=mode, **settings
    )
    theirs = SyncVectorEnv([partial(make, **settings) for _ in range(envs)], autoreset_mode=mode)
    assert np.array_equal(ours.reset(seed=5)[0], theirs.reset(seed=5)[0])
    ours.action_space.seed(3)
    ends: list[np.ndarray] = []
    for step in range(40):
        actions = ours.action_space.sample()
        found, expected = ours.step(actions), theirs.step(actions)
        for mine, other in zip(found[:4], expected[:4], strict=True):
            assert np.array_equal(mine, other), step
        for key in ("equity", "inventory"):
            assert np.array_equal(found[4][key], expected[4][key]), (step, key)
        ends.append(found[2] | found[3])
    assert np.sum(ends) >= 3 * envs
    if make is execution:
        assert any(0 < end.sum() < envs for end in ends), "they end at different times"


@pytest.mark.compiled
def test_an_episode_is_a_function_of_its_seed() -> None:
    def play(batch: MarketBatch, row: int) -> list[list[float]]:
        seen = []
        for step in range(10):
            batch.step(np.full(batch.num_envs, step % 3))
            seen.append(observed(batch)[row].tolist())
        return seen

    alone, other = begun(batch_of(Trading), seed=7), begun(batch_of(Trading), seed=8)
    many = batch_of(Trading, 3)
    many.begin(np.array([1]), np.array([3], np.uint64))
    for _ in range(4):
        many.step(np.ones(3, np.int64))
    many.begin(np.array([2, 0]), np.array([7, 9], np.uint64))
    first = play(alone, 0)
    assert first == play(many, 2)
    assert first != play(other, 0)


def oracle(raw: dict[str, np.ndarray], symbols: list[str], task: str) -> np.ndarray:
    """All builders' features, from what the contract says in words and not from its code."""
    found: list[np.ndarray] = []

    def put(value: Any, shift: float = 0.0, scale: float = 1.0) -> None:
        line = (np.asarray(value, float) - shift) / scale
        found.append(np.clip(np.where(np.isnan(line), 0.0, line), -10.0, 10.0))

    def over(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.array([x / y if y else 0.0 for x, y in zip(a, b, strict=True)])

    with np.errstate(invalid="ignore", divide="ignore"):
        for s in symbols:
            mid = raw[f"{s}.mid"]
            for lag, size in ((1, 0.0005), (5, 0.001), (20, 0.002)):
                put(np.log(mid / raw[f"{s}.mid[-{lag}]"]), scale=size)
            put(np.log(raw[f"{s}.last"] / mid), scale=0.0005)
        for s in symbols:
            put((raw[f"{s}.ask"] - raw[f"{s}.bid"]) / raw[f"{s}.mid"], scale=0.0005)
            for what in ("", "near_", "deep_"):
                bid, ask = raw[f"{s}.{what}bid_qty"], raw[f"{s}.{what}ask_qty"]
                put(over(bid - ask, bid + ask))
        for s in symbols:
            put(raw[f"{s}.rsi"], scale=100.0)
            for name in ("macd", "macd_signal"):
                put(raw[f"{s}.{name}"] / raw[f"{s}.mid"], scale=0.002)
            for name in ("bollinger_upper", "bollinger_lower"):
                put(np.log(raw[f"{s}.{name}"] / raw[f"{s}.mid"]), scale=0.002)
            put(raw[f"{s}.volatility"], scale=0.0005)
        for s in symbols:
            put(over(raw[f"{s}.volume"], raw[f"{s}.deep_bid_qty"]))
            for side in ("bid", "ask"):
                put(over(raw[f"{s}.near_{side}_qty"], raw[f"{s}.deep_{side}_qty"]))
        for s in symbols:
            put(raw[f"{s}.sentiment"])
            put(raw[f"{s}.news"])
        if task == "order":
            for s in symbols:
                put(raw["remaining"])
                put(raw["remaining"] - raw["left"])
                put(np.log(raw[f"{s}.mid"] / raw["arrival"]), scale=0.001)
        for s in symbols:
            put(raw[f"{s}.cost"] / raw["start"])
        put(raw["cash"] / raw["start"])
        put(raw["equity"] / raw["start"] - 1.0, scale=0.01)
        put(raw["left"])
    return np.stack(found, axis=1)


@pytest.mark.parametrize("task", ["none", "order"])
def test_observations_are_what_an_independent_builder_makes_of_the_raw_data(task: str) -> None:
    names = [*BUILDERS[:5], *(["order"] if task == "order" else []), "portfolio"]
    make = Execution if task == "order" else Trading
    config = {"bar_ticks": 2} if task == "order" else {**TWO, **CROWD}
    batch = begun(batch_of(make, 3, features=names, config=config, steps=80))
    varied = np.zeros(len(batch.observation.features))
    rng = np.random.default_rng(1)
    symbols = list(batch.market.symbols)
    for _ in range(60):
        shape = (3,) if len(symbols) == 1 else (3, len(symbols))
        batch.step(rng.integers(0, 3, shape))
        seen = observed(batch)
        expected = oracle(batch.raw_market_data(), symbols, task)
        assert np.abs(batch.exact - expected).max() < 1e-10
        assert np.array_equal(seen, batch.exact.astype(np.float32))
        assert batch.observation_space.contains(seen[0])
        varied += (expected != 0.0).any(axis=0)
    quiet = [f.name for f, n in zip(batch.observation.features, varied, strict=True) if n == 0]
    assert [name for name in quiet if not name.endswith(".news")] == []


@pytest.mark.compiled
def test_the_observations_of_abides_are_made_as_there() -> None:
    """The vectors as that project's documentation has them, here in plain Python."""
    both = [
        begun(batch_of(Execution, 2, style="abides", parent=60, ticks=3)),
        begun(batch_of(DailyInvestor, 2, ticks=3, near=3)),
    ]
    mids: list[float] = []
    for step in range(8):
        for batch in both:
            batch.step(np.array([0, 2]))
        for batch in both:
            raw = {name: column[0] for name, column in batch.raw_market_data().items()}
            book = batch.market.sim.exchange.venue.book(0)

            def lean(levels: int, book: BookView = book) -> float:
                bid, ask = book.bids(levels).qty.sum(), book.asks(levels).qty.sum()
                return float(bid / (bid + ask))

            if batch is both[0]:
                held, arrival = raw["AAPL.position"] / 60, raw["arrival"]
                passed = (step + 1) / 12
                impact = np.log(raw["AAPL.mid"] / arrival)
                expected = [held, passed, held - passed, lean(10), lean(5), impact]
                mids.append(raw["AAPL.mid"])
            else:
                expected = [raw["AAPL.position"], lean(3)]
            mid = raw["AAPL.mid"]
            expected += [100 * (raw["AAPL.ask"] - raw["AAPL.bid"]), 100 * (mid - raw["AAPL.last"])]
            if batch is both[0] and step >= 3:
                expected += (100 * np.diff(mids[-4:])).tolist()
                assert observed(batch)[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)
            elif batch is both[1]:
                assert observed(batch)[0][:4] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.compiled
@pytest.mark.parametrize("sparse", [False, True])
def test_the_investor_is_paid_what_his_wealth_gained(sparse: bool) -> None:
    batch = begun(batch_of(DailyInvestor, 3, size=5, sparse=sparse, cash=20_000, steps=12))
    raw = batch.raw_market_data()
    first = raw["cash"]
    before, rng = first.copy(), np.random.default_rng(4)
    for step in range(12):
        outcome = batch.step(rng.integers(0, 3, 3))
        raw = batch.raw_market_data()
        worth = raw["cash"] + raw["AAPL.position"] * raw["AAPL.last"]
        gain = worth - before
        if sparse:
            gain = np.where(step == 11, worth - first, 0.0)
        assert outcome.reward == pytest.approx(gain / 5 / 12, abs=1e-12)
        before = worth
    assert outcome.truncated.all()
    assert (worth != first).all()


def test_raw_data_is_what_the_market_says() -> None:
    batch = begun(batch_of(Trading, 2, config={**TWO, **CROWD}, features=["indicator"], steps=80))
    sim, learner = batch.market.sim, batch.market.learner
    mids: list[list[float]] = []
    for step in range(50):
        batch.step(np.full((2, 2), 1 if step % 3 == 0 else 0))
        raw = batch.raw_market_data()
        for env in range(2):
            row = env * sim.exchange.n_agents + learner
            equity = sim.exchange.ledger.accounts.cash[row] / PRICE_SCALE
            assert raw["cash"][env] == equity
            for at, symbol in enumerate(("AAPL", "XOM")):
                book = sim.exchange.venue.book(2 * env + at)
                for side, levels in (("bid", book.bids), ("ask", book.asks)):
                    assert raw[f"{symbol}.{side}"][env] == levels(1).price[0] / PRICE_SCALE
                    assert raw[f"{symbol}.{side}_qty"][env] == levels(1).qty[0]
                    assert raw[f"{symbol}.near_{side}_qty"][env] == levels(5).qty.sum()
                    assert raw[f"{symbol}.deep_{side}_qty"][env] == levels(10).qty.sum()
                held = sim.exchange.ledger.positions.qty[row, at]
                assert raw[f"{symbol}.position"][env] == held
                equity += held * raw[f"{symbol}.mid"][env]
            assert raw["equity"][env] == pytest.approx(equity, rel=1e-12)
        mids.append([raw["XOM.mid"][1], *(raw[f"XOM.mid[-{lag}]"][1] for lag in (1, 7))])
    past = np.array(mids)
    assert np.array_equal(past[7:, 2], past[:-7, 0])
    assert np.array_equal(past[1:, 1], past[:-1, 0])
    assert raw["XOM.position"][0] > 50
    assert 0.0 < raw["XOM.rsi"][0] < 100.0
    assert raw["XOM.bollinger_lower"][0] < raw["XOM.mid"][0] < raw["XOM.bollinger_upper"][0] * 1.1


def learners_trades(batch: MarketBatch) -> list[tuple[int, int, int, int, int]]:
    """Of the last tick: environment, side, price, quantity, event row."""
    exchange, learner = batch.market.sim.exchange, batch.market.learner
    events, found = exchange.events, []
    for k in range(exchange.n_events):
        if events.exec_type[k] != ExecType.TRADE:
            continue
        env, price, qty = int(events.market[k]), int(events.price[k]), int(events.qty[k])
        side = int(events.side[k])
        if events.agent[k] == learner:
            found.append((env, side, price, qty, k))
        if events.contra_agent[k] == learner:
            found.append((env, -side, price, qty, k))
    return found


@pytest.mark.compiled
@pytest.mark.parametrize("side", [1, -1])
def test_execution_is_paid_for_prices_better_than_at_arrival(side: int) -> None:
    batch = begun(
        batch_of(Execution, 4, parent=200, size=30, side=side, shares=500, leftover=3.0, steps=12)
    )
    arrival = batch.raw_market_data()["AAPL.mid"]
    filled, rng = np.zeros(4), np.random.default_rng(2)
    over = np.zeros(4, bool)
    kinds: set[tuple[str, bool]] = set()
    for step in range(12):
        actions = np.where(np.arange(4) == 0, 2, rng.integers(0, 3, 4))
        actions[3] = 0
        outcome = batch.step(actions)
        gain = np.zeros(4)
        for env, its_side, price, qty, _ in learners_trades(batch):
            assert its_side == side
            gain[env] += side * (arrival[env] - price / PRICE_SCALE) * qty
            filled[env] += qty
        ended = (filled >= 200) | (step == 11)
        gain -= np.where(ended, (200 - filled) * 3.0, 0.0)
        live = ~over
        assert outcome.reward[live] == pytest.approx(gain[live] / 200, abs=1e-9)
        assert np.array_equal(outcome.terminated[live], (filled >= 200)[live])
        kinds |= {("end", bool(each)) for each in outcome.terminated[live]}
        over |= filled >= 200
    assert filled[0] == 0
    assert filled[3] == 200
    assert ("end", True) in kinds


@pytest.mark.compiled
def test_execution_terminates_by_time_in_the_registered_form() -> None:
    env = execution(parent=500, size=10, **SHORT)
    env.reset(seed=1)
    for _ in range(12):
        _, reward, terminated, truncated, info = env.step(2)
    assert (terminated, truncated, info["inventory"]) == (True, False, 0.0)
    assert reward == pytest.approx(-1.0)  # all of the parent order at 1 a share


@pytest.mark.compiled
def test_trading_buys_sells_and_holds() -> None:
    batch = begun(batch_of(Trading, 3, size=20, shares=100, steps=40))
    total = np.zeros(3)
    for action, change in (([0, 1, 2], [0, 20, -20]), ([1, 0, 0], [20, 0, 0])):
        before = batch.info()["inventory"]
        total += batch.step(np.array(action)).reward
        assert (batch.info()["inventory"] - before).tolist() == change
    assert total == pytest.approx(batch.info()["profit"])


@pytest.mark.compiled
def test_what_trading_costs_beyond_the_mid() -> None:
    batch = begun(batch_of(Trading, 3, size=40, shares=500, reward=TransactionCost(), steps=40))
    paid = 0.0
    for step in range(10):
        mid = batch.raw_market_data()["AAPL.mid"]
        reward = batch.step(np.array([0, 1 + step % 2, 2])).reward
        cost = np.zeros(3)
        for env, side, price, qty, _ in learners_trades(batch):
            cost[env] += side * (price / PRICE_SCALE - mid[env]) * qty
        assert reward == pytest.approx(-cost, abs=1e-6)
        paid += cost[1:].sum()
    assert paid > 5.0


@pytest.mark.compiled
def test_a_learners_orders_take_their_time() -> None:
    config = {"latency.enabled": True, "latency.default_ticks": 1}
    for latency, ticks in ((0, 1), (3, 3)):
        batch = begun(batch_of(Trading, 2, latency=latency, config=config, size=5))
        held = [batch.info()["inventory"][0]]
        for step in range(5):
            batch.step(np.full(2, int(step == 0)))
            held.append(batch.info()["inventory"][0])
        assert held == [0.0] * (ticks + 1) + [5.0] * (5 - ticks)


def test_a_reward_can_be_named() -> None:
    named = begun(batch_of(Trading, reward="log_return"))
    before = named.info()["equity"]
    reward = named.step(np.array([1])).reward
    assert reward == pytest.approx(np.log(named.info()["equity"] / before))


def test_a_target_is_reached() -> None:
    batch = begun(batch_of(Trading, 2, target=True, most=40, steps=40, config=TWO, cash=100_000))
    for asked in (np.array([[1.0, -0.5], [0.26, 0.0]]), np.array([[-1.0, 1.0], [0.0, 0.0]])):
        for _ in range(3):
            batch.step(asked.astype(np.float32))
        raw = batch.raw_market_data()
        held = np.stack([raw["AAPL.position"], raw["XOM.position"]], axis=1)
        assert held.tolist() == np.rint(asked * 40).tolist()


@pytest.mark.compiled
def test_a_ruined_trader_is_out() -> None:
    batch = begun(batch_of(Trading, 2, ruin=0.999, cash=10_000, size=50, steps=100))
    ended = [batch.step(np.array([1 + step % 2, 0])).terminated for step in range(80)]
    assert np.any(ended, axis=0).tolist() == [True, False]


@pytest.mark.compiled
def test_a_market_maker_has_one_order_a_side_and_keeps_to_its_limits() -> None:
    batch = begun(batch_of(MarketMaking, 4, most=60, size=30, widest=5, steps=200, shares=200))
    rng, live = np.random.default_rng(0), 0
    first = batch.info()["inventory"]
    for _ in range(100):
        batch.step(rng.uniform(-1.0, 1.0, (4, 4)).astype(np.float32))
        resting = batch.market.sim.exchange.venue.book_columns.orders
        for env in range(4):
            mine = (resting.agent[env] == batch.market.learner) & (resting.order_id[env] != 0)
            sides = resting.ladder[env][mine] >= 2
            assert len(sides) == len(set(sides.tolist()))
            live += len(sides)
    assert live > 300
    assert first.tolist() == [200.0] * 4
    assert (batch.info()["inventory"] < 200).all(), "it may only sell until it holds 60"


@pytest.mark.compiled
@pytest.mark.parametrize("regime", ["calm", "crisis"])
def test_everything_stays_finite_and_in_its_space(regime: str) -> None:
    env = gymnasium.make_vec(
        "qtg/MarketMaking-v0", 6, "vector_entry_point", steps=50, starts=2,
        features=BUILDERS[:5], config={"background.regime": regime, "background.count": 12},
    )  # fmt: skip
    assert isinstance(env.unwrapped, BatchVectorEnv)
    env.reset(seed=1)
    env.action_space.seed(1)
    for _ in range(120):
        seen, reward, *_ = env.step(env.action_space.sample())
        assert env.observation_space.contains(seen)
        assert np.isfinite(reward).all()


@pytest.mark.compiled
def test_a_contract_says_what_each_number_is(tmp_path: Path) -> None:
    contract = batch_of(Trading, features=["price", "portfolio"]).contract
    written = contract.as_dict()
    assert written["version"] >= 1
    assert written["shape"] == [len(written["features"])] == [8]
    ends = [(each["start_index"], each["end_index"]) for each in written["features"]]
    assert ends == [(at, at + 1) for at in range(8)]
    assert written["features"][0] == {
        "name": "AAPL.return_1",
        "start_index": 0,
        "end_index": 1,
        "normalization": "z_score",
        "norm_params": [0.0, 0.0005],
        "bounds": [-10.0, 10.0],
        "formula": "log(x / y)",
        "columns": ["AAPL.mid", "AAPL.mid[-1]"],
        "undefined": 0.0,
    }
    contract.save(tmp_path / "contract.json")
    assert Contract.load(tmp_path / "contract.json") == contract
    for change, message in (
        ({"version": 99}, "contract version 99; this qtg has 1"),
        ({"shape": [3]}, "shape and features differ"),
        ({"features": None}, "is no observation contract"),
        ({"version": 1.9}, "its version is no whole number"),
    ):
        (tmp_path / "wrong.json").write_text(json.dumps({**written, **change}))
        with pytest.raises(qtg.ConfigError, match=message):
            Contract.load(tmp_path / "wrong.json")
    (tmp_path / "cut.json").write_text(json.dumps(written)[:100])
    with pytest.raises(qtg.ConfigError, match="is no observation contract"):
        Contract.load(tmp_path / "cut.json")


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (trading, {"features": ["price", "weather"]}, "are not each one of price, book"),
        (trading, {"features": "price"}, r"must be a list of names, such as \['price'\]"),
        (trading, {"features": ["price", "price"]}, "name 'price' twice; leave one out"),
        (trading, {"features": []}, "an observation needs features"),
        (trading, {"features": ["book", "abides_investor"]}, "would have AAPL.spread twice"),
        (trading, {"sise": 3}, "no setting 'sise' here; there are config, features"),
        (trading, {"size": 0}, "Trading: size is 0; pass a whole number of at least 1"),
        (trading, {"ruin": 1.0}, "Trading: ruin is 1.0; pass a number from 0 to below 1"),
        (trading, {"steps": 0}, "steps is 0; pass a whole number of at least 1"),
        (trading, {"starts": 0}, "starts is 0; pass a whole number"),
        (trading, {"config": {"background.count": 0}}, "nobody to trade with"),
        (trading, {"config": {"smart": [{"kind": "guest", "count": 1}]}}, "the market has guests"),
        (trading, {"config": "no_such_preset"}, "no_such_preset"),
        (execution, {"parent": 10, "size": 20}, "size must be 1 to the parent order's 10"),
        (execution, {"side": 0}, "side must be 1"),
        (execution, {"style": "abide"}, "no style 'abide' of Execution; there are 'abides'"),
        (trading, {"style": "abides"}, "there are none"),
        (execution, {"config": TWO}, "a parent order is of one symbol; the market has 2"),
        (making, {"config": TWO}, "a market maker quotes one symbol"),
        (making, {"widest": 0}, "MarketMaking: widest is 0; pass a whole number"),
        (trading, {"steps": "ten"}, "steps is 'ten'; pass a whole number"),
        (trading, {"ticks": 1.5}, "ticks is 1.5; pass a whole number"),
        (trading, {"size": "x"}, "size is 'x'; pass a whole number"),
        (trading, {"shares": 1.5}, "shares is 1.5; pass a whole number"),
        (trading, {"near": 9, "deep": 3}, "deep is 3; pass a whole number of at least 9"),
        (trading, {"latency": 2}, "latency is 2, but the market has none"),
        (trading, {"config": 3}, "config must be a Config, the name of a preset, or changes"),
        (
            trading,
            {"reward": "weather"},
            "no reward 'weather'; give one of profit_and_loss, log_ret",
        ),
        (trading, {"reward": 3}, "no reward 3; give one of"),
        (execution, {"leftover": -1.0}, "leftover is -1.0; pass a number greater than 0"),
        (making, {"history": 2, "features": ["price"]}, "the market has no AAPL.mid"),
    ],
)
def test_settings_that_make_no_environment(
    make: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        make(**{**SHORT, **settings})


@pytest.mark.compiled
def test_actions_that_are_none() -> None:
    env = trading(**SHORT)
    env.reset(seed=1)
    for action, message in ((3, "action 3 of environment 0 is not in"), (0.5, "whole numbers")):
        with pytest.raises(qtg.ConfigError, match=message):
            env.step(action)
    with pytest.raises(qtg.ConfigError, match="shape"):
        env.step([1, 2])
    assert isinstance(env, BatchEnv)


@pytest.mark.compiled
def test_the_short_form_and_what_it_tells() -> None:
    env = TradingEnv(agents=100, stocks=3, seed=42, **SHORT)
    assert env.action_space == gymnasium.spaces.MultiDiscrete([3, 3, 3])
    first, _ = env.reset()
    assert np.array_equal(first, TradingEnv(agents=100, stocks=3, seed=42, **SHORT).reset()[0])
    assert not np.array_equal(first, TradingEnv(agents=100, stocks=3, seed=43, **SHORT).reset()[0])
    assert env.observation_contract().shape == first.shape == env.observation_space.shape
    raw = env.raw_market_data()
    assert raw["cash"].shape == (1,)
    assert sum(name.endswith(".mid") for name in raw) == 3
    for wrong in ({"agents": 0}, {"stocks": 0}):
        with pytest.raises(qtg.ConfigError, match="at least 1"):
            TradingEnv(**wrong)


@pytest.mark.compiled
def test_the_default_market_has_about_twenty_orders_in_a_tick() -> None:
    sim = qtg.Simulation(default_market(), envs=range(8)).run(60)
    counts = []
    for _ in range(100):
        counts.append(sim.step().counts.orders_background / 8)
    assert 18.0 < np.mean(counts) < 22.0
