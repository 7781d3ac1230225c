"""All kinds of traders in one market: the same run, however it is run."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import Tier
from qtg.simulation import Simulation
from tests.sizes import sized

from .moving import MAKERS, NOISE, WINDOWS, Moving, config_of, traders, uniform
from .test_news_trader import OFTEN

SHORT: dict[str, dict[str, Any]] = {
    "rsi_momentum": {"window": uniform(3, 8)},
    "trend_follower": WINDOWS,
    "macd_crossover": {"fast": 2, "slow": uniform(4, 6), "signal": 3},
    "bollinger_reversion": {"window": uniform(4, 8), "width": 1.2},
    "pairs_trading": {"window": uniform(5, 9), "enter": 1.2},
    "factor_long_short": {
        "momentum_window": uniform(4, 7),
        "volatility_window": uniform(4, 7),
        "reversion_window": uniform(4, 7),
    },
    "news_trader": {"threshold": 0.1, "holding": uniform(3, 20)},
    "vwap_executor": {"start": uniform(0, 20)},
    "avellaneda_stoikov": {"window": uniform(4, 7)},
}
STYLES = ("immediate", "twap", "vwap", "pov")


def population_of(kind: str, place: int = 0, **fields: Any) -> dict[str, Any]:
    """Four traders of a kind; their desks differ from kind to kind."""
    desk = {"execution": {"style": STYLES[place % 4], "ticks": 9}}
    desk = {} if kind == "avellaneda_stoikov" else desk
    return traders(kind, 4, params=SHORT[kind], latency=uniform(0, 3), **desk, **fields)


def everybody(**changes: Any) -> qtg.Config:
    """A market with every kind, latency and news."""
    groups = [population_of(kind, place) for place, kind in enumerate(SHORT)]
    base = {"news": OFTEN, "latency__enabled": True, "latency__default_ticks": 1}
    return config_of(*groups, **{**base, **changes})


def test_no_kind_is_left_out() -> None:
    built_in = {each.name for each in qtg.kinds().values() if each.tier == Tier.SMART}
    desks = {name for name in built_in if qtg.kinds()[name].has_desk}
    follows_a_model = {"ensemble"}  # tests/ensemble
    assert set(SHORT) == desks - follows_a_model | {"avellaneda_stoikov"}


@pytest.mark.compiled
def test_an_environment_of_a_batch_is_as_it_is_alone() -> None:
    batch = Simulation(everybody(), envs=[4, 0, 9]).run(120)
    alone = [Simulation(everybody(), envs=[env]).run(120).trace_hash for env in (4, 0, 9)]
    assert batch.trace_hashes == alone
    assert len(set(alone)) == 3


@pytest.mark.compiled
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_run(threads: int) -> None:
    one = Simulation(everybody(), envs=[0, 1]).run(90)
    many = Simulation(everybody(), envs=[0, 1], threads=threads).run(90)
    assert many.trace_hashes == one.trace_hashes


@pytest.mark.compiled
@pytest.mark.parametrize("fields", [{"every": 5}, {"probability": 0.3}])
def test_a_batch_is_as_alone_where_turns_are_drawn(fields: dict[str, Any]) -> None:
    groups = [population_of(kind, place, **fields) for place, kind in enumerate(SHORT)]
    config = config_of(*groups, news=OFTEN)
    batch = Simulation(config, envs=[2, 5]).run(90)
    assert batch.trace_hashes == [Simulation(config, envs=[e]).run(90).trace_hash for e in (2, 5)]
    assert batch.trace_hashes != Simulation(everybody(), envs=[2, 5]).run(90).trace_hashes


@pytest.mark.compiled  # sixty ticks are too few for a pair to part
def test_every_kind_sends_orders_and_nothing_is_lost() -> None:
    """Money and shares are checked in every tick (`check_every` is 1 here)."""
    sim = Simulation(everybody())
    before = sim.exchange.ledger.positions.qty.copy()
    sim.run(sized(200, 66))
    moved = (sim.exchange.ledger.positions.qty != before).any(axis=1)
    for kind in SHORT:
        assert moved[sim.agents(kind)].any(), kind


@pytest.mark.parametrize("kind", SHORT)
def test_a_population_of_nobody_does_nothing(kind: str) -> None:
    group = {**population_of(kind), "count": 0}
    assert Simulation(config_of(group)).run(4).tick == 4


@pytest.mark.parametrize("kind", [kind for kind in SHORT if kind != "vwap_executor"])
def test_who_has_no_chance_to_act_does_not(kind: str) -> None:
    seen = Moving(config_of(population_of(kind, probability=0.0), news=OFTEN)).run(sized(90, 40))
    agents = seen.members.agent
    assert (seen.held[:, agents] == seen.members.shares).all()
    if kind != "avellaneda_stoikov":
        assert not seen.stance.any()


@pytest.mark.parametrize("kind", [kind for kind in SHORT if kind != "avellaneda_stoikov"])
def test_nobody_moves_in_the_warm_up(kind: str) -> None:
    group = population_of(kind)
    seen = Moving(config_of(MAKERS, NOISE, group, news=OFTEN, warmup__ticks=30)).run(30)
    assert not seen.stance.any()
    np.testing.assert_array_equal(seen.target[-1], seen.members.shares)
