"""Rows that are learned from: what was seen before, done in the tick, and came after it."""

import math

import numpy as np
import pytest

from qtg import Simulation
from qtg.ensemble.collecting import Watched, collect, samples_of, watch, winners_of
from qtg.ensemble.samples import Samples, classes, forward_returns, proved

from .short import short

TICKS, SYMBOLS, EPISODES, AGENTS, FEATURES = 60, 2, 3, 7, 4


def made_up(seed: int = 0) -> Watched:
    draw = np.random.default_rng(seed)
    return Watched(
        draw.normal(size=(TICKS, SYMBOLS, EPISODES, FEATURES)),
        np.exp(draw.normal(0, 0.01, (TICKS, SYMBOLS, EPISODES)).cumsum(axis=0)),
        draw.integers(-1, 2, (TICKS, EPISODES, AGENTS, SYMBOLS)).astype(np.int8),
        draw.normal(size=(EPISODES, AGENTS)),
    )


def test_rows_are_what_loops_say() -> None:
    config, watched, seeds = short(horizon=7), made_up(), [11, 12, 13]
    best = winners_of(watched.profit, 0.4)
    made = samples_of(watched, best, seeds, config)
    row = 0
    for tick in range(TICKS - 40):  # vectors.horizon
        for symbol in range(SYMBOLS):
            for e, seed in enumerate(seeds):
                winners = [a for a in range(AGENTS) if best[e, a]]
                bought = sum(int(watched.moved[tick, e, a, symbol]) for a in winners)
                mid = watched.mid[:, symbol, e]
                assert made.episode[row] == seed
                assert (made.x[row] == watched.x[tick, symbol, e]).all()
                assert made.action[row] == (bought > 0) - (bought < 0)
                assert made.ahead[row] == pytest.approx(math.log(mid[tick + 7] / mid[tick]))
                assert made.far[row] == pytest.approx(math.log(mid[tick + 40] / mid[tick]))
                row += 1
    assert row == len(made)


def test_winners_are_the_best_who_gained() -> None:
    #                  pool, house, agents
    profit = np.array([[99.0, 99.0, 5.0, 7.0, -1.0, 6.0], [99.0, 99.0, -5.0, -7.0, -1.0, -6.0]])
    assert np.argwhere(winners_of(profit, 0.5)).tolist() == [[0, 3], [0, 5]]
    assert np.argwhere(winners_of(profit, 1.0)).tolist() == [[0, 2], [0, 3], [0, 5]]
    assert np.argwhere(winners_of(profit, 0.01)).tolist() == [[0, 3]]


def test_a_forward_return_is_not_known_at_the_end() -> None:
    mid = np.array([1.0, 2.0, 4.0, 4.0])
    assert np.round(np.exp(forward_returns(mid, 2)), 9).tolist()[:2] == [4.0, 2.0]
    assert np.isnan(forward_returns(mid, 2)[2:]).all()
    assert np.isnan(forward_returns(mid, 4)).all()
    assert np.isnan(forward_returns(mid, 9)).all()


def test_a_forward_return_says_nothing_of_what_was_before() -> None:
    mid = made_up().mid
    later = mid.copy()
    later[:30] *= 1.5
    one, two = forward_returns(mid, 5), forward_returns(later, 5)
    assert (one[30:-5] == two[30:-5]).all()


def test_an_action_is_proved_by_more_than_the_threshold() -> None:
    ahead = np.array([9e-4, 7e-4, -9e-4, 9e-4, -9e-4, 0.0])
    action = np.array([1, 1, 1, -1, -1, -1], np.int8)
    samples = Samples(np.zeros((6, 1)), action, ahead, ahead, np.zeros(6, np.int64))
    assert proved(samples, 8.0).tolist() == [1, 0, 0, 0, -1, 0]
    assert classes(ahead, 8.0).tolist() == [1, 0, -1, 1, -1, 0]


def test_a_shuffled_future_is_the_same_returns_in_the_same_episode() -> None:
    made = samples_of(made_up(), np.ones((EPISODES, AGENTS), bool), [1, 2, 3], short(horizon=7))
    shuffled = made.with_shuffled_future(4)
    assert (shuffled.x == made.x).all()
    assert (shuffled.ahead != made.ahead).mean() > 0.9
    for episode in (1, 2, 3):
        own = made.episode == episode
        assert np.allclose(np.sort(shuffled.ahead[own]), np.sort(made.ahead[own]))
    pairs = set(zip(made.ahead, made.far, strict=True))
    assert set(zip(shuffled.ahead, shuffled.far, strict=True)) == pairs


@pytest.mark.compiled
def test_what_is_seen_does_not_depend_on_what_comes() -> None:
    """The same market stopped in the middle, and shaken in the middle, was seen alike before."""
    config = short()
    whole = watch(Simulation(config.market, envs=[1, 2]), config)
    stopped = watch(Simulation(config.market, envs=[1, 2]), short(**{"market.ticks": 120}))
    assert (whole.x[:120] == stopped.x).all()
    assert (whole.mid[:120] == stopped.mid).all()
    assert (whole.moved[:120] == stopped.moved).all()

    def crash(sim: Simulation) -> None:
        if sim.tick == config.market.warmup.ticks + 120:
            sim.set_regime("crisis")

    shaken = Simulation(config.market, envs=[1, 2])
    shaken.hooks.append(crash)
    other = watch(shaken, config)
    assert (whole.x[:121] == other.x[:121]).all()
    assert (whole.x[121:] != other.x[121:]).any()


@pytest.mark.compiled
def test_an_episode_is_the_same_alone_and_among_others() -> None:
    config = short(**{"market.ticks": 120})
    together = collect(config, [5, 6, 7]).samples
    for seed in (5, 7):
        alone, among = collect(config, [seed]).samples, together.of([seed])
        assert (alone.x == among.x).all()
        assert (alone.action == among.action).all()
        assert (alone.far == among.far).all()
        assert len(alone) == 2 * (120 - 40)
