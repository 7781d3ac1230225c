"""Fair values follow their seeded process."""

from typing import Any

import numpy as np
import pytest

from tests.clocks import at

from .small import SYMBOL, quiet, start

NAMES = ("A", "B", "C", "D")
YEAR = 252 * 6.5 * 3_600  # ticks of a second in a year


def path(
    ticks: int = 4_000, seed: int = 0, symbols: list[dict[str, Any]] | None = None, **process: Any
) -> np.ndarray:
    """float64 (ticks, 4): fair values."""
    usual = [{**SYMBOL, "symbol": name, "initial_price": "1000.00"} for name in NAMES]
    symbols = symbols or usual
    process = {"sector_correlation": 0.0, "cascade": {"factors": 0}, **process}
    config = quiet({"symbols": symbols, "smart": [], "fair_value": process}, seed=seed)
    sim = start(config)
    values = np.empty((ticks, 4))
    for tick in range(ticks):
        sim.economy.move(at(sim, tick + 1))
        values[tick] = sim.exchange.view.fair_value
    return values


def returns(values: np.ndarray) -> np.ndarray:
    return np.diff(np.log(values), axis=0)


def test_a_constant_value_stays_at_the_initial_price() -> None:
    assert set(path(50, process="constant", volatility=1.0, drift=1.0).ravel()) == {10_000_000}


def test_gbm_has_the_yearly_volatility() -> None:
    steps = returns(path(process="gbm", volatility=2.0, correlation=0.0))
    assert np.allclose(steps.std(axis=0) * np.sqrt(YEAR), 2.0, rtol=0.06)
    kurtosis = ((steps / steps.std()) ** 4).mean()
    assert abs(kurtosis - 3) < 0.25
    assert np.abs(np.corrcoef(steps[1:].T, steps[:-1].T)).min() < 0.05


def test_a_symbol_may_have_its_own_volatility() -> None:
    own = (1.0, 3.0, None, 0.0)
    symbols = [
        {**SYMBOL, "symbol": name, "initial_price": "1000.00", "volatility": each}
        for name, each in zip(NAMES, own, strict=True)
    ]
    process = {"process": "gbm", "volatility": 2.0, "correlation": 0.5, "sector_correlation": 0.0}
    steps = returns(path(symbols=symbols, **process))
    found = steps.std(axis=0) * np.sqrt(YEAR)
    assert np.allclose(found, [1.0, 3.0, 2.0, 0.0], rtol=0.06)
    correlated = np.corrcoef(steps[:, :3].T)[np.triu_indices(3, 1)]
    assert np.allclose(correlated, 0.5, atol=0.06)


def test_a_volatility_of_its_own_that_is_the_common_one_changes_nothing() -> None:
    symbols = [
        {**SYMBOL, "symbol": name, "initial_price": "1000.00", "volatility": 2.0} for name in NAMES
    ]
    common = path(50, process="gbm", volatility=2.0)
    assert np.array_equal(path(50, symbols=symbols, process="gbm", volatility=0.1), common)
    assert len(np.unique(common)) > 50


def test_gbm_drifts() -> None:
    values = path(process="gbm", volatility=0.0, drift=5.0)
    assert np.allclose(np.log(values[-1] / 10_000_000), 5.0 * 4_000 / YEAR, rtol=1e-3)


@pytest.mark.compiled
@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_shocks_of_any_two_symbols_are_correlated(correlation: float) -> None:
    steps = returns(path(process="gbm", volatility=3.0, correlation=correlation))
    found = np.corrcoef(steps.T)[np.triu_indices(4, 1)]
    assert np.allclose(found, correlation, atol=0.06)


@pytest.mark.compiled
def test_a_mean_reverting_value_comes_back() -> None:
    """The stationary deviation of an Ornstein-Uhlenbeck process is sigma / sqrt(2 * speed)."""
    day = YEAR / 252
    speed = 500.0  # per day: a deviation dies out within 47 ticks
    values = path(
        12_000, process="mean_reverting", volatility=2.0, reversion=speed, correlation=0.0
    )
    deviation = np.log(values[500:] / 10_000_000)
    expected = 2.0 / np.sqrt(YEAR) / np.sqrt(2 * speed / day)
    assert np.allclose(deviation.std(axis=0), expected, rtol=0.15)
    assert np.abs(deviation.mean(axis=0)).max() < 0.3 * expected


def test_a_value_stays_positive_whatever_happens() -> None:
    values = path(500, process="gbm", volatility=10.0, drift=-10.0)
    assert values.min() > 0


def test_seeds_have_their_own_paths_and_symbols_too() -> None:
    one, again, other = (path(20, seed=seed, process="gbm", volatility=5.0) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert (one != other).all(axis=1)[1:].all()
    assert len({tuple(column) for column in one.T}) == 4
