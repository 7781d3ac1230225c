"""Trace hashes of small runs. They change only with `--update-golden`, with the reason in the commit."""

import json
from pathlib import Path

import pytest

from qtg.config import Config
from qtg.simulation import Simulation

HASHES = Path(__file__).parent / "hashes.json"
RUNS = {
    "quick_test": ("quick_test", {}),
    "quick_test in price-time order": ("quick_test", {"venue.matching": "price_time"}),
    "quick_test as auctions": ("quick_test", {"venue.matching": "auction"}),
    "quick_test with an opening auction": ("quick_test", {"venue.opening_auction": True}),
    "training with fees": ("training", {"venue.taker_fee_bps": 2.5, "venue.maker_fee_bps": -0.5}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_small_run_has_the_recorded_trace(name: str, request: pytest.FixtureRequest) -> None:
    preset, changes = RUNS[name]
    sim = Simulation(Config.preset(preset, {"warmup.ticks": 20, "check_every": 50, **changes}))
    sim.run(200)
    assert sim.publisher.trades > 100
    recorded = json.loads(HASHES.read_text()) if HASHES.exists() else {}
    if request.config.getoption("--update-golden"):
        HASHES.write_text(json.dumps({**recorded, name: sim.trace_hash}, indent=1) + "\n")
        return
    assert sim.trace_hash == recorded[name]
