"""A small run that everybody looks at, in memory."""

import pytest

import qtg
from tests.simulation.small import lively

FEES = {"venue.maker_fee_bps": -1.0, "venue.taker_fee_bps": 3.0}
WATCHED = {"storage.equity_every": 7, "storage.equity_of": ["market_maker", "reactive"]}


@pytest.fixture(scope="session")
def run() -> qtg.Result:
    """Two stocks, fees and rebates, 70 ticks; equity of the makers and tier 2."""
    jumpy = {f"reactive.{row}.params": {"threshold": 0.0003} for row in range(3)}
    changes = FEES | WATCHED | jumpy | {"background.count": 1_000, "reactive.1.count": 40}
    return qtg.simulate(lively(changes), progress=False)
