"""The textbook dealer against plain Python, the paper's table and the closed forms."""

import math

import numpy as np
import pytest

from qtg.gym import DealerBatch, InventoryPenalty, ProfitAndLoss
from qtg.gym.closed_forms import DealerProblem, avellaneda_stoikov, symmetric
from qtg.gym.tables import PAPER, play
from qtg.kernels.random import uniform_pair
from qtg.schemas import Stream

MASK = (1 << 32) - 1


def test_steps_are_those_of_plain_python() -> None:
    batch = DealerBatch(3, most=2, rate=150.0)
    seeds = np.array([1, 2**40 + 17, 5], np.uint64)
    batch.begin(np.arange(3), seeds)
    rng = np.random.default_rng(0)
    cash, held, mid = [0.0] * 3, [0] * 3, [100.0] * 3
    reached = 0
    for step in range(batch.steps):
        depths = rng.uniform(-0.2, 0.6, (3, 2))
        for i in range(3):
            word = Stream.TEXTBOOK  # of environment 0
            buy, sell = uniform_pair(seeds[i], word, 0, step, 0)
            u, v = uniform_pair(seeds[i], word, 0, step, 1)
            up = math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(2.0 * math.pi * v) >= 0.0
            bid, ask = depths[i]
            before = held[i]
            if before < 2 and buy < min(0.75 * math.exp(-1.5 * bid), 1.0):
                held[i] += 1
                cash[i] -= mid[i] - bid
            if before > -2 and sell < min(0.75 * math.exp(-1.5 * ask), 1.0):
                held[i] -= 1
                cash[i] += mid[i] + ask
            mid[i] += 2.0 * math.sqrt(0.005) * (1.0 if up else -1.0)
            reached += abs(before) == 2
        ended = batch.quote(depths).terminated
        assert ended.tolist() == [step == 199] * 3
        assert batch.dealers.inventory.tolist() == held
        assert batch.dealers.cash == pytest.approx(cash)
        assert batch.dealers.mid == pytest.approx(mid)
    assert reached > 50


def test_rewards_add_up_to_what_the_dealer_has() -> None:
    batch = DealerBatch(50, reward=ProfitAndLoss() + InventoryPenalty(0.5, 0.1, dt=0.005))
    batch.begin(np.arange(50), np.arange(50, dtype=np.uint64))
    total, squares = np.zeros(50), np.zeros(50)
    for _ in range(batch.steps):
        total += batch.quote(np.full((50, 2), 0.3)).reward
        squares += 0.005 * batch.dealers.inventory**2.0
    ends = batch.dealers.inventory**2.0
    assert total == pytest.approx(batch.wealth - 0.5 * squares - 0.1 * ends)


@pytest.mark.parametrize("row", PAPER, ids=lambda row: f"{row.rule}-{row.risk_aversion}")
def test_the_table_of_the_paper(row: object) -> None:
    """2,000 paths; three standard errors of both samples, the paper's of 1,000."""
    found = play(row.rule, row.risk_aversion, paths=2_000, seed=1)  # type: ignore[attr-defined]
    both = math.sqrt(1 / 1_000 + 1 / 2_000)
    assert found.spread == pytest.approx(row.spread, abs=0.006)  # type: ignore[attr-defined]
    assert abs(found.profit - row.profit) < 3 * found.deviation * both  # type: ignore[attr-defined]
    assert abs(found.held - row.held) < 3 * found.held_deviation * both  # type: ignore[attr-defined]
    for mine, theirs in (
        (found.deviation, row.deviation),  # type: ignore[attr-defined]
        (found.held_deviation, row.held_deviation),  # type: ignore[attr-defined]
    ):
        assert abs(mine - theirs) < 3 * mine * both / math.sqrt(2) + 0.06  # its rounding


def test_the_inventory_strategy_leans_and_the_other_does_not() -> None:
    held = np.array([-4.0, 0.0, 4.0])
    tilted, level = (rule(held, 0.5, 0.1, 2.0, 1.5) for rule in (avellaneda_stoikov, symmetric))
    assert (tilted.bid + tilted.ask) == pytest.approx(level.bid + level.ask)
    assert (np.diff(tilted.bid) > 0.0).all()
    assert np.ptp(level.bid) == 0.0


def test_the_closed_form_solves_its_equation() -> None:
    """`h' + lambda/(e kappa) (exp(..) + exp(..)) - phi q^2 = 0` by differences in time."""
    problem, at, dt = DealerProblem(), 0.4, 1e-5
    h = problem.value(at)
    slope = (problem.value(at + dt) - problem.value(at - dt)) / (2 * dt)
    q = np.arange(-problem.most, problem.most + 1.0)[1:-1]
    fills = np.exp(h[2:] - h[1:-1]) + np.exp(h[:-2] - h[1:-1])
    assert slope[1:-1] == pytest.approx(10.0 / math.e * fills - 0.5 * q * q, rel=1e-6)
    assert problem.value(0.0) == pytest.approx(-0.001 * np.arange(-10.0, 11.0) ** 2)


def test_the_simulated_value_is_the_closed_form() -> None:
    """The best quotes of the closed form, played: 40,000 paths of 100 steps."""
    problem, paths = DealerProblem(), 40_000
    batch = DealerBatch(
        paths, volatility=0.1, dt=0.01, rate=10.0, decay=1.0, most=10, binary=False,
        reward=ProfitAndLoss() + InventoryPenalty(0.5, 0.001, dt=0.01),
    )  # fmt: skip
    batch.begin(np.arange(paths), np.arange(paths, dtype=np.uint64))
    total = np.zeros(paths)
    for step in range(batch.steps):
        bid, ask = problem.quotes(1.0 - step * 0.01)
        at = batch.dealers.inventory + 10
        total += batch.quote(np.column_stack([bid[at], ask[at]])).reward
    error = total.std() / math.sqrt(paths)
    assert error < 0.02
    assert abs(total.mean() - problem.value(1.0)[10]) < 3 * error + 0.02  # time goes in steps
