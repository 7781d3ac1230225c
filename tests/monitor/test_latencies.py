"""Histograms agree with NumPy's quantiles of the same values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qtg
from qtg.monitor import time_venue
from qtg.monitor.latencies import LONGEST_NS, SHORTEST_NS, Latencies

NANOSECONDS = st.lists(st.integers(SHORTEST_NS, LONGEST_NS), min_size=1, max_size=60)


def recorded(values: list[int]) -> Latencies:
    latencies = Latencies()
    latencies.record("a", values)
    return latencies


@given(NANOSECONDS)
def test_quantiles_are_within_one_percent(values: list[int]) -> None:
    got = recorded(values).summary()["a"]
    assert (got.count, got.sum_ns) == (len(values), sum(values))
    for p, ns in ((0.5, got.p50_ns), (0.95, got.p95_ns), (0.99, got.p99_ns), (1.0, got.max_ns)):
        rank = np.quantile(values, p, method="inverted_cdf")
        below = np.quantile(values, p, method="lower")
        exact = min((rank, below), key=lambda each: abs(each - ns))  # both are "the" quantile
        assert ns == pytest.approx(exact, rel=0.011)


@given(NANOSECONDS)
def test_buckets_count_what_took_no_longer(values: list[int]) -> None:
    given_ns = np.array(values)
    buckets = recorded(values).buckets("a")
    assert buckets[-1] == (float("inf"), len(values))
    for bound, n in buckets[:-1]:
        ns = bound * 1e9
        assert np.sum(given_ns <= 0.98 * ns) <= n <= np.sum(given_ns <= 1.02 * ns)
    counts = [n for _, n in buckets]
    assert counts == sorted(counts)


def test_batches_add_up() -> None:
    latencies = Latencies(["quiet"])
    latencies.record("a", [1_000, 3_000])
    latencies.record("a", [2_000])
    summary = latencies.summary()
    assert (summary["a"].count, summary["a"].sum_ns) == (3, 6_000)
    assert summary["a"].p50_ns == pytest.approx(2_000, rel=0.02)
    assert summary["quiet"].count == 0


def test_what_takes_longer_than_the_histogram_reaches_is_counted() -> None:
    got = recorded([5 * LONGEST_NS, 1]).summary()["a"]
    assert got.count == 2
    assert got.max_ns == pytest.approx(LONGEST_NS, rel=0.011)
    assert got.sum_ns == 5 * LONGEST_NS + 1


def test_a_venue_is_timed_within_the_block_only() -> None:
    venue = qtg.Venue()
    before = dict(vars(venue))
    with time_venue(venue) as times:
        venue.submit({"side": [1, -1], "price": [100, 100], "qty": [5, 5]})
        venue.submit({"side": [1], "price": [100], "qty": [5]}, tick=3)
        venue.begin_call()
        venue.uncross()
    venue.submit({"side": [1], "price": [100], "qty": [5]})
    counted = {name: each.count for name, each in times.summary().items()}
    assert counted == {"submit": 2, "match": 2, "advance": 1, "uncross": 1}
    assert times.summary()["submit"].sum_ns > times.summary()["match"].sum_ns > 0
    assert vars(venue).keys() == before.keys()


def test_an_operation_that_fails_is_timed_and_fails() -> None:
    venue = qtg.Venue()
    with time_venue(venue) as times, pytest.raises(qtg.OrderError):
        venue.submit({"side": [1, 2], "price": [100]})
    assert times.summary()["submit"].count == 1
