"""Statistics against SciPy and against loops that follow the textbook word by word."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from qtg.report.statistics import (
    autocorrelation,
    log_returns,
    moments,
    normal_density,
    realised_volatility,
    standardised_density,
    white_noise_band,
)


@pytest.fixture
def sample() -> np.ndarray:
    return np.random.default_rng(3).standard_t(4, 800) * 2e-4 + 1e-5


def test_log_returns_are_differences_of_logarithms() -> None:
    price = [100.0, 101.0, 99.5, 99.5]
    expected = [math.log(b / a) for a, b in itertools.pairwise(price)]
    assert log_returns(price).tolist() == pytest.approx(expected, abs=1e-15)


def test_log_returns_over_several_rows_do_not_overlap() -> None:
    price = [1.0, 7.0, 2.0, 7.0, 8.0, 7.0]
    expected = [math.log(2.0), math.log(4.0)]
    assert log_returns(price, step=2).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("gap", [math.nan, 0.0, -1.0])
def test_log_returns_leave_out_intervals_without_a_price(gap: float) -> None:
    returns = log_returns([100.0, gap, 110.0, 121.0])
    assert returns.tolist() == pytest.approx([math.log(1.1)])


def test_moments_agree_with_scipy(sample: np.ndarray) -> None:
    m = moments(sample)
    assert m.n == 800
    assert m.mean == pytest.approx(np.mean(sample))
    assert m.std == pytest.approx(scipy.stats.tstd(sample) * math.sqrt(799 / 800))
    assert m.skewness == pytest.approx(scipy.stats.skew(sample))
    assert m.excess_kurtosis == pytest.approx(scipy.stats.kurtosis(sample))


def test_moments_of_a_constant_have_no_shape() -> None:
    m = moments([2.0, 2.0, 2.0])
    assert (m.n, m.mean, m.std) == (3, 2.0, 0.0)
    assert math.isnan(m.skewness)
    assert math.isnan(m.excess_kurtosis)


def test_moments_of_nothing_are_unknown() -> None:
    m = moments([])
    assert m.n == 0
    assert math.isnan(m.mean)


def naive_autocorrelation(x: list[float], lag: int) -> float:
    mean = sum(x) / len(x)
    above = 0.0
    for t in range(lag, len(x)):
        above += (x[t] - mean) * (x[t - lag] - mean)
    return above / sum((value - mean) ** 2 for value in x)


def test_autocorrelation_agrees_with_the_definition(sample: np.ndarray) -> None:
    expected = [naive_autocorrelation(sample.tolist(), lag) for lag in range(1, 21)]
    assert autocorrelation(sample, 20).tolist() == pytest.approx(expected, abs=1e-12)


def test_autocorrelation_finds_an_autoregression() -> None:
    noise, x = np.random.default_rng(1).normal(size=20_000), np.zeros(20_000)
    for t in range(1, len(x)):
        x[t] = 0.7 * x[t - 1] + noise[t]
    assert autocorrelation(x, 3) == pytest.approx([0.7, 0.49, 0.343], abs=0.03)


def test_autocorrelation_of_a_constant_is_unknown() -> None:
    assert np.isnan(autocorrelation(np.ones(10), 3)).all()


def test_white_noise_stays_in_its_band_about_95_percent_of_the_time() -> None:
    rng = np.random.default_rng(5)
    inside = [
        np.mean(np.abs(autocorrelation(rng.normal(size=1_000), 50)) < white_noise_band(1_000))
        for _ in range(40)
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_realised_volatility_recovers_the_volatility_of_a_random_walk() -> None:
    seconds_per_year = 252 * 6.5 * 3600
    per_minute = 0.30 * math.sqrt(60 / seconds_per_year)
    returns = np.random.default_rng(2).normal(0, per_minute, 50_000)
    assert realised_volatility(returns, 60) == pytest.approx(0.30, rel=0.02)


def test_realised_volatility_is_the_root_of_the_scaled_sum_of_squares() -> None:
    expected = math.sqrt((0.01**2 + 0.02**2) / (2 * 390 * 60) * 252 * 6.5 * 3600)
    assert realised_volatility([0.01, -0.02], 390 * 60) == pytest.approx(expected)


@pytest.mark.parametrize(("returns", "seconds"), [([], 1.0), ([0.1], 0.0), ([0.1], math.nan)])
def test_realised_volatility_is_unknown_without_returns_or_time(
    returns: list[float], seconds: float
) -> None:
    assert math.isnan(realised_volatility(returns, seconds))


def test_normal_density_agrees_with_scipy() -> None:
    x = np.linspace(-6, 6, 41)
    assert normal_density(x) == pytest.approx(scipy.stats.norm.pdf(x))


def test_density_counts_every_return_once(sample: np.ndarray) -> None:
    density = standardised_density(sample)
    width = density.center[1] - density.center[0]
    assert density.outside == 0
    assert (density.density * width).sum() == pytest.approx(1.0)


def test_density_of_normal_returns_is_normal() -> None:
    returns = np.random.default_rng(8).normal(0.001, 0.02, 400_000)
    density = standardised_density(returns)
    middle = np.abs(density.center) < 2.5
    assert density.density[middle] == pytest.approx(
        scipy.stats.norm.pdf(density.center[middle]), abs=0.01
    )


def test_density_says_how_many_returns_it_does_not_show() -> None:
    returns = np.append(np.random.default_rng(4).normal(0, 1e-4, 10_000), [1.0, -1.0, 1.0])
    density = standardised_density(returns, reach=5.0)
    assert density.outside == 3


def test_density_of_prices_on_a_grid_is_not_a_comb() -> None:
    quantum = 5e-5
    steps = np.random.default_rng(6).normal(0, 12, 50_000).round()
    density = standardised_density(steps * quantum, quantum)
    middle = density.density[np.abs(density.center) < 1.5]
    assert np.abs(np.diff(middle)).max() < 0.05


def test_bins_that_ignore_the_grid_would_be_a_comb() -> None:
    steps = np.random.default_rng(6).normal(0, 12, 50_000).round()
    density = standardised_density(steps * 5e-5, 0.0, bins=70)
    middle = density.density[np.abs(density.center) < 1.5]
    assert np.abs(np.diff(middle)).max() > 0.05
