"""Momentum, volatility, z-score, hedge and drawdown at their edges."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qtg import quant
from qtg.errors import ConfigError

from .cases import same

X = np.arange(1.0, 11.0)


def test_momentum_of_one_bar_is_the_return() -> None:
    price = np.exp(np.random.default_rng(1).normal(size=(50, 3)).cumsum(axis=0))
    same(quant.momentum(price, 1, 0), quant.returns(price))


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_a_price_that_is_not_above_0_clears_windows_of_returns(price: float) -> None:
    x = np.arange(1.0, 31.0)
    x[10] = price
    for result, first in ((quant.momentum(x, 4, 1), 4), (quant.rolling_volatility(x, 4), 4)):
        assert np.isnan(result[10 : 11 + first]).all()
        assert np.isfinite(result[first:10]).all()
        assert np.isfinite(result[11 + first :]).all()
    assert np.isnan(quant.returns(x)[10:12]).all()
    assert np.isfinite(quant.returns(x)[12:]).all()


def test_values_that_are_equal_have_no_zscore() -> None:
    flat = np.full(20, 0.1)
    flat[0] = 7e11
    assert np.isnan(quant.zscore(flat, 5)[5:]).all()
    assert np.isnan(quant.mean_reversion(flat, 5)[5:]).all()
    assert quant.rolling_volatility(flat, 5)[6] == 0.0


def test_a_line_has_a_ratio_but_no_score() -> None:
    x = 100.0 + np.random.default_rng(2).normal(size=60).cumsum()
    found = quant.hedge(3.0 + 0.7 * x, x, 20)
    np.testing.assert_allclose(found.ratio[19:], 0.7, rtol=1e-9)
    np.testing.assert_allclose(found.intercept[19:], 3.0, rtol=1e-7)
    np.testing.assert_allclose(found.spread[19:], 0.0, atol=1e-12)
    assert np.isnan(found.zscore).all()
    assert all(np.isnan(part).all() for part in quant.hedge(x, np.full(60, 0.1), 20))


def test_a_hedge_forgets_what_left_its_window() -> None:
    rng = np.random.default_rng(3)
    y, x = rng.normal(size=(2, 200))
    big = np.where(np.arange(200) < 100, 1e9, 1.0)
    for ours, alone in zip(quant.hedge(y * big, x * big, 30), quant.hedge(y, x, 30), strict=True):
        np.testing.assert_allclose(ours[130:], alone[130:], rtol=1e-9, atol=1e-12)


def test_a_peak_outlasts_a_hole() -> None:
    equity = np.array([np.nan, -5.0, 100.0, np.nan, 80.0, np.inf, 110.0, -11.0])
    expected = [np.nan, np.nan, 0.0, np.nan, 0.2, np.nan, 0.0, 1.1]
    np.testing.assert_allclose(quant.drawdown(equity), expected)
    assert quant.max_drawdown(equity) == pytest.approx(1.1)
    assert np.isnan(quant.max_drawdown(equity[:2]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quant.momentum(X, 0, 0), "momentum: n is 0"),
        (lambda: quant.momentum(X, 3, 3), "skip is 3 and n is 3; choose skip less than n"),
        (lambda: quant.momentum(X, 3, -1), "skip is -1; pass a whole number of at least 0"),
        (lambda: quant.rolling_volatility(X, 1), "n is 1; pass a whole number of at least 2"),
        (lambda: quant.rolling_volatility(X, 3, 0), "periods is 0; pass a number greater than 0"),
        (lambda: quant.zscore(X, 1), "zscore: n is 1"),
        (lambda: quant.mean_reversion(X, 1), "mean_reversion: n is 1"),
        (lambda: quant.hedge(X, X, 2), "hedge: n is 2; pass a whole number of at least 3"),
        (lambda: quant.hedge(X, X[1:], 3), r"hedge: x has shape \(9,\) but y has \(10,\)"),
        (lambda: quant.drawdown(X[:0]), "drawdown: equity has shape"),
        (lambda: quant.returns(X, 0), "returns: n is 0"),
        (lambda: quant.engle_granger(X, X, lags=-1), "engle_granger: lags is -1"),
    ],
)
def test_what_cannot_be_used_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()
