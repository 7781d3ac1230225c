"""Parameters stay in the range that their strategy declares, in the config and as defaults."""

import re
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.agents.kind import Kind
from qtg.agents.parameters import Param, less, sums_to
from qtg.agents.population import check_populations
from qtg.agents.registry import add_kind
from qtg.config.distributions import Constant, Exponential, LogNormal, Normal, PowerLaw, Uniform
from qtg.schemas import Tier
from qtg.simulation import Simulation

from .market import config_of, population

ABOVE, SHARE, WHOLE = Param(1, above=0), Param(0.5, low=0, high=1), Param(5, low=2, whole=True)

IN_RANGE = [
    (SHARE, Constant(value=0)),
    (SHARE, Constant(value=1)),
    (SHARE, Uniform(low=0, high=1)),
    (SHARE, Normal(mean=0.5, std=3, low=0, high=1)),
    (ABOVE, Constant(value=1e-9)),
    (ABOVE, Uniform(low=0, high=3)),  # 0 itself is not drawn
    (ABOVE, LogNormal(median=5, sigma=2)),
    (ABOVE, Exponential(mean=5)),
    (ABOVE, PowerLaw(minimum=1, alpha=1, maximum=9)),
    (WHOLE, Constant(value=2)),
    (WHOLE, Uniform(low=2, high=8.5)),
    (Param(1), Normal(mean=0, std=1)),
]


@pytest.mark.parametrize(("param", "given"), IN_RANGE)
def test_values_in_range_are_taken(param: Param, given: Any) -> None:
    assert param.problem(given) == ""


OUT_OF_RANGE = [
    (SHARE, Constant(value=1.5), "can be 1.5; give 0 to 1"),
    (SHARE, Uniform(low=-0.1, high=0.5), "can be -0.1; give 0 to 1"),
    (SHARE, Exponential(mean=0.1), "can be any number; give 0 to 1"),
    (
        SHARE,
        Normal(mean=0.5, std=0.01),
        "can be any number; give 0 to 1 (a normal distribution has the limits `low` and `high`)",
    ),
    (ABOVE, Constant(value=0), "can be 0; give more than 0"),
    (ABOVE, Uniform(low=-1, high=3), "can be -1; give more than 0"),
    (WHOLE, Constant(value=2.5), "is 2.5; give a whole number"),
    (WHOLE, Constant(value=1), "can be 1; give 2 or more"),
    (Param(1, high=3), Constant(value=4), "can be 4; give at most 3"),
]


@pytest.mark.parametrize(("param", "given", "sentence"), OUT_OF_RANGE)
def test_values_out_of_range_are_told(param: Param, given: Any, sentence: str) -> None:
    assert param.problem(given) == sentence


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        (
            population("noise_trader", params={"market_share": 1.5}),
            "smart.0: params.market_share of noise_trader can be 1.5; give 0 to 1",
        ),
        (
            population("market_maker", params={"size": 0}),
            "smart.0: params.size of market_maker can be 0; give more than 0",
        ),
    ],
)
def test_a_built_in_kind_refuses_parameters_out_of_range(group: dict, sentence: str) -> None:
    config = config_of(group)
    for check in (check_populations, Simulation):
        with pytest.raises(qtg.ConfigError) as caught:
            check(config)
        assert str(caught.value) == sentence


def test_a_default_out_of_its_own_range_is_refused_at_once() -> None:
    with pytest.raises(qtg.ConfigError, match="'mine': the default of 'share' can be 2; give 0 to"):
        qtg.strategy("mine", params={"share": qtg.Param(2, low=0, high=1)})(print)
    unusable: Any = {"share": "much"}
    with pytest.raises(qtg.ConfigError, match=r"the default of 'share' must be a number.*not str"):
        qtg.strategy("mine", params=unusable)(print)


def test_whole_parameters_are_drawn_whole() -> None:
    seen: list[np.ndarray] = []
    spread = {"kind": "uniform", "low": 2, "high": 5}
    window = {"window": qtg.Param(5, low=2, high=9, whole=True)}
    qtg.strategy("mine", params=window)(lambda ctx: seen.append(ctx.params["window"]))
    Simulation(config_of(population("mine", 50, params={"window": spread}))).step()
    assert set(seen[0].tolist()) == {2.0, 3.0, 4.0, 5.0}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fast": 30}, "params of mine: fast can be 30 but slow can be 20; fast must stay below"),
        (
            {"value": 0.25},
            "params of mine: value + momentum is 0.75; they must sum to 1",
        ),
        (
            {"value": {"kind": "uniform", "low": 0, "high": 1}},
            "value + momentum can be 0.5 to 1.5; give numbers that sum to 1",
        ),
    ],
)
def test_rules_between_parameters_are_checked(given: dict[str, Any], sentence: str) -> None:
    known = {"fast": Param(10), "slow": Param(20), "value": Param(0.5), "momentum": Param(0.5)}
    rules = (less("fast", "slow"), sums_to(1, "value", "momentum"))
    add_kind(Kind("mine", Tier.SMART, "", known, lambda ctx: None, rules))
    check_populations(config_of(population("mine")))
    with pytest.raises(qtg.ConfigError, match=re.escape(sentence)):
        check_populations(config_of(population("mine", params=given)))
