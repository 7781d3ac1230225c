"""Large orders of the pool, worked in small pieces."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from qtg.kernels.metaorders import work_metaorders
from qtg.schemas import Side
from qtg.simulation import Simulation
from tests.clocks import at
from tests.simulation.small import SYMBOL, messages_of, quiet, start

from .market import CHANCE

SYMBOLS = [{**SYMBOL, "symbol": name, "initial_price": "1000.00"} for name in "ABC"]


def pool(metaorders: dict[str, Any], **background: Any) -> Simulation:
    background = {"count": 20_000, "activity": 1.0, "metaorders": metaorders, **background}
    return start(quiet({"symbols": SYMBOLS, "smart": [], "background": background}))


def worked(sim: Simulation, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    """(ticks, market, slot) each: side and end of every metaorder."""
    of = sim.background.pool.metaorders
    sides, ends = [], []
    for tick in range(1, ticks + 1):
        work_metaorders(of, sim.exchange.venue.symbols, at(sim, tick).moment)
        sides.append(of.side.copy())
        ends.append(of.end.copy())
        assert of.lean.tolist() == of.side.mean(axis=1).tolist()
    return np.array(sides), np.array(ends)


@pytest.mark.compiled
def test_durations_and_sides_are_as_configured() -> None:
    law = {"kind": "power_law", "minimum": 20, "alpha": 1.5, "maximum": 2_000}
    sides, ends = worked(pool({"count": 16, "duration_ticks": law}), 3_000)
    durations, first = [], []
    for m in range(3):
        for slot in range(16):
            begins = np.flatnonzero(np.diff(ends[:, m, slot], prepend=0))
            durations += (ends[begins, m, slot] - begins - 1).tolist()
            first += sides[begins, m, slot].tolist()
            for begin, end in pairwise(begins):
                assert end == ends[begin, m, slot] - 1, "the next begins when one is done"
                assert set(sides[begin:end, m, slot]) == {sides[begin, m, slot]}
    # Only those that began early enough to be seen to end are a fair sample; all begin here.
    early = np.array([ends[0, m, slot] - 1 for m in range(3) for slot in range(16)])
    assert stats.kstest(early, stats.truncpareto(1.5, 100, scale=20).cdf).pvalue > CHANCE
    assert min(durations) >= 20
    buys = int((np.array(first) > 0).sum())
    assert stats.binomtest(buys, len(first), 0.5).pvalue > CHANCE


@pytest.mark.compiled
@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_aggressive_orders_lean_their_way_and_passive_ones_do_not(share: float) -> None:
    sim = pool({"count": 3, "share": share, "duration_ticks": 1_000}, aggressive=0.5)
    sim.background.decay(at(sim, 1), sim.economy)
    sim.background.pool.sentiment[:] = 0.0
    sim.background.decay(at(sim, 2), sim.economy)
    of = sim.background.pool
    of.sentiment[:] = 0.0
    mood = np.zeros(3)
    moods = sim.exchange.view.sentiment
    mood[:] = moods
    sim.background.decide(at(sim, 3), sim.economy)
    arriving, _, _, n = sim.exchange.due()
    found = messages_of(arriving, n)
    for m in range(3):
        mine = [each for each in found if each.market == m]
        crossing = [each for each in mine if (each.price - 10_000_000) * each.side > 0]
        buys = sum(each.side == Side.BUY for each in crossing)
        lean = share * of.metaorders.lean[m] + (1 - share) * mood[m] * 0.5
        assert stats.binomtest(buys, len(crossing), 0.5 + 0.5 * lean).pvalue > CHANCE
        away = [each for each in mine if (each.price - 10_000_000) * each.side < 0]
        buys = sum(each.side == Side.BUY for each in away)
        assert stats.binomtest(buys, len(away), 0.5 + 0.25 * mood[m]).pvalue > CHANCE
    assert set(np.abs(of.metaorders.lean).round(9)) <= {round(1 / 3, 9), 1.0}


@pytest.mark.compiled
def test_sides_have_a_long_memory() -> None:
    law = {"kind": "power_law", "minimum": 5, "alpha": 1.5, "maximum": 5_000}
    sides, _ = worked(pool({"count": 8, "duration_ticks": law}), 8_000)
    lean = sides[500:].mean(axis=2)
    memory = [
        np.mean([np.corrcoef(one[:-lag], one[lag:])[0, 1] for one in lean.T])
        for lag in (10, 40, 160)
    ]
    assert memory[0] > memory[1] > memory[2] > 0.03
    assert memory[2] / memory[0] > 0.1, "an exponential memory would be gone"


@pytest.mark.compiled
def test_environments_have_their_own_alone_or_in_a_batch() -> None:
    config = quiet({"symbols": SYMBOLS, "background": {"count": 10}})
    batch, alone = Simulation(config, envs=[0, 5]), Simulation(config, envs=[5])
    together, mine = worked(batch, 200)[0], worked(alone, 200)[0]
    assert np.array_equal(together[:, 3:], mine)
    assert not np.array_equal(together[:, :3], mine)
