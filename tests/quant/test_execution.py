"""Schedules: whole shares that add up, where they should be at each bar."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from qtg import quant
from qtg.errors import ConfigError

V = np.array([10.0, 0.0, 30.0, 60.0])


def test_twap_is_even_and_adds_up() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        qty, bars = int(rng.integers(0, 10_000)), int(rng.integers(1, 200))
        schedule = quant.twap_schedule(qty, bars)
        assert schedule.dtype == np.int64
        assert schedule.sum() == qty
        assert set(schedule.tolist()) <= {qty // bars, -(-qty // bars)}


def test_vwap_follows_the_profile_within_a_share_and_adds_up() -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        volume = rng.gamma(0.5, 1e6, size=(int(rng.integers(1, 100)), 3))
        volume[rng.random(volume.shape) < 0.2] = 0.0
        volume[-1] += 1.0
        qty = rng.integers(0, 10**9, 3)
        schedule = quant.vwap_schedule(qty, volume)
        assert (schedule.sum(axis=0) == qty).all()
        assert (schedule >= 0).all()
        assert (schedule[volume == 0.0] == 0).all()
        wanted = qty * volume.cumsum(axis=0) / volume.sum(axis=0)
        assert np.abs(schedule.cumsum(axis=0) - wanted).max() <= 0.5 + 1e-6


def test_an_order_filled_by_the_vwap_schedule_pays_the_vwap() -> None:
    rng = np.random.default_rng(3)
    price, volume = 100.0 + rng.normal(size=390).cumsum(), rng.gamma(2.0, 100.0, 390)
    schedule = quant.vwap_schedule(10**8, volume)
    paid = (schedule * price).sum() / schedule.sum()
    assert paid == pytest.approx(quant.vwap(price, volume)[-1], rel=1e-6)


def test_pov_is_a_share_of_the_volume_so_far_until_it_is_done() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        volume = rng.integers(0, 5000, int(rng.integers(1, 100))).astype(float)
        qty, percent = int(rng.integers(0, 40_000)), int(rng.integers(1, 100))
        schedule = quant.pov_schedule(qty, volume, percent / 100)
        exact = [min(qty, percent * int(v) // 100) for v in volume.cumsum()]
        assert schedule.cumsum().tolist() == exact
        some = int(rng.integers(1, len(volume) + 1))
        so_far = quant.pov_schedule(qty, volume[:some], percent / 100)
        assert so_far.tolist() == schedule[:some].tolist()


def test_markets_are_scheduled_column_by_column() -> None:
    volume = np.random.default_rng(5).integers(1, 1000, (40, 3)).astype(float)
    qty = np.array([100, 0, 777])
    for schedule in (quant.vwap_schedule, quant.pov_schedule):
        together = schedule(qty, volume)
        for m in range(3):
            alone = schedule(int(qty[m]), volume[:, m])
            assert together[:, m].tolist() == alone.tolist()
            assert schedule(int(qty[m]), pl.Series(volume[:, m])).tolist() == alone.tolist()
    assert quant.twap_schedule(qty, 4).tolist() == [
        [25, 0, 194],
        [25, 0, 194],
        [25, 0, 195],
        [25, 0, 194],
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quant.twap_schedule(10, 0), "twap_schedule: bars is 0"),
        (lambda: quant.twap_schedule(-1, 4), "qty is -1; pass whole numbers of at least 0"),
        (lambda: quant.twap_schedule(1.5, 4), "qty is 1.5"),
        (lambda: quant.twap_schedule(2**60, 4), "pass quantities below"),
        (lambda: quant.vwap_schedule(10, 0.0 * V), "a market has no volume in any bar"),
        (lambda: quant.vwap_schedule(10, -V), "a volume is negative, NaN or infinite"),
        (lambda: quant.vwap_schedule([10, 10], V), r"qty has shape \(2,\) but volume has \(4,\)"),
        (lambda: quant.vwap_schedule(10, V[:0]), r"volume has shape \(0,\)"),
        (lambda: quant.pov_schedule(10, V, 0.0), "rate is 0.0; pass a number between 0 and 1"),
        (lambda: quant.pov_schedule(10, np.array([np.nan])), "a volume is negative, NaN"),
        (lambda: quant.pov_schedule(10, V.astype(int)), "volume is an array of int64"),
    ],
)
def test_what_cannot_be_used_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()
