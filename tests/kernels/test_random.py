"""Randomness: the published test vectors, and the distributions made from them."""

import numpy as np
import pytest
from scipy import stats

from qtg.kernels.arrange import shuffle
from qtg.kernels.random import below, fill_uniform, lane, normal_pair, philox, uniform_pair, unit
from qtg.schemas import Matching, Stream
from qtg.venue import Venue
from tests.clocks import moment

# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, result.
KNOWN_ANSWERS = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]
N = 20_000
SEED = np.uint64(2**63 + 12_345)


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


def draws(kernel, stream: int = Stream.TEST, n: int = N) -> np.ndarray:
    """float64 (n, 2): one pair per draw."""
    lane_word = lane(3, stream)
    return np.array([kernel(SEED, lane_word, 7, 100, i) for i in range(n)])


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter: str, key: str, result: str) -> None:
    low, high = words(key)
    given = philox(*words(counter), np.uint64(low | high << 32))
    assert [int(word) for word in given] == words(result)


def test_every_counter_word_and_the_key_change_the_draw() -> None:
    base = (5, 6, 7, 8, np.uint64(9))
    given = {tuple(int(w) for w in philox(*base))}
    for position in range(5):
        changed = list(base)
        changed[position] = np.uint64(int(changed[position]) + 1)
        given.add(tuple(int(w) for w in philox(*changed)))
    assert len(given) == 6


def test_environments_and_streams_have_lanes_of_their_own() -> None:
    lanes = {int(lane(env, stream)) for env in range(300) for stream in Stream}
    assert len(lanes) == 300 * len(Stream)


def test_unit_covers_zero_up_to_but_not_one() -> None:
    top = np.uint64(0xFFFFFFFF)
    assert unit(np.uint64(0), np.uint64(0)) == 0.0
    assert unit(top, top) == 1.0 - 2.0**-53
    assert unit(np.uint64(1 << 31), np.uint64(0)) == 0.5


def test_uniform_pairs_are_uniform_and_independent() -> None:
    u = draws(uniform_pair)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    for column in u.T:
        assert abs(column.mean() - 0.5) < 4 * np.sqrt(1 / 12 / N)
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u.T)[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef(u[1:, 0], u[:-1, 0])[0, 1]) < 4 / np.sqrt(N)


def test_normal_pairs_have_the_moments_of_the_normal_distribution() -> None:
    z = draws(normal_pair)
    for column in z.T:
        assert abs(column.mean()) < 4 / np.sqrt(N)
        assert abs(column.var() - 1) < 4 * np.sqrt(2 / N)
        assert abs(stats.skew(column)) < 4 * np.sqrt(6 / N)
        assert abs(stats.kurtosis(column)) < 4 * np.sqrt(24 / N)
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(z.T)[0, 1]) < 4 / np.sqrt(N)


def test_streams_of_one_entity_are_independent() -> None:
    first = draws(uniform_pair, Stream.SMART)[:, 0]
    second = draws(uniform_pair, Stream.BACKGROUND)[:, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(N)


def test_filled_uniforms_are_the_draws_of_tick_zero() -> None:
    out = np.empty(8)
    lane_word = lane(1, Stream.SETUP)
    fill_uniform(SEED, lane_word, 5, out)
    assert out.tolist() == [uniform_pair(SEED, lane_word, 5, 0, i)[0] for i in range(8)]


@pytest.mark.parametrize("n", [1, 2, 7, 1_000, 2**31])
def test_below_stays_below_and_reaches_both_ends(n: int) -> None:
    assert below(np.uint64(0), n) == 0
    assert below(np.uint64(0xFFFFFFFF), n) == n - 1


def shuffled(n: int, tick: int, seed: int = 1, env: int = 0) -> list[int]:
    index = np.arange(n)
    starts = np.array([0, n, n], np.int64)
    shuffle(index, starts, 1, moment(tick, (env,), seed))
    return index.tolist()


def test_a_shuffle_is_a_permutation_that_depends_on_seed_environment_and_tick_alone() -> None:
    base = shuffled(20, tick=1)
    assert sorted(base) == list(range(20))
    assert shuffled(20, tick=1) == base
    assert shuffled(20, tick=2) != base
    assert shuffled(20, tick=1, seed=2) != base
    assert shuffled(20, tick=1, env=1) != base


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_every_row_is_as_likely_in_every_place(n: int) -> None:
    ticks = 4_000
    counts = np.zeros((n, n))
    for tick in range(ticks):
        counts[np.arange(n), shuffled(n, tick)] += 1
    # Each row and column sums to `ticks`, which leaves (n - 1) squared degrees of freedom.
    statistic = ((counts - ticks / n) ** 2 / (ticks / n)).sum() * (n - 1) / n
    assert stats.chi2.sf(statistic, (n - 1) ** 2) > 1e-3


def test_every_order_of_four_rows_is_as_likely() -> None:
    seen = [tuple(shuffled(4, tick)) for tick in range(6_000)]
    _, counts = np.unique(seen, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.compiled
def test_a_shuffling_venue_favours_no_agent() -> None:
    venue = Venue(matching=Matching.SHUFFLED, seed=5)
    agents = np.arange(1, 5, dtype=np.int32)
    batch = {"agent": agents, "price": np.full(4, 100), "qty": np.ones(4, np.int64)}
    first = [venue.submit(batch, tick=tick).agent[0] for tick in range(1, 2_001)]
    assert stats.chisquare(np.bincount(first, minlength=5)[1:]).pvalue > 1e-3
