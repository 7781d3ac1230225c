"""Measures of episodes against plain Python, and rules against what they say."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from qtg.gym import DealerBatch
from qtg.gym.closed_forms import DealerProblem
from qtg.gym.makers import market_batch
from qtg.gym.tasks import DailyInvestor, Execution, MarketMaking, Trading
from qtg.training.evaluation import Exams
from qtg.training.measures import Episodes, Tally, line_of
from qtg.training.rules import Look, always, closing, problem_of, rules_of

PENALTY = ["profit_and_loss", {"kind": "inventory_penalty", "running": 0.5, "dt": 0.005}]


def test_a_tally_is_what_plain_python_adds_up() -> None:
    rng = np.random.default_rng(3)
    n, steps = 7, 30
    equity = rng.normal(100.0, 1.0, (steps + 1, n)).cumsum(axis=0)
    held, reward = rng.integers(-3, 4, (steps, n)).astype(float), rng.normal(size=(steps, n))
    length = rng.integers(1, steps + 1, n)
    tally = Tally(equity[0])
    for step in range(steps):
        tally.add(reward[step], length == step + 1, equity[step + 1], held[step])
    assert not tally.live.any()
    found = tally.episodes(np.arange(n))
    for row, last in enumerate(length):
        mine = equity[: last + 1, row].tolist()
        gains = [b - a for a, b in pairwise(mine)]
        peak, deepest = mine[0], 0.0
        for value in mine:
            peak = max(peak, value)
            deepest = max(deepest, peak - value)
        spread = statistics.pstdev(gains)
        assert found.profit[row] == pytest.approx(sum(gains))
        sharpe = statistics.fmean(gains) / spread if spread > 1e-9 else 0.0
        assert found.sharpe[row] == pytest.approx(sharpe, abs=1e-4)
        assert found.drawdown[row] == pytest.approx(deepest)
        assert found.reward[row] == pytest.approx(reward[:last, row].sum())
        assert found.inventory[row] == pytest.approx(np.abs(held[:last, row]).mean())
        assert found.left[row] == held[last - 1, row]
        assert found.length[row] == last


def test_a_seed_counts_once() -> None:
    seed = np.array([5, 5, 6, 7, 7, 7])
    reward = np.array([1.0, 3.0, 5.0, 0.0, 0.0, 9.0])
    nothing = np.zeros(6)
    line = line_of("mine", Episodes(seed, reward, *[nothing] * 6))
    means = [2.0, 5.0, 3.0]
    half = 4.302652729911275 * statistics.stdev(means) / math.sqrt(3)  # t of 2 degrees, 97.5%
    assert line.reward == pytest.approx(10.0 / 3.0)
    assert (line.low, line.high) == pytest.approx((line.reward - half, line.reward + half))
    above = line._replace(low=line.high + 0.1, high=line.high + 2.0)
    assert above.beats(line)
    assert not line.beats(above)
    assert not line._replace(low=line.high - 0.01).beats(line)


@pytest.mark.compiled
def test_rules_of_a_parent_order() -> None:
    batch = market_batch(Execution, 4, starts=2, steps=10, parent=100, size=20, truncates=False)
    rules, chance = rules_of(batch), np.random.default_rng(0)
    exams = Exams(batch, 3, 2, 2)
    assert exams.line("hold", rules["hold"]).reward == -1.0
    market, twap = (exams.line(name, rules[name]) for name in ("market_every_step", "twap"))
    assert market.length == 5.0
    assert (market.left, twap.left) == (100.0, 100.0)
    assert twap.length == 9.0  # two steps of pace are an order, and the first is sent at once
    batch.begin(np.arange(4), np.arange(4, dtype=np.uint64))
    look = Look(batch, np.zeros((4, 11)), 4, chance)
    assert rules["limit_then_market"](look).tolist() == [1] * 4
    assert rules["limit_then_market"](look._replace(step=5)).tolist() == [0] * 4


@pytest.mark.compiled
def test_exams_are_the_same_for_everyone() -> None:
    batch = market_batch(Trading, 6, starts=2, steps=10)
    exams, rules = Exams(batch, 3, 2, 3), rules_of(batch)
    one = [exams.take(rules["random"]) for _ in range(2)]
    assert all(np.array_equal(a, b) for a, b in zip(*one))
    still, bought = (exams.line(name, rules[name]) for name in ("hold", "buy_and_hold"))
    assert still.profit == still.inventory == 0.0
    assert bought.left == 10.0
    assert set(rules) == {"random", "hold", "buy_and_hold", "momentum"}
    bought = exams.line("closed", closing(always(1), 5))
    assert (bought.left, bought.inventory) == (
        0.0,
        (10 + 20 + 30 + 40 + 50 + 40 + 30 + 20 + 10) / 10,
    )


@pytest.mark.compiled
def test_every_task_has_rules() -> None:
    for make, settings in (
        (DailyInvestor, {}), (MarketMaking, {}), (Trading, {"target": True}),
    ):  # fmt: skip
        batch = market_batch(make, 2, starts=1, steps=4, **settings)
        exams = Exams(batch, 3, 2, 1)
        lines = {name: exams.line(name, rule) for name, rule in rules_of(batch).items()}
        assert {"random", "hold"} < lines.keys()
        assert lines["hold"].profit == 0.0


def test_dealers_by_closed_form() -> None:
    batch = DealerBatch(400, rate=10.0, decay=1.0, volatility=0.1, most=6, reward=PENALTY)
    problem = problem_of(batch)
    assert problem is not None
    assert problem == DealerProblem(10.0, 1.0, 0.5, 0.0, 1.0, 6)
    rules, exams = rules_of(batch), Exams(batch, 3, 20, 20)
    best = exams.line("closed_form", rules["closed_form"])
    for name in ("random", "hold", "symmetric", "avellaneda_stoikov"):
        assert best.beats(exams.line(name, rules[name])), name
    assert abs(best.reward - problem.value(1.0)[6]) < best.high - best.low
    batch.begin(np.arange(400), np.arange(400, dtype=np.uint64))
    batch.dealers.inventory[:] = -2
    look = Look(batch, np.zeros((400, 2)), 0, np.random.default_rng(0))
    depths = batch.depths_of(rules["closed_form"](look))[0]
    quotes = problem.quotes(1.0)
    assert depths == pytest.approx([quotes.bid[4], quotes.ask[4]], abs=1e-6)


@pytest.mark.parametrize(
    "reward", [None, "differential_sharpe", [*PENALTY, "transaction_cost"],
               [{"kind": "profit_and_loss", "weight": 2}, PENALTY[1]],
               ["profit_and_loss", {"kind": "inventory_penalty", "running": 0.5, "dt": 0.1}]],
)  # fmt: skip
def test_other_rewards_have_no_closed_form(reward: object) -> None:
    assert problem_of(DealerBatch(1, reward=reward)) is None  # type: ignore[arg-type]
