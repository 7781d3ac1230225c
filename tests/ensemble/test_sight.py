"""Agents who follow an ensemble see what a learner in an environment sees."""

import numpy as np
import pytest

pytest.importorskip("gymnasium")

from qtg.agents.market_rows import MarketRows, market_contract
from qtg.gym.makers import market_batch
from qtg.gym.tasks import Trading
from tests.gym.markets import TWO

BUILDERS = ("price", "book", "indicator", "microstructure", "news")


@pytest.mark.compiled
def test_rows_are_an_environments_observations() -> None:
    batch = market_batch(Trading, 3, config=TWO, features=BUILDERS, starts=2, steps=200)
    sim = batch.market.sim
    seen = MarketRows(sim.exchange, sim.board, np.arange(2), market_contract(BUILDERS))
    sim.onlookers.append(
        type("Watcher", (), {"look": lambda _, exchange, __: seen.look(exchange)})()
    )
    batch.begin(np.arange(3), np.arange(3, dtype=np.uint64))
    draw, out = np.random.default_rng(1), np.empty(batch.observation_space.shape * 0 + (3, 38))
    for step in range(60):
        batch.step(draw.integers(0, 3, (3, 2)))
        batch.observe(out)
        if step < 25:  # earlier mids of an environment are those of the market it began in
            continue
        names = [each["name"] for each in batch.contract.features]
        for k, symbol in enumerate(("AAPL", "XOM")):
            own = [at for at, name in enumerate(names) if name.startswith(symbol)]
            assert (batch.exact[:, own] == seen.rows[3 * k : 3 * k + 3]).all(), (step, symbol)
        assert (seen.mids[:3] == batch.raw_market_data()["AAPL.mid"]).all()
