"""`python -m qtg.training.tables [FOLDER]`: learners beside rules, and beside a closed form.

Trains the presets into a folder, each once, and prints what they came to. Source of the dealer's
problem: Cartea, Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 10.2.
"""

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qtg.schemas import F64

from ..errors import ModelError
from ..gym import DealerBatch
from ..gym.closed_forms import DealerProblem, Quotes
from ..gym.stable_baselines import make_batch
from .evaluation import Exams, evaluate, of_policy
from .folder import MODEL
from .measures import line_of
from .model import load_policy, read_card
from .rules import closing, problem_of
from .settings import TrainingConfig
from .show import print_evaluation, training_progress
from .trainer import train

HELD = np.arange(-3, 4)  # inventories to compare at


class Comparison(NamedTuple):
    """Depths of bid and ask at inventories -3 to 3, float64 (7, 2) each [currency]."""

    remaining: float
    learned: F64
    closed_form: F64  # equation 10.11, in continuous time
    in_steps: F64  # the best of the environment itself, by dynamic programming

    def deviation(self, exact: F64) -> float:
        """The largest, either side and any inventory."""
        return float(np.abs(self.learned - exact).max())


def compare_quotes(model: str | Path, remaining: float) -> Comparison:
    """What a dealer learned to quote beside what is best, with this part of the time left.

    Raises
    ------
    ModelError    the best quotes of its environment are not known
    """
    card = read_card(model)
    batch = make_batch(card.environment, len(HELD), **card.training.settings)
    problem = problem_of(batch) if isinstance(batch, DealerBatch) else None
    if problem is None or not isinstance(batch, DealerBatch):
        raise ModelError(f"{model}: the best quotes of {card.environment} are not known")
    policy = load_policy(model, batch)
    step = round((1.0 - remaining) * batch.steps)
    batch.begin(np.arange(len(HELD)), np.arange(len(HELD), dtype=np.uint64))
    batch.dealers.inventory[:], batch.dealers.step[:] = HELD, step
    seen = np.empty((len(HELD), 2), np.float32)
    batch.observe(seen)
    learned = batch.depths_of(np.asarray(policy.predict(seen, deterministic=True)[0]))
    at = HELD + problem.most
    forms = problem.quotes(problem.horizon * remaining), best_in_steps(batch, problem, step)
    exact = [np.column_stack([side[at] for side in quotes]) for quotes in forms]
    return Comparison(remaining, learned, *exact)


def best_in_steps(batch: DealerBatch, problem: DealerProblem, step: int) -> Quotes:
    """The best depths of a `DealerBatch` before a step, by dynamic programming over its own steps
    and a grid of the depths that actions reach; infinite where a side is not quoted."""
    most, dt = problem.most, batch.terms.dt
    deepest = float(batch.depths_of(np.ones(1))[0])
    depth = np.linspace(0.0, deepest, 3_001)
    chance = np.minimum(problem.rate * dt * np.exp(-problem.decay * depth), 1.0)
    held = np.arange(-most, most + 1.0)
    value = np.zeros(len(held))
    bid = ask = np.zeros(len(held), int)
    for _ in range(batch.steps - step):
        after = value - problem.running * dt * held**2 - problem.terminal * held**2
        bid, ask = np.zeros(len(held), int), np.zeros(len(held), int)
        up, down = (np.append(after[1:], -np.inf), np.append(-np.inf, after[:-1]))
        for _ in range(4):  # each side in turn, the other as it is
            for mine, other, here, there in ((bid, ask, up, down), (ask, bid, down, up)):
                p = np.where(np.isfinite(there), chance[other], 0.0)
                theirs = depth[other] + np.where(np.isfinite(there), there, 0.0)
                stay = (1.0 - p) * after + p * theirs
                # Both: what the other side gave, and back where it was.
                both = (1.0 - p) * here + p * (depth[other] + after)
                gain = chance * (depth + (both - stay)[:, None])
                mine[:] = np.where(np.isfinite(here), gain.argmax(axis=1), 0)
        p, r = (
            np.where(np.isfinite(each), chance[at], 0.0) for each, at in ((up, bid), (down, ask))
        )
        u, d = (np.where(np.isfinite(each), each, 0.0) for each in (up, down))
        value = (
            (1.0 - p) * (1.0 - r) * after
            + p * (1.0 - r) * (u + depth[bid])
            + (1.0 - p) * r * (d + depth[ask])
            + p * r * (after + depth[bid] + depth[ask])
            + problem.terminal * held**2
        )
    quotes = (depth[bid], depth[ask])
    ends = np.arange(len(held)) == len(held) - 1, np.arange(len(held)) == 0
    return Quotes(*(np.where(end, np.inf, side) for side, end in zip(quotes, ends)))


def print_quotes(found: Comparison) -> None:
    """The quotes side by side."""
    print(f"\ndepths with {found.remaining:.0%} of the time left, inventory -3 to 3")
    for side, name in enumerate(("bid", "ask")):
        for whose in ("learned", "closed_form", "in_steps"):
            shown = "  ".join(f"{depth:6.3f}" for depth in getattr(found, whose)[:, side])
            print(f"{name}  {whose.replace('_', ' '):<12} {shown}")
    print(
        f"largest deviation {found.deviation(found.closed_form):.3f} from equation 10.11, "
        f"{found.deviation(found.in_steps):.3f} from the best in steps"
    )


def main(folder: str = "runs/tables") -> None:
    """Train what is not there yet, and print everything."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}; {_versions()}")
    for name in ("execution", "trading", "dealer"):
        place = Path(folder) / name
        config = TrainingConfig.load(name)
        if not (place / MODEL).exists():
            with training_progress(name, config.steps) as told:
                train(config, "ppo", place, overwrite=True, told=told)
        print(f"\nqtg train ppo {name}: {config.num_envs:,} environments, seed {config.seed}")
        for population in config.populations():
            print()
            print_evaluation(evaluate(place, population=population))
            if name == "trading":
                print(closed_in_time(place, population))
    print("\nCartea, Jaimungal and Penalva (2015): lambda 10, kappa 1, sigma 0.1, phi 0.5, alpha")
    print("0.001, steps of 0.01; what PPO quotes against what is best")
    for remaining in (1.0, 0.75, 0.5, 0.25):
        print_quotes(compare_quotes(Path(folder) / "dealer", remaining))


def closed_in_time(model: Path, population: str, last: int = 30) -> str:
    """The profit of a trader who must have nothing at the end: what is held is marked at a mid that
    his own orders moved, so some of what he earns may be on paper alone."""
    card = read_card(model)
    exam, settings = card.training.evaluation, card.training.populations()[population]
    batch = make_batch(card.environment, exam.seeds * exam.episodes, **settings)
    policy = load_policy(model, batch)
    rule = of_policy(lambda seen: policy.predict(seen, deterministic=True)[0])
    exams = Exams(batch, exam.first_seed, exam.seeds, exam.episodes)
    found = []
    for each in (rule, closing(rule, last)):
        episodes = exams.take(each)
        found.append(line_of("", episodes._replace(reward=episodes.profit)))
    open_end, flat = (f"{line.reward:.2f} ({line.low:.2f} .. {line.high:.2f})" for line in found)
    return (
        f"profit {open_end}; if it must sell what it has in the last {last} steps, {flat}, "
        f"where {found[1].left:.1f} shares are left on average"
    )


def _versions() -> str:
    import stable_baselines3
    import torch

    return f"stable-baselines3 {stable_baselines3.__version__}, torch {torch.__version__}"


if __name__ == "__main__":
    main(*sys.argv[1:])
