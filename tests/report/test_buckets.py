"""Down-sampling against slices taken one bucket at a time."""

import math

import numpy as np
import pytest

from qtg.report.buckets import Buckets


@pytest.fixture
def series() -> np.ndarray:
    x = np.random.default_rng(1).normal(size=103)
    x[[3, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 102]] = math.nan
    return x


def slices(x: np.ndarray, size: int) -> list[list[float]]:
    return [[v for v in x[a : a + size] if v == v] for a in range(0, len(x), size)]


@pytest.mark.parametrize("most", [1, 7, 20, 103, 500])
def test_no_more_buckets_than_asked_for_and_every_row_in_one(most: int) -> None:
    buckets = Buckets(103, most)
    assert len(buckets.start) <= most
    assert buckets.total(np.ones(103)).sum() == 103


def test_low_high_mean_and_total_ignore_missing_values(series: np.ndarray) -> None:
    buckets, parts = Buckets(103, 11), slices(series, 10)
    assert buckets.size == 10
    nothing = math.nan
    expected = [
        [min(p, default=nothing) for p in parts],
        [max(p, default=nothing) for p in parts],
        [sum(p) / len(p) if p else nothing for p in parts],
        [sum(p) for p in parts],
    ]
    found = [buckets.low(series), buckets.high(series), buckets.mean(series), buckets.total(series)]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.tolist() == pytest.approx(theirs, nan_ok=True)


def test_first_and_last_are_the_rows_at_the_edges() -> None:
    buckets, x = Buckets(10, 4), np.arange(10)
    assert buckets.first(x).tolist() == [0, 3, 6, 9]
    assert buckets.last(x).tolist() == [2, 5, 8, 9]


def test_extremes_keep_every_peak_in_time_order(series: np.ndarray) -> None:
    tick = np.arange(1_000, 1_103)
    at, value = Buckets(103, 11).extremes(tick, series)
    assert (np.diff(at) > 0).all()
    assert len(at) <= 22
    shown = set(value[np.isfinite(value)].tolist())
    for part in slices(series, 10):
        if part:
            assert {min(part), max(part)} <= shown
    assert (series[at - 1_000][np.isfinite(value)] == value[np.isfinite(value)]).all()


def test_extremes_of_a_short_series_are_the_series() -> None:
    tick, x = np.arange(3), np.array([1.0, 5.0, 2.0])
    at, value = Buckets(3, 100).extremes(tick, x)
    assert at.tolist() == [0, 1, 2]
    assert value.tolist() == [1.0, 5.0, 2.0]
