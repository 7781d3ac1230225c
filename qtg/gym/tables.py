"""`python -m qtg.gym.tables`: tables of the literature, made again.

Sources: Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, Quantitative
Finance 8(3), tables 1 and 3; Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency
Trading, equation 10.11.
"""

import platform
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from .closed_forms import DealerProblem, Quotes, avellaneda_stoikov, half_spread, symmetric
from .rewards import InventoryPenalty, ProfitAndLoss
from .textbook import DealerBatch

RULES = {"inventory": avellaneda_stoikov, "symmetric": symmetric}
PATHS = 1_000  # in the paper


class Row(NamedTuple):
    """A line of the paper's tables."""

    rule: str
    risk_aversion: float  # gamma
    spread: float  # mean over time
    profit: float
    deviation: float  # standard, of the profit
    held: float  # inventory at the end
    held_deviation: float


PAPER = (
    Row("inventory", 0.1, 1.49, 65.0, 6.6, 0.08, 2.9),
    Row("symmetric", 0.1, 1.49, 68.4, 12.7, 0.26, 8.4),
    Row("inventory", 0.01, 1.35, 68.6, 8.7, 0.12, 5.1),
    Row("symmetric", 0.01, 1.35, 68.8, 12.8, 0.09, 8.7),
)


def play(rule: str, risk_aversion: float, paths: int, seed: int) -> Row:
    """One line made again: `paths` dealers who follow a rule from start to end."""
    batch = DealerBatch(paths)
    batch.begin(np.arange(paths), np.arange(paths, dtype=np.uint64) + np.uint64(seed * 1_000_003))
    terms, widths = batch.terms, []
    for step in range(batch.steps):
        remaining = 1.0 - step * terms.dt
        known = (remaining, risk_aversion, terms.volatility, terms.decay)
        quotes: Quotes = RULES[rule](batch.dealers.inventory.astype(np.float64), *known)
        widths.append(2.0 * half_spread(*known))
        batch.quote(np.column_stack(quotes))
    held, profit = batch.dealers.inventory, batch.wealth
    return Row(
        rule, risk_aversion, float(np.mean(widths)), float(profit.mean()), float(profit.std()),
        float(held.mean()), float(held.std()),
    )  # fmt: skip


def value_by_simulation(problem: DealerProblem, paths: int, seed: int) -> tuple[float, float]:
    """Mean of the criterion if the closed form's quotes are played, and its standard error."""
    batch = DealerBatch(
        paths, volatility=0.1, dt=0.01, rate=problem.rate, decay=problem.decay,
        most=problem.most, binary=False,
        reward=ProfitAndLoss() + InventoryPenalty(problem.running, problem.terminal, dt=0.01),
    )  # fmt: skip
    batch.begin(np.arange(paths), np.arange(paths, dtype=np.uint64) + np.uint64(seed * 1_000_003))
    total = np.zeros(paths)
    for step in range(batch.steps):
        quotes = problem.quotes(problem.horizon - step * 0.01)
        at = batch.dealers.inventory + problem.most
        total += batch.quote(np.column_stack([side[at] for side in quotes])).reward
    return float(total.mean()), float(total.std() / np.sqrt(paths))


def main() -> None:
    """Print both tables, the paper's figures beside ours."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}\n")
    print(f"Avellaneda and Stoikov (2008): {PATHS:,} paths, gamma 0.1 and 0.01")
    print("strategy   gamma  whose   spread  profit    std  inventory   std")
    for row in PAPER:
        for whose, line in (("paper", row), ("qtg", play(*row[:2], PATHS, 0))):
            print(
                f"{row.rule:<10} {row.risk_aversion:5}  {whose:<6} {line.spread:7.2f} "
                f"{line.profit:7.1f} {line.deviation:6.1f} {line.held:10.2f} "
                f"{line.held_deviation:5.1f}"
            )
    print("\nthe same over 60 seeds: mean (standard deviation over seeds), and how many of these")
    print("standard deviations the paper is away")
    for row in PAPER:
        many = np.array([play(*row[:2], PATHS, seed)[3:] for seed in range(60)])
        means, errors = many.mean(axis=0), many.std(axis=0)
        away = (np.array(row[3:]) - means) / errors
        told = ", ".join(
            f"{name} {mean:.2f} ({error:.2f}) {off:+.1f}"
            for name, mean, error, off in zip(Row._fields[3:], means, errors, away, strict=True)
        )
        print(f"{row.rule} {row.risk_aversion}: {told}")
    problem = DealerProblem()
    mean, error = value_by_simulation(problem, 1_000_000, 0)
    print("\nCartea, Jaimungal and Penalva (2015), equation 10.11: lambda 10, kappa 1, phi 0.5,")
    print("alpha 0.001, sigma 0.1; 1,000,000 paths of 100 steps that follow the best quotes")
    closed = problem.value(problem.horizon)[problem.most]
    print(
        f"value at the start, q = 0: closed form {closed:.4f}, simulated {mean:.4f} ({error:.4f});"
    )
    print("steps of 0.01 instead of none are worth about 0.018")


if __name__ == "__main__":
    main()
