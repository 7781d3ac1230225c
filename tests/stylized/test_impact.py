"""Impact of metaorders: the fit, the plan, and pairs of runs."""

from itertools import pairwise

import numpy as np
import pytest

import qtg
from qtg.stylized.impact import (
    FIRST,
    GAP,
    SIZES,
    Impact,
    _children,
    _mids,
    _plan,
    _with_trader,
    fit,
    measure_impact,
    pooled,
    square_root_impact,
)


def market() -> qtg.Config:
    return qtg.Config.preset("quick_test", {"warmup.ticks": 20}, seed=5)


def test_a_power_law_is_found() -> None:
    size = np.geomspace(1e-3, 1e-1, SIZES)
    found = fit(size, 0.7 * size**0.5, 0.1 * size)
    assert found.exponent == pytest.approx(0.5)
    assert found.factor == pytest.approx(0.7)
    assert found.r2 == pytest.approx(1.0)
    assert [fact.passed for fact in square_root_impact(found)] == [True, True]
    linear = fit(size, 0.7 * size, size)
    assert [fact.passed for fact in square_root_impact(linear)] == [False, True]


def test_an_impact_that_is_not_positive_fails_and_is_not_fitted() -> None:
    size = np.geomspace(1e-3, 1e-1, SIZES)
    found = fit(size, size - 2e-3, size)
    assert np.isnan(found.exponent)
    assert [fact.passed for fact in square_root_impact(found)] == [False, False]


def test_runs_are_pooled_by_their_means() -> None:
    size = np.geomspace(1e-3, 1e-1, SIZES)
    one, other = fit(size, size**0.4, size), fit(size, size**0.6, 2 * size)
    both: Impact = pooled([one, other])
    assert both.impact == pytest.approx((size**0.4 + size**0.6) / 2)
    assert both.error == pytest.approx(np.sqrt(5) * size / 2)


def test_every_symbol_sees_every_size_as_a_buy_and_a_sell_one_after_the_other() -> None:
    horizon, markets = 30, 2
    plan = _plan(markets, FIRST + 2 * SIZES * (horizon + GAP), horizon)
    for m in range(markets):
        mine = [each for each in plan if each.market == m]
        assert {(each.size, each.side) for each in mine} == {
            (size, side) for size in range(SIZES) for side in (-1, 1)
        }
        starts = [each.start for each in mine]
        assert all(after - before == horizon + GAP for before, after in pairwise(starts))


def test_pieces_are_equal_and_sum_up_to_the_metaorder() -> None:
    plan = _plan(1, 500, 100)[:1]
    sizes = np.full(SIZES, 0.01)
    orders = _children(plan, sizes, np.array([123_456.0]), 100)
    pieces = [qty for due in orders.values() for _, _, qty in due]
    assert sum(pieces) == 1_235
    assert set(pieces) == {12, 13}
    assert min(orders) == plan[0].start
    assert max(orders) == plan[0].start + 99


@pytest.mark.compiled
def test_without_metaorders_both_runs_are_the_same_and_with_one_only_its_symbol_moves() -> None:
    config = _with_trader(market())
    plain, volume = _mids(config, 60, {})
    again, _ = _mids(config, 60, {})
    assert np.array_equal(plain, again)
    assert (volume > 0).all()
    orders = {tick: [(0, 1, 3_000)] for tick in range(20, 50)}
    moved, _ = _mids(config, 60, orders)
    assert np.array_equal(plain[:20], moved[:20])
    change = np.log(moved[30:50] / plain[30:50]).mean(axis=0)
    assert change[0] > 1e-4
    assert abs(change[1]) < change[0] / 3
    sold, _ = _mids(config, 60, {tick: [(0, -1, 3_000)] for tick in range(20, 50)})
    assert np.log(sold[30:50, 0] / plain[30:50, 0]).mean() < -1e-4


@pytest.mark.compiled
def test_large_metaorders_move_more_but_less_than_in_proportion() -> None:
    found = measure_impact(market(), ticks=2_000, horizon=60, low=3e-4, high=3e-2)
    small, large = found.impact[:3].mean(), found.impact[-3:].mean()
    assert large > 1.5 * abs(small)
    assert large < 30 * abs(small) or small < found.error[:3].max()
    assert (found.error > 0).all()
