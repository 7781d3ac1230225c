"""The same runs with every index checked: none reads or writes outside of its columns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import qtg
from tests.reference.columns import as_columns
from tests.simulation.crowd import Crowd
from tests.simulation.small import lively, start
from tests.simulation.watch import Watched

pytestmark = [
    pytest.mark.scale,
    pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the JIT is off"),
]
ROOT = Path(__file__).parents[2]
CHECK = """
import json, sys
import numpy as np
from qtg.kernels.candles import OpenCandles, clear
from tests.scale.test_bounds import traces

try:
    clear(OpenCandles(*(np.zeros((1, 2), np.int64) for _ in range(7))), 1)
except IndexError:
    print(json.dumps(traces()))
"""


def traces() -> dict[str, str]:
    """Trace hashes of a few runs that use every corner of the book and the ledger."""
    quick = start(qtg.Config.preset("quick_test", seed=7, ticks=60)).run(60)
    narrow = {"venue.window": 64, "venue.taker_fee_bps": 2.0, "background.count": 2_000}
    watched = Watched(start(lively(narrow)))
    crowd = Crowd(watched.slow, 1)
    for _ in range(30):
        watched.sim.submit(as_columns(crowd.messages(20, watched.sim.tick + 1)))
        watched.step()
    batch = start(lively(narrow), envs=[2, 5]).run(20)
    return {
        "quick_test": quick.trace_hash,
        "crowd": watched.sim.trace_hash,
        "batch": " ".join(batch.trace_hashes),
    }


def test_runs_with_checked_indices_have_the_same_trace(tmp_path: Path) -> None:
    """In a cache of its own: cached kernels are taken as they are, unchecked ones too."""
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CHECK], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout, "indices were not checked"
    assert json.loads(done.stdout) == traces()
