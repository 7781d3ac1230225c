"""Each statistic on series whose properties are known, and beside other libraries."""

import numpy as np
import pytest
from scipy import stats

from qtg.stylized.bars import Bars
from qtg.stylized.facts import (
    Fact,
    bursts,
    heavy_tails,
    hill,
    linear_autocorrelation,
    tail_index,
    volatility_clustering,
    volume_and_volatility,
)

MINUTES, SYMBOLS = 4_000, 8


def bars_of(returns: np.ndarray, volume: np.ndarray | None = None) -> Bars:
    """Bars with these log returns, float64 (minute, symbol)."""
    close = 100 * np.exp(np.vstack([np.zeros(returns.shape[1]), np.cumsum(returns, axis=0)]))
    if volume is None:
        volume = np.ones_like(close)
    return Bars(close, volume, np.full_like(close, np.nan))


def normal(seed: int = 0) -> np.ndarray:
    return 1e-3 * np.random.default_rng(seed).standard_normal((MINUTES, SYMBOLS))


def garch(seed: int = 1, alpha: float = 0.1, beta: float = 0.88) -> np.ndarray:
    """GARCH(1, 1) of Bollerslev (1986): clustered volatility, fat tails, no linear memory."""
    draw = np.random.default_rng(seed).standard_normal((MINUTES, SYMBOLS))
    variance, returns = np.full(SYMBOLS, 1e-6), np.empty_like(draw)
    for t in range(MINUTES):
        returns[t] = np.sqrt(variance) * draw[t]
        variance = 2e-8 + alpha * returns[t] ** 2 + beta * variance
    return returns


def of(facts: list[Fact], name: str) -> Fact:
    (found,) = (fact for fact in facts if fact.name == name)
    return found


def test_independent_normal_returns_have_no_memory_no_tails_and_no_clusters() -> None:
    bars = bars_of(normal())
    (linear,) = linear_autocorrelation(bars)
    assert linear.passed
    assert abs(linear.value) < 0.05
    tails = of(heavy_tails(bars), "heavy tails")
    assert not tails.passed
    assert abs(tails.value) < 0.3
    clusters, _ = volatility_clustering(bars)
    assert abs(clusters.value) < 0.06
    (burst,) = bursts(bars)
    assert burst.value == pytest.approx(1.0, abs=0.25)


def test_clustered_volatility_is_seen() -> None:
    bars = bars_of(garch())
    assert linear_autocorrelation(bars)[0].passed
    assert of(heavy_tails(bars), "heavy tails").passed
    assert of(heavy_tails(bars), "aggregational normality").passed
    clusters, decay = volatility_clustering(bars)
    assert clusters.passed
    assert clusters.value > 0.05
    assert decay.value > 0.1
    (burst,) = bursts(bars)
    assert burst.passed
    assert burst.value > 1.3


def test_returns_that_can_be_foretold_fail() -> None:
    noise = normal(3)
    momentum = noise.copy()
    momentum[3:] += 0.3 * noise[:-3]
    (fact,) = linear_autocorrelation(bars_of(momentum))
    assert not fact.passed
    assert "lag 3" in fact.statistic
    assert fact.value == pytest.approx(0.3 / 1.09, abs=0.03)


def test_kurtosis_is_scipys() -> None:
    returns = garch(5)
    expected = np.median(stats.kurtosis(returns, axis=0))
    assert of(heavy_tails(bars_of(returns)), "heavy tails").value == pytest.approx(expected)


@pytest.mark.parametrize("alpha", [2.5, 3.0, 4.0])
def test_hill_finds_the_exponent_of_a_power_law(alpha: float) -> None:
    draw = np.random.default_rng(7)
    signs = draw.choice([-1, 1], (40_000, 4))
    sample = signs * draw.pareto(alpha, (40_000, 4)) + signs
    for column in sample.T:
        assert hill(column) == pytest.approx(alpha, rel=0.08)
    (fact,) = tail_index(bars_of(1e-4 * sample[:MINUTES]))
    assert fact.passed == (2 < fact.value < 5)


def test_hill_needs_a_tail() -> None:
    assert np.isnan(hill(np.zeros(100)))
    assert np.isnan(hill(np.array([1.0, -2.0, 3.0])))


def test_volume_follows_volatility_where_it_does() -> None:
    returns = garch(2)
    noise = np.random.default_rng(8).random((MINUTES + 1, SYMBOLS))
    busy = np.vstack([np.zeros(SYMBOLS), np.abs(returns)]) * 1e6 + 500 * noise
    assert volume_and_volatility(bars_of(returns, busy))[0].passed
    assert not volume_and_volatility(bars_of(returns, noise))[0].passed


def test_what_is_too_short_is_not_measured_and_says_so() -> None:
    bars = bars_of(normal()[:20])
    for fact in (*linear_autocorrelation(bars), *bursts(bars), *tail_index(bars)):
        assert fact.passed is None
        assert np.isnan(fact.value)
        assert fact.statistic.startswith("not measured: ")
