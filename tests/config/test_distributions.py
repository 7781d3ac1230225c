"""Distributions against scipy, and against their own inverses."""

import math

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from qtg.config import (
    Choice,
    Config,
    Constant,
    DistributionModel,
    Exponential,
    LogLogistic,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
)
from qtg.errors import ConfigError

from .strategies import amounts

U = np.concatenate([[1e-12, 1e-6], np.linspace(0.001, 0.999, 999), [1 - 1e-6]])

CASES = [
    (Uniform(low=-3, high=5), stats.uniform(-3, 8)),
    (Normal(mean=2, std=3), stats.norm(2, 3)),
    (Normal(mean=2, std=3, low=0), stats.truncnorm(-2 / 3, np.inf, 2, 3)),
    (Normal(mean=2, std=3, high=1), stats.truncnorm(-np.inf, -1 / 3, 2, 3)),
    (Normal(mean=0, std=1, low=-1, high=2), stats.truncnorm(-1, 2)),
    (Normal(mean=0, std=1, low=8, high=9), stats.truncnorm(8, 9)),
    (Normal(mean=0, std=1, low=-30, high=-20), stats.truncnorm(-30, -20)),
    (Normal(mean=0, std=1, low=40), stats.truncnorm(40, np.inf)),
    (LogNormal(median=30, sigma=1.2), stats.lognorm(1.2, scale=30)),
    (Exponential(mean=7), stats.expon(scale=7)),
    (LogLogistic(median=12, shape=2), stats.fisk(2, scale=12)),
    (LogLogistic(median=3, shape=1.2), stats.fisk(1.2, scale=3)),
    (PowerLaw(minimum=2, alpha=1.5, maximum=500), stats.truncpareto(1.5, 250, scale=2)),
    (PowerLaw(minimum=2, alpha=1.0, maximum=500), stats.truncpareto(1.0, 250, scale=2)),
    (PowerLaw(minimum=0.5, alpha=0.3, maximum=2), stats.truncpareto(0.3, 4, scale=0.5)),
]
IDS = [repr(ours) for ours, _ in CASES]


@pytest.mark.parametrize(("ours", "theirs"), CASES, ids=IDS)
def test_quantile_is_scipys(ours: DistributionModel, theirs: stats.rv_continuous) -> None:
    np.testing.assert_allclose(ours.quantile(U), theirs.ppf(U), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), CASES, ids=IDS)
def test_expected_is_scipys_mean(ours: DistributionModel, theirs: stats.rv_continuous) -> None:
    assert ours.expected() == pytest.approx(theirs.mean(), rel=1e-8)


def test_both_tails_of_a_truncated_normal_keep_their_digits() -> None:
    # scipy.stats.truncnorm itself is off by 2e-5 in the upper one.
    u = 1 - 1e-12
    inside = stats.norm.cdf(2 / 3)
    upper = Normal(mean=2, std=3, low=0).quantile([u])[0]
    assert upper == pytest.approx(2 + 3 * stats.norm.isf((1 - u) * inside), rel=1e-13)
    lower = Normal(mean=-2, std=3, high=0).quantile([1 - u])[0]
    assert lower == pytest.approx(-upper, rel=1e-13)


def test_choice_draws_values_in_proportion_to_their_weights() -> None:
    choice = Choice(values=[5, 1, 9], weights=[2, 1, 1])
    assert choice.quantile([0.0, 0.2, 0.25, 0.5, 0.74, 0.75, 1.0]).tolist() == [
        1, 1, 5, 5, 5, 9, 9,
    ]  # fmt: skip
    assert choice.expected() == pytest.approx(5.0)


def test_choice_never_draws_a_value_of_weight_zero() -> None:
    choice = Choice(values=[1, 2, 3], weights=[0, 1, 0])
    assert choice.quantile([0.0, 0.5, 1.0]).tolist() == [2, 2, 2]
    assert choice.support() == (2, 2)


def test_constant_and_zero_spread_give_one_value() -> None:
    for drawn in (Constant(value=4), Normal(mean=4, std=0), LogNormal(median=4, sigma=0)):
        assert drawn.quantile([[0.0, 0.5], [0.9, 1.0]]).tolist() == [[4, 4], [4, 4]]
        assert drawn.expected() == 4


@given(amounts(1_000))
def test_quantile_never_decreases_and_stays_finite_within_the_support(
    drawn: DistributionModel,
) -> None:
    values = drawn.quantile(np.linspace(0, 1, 4097))
    low, high = drawn.support()
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()
    assert values[0] >= low
    assert values[-1] <= high


@given(amounts(1_000, bounded=True))
def test_expected_is_the_average_of_the_quantiles(drawn: DistributionModel) -> None:
    middle = (np.arange(100_000) + 0.5) / 100_000
    low, high = drawn.support()
    assert drawn.expected() == pytest.approx(drawn.quantile(middle).mean(), abs=1e-4 * (high + 1))
    assert low <= drawn.expected() <= high


@pytest.mark.parametrize("drawn", [ours for ours, _ in CASES], ids=IDS)
def test_quantile_takes_both_ends(drawn: DistributionModel) -> None:
    low, high = drawn.support()
    first, last = drawn.quantile([0.0, 1.0])
    assert low <= first < last <= high
    assert math.isfinite(first)
    assert math.isfinite(last)


@pytest.mark.parametrize("u", [-0.1, 1.1, math.nan])
def test_quantile_refuses_what_is_no_probability(u: float) -> None:
    with pytest.raises(ConfigError, match="from 0 to 1"):
        Exponential(mean=1).quantile([0.5, u])


def test_a_bare_number_is_a_constant() -> None:
    config = Config(background={"size": 40})
    assert config.background.size == Constant(value=40)
    assert config.model_dump()["background"]["size"] == 40.0
