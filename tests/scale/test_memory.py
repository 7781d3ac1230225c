"""A market of 100,000 agents in bounded memory, however long it runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import qtg
from qtg.simulation import Simulation
from qtg.warmup import compile_kernels

ROOT = Path(__file__).parents[2]
MB = 1_000_000
pytestmark = pytest.mark.scale


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `demo_run` tells about 300 ticks of the demo, streamed to disk."""
    compile_kernels()  # a compiler in memory is not what is measured
    place = tmp_path_factory.mktemp("demo") / "run"
    command = [sys.executable, "-m", "tests.scale.demo_run", str(place), "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_demo_has_100_000_agents_of_which_a_third_send_an_order(demo: dict[str, Any]) -> None:
    assert demo["agents"] == 100_100
    assert demo["orders"] > 300 * 0.9 * 27_000


def test_the_demo_stays_below_500_mb(demo: dict[str, Any]) -> None:
    assert demo["peak"] < 500 * MB


def test_memory_stops_growing(demo: dict[str, Any]) -> None:
    held = {int(tick): size for tick, size in demo["resident"].items()}
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
