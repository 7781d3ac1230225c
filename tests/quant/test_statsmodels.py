"""Regressions and cointegration against statsmodels, on random pairs."""

import warnings

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.rolling import RollingOLS
from statsmodels.tools import add_constant
from statsmodels.tools.sm_exceptions import CollinearityWarning
from statsmodels.tsa.stattools import coint

from qtg import quant
from qtg.quant.mackinnon import CONSTANT, TREND, critical_values, p_value

from .cases import same


def pair(rng: np.random.Generator, bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Two prices; their spread is anything between white noise and a random walk."""
    x = 100.0 + rng.normal(size=bars).cumsum()
    spread = np.zeros(bars)
    memory = rng.choice([0.0, 0.5, 0.9, 0.98, 1.0])
    shocks = rng.normal(size=bars)
    for t in range(1, bars):
        spread[t] = memory * spread[t - 1] + shocks[t]
    return 20.0 + rng.normal() * x + spread, x


def test_hedge_is_rolling_least_squares() -> None:
    rng = np.random.default_rng(30)
    for _ in range(300):
        bars = int(rng.integers(60, 160))
        y, x = pair(rng, bars)
        n = int(rng.integers(5, 50))
        ours = quant.hedge(y, x, n)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = RollingOLS(y, add_constant(x), window=n).fit()
        theirs = np.asarray(fitted.params)
        np.testing.assert_allclose(ours.ratio, theirs[:, 1], rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(ours.intercept, theirs[:, 0], rtol=1e-7, atol=1e-5)
        window = OLS(y[-n:], add_constant(x[-n:])).fit()
        np.testing.assert_allclose(ours.spread[-1], window.resid[-1], rtol=1e-8, atol=1e-10)
        expected = window.resid[-1] / window.resid.std()
        np.testing.assert_allclose(ours.zscore[-1], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("trend", [False, True])
def test_engle_granger_chooses_lags_and_tests_as_coint(trend: bool) -> None:
    rng = np.random.default_rng(31)
    for _ in range(200):
        y, x = pair(rng, int(rng.integers(25, 250)))
        ours = quant.engle_granger(y, x, trend=trend)
        statistic, chance, critical = coint(y, x, trend="ct" if trend else "c")
        np.testing.assert_allclose(ours.statistic, statistic, rtol=1e-7)
        np.testing.assert_allclose(ours.p_value, chance, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(ours.critical, critical, rtol=1e-12)


@pytest.mark.parametrize("trend", [False, True])
def test_engle_granger_with_given_lags_is_coint(trend: bool) -> None:
    rng = np.random.default_rng(32)
    for _ in range(150):
        y, x = pair(rng, int(rng.integers(25, 250)))
        lags = int(rng.integers(0, 8))
        ours = quant.engle_granger(y, x, trend=trend, lags=lags)
        kind = "ct" if trend else "c"
        statistic, chance, _ = coint(y, x, trend=kind, maxlag=lags, autolag=None)
        assert ours.lags == lags
        np.testing.assert_allclose(ours.statistic, statistic, rtol=1e-8)
        np.testing.assert_allclose(ours.p_value, chance, rtol=1e-7, atol=1e-12)
        regressors = [x, np.ones_like(x), np.arange(len(x))][: 3 if trend else 2]
        line = OLS(y, np.column_stack(regressors)).fit().params
        np.testing.assert_allclose(ours.ratio, line[0], rtol=1e-8)
        if not trend:
            np.testing.assert_allclose(ours.intercept, line[1], rtol=1e-7)


def test_the_tables_are_those_of_statsmodels() -> None:
    from statsmodels.tsa.adfvalues import mackinnoncrit, mackinnonp

    for surface, kind in ((CONSTANT, "c"), (TREND, "ct")):
        for bars in (10, 50, 1000):
            expected = mackinnoncrit(N=2, regression=kind, nobs=bars)
            np.testing.assert_allclose(critical_values(surface, bars), expected, rtol=1e-12)
        for statistic in np.linspace(-25.0, 3.0, 300):
            expected = mackinnonp(statistic, regression=kind, N=2)
            np.testing.assert_allclose(p_value(surface, statistic), expected, rtol=1e-12)


def test_a_tiny_spread_has_a_statistic() -> None:
    """`coint` gives up here and returns -inf."""
    rng = np.random.default_rng(35)
    x = 100.0 + rng.normal(size=150).cumsum()
    y = 3.0 + 0.5 * x + 1e-5 * rng.normal(size=150)
    with pytest.warns(CollinearityWarning):
        assert coint(y, x)[0] == -np.inf
    residual = OLS(y, add_constant(x)).fit().resid
    found = quant.engle_granger(y, x)
    change, lags = np.diff(residual), found.lags
    before = [change[lags - lag : len(change) - lag] for lag in range(1, lags + 1)]
    fitted = OLS(change[lags:], np.column_stack([residual[lags:-1], *before])).fit()
    np.testing.assert_allclose(found.statistic, fitted.tvalues[0], rtol=1e-5)
    assert found.p_value < 1e-6


def test_pairs_are_tested_column_by_column() -> None:
    rng = np.random.default_rng(33)
    pairs = [pair(rng, 80) for _ in range(4)]
    y, x = (np.column_stack(side) for side in zip(*pairs))
    together = quant.engle_granger(y, x)
    alone = [quant.engle_granger(*one) for one in pairs]
    for part in ("statistic", "p_value", "ratio", "intercept", "lags"):
        same(getattr(together, part), np.array([getattr(one, part) for one in alone]))


def test_pairs_that_cannot_be_tested_are_nan() -> None:
    rng = np.random.default_rng(34)
    y, x = pair(rng, 60)
    hole = y.copy()
    hole[30] = np.nan
    for first, second in (
        (hole, x),
        (y, hole),
        (y, np.ones(60)),
        (3.0 + 2.0 * x, x),
        (y[:9], x[:9]),
    ):
        found = quant.engle_granger(first, second)
        assert np.isnan([found.statistic, found.p_value, found.ratio, found.intercept]).all()
        assert found.lags == -1
    assert np.isnan(quant.engle_granger(y[:12], x[:12], lags=5).statistic)
    assert np.isfinite(quant.engle_granger(y[:13], x[:13], lags=5).statistic)
    assert np.isfinite(quant.engle_granger(y[:10], x[:10]).statistic)
