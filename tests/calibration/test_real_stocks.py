"""The preset `real_stocks` holds what the packages' daily prices say."""

import numpy as np
import pytest

import qtg
from qtg.simulation import Simulation
from tests.clocks import at

from .real_stocks import STOCKS, measured, sources, two_numbers


def preset() -> qtg.Config:
    return qtg.Config.preset("real_stocks")


def test_the_preset_is_what_is_measured() -> None:
    files = sources()
    if files is None:
        pytest.skip("the packages of tests/tapes.txt are not installed")
    found, config = measured(files), preset()
    assert [each.symbol for each in config.symbols] == list(STOCKS)
    assert [each.sector.name.lower() for each in config.symbols] == [s for s, _ in STOCKS.values()]
    assert [float(each.initial_price) for each in config.symbols] == found.price
    assert [float(each.tick_size) for each in config.symbols] == [t for _, t in STOCKS.values()]
    volatility = np.array([each.volatility for each in config.symbols], np.float64)
    assert np.abs(volatility - found.volatility).max() <= 0.00501
    assert abs(config.fair_value.correlation - found.correlation) <= 0.00501
    assert abs(config.fair_value.sector_correlation - found.sector_correlation) <= 0.00501
    assert round(found.residual, 2) == 0.12
    assert (found.first, found.last, found.returns) == ("2008-01-02", "2013-03-01", 1_299)


def test_two_numbers_come_back_from_a_matrix_made_of_them() -> None:
    sectors = ["a", "a", "a", "b", "b"]
    matrix = np.array([[0.3 + 0.7 * 0.4 * (s == t) for t in sectors] for s in sectors])
    assert np.allclose(two_numbers(matrix, sectors), (0.3, 0.4, 0.0))
    matrix = np.array([[0.2 if s == t else 0.5 for t in sectors] for s in sectors])
    common, sector, residual = two_numbers(matrix, sectors)
    assert sector == 0.0
    assert common == pytest.approx((4 * 0.2 + 6 * 0.5) / 10)
    assert residual == pytest.approx(0.3 * np.sqrt(0.4 * 0.6))


@pytest.mark.compiled
def test_fair_values_of_the_preset_move_as_it_says() -> None:
    """A tick is made a trading day, so that 4,000 ticks are sixteen years."""
    day = preset().with_(
        {
            "tick_ms": 23_400_000,
            "storage.candles": (),
            "warmup.ticks": 0,
            "fair_value.cascade.factors": 0,  # each stock's own volatility moves would blur it
        },
        smart=(), reactive=(), background={"count": 0},
    )  # fmt: skip
    sim = Simulation(day)
    values = np.empty((4_000, len(day.symbols)))
    for tick in range(len(values)):
        sim.economy.move(at(sim, tick + 1))
        values[tick] = sim.exchange.view.fair_value
    steps = np.diff(np.log(values), axis=0)
    expected = [each.volatility for each in day.symbols]
    assert np.allclose(steps.std(axis=0) * np.sqrt(252), expected, rtol=0.06)
    correlations = np.corrcoef(steps.T)[np.triu_indices(len(expected), 1)]
    assert np.allclose(correlations, day.fair_value.correlation, atol=0.05)
