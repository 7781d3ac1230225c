"""Rewards against plain Python, one account at a time."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

import qtg
from qtg.gym import (
    AccountStep,
    DifferentialSharpe,
    DrawdownPenalty,
    InventoryPenalty,
    LogReturn,
    ProfitAndLoss,
    Reward,
    TerminalBonus,
    TerminalUtility,
    TransactionCost,
)
from qtg.gym.rewards import reward_of

ROWS, STEPS = 4, 30
Path = list[float]


def paths() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Equity (step, row), inventory (step, row), cost (step, row)."""
    rng = np.random.default_rng(3)
    equity = 1_000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, (STEPS + 1, ROWS)), axis=0))
    return equity, rng.integers(-9, 9, (STEPS + 1, ROWS)).astype(float), rng.random((STEPS, ROWS))


def rewarded(reward: Reward) -> np.ndarray:
    """What a reward says, (step, row); each row's episode ends with the last step."""
    equity, held, cost = paths()
    reward.start(ROWS)
    reward.begin(np.arange(ROWS), np.full(ROWS, 77.0))  # an episode that is given up
    reward.begin(np.arange(ROWS), equity[0])
    found = []
    for t in range(STEPS):
        ended = np.full(ROWS, t == STEPS - 1)
        step = AccountStep(equity[t], equity[t + 1], held[t], held[t + 1], cost[t], cost[t], ended)
        found.append(reward(step))
    return np.array(found)


def drawdowns(equity: Path) -> Path:
    falls = [1.0 - value / max(equity[: t + 1]) for t, value in enumerate(equity)]
    return [-max(now - last, 0.0) for last, now in itertools.pairwise(falls)]


def sharpe(equity: Path) -> Path:
    returns = [after / before - 1.0 for before, after in itertools.pairwise(equity)]
    mean = sum(returns) / STEPS
    deviation = math.sqrt(sum((each - mean) ** 2 for each in returns) / STEPS)
    return [0.0] * (STEPS - 1) + [mean / deviation]


def utility(equity: Path) -> Path:
    return [0.0] * (STEPS - 1) + [-math.exp(-0.01 * (equity[-1] - equity[0]))]


@pytest.mark.parametrize(
    ("reward", "oracle"),
    [
        (ProfitAndLoss(), lambda e: [b - a for a, b in itertools.pairwise(e)]),
        (LogReturn(), lambda e: [math.log(b / a) for a, b in itertools.pairwise(e)]),
        (DrawdownPenalty(), drawdowns),
        (TerminalBonus(), sharpe),
        (TerminalUtility(0.01), utility),
    ],
)
def test_rewards_of_equity(reward: Reward, oracle: Callable[[Path], Path]) -> None:
    equity = paths()[0]
    expected = np.array([oracle(equity[:, row].tolist()) for row in range(ROWS)]).T
    assert rewarded(reward) == pytest.approx(expected, abs=1e-12)
    assert np.abs(expected).max() > 1e-3


def test_inventory_and_cost() -> None:
    _, held, cost = paths()
    found = rewarded(InventoryPenalty(running=0.5, terminal=0.1, dt=0.25))
    assert found.sum(axis=0) == pytest.approx(
        -0.125 * (held[1:] ** 2).sum(axis=0) - 0.1 * (held[-1] ** 2 - held[0] ** 2)
    )
    assert rewarded(TransactionCost()) == pytest.approx(-cost)


def test_differential_sharpe_is_the_derivative_of_the_sharpe_ratio() -> None:
    """`D` is the derivative of `A / sqrt(B - A^2)` by the weight of the newest return, at 0."""
    rate, equity = 0.05, paths()[0]
    found = rewarded(DifferentialSharpe(rate))
    returns = equity[1:] / equity[:-1] - 1.0
    for row in range(ROWS):
        mean = square = 0.0
        for t, change in enumerate(returns[:, row]):

            def ratio(
                weight: float, r: float = change, a: float = mean, b: float = square
            ) -> float:
                a, b = a + weight * (r - a), b + weight * (r * r - b)
                return a / math.sqrt(b - a * a)

            if t > 2:
                derivative = (ratio(1e-6) - ratio(-1e-6)) / 2e-6
                assert found[t, row] == pytest.approx(derivative, rel=1e-5, abs=1e-7)
            mean += rate * (change - mean)
            square += rate * (change**2 - square)
    assert (found[0] == 0.0).all()


def test_a_composite_adds_up() -> None:
    parts = ProfitAndLoss() + 2.0 * (LogReturn() + 0.5 * TransactionCost())
    expected = rewarded(ProfitAndLoss()) + 2.0 * rewarded(LogReturn()) + rewarded(TransactionCost())
    assert rewarded(parts) == pytest.approx(expected)


def test_all_is_finite_when_everything_is_lost() -> None:
    lost = AccountStep(*np.array([[1.0], [-5.0], [0.0], [0.0], [0.0], [0.0]]), np.array([True]))
    for reward in (LogReturn(), DifferentialSharpe(), DrawdownPenalty(), TerminalBonus()):
        reward.start(1)
        reward.begin(np.array([0]), np.array([1.0]))
        assert np.isfinite(reward(lost)).all()
    assert LogReturn(worst=-3.0)(lost) == pytest.approx(-3.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DifferentialSharpe(0.0),
        lambda: LogReturn(1.0),
        lambda: InventoryPenalty(running=-1.0),
        lambda: TerminalUtility(0.0),
        lambda: float("nan") * ProfitAndLoss(),
    ],
)
def test_numbers_that_make_no_reward(make: Callable[[], Reward]) -> None:
    with pytest.raises(qtg.ConfigError):
        make()


def test_a_reward_that_is_told_is_the_one_that_is_made() -> None:
    told = [
        "profit_and_loss",
        {"kind": "inventory_penalty", "running": 0.5, "terminal": 0.1, "weight": 3},
        {"kind": "terminal_utility", "risk_aversion": 0.2},
    ]
    made = ProfitAndLoss() + 3.0 * InventoryPenalty(0.5, 0.1) + TerminalUtility(0.2)
    step = AccountStep(
        *(np.array([each, each + 0.5]) for each in (5.0, 6.0, 1.0, 2.0, 3.0, 0.1)),
        np.array([True, False]),
    )
    both = [reward_of(told), made]  # type: ignore[arg-type]
    for each in both:
        each.start(2)
        each.begin(np.arange(2), np.array([5.0, 5.5]))
    found, expected = (each(step) for each in both)
    assert np.array_equal(found, expected)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("weather", "no reward 'weather'; give one of profit_and_loss"),
        ([], "no reward"),
        (3, "no reward 3"),
        ({"weight": 2}, "no reward None"),
        ({"kind": "log_return", "weight": "much"}, "weight must be a finite number, got 'much'"),
        ({"kind": "log_return", "weight": float("nan")}, "weight must be a finite number"),
        ({"kind": "log_return", "wrost": -1}, "log_return cannot be made.*it has worst"),
        ({"kind": "terminal_utility"}, "terminal_utility cannot be made: missing"),
        ({"kind": "inventory_penalty", "running": -1}, "running must be 0 or more"),
        ({"kind": "inventory_penalty", "running": "x"}, "inventory_penalty cannot be made"),
    ],
)
def test_rewards_that_are_none(told: object, message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        reward_of(told)  # type: ignore[arg-type]
