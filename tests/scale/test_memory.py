"""A market of 100,000 agents in bounded memory, however long it runs."""

from typing import Any

import pytest

import qtg
from qtg.bench.memory import held_by_run
from qtg.simulation import Simulation
from qtg.warmup import compile_kernels

MB = 1_000_000
pytestmark = pytest.mark.scale


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    """What 300 ticks of the demo, streamed to disk, held."""
    compile_kernels()  # a compiler in memory is not what is measured
    return held_by_run(300)


def test_the_demo_has_100_000_agents_of_which_a_third_send_an_order(demo: dict[str, Any]) -> None:
    assert demo["agents"] == 100_100
    assert demo["orders"] > 300 * 0.9 * 27_000


def test_the_demo_stays_below_500_mb(demo: dict[str, Any]) -> None:
    assert demo["peak"] < 500 * MB


def test_memory_stops_growing(demo: dict[str, Any]) -> None:
    held = demo["resident"]
    assert max(held[tick] for tick in range(150, 301)) - held[150] < 50 * MB


def test_columns_of_100_000_agents_are_small() -> None:
    sim = Simulation(qtg.Config.preset("demo"))
    sizes = sim.run(3).memory()
    assert sum(sizes.values()) < 150 * MB
    assert sizes["ledger"] < 10 * MB  # 10,102 accounts in ten symbols; the pool is one account
    assert sizes["tier 2"] < 5 * MB


def test_a_million_agents_fit_into_memory() -> None:
    config = qtg.Config.preset("demo")
    many = [{**each.model_dump(), "count": 10 * each.count} for each in config.reactive]
    grown = config.with_({"reactive": many, "background.count": 900_000, "check_every": 5})
    shares = [{**each.model_dump(), "shares_outstanding": 10**9} for each in config.symbols]
    sim = Simulation(grown.with_(symbols=shares)).run(5)
    assert grown.n_agents > 1_000_000
    assert sim.counts.orders_background > 250_000
    assert sum(sim.memory().values()) < 1_000 * MB
