"""Volatility moves by factors of several horizons."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.config import SettingError
from qtg.simulation import Simulation
from qtg.stylized.facts import hill
from tests.clocks import at
from tests.sizes import sized

from .small import SYMBOL, quiet, start

NAMES = tuple("ABCDEF")


def market(seed: int = 0, **cascade: Any) -> qtg.Config:
    symbols = [{**SYMBOL, "symbol": name, "initial_price": "1000.00"} for name in NAMES]
    process = {"process": "gbm", "volatility": 1.0, "correlation": 0.0, "sector_correlation": 0.0}
    fair_value = {**process, "cascade": cascade}
    return quiet({"symbols": symbols, "smart": [], "fair_value": fair_value}, seed=seed)


def watched(sim: Simulation, ticks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ticks, market) each: volatility, factors, log returns of the fair value."""
    markets = len(sim.exchange.view.fair_value)
    volatility, factors = np.empty((ticks, markets)), np.empty((ticks, markets), np.int64)
    values = np.empty((ticks + 1, markets))
    values[0] = sim.exchange.view.fair_value
    of = sim.economy.fundamentals
    for tick in range(ticks):
        sim.economy.move(at(sim, tick + 1))
        volatility[tick], factors[tick] = of.volatility, of.factors
        values[tick + 1] = sim.exchange.view.fair_value
    return volatility, factors, np.diff(np.log(values), axis=0)


@pytest.mark.compiled
def test_volatility_is_the_product_of_the_factors() -> None:
    volatility, factors, _ = watched(start(market(factors=5, swing=0.3, shortest_minutes=0.1)), 600)
    assert len(set(factors.ravel().tolist())) > 16
    for code, level in zip(factors.ravel().tolist(), volatility.ravel().tolist(), strict=True):
        high = bin(code).count("1")
        assert level == pytest.approx(np.sqrt(1.3**high * 0.7 ** (5 - high)))


@pytest.mark.compiled
def test_a_factor_is_renewed_after_its_horizon_on_average() -> None:
    """It changes at half of its renewals: after twice its horizon."""
    minutes = np.geomspace(0.1, 2.0, 3)
    sim = start(market(factors=3, shortest_minutes=0.1, longest_minutes=2.0))
    ticks = sized(20_000, 8_000)
    _, factors, _ = watched(sim, ticks)
    for k, minute in enumerate(minutes):
        bit = (factors >> k) & 1
        changes = np.abs(np.diff(bit, axis=0)).sum()
        expected = ticks * len(NAMES) * -np.expm1(-1 / (60 * minute)) / 2
        assert changes == pytest.approx(expected, abs=4.5 * np.sqrt(expected))
        assert bit.mean() == pytest.approx(0.5, abs=4 * np.sqrt(60 * minute / bit.size))


@pytest.mark.compiled
def test_the_variance_of_the_year_is_kept_and_tails_grow() -> None:
    ticks = sized(20_000, 8_000)
    short = {"factors": 6, "shortest_minutes": 0.1, "longest_minutes": 3.0}
    volatility, _, moved = watched(start(market(**short, swing=0.5)), ticks)
    _, _, plain = watched(start(market(factors=0)), ticks)
    assert (volatility**2).mean() == pytest.approx(1.0, abs=0.12)
    assert moved.std() == pytest.approx(plain.std(), rel=0.08)
    assert hill(plain.ravel()) > 5
    assert hill(moved.ravel()) < 4
    size = np.abs(moved) - np.abs(moved).mean()
    plain_size = np.abs(plain) - np.abs(plain).mean()
    for lag in (1, 10, 100):
        assert (size[lag:] * size[:-lag]).mean() > 0.02 * (size**2).mean()
        assert abs((plain_size[lag:] * plain_size[:-lag]).mean()) < 0.02 * (plain_size**2).mean()


def test_without_factors_volatility_is_constant() -> None:
    volatility, factors, _ = watched(start(market(factors=0)), 20)
    assert set(volatility.ravel()) == {1.0}
    assert set(factors.ravel()) == {0}


@pytest.mark.compiled
def test_environments_have_their_own_factors_alone_or_in_a_batch() -> None:
    config = market(seed=4, shortest_minutes=0.05)
    batch, alone = Simulation(config, envs=[0, 7]), Simulation(config, envs=[7])
    together, mine = watched(batch, 60)[0], watched(alone, 60)[0]
    assert np.array_equal(together[:, 6:], mine)
    assert not np.array_equal(together[:, :6], mine)


@pytest.mark.parametrize(
    ("cascade", "sentence"),
    [
        ({"factors": 17}, "factors: must be at most 16, got 17"),
        ({"swing": 1.0}, "swing: must be less than 1.0, got 1"),
        ({"shortest_minutes": 500}, "shortest_minutes: 500 is more than longest_minutes, 390"),
    ],
)
def test_a_cascade_that_cannot_be_is_refused(cascade: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        market(**cascade)
