"""A small run that was watched."""

from pathlib import Path

import pytest

import qtg
from qtg.monitor import Monitoring
from tests.simulation.small import lively


@pytest.fixture(scope="session")
def watched_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a watched run, with its order events and Prometheus text."""
    place = tmp_path_factory.mktemp("watched") / "run"
    wanted = Monitoring(file=place.with_suffix(".prom"), seconds=0.02)
    qtg.simulate(lively({"storage.orders": True}), place, progress=False, monitor=wanted)
    return place
