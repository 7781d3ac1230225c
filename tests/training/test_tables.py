"""What the evidence is made with."""

from itertools import product
from math import exp

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

import qtg
from qtg.gym import DealerBatch
from qtg.training import load_policy, train
from qtg.training.rules import problem_of
from qtg.training.speed import in_columns, one_by_one, seconds
from qtg.training.tables import best_in_steps, compare_quotes, print_quotes

from .short import short

REWARD = [
    "profit_and_loss",
    {"kind": "inventory_penalty", "running": 2.0, "terminal": 0.3, "dt": 0.1},
]


def test_the_best_in_steps_is_the_best_of_all_pairs() -> None:
    """Against every pair of depths of a coarse grid, in plain Python, for two steps."""
    batch = DealerBatch(
        1, rate=8.0, decay=1.0, dt=0.1, horizon=0.2, most=2, deepest=3.0, reward=REWARD
    )
    problem = problem_of(batch)
    assert problem is not None
    grid = [0.1 * k for k in range(31)]

    def best(held: int, steps: int) -> tuple[float, float, float]:
        """Value, and the depths of bid and ask."""
        if steps == 0:
            return 0.0, 0.0, 0.0
        then = {q: best(q, steps - 1)[0] for q in range(-2, 3) if abs(q - held) < 2}
        found = (-1e9, 0.0, 0.0)
        for bid, ask in product(grid, grid):
            p = 0.8 * exp(-bid) if held < 2 else 0.0
            r = 0.8 * exp(-ask) if held > -2 else 0.0
            total = 0.0
            for buys, sells in product((0, 1), (0, 1)):
                chance = (p if buys else 1 - p) * (r if sells else 1 - r)
                q = held + buys - sells
                if chance:
                    penalty = 2.0 * 0.1 * q * q + 0.3 * (q * q - held * held)
                    total += chance * (buys * bid + sells * ask - penalty + then[q])
            found = max(found, (total, bid, ask))
        return found

    for step in (0, 1):
        quotes = best_in_steps(batch, problem, step)
        for held in range(-2, 3):
            _, bid, ask = best(held, 2 - step)
            if held < 2:
                assert quotes.bid[held + 2] == pytest.approx(bid, abs=0.06), (step, held)
            if held > -2:
                assert quotes.ask[held + 2] == pytest.approx(ask, abs=0.06), (step, held)
        assert np.isinf([quotes.bid[4], quotes.ask[0]]).all()


@pytest.mark.compiled
def test_learned_quotes_are_compared(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    trained = train(short(steps=2_500), "ppo", f"{tmp_path}/run")
    found = compare_quotes(trained.path, 0.5)
    batch = DealerBatch(7, **short().settings)
    seen = np.column_stack([np.arange(-3, 4) / 6.0, np.full(7, 0.5)]).astype(np.float32)
    actions, _ = load_policy(trained.path, batch).predict(seen, deterministic=True)
    assert found.learned == pytest.approx(np.clip(actions, -1, 1) * 1.5 + 1.5, abs=1e-5)
    assert np.abs(found.closed_form - found.in_steps).max() < 0.03  # steps instead of none
    assert found.deviation(found.learned + 0.25) == pytest.approx(0.25)
    print_quotes(found)
    assert "largest deviation" in capsys.readouterr().out
    other = train(
        short(steps=2_500, settings__reward="profit_and_loss"), "ppo", f"{tmp_path}/other"
    )
    with pytest.raises(qtg.ModelError, match="the best quotes of .* are not known"):
        compare_quotes(other.path, 0.5)


@pytest.mark.compiled
def test_both_ways_are_timed() -> None:
    config = short(num_envs=2, steps=8, ppo__n_steps=4, ppo__batch_size=8)
    for make in (in_columns, one_by_one):
        assert min(seconds(config, make)) > 0.0
