"""Risk, returns and cross-sections against SciPy and NumPy, on random series."""

import numpy as np
import pytest
from scipy import stats

from qtg import quant

SERIES = 300


def sample(rng: np.random.Generator) -> np.ndarray:
    """Returns with fat tails; a third of the samples has ties, another third has holes."""
    r = 0.01 * rng.standard_t(4, size=int(rng.integers(3, 300)))
    kind = rng.integers(0, 3)
    if kind == 1:
        r = np.round(r, 2)
        r[:2] = 0.01, -0.01  # so that it moves
    if kind == 2:
        r[rng.random(len(r)) < 0.2] = np.nan
        r[:3] = 0.01, -0.01, 0.02
    return r


def random_samples(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    samples = [sample(rng) for _ in range(SERIES)]
    return [(r, r[np.isfinite(r)]) for r in samples]


def test_volatility_sharpe_and_parametric_var() -> None:
    for r, there in random_samples(40):
        told = stats.describe(there)
        away = np.sqrt(told.variance)
        np.testing.assert_allclose(quant.volatility(r, 252), away * 252**0.5, rtol=1e-12)
        expected = (told.mean - 1e-4) / away * 252**0.5
        np.testing.assert_allclose(quant.sharpe(r, 1e-4, 252), expected, rtol=1e-9)
        for level in (0.95, 0.99):
            expected = -stats.norm.ppf(1.0 - level, told.mean, away)
            np.testing.assert_allclose(quant.parametric_var(r, level), expected, rtol=1e-9)


def test_sortino() -> None:
    for r, there in random_samples(41):
        short = stats.moment(np.minimum(there - 0.001, 0.0), 2, center=0.0)
        expected = (there.mean() - 0.001) / np.sqrt(short)
        np.testing.assert_allclose(quant.sortino(r, 0.001), expected, rtol=1e-9)


def test_historical_var() -> None:
    for r, there in random_samples(42):
        for level in (0.5, 0.9, 0.95, 0.99):
            expected = -stats.mstats.mquantiles(there, 1.0 - level, alphap=1, betap=1)[0]
            np.testing.assert_allclose(
                quant.historical_var(r, level), expected, rtol=1e-12, atol=1e-16
            )


def test_beta() -> None:
    rng = np.random.default_rng(43)
    for r, _ in random_samples(43):
        benchmark = 0.3 * np.nan_to_num(r) + 0.01 * rng.normal(size=len(r))
        benchmark[rng.random(len(r)) < 0.05] = np.inf
        both = np.isfinite(r) & np.isfinite(benchmark)
        if both.sum() < 2:
            continue
        expected = stats.linregress(benchmark[both], r[both]).slope
        np.testing.assert_allclose(quant.beta(r, benchmark), expected, rtol=1e-8, atol=1e-12)


def test_max_drawdown() -> None:
    rng = np.random.default_rng(44)
    for _ in range(SERIES):
        equity = 100.0 * np.exp(0.05 * rng.normal(size=int(rng.integers(1, 200))).cumsum())
        expected = np.max(1.0 - equity / np.maximum.accumulate(equity))
        np.testing.assert_allclose(quant.max_drawdown(equity), expected, rtol=1e-12, atol=1e-15)


def test_correlation_of_each_two_markets() -> None:
    rng = np.random.default_rng(45)
    for _ in range(100):
        markets = int(rng.integers(1, 7))
        x = rng.normal(size=(int(rng.integers(12, 90)), markets)) @ rng.normal(
            size=(markets, markets)
        )
        x = rng.choice([1e-4, 1.0, 1e4]) * (x + rng.choice([0.0, 1e3]))
        x[rng.random(x.shape) < rng.choice([0.0, 0.2])] = np.nan
        ours = quant.correlation(x)
        for i in range(markets):
            for j in range(markets):
                both = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
                if both.sum() > 2:
                    expected = stats.pearsonr(x[both, i], x[both, j]).statistic
                    np.testing.assert_allclose(ours[i, j], expected, rtol=1e-8, atol=1e-10)
        np.testing.assert_array_equal(ours, ours.T)


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_cross_sectional_zscore(holes: float) -> None:
    rng = np.random.default_rng(46)
    for _ in range(SERIES):
        x = rng.normal(size=(int(rng.integers(1, 30)), int(rng.integers(3, 20))))
        x[rng.random(x.shape) < holes] = np.nan
        x[:, :2] = rng.normal(size=(len(x), 2))  # two at least
        expected = stats.zscore(x, axis=1, nan_policy="omit")
        np.testing.assert_allclose(quant.cross_sectional_zscore(x), expected, rtol=1e-9, atol=1e-12)


def test_rolling_zscore_of_each_window() -> None:
    rng = np.random.default_rng(47)
    for _ in range(SERIES):
        x = rng.normal(size=int(rng.integers(30, 100))).cumsum()
        n = int(rng.integers(2, 25))
        windows = np.lib.stride_tricks.sliding_window_view(x, n)
        expected = stats.zscore(windows, axis=1)[:, -1]
        np.testing.assert_allclose(quant.zscore(x, n)[n - 1 :], expected, rtol=1e-8, atol=1e-10)


def test_quality_is_the_score_of_the_sum_of_rank_scores() -> None:
    rng = np.random.default_rng(48)
    for _ in range(SERIES):
        shape = (int(rng.integers(1, 10)), int(rng.integers(3, 20)))
        measures = [np.round(rng.normal(size=shape), 1) for _ in range(int(rng.integers(1, 4)))]
        total = sum(stats.zscore(stats.rankdata(m, axis=1), axis=1) for m in measures)
        expected = stats.zscore(total, axis=1)
        np.testing.assert_allclose(quant.quality(*measures), expected, rtol=1e-9, atol=1e-12)


def test_returns_are_those_of_log_prices() -> None:
    rng = np.random.default_rng(49)
    for _ in range(SERIES):
        price = np.exp(0.1 * rng.normal(size=int(rng.integers(2, 60))).cumsum())
        n = int(rng.integers(1, 5))
        expected = np.log(price[n:]) - np.log(price[:-n])
        np.testing.assert_allclose(quant.log_returns(price, n)[n:], expected, atol=1e-12)
        np.testing.assert_allclose(quant.returns(price, n)[n:], np.expm1(expected), atol=1e-12)
        assert np.isnan(quant.returns(price, n)[:n]).all()
