"""Risk and cross-sections: holes, short series, shapes, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from qtg import Sector, quant
from qtg.errors import ConfigError

MEASURES: dict[str, Callable[..., Any]] = {
    "volatility": quant.volatility,
    "sharpe": quant.sharpe,
    "sortino": quant.sortino,
    "historical_var": quant.historical_var,
    "parametric_var": quant.parametric_var,
    "max_drawdown": quant.max_drawdown,
}
every = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
R = 0.01 * np.random.default_rng(1).normal(size=(40, 3)) + 0.005


@every
def test_a_column_is_a_float_a_matrix_an_array_a_frame_a_frame(measure: Any) -> None:
    whole = measure(R)
    assert whole.shape == (3,)
    assert whole.dtype == np.float64
    for m in range(3):
        assert isinstance(measure(R[:, m]), float)
        assert measure(R[:, m]) == whole[m]
        assert measure(pl.Series(R[:, m])) == whole[m]
    frame = measure(pl.DataFrame(R, schema=["a", "b", "c"]))
    assert frame.rows() == [tuple(whole)]
    assert frame.columns == ["a", "b", "c"]


@every
def test_missing_bars_are_left_out(measure: Any) -> None:
    holes = np.insert(R, [0, 3, 17], np.nan, axis=0)
    holes[5, 1] = np.inf
    holes[5, [0, 2]] = np.nan
    expected = measure(np.delete(holes, [0, 4, 5, 19], axis=0))
    np.testing.assert_allclose(measure(holes), expected, rtol=1e-12)


@every
def test_nothing_there_is_nan_without_a_warning(
    measure: Any, recwarn: pytest.WarningsRecorder
) -> None:
    for shape in ((1,), (4,), (4, 2)):
        assert np.isnan(measure(np.full(shape, np.nan))).all()
    assert not recwarn.list


@pytest.mark.parametrize(
    "measure", [quant.volatility, quant.sharpe, quant.parametric_var], ids=lambda m: m.__name__
)
def test_one_return_has_no_deviation(measure: Any) -> None:
    assert np.isnan(measure(np.array([0.01])))
    assert np.isnan(measure(np.array([0.01, np.nan])))


def test_returns_that_are_all_equal_have_no_ratio() -> None:
    flat = np.full(10, 0.1)
    assert quant.volatility(flat) == 0.0
    assert np.isnan(quant.sharpe(flat))
    assert np.isnan(quant.sortino(flat))
    assert quant.parametric_var(flat) == quant.historical_var(flat) == pytest.approx(-0.1)
    assert np.isnan(quant.beta(R[:, 0], np.full(40, 0.1)))


def test_correlation_of_markets_that_do_not_move_is_nan() -> None:
    x = np.column_stack([R[:, 0], np.full(40, 0.1), R[:, 1]])
    found = quant.correlation(x)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()
    assert found[0, 0] == found[2, 2] == 1.0
    assert np.isnan(quant.correlation(R[:1])).all()
    frame = quant.correlation(pl.DataFrame(x, schema=["a", "b", "c"]))
    assert frame.columns == ["a", "b", "c"]
    np.testing.assert_array_equal(frame.to_numpy(), found)


def test_a_cross_section_of_one_bar_is_a_row_of_the_whole() -> None:
    for score in (quant.cross_sectional_zscore, quant.quality):
        np.testing.assert_array_equal(score(R[7]), score(R)[7])
        assert score(pl.Series("x", R[7])).to_list() == score(R[7]).tolist()
    one = np.array([np.nan, 1.0, np.nan])
    assert np.isnan(quant.cross_sectional_zscore(one)).all()
    assert np.isnan(quant.cross_sectional_zscore(np.full(3, 0.1))).all()


def test_quality_leaves_out_markets_without_all_measures() -> None:
    profit, growth = np.array([3.0, 1.0, 9.0, 2.0]), np.array([1.0, 2.0, np.nan, 3.0])
    found = quant.quality(profit, growth)
    assert np.isnan(found[2])
    kept = [0, 1, 3]
    np.testing.assert_allclose(found[kept], quant.quality(profit[kept], growth[kept]))


def test_value_is_high_where_the_share_is_cheap() -> None:
    fair, price = np.array([10.0, 10.0, 0.0, 10.0]), np.array([5.0, 20.0, 10.0, -1.0])
    expected = [np.log(2.0), -np.log(2.0), np.nan, np.nan]
    np.testing.assert_allclose(quant.value(fair, price), expected)


def test_exposure_adds_up_by_sector() -> None:
    rng = np.random.default_rng(2)
    held, sector = rng.normal(size=(5, 30)), rng.integers(0, 8, 30)
    found = quant.sector_exposure(held, sector, np.arange(1.0, 6.0))
    assert found.net.shape == found.gross.shape == (5, len(Sector))
    for t in range(5):
        for s in range(len(Sector)):
            mine = [float(v) for v, code in zip(held[t], sector, strict=True) if code == s]
            assert found.net[t, s] == pytest.approx(sum(mine) / (t + 1))
            assert found.gross[t, s] == pytest.approx(sum(map(abs, mine)) / (t + 1))
    assert np.isnan(quant.sector_exposure(held[0], sector, 0.0).net).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quant.sharpe(R, periods=0), "sharpe: periods is 0; pass a number greater than 0"),
        (lambda: quant.sharpe(R, risk_free=np.nan), "risk_free is nan; pass a number that is fin"),
        (lambda: quant.sortino(R, target="0"), "sortino: target is '0'"),
        (lambda: quant.historical_var(R, 1.0), "level is 1.0; pass a number between 0 and 1"),
        (lambda: quant.parametric_var(R, 95), "parametric_var: level is 95"),
        (lambda: quant.volatility(R.astype("f4")), "volatility: returns is an array of float32"),
        (lambda: quant.volatility(R[:0]), "volatility: returns has shape"),
        (lambda: quant.beta(R, R[:, 0]), r"beta: benchmark has shape \(40,\) but returns has"),
        (lambda: quant.correlation(R[:, 0]), r"correlation: x has shape \(40,\); pass \(time, m"),
        (lambda: quant.quality(), "quality: no measures were given"),
        (lambda: quant.quality(R, R[1:]), r"quality: measure 2 has shape \(39, 3\)"),
        (lambda: quant.cross_sectional_zscore(R[None]), r"pass \(market,\) or \(time, market\)"),
        (lambda: quant.sector_exposure(R[0], [0, 1], 1.0), r"sector has shape \(2,\)"),
        (lambda: quant.sector_exposure(R[0], [0, 1, 99], 1.0), "a sector does not exist"),
        (lambda: quant.sector_exposure(R, [0, 1, 2], 1.0), r"equity has shape \(\)"),
        (
            lambda: quant.beta(pl.DataFrame({"a": R[:, 0]}), pl.DataFrame({"b": R[:, 0]})),
            r"columns of benchmark are \['b'\] but those of returns are \['a'\]",
        ),
        (
            lambda: quant.sharpe(pl.DataFrame({"a": [1.0], "b": [1]})),
            "returns is a frame whose column 'b' is Int64; use .cast",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()
