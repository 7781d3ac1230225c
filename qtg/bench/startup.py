"""Start-up benchmarks: each sample is a fresh interpreter, timed from inside it."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from qtg.errors import QtgError

from .registry import Benchmark, Probe

IMPORT = "import qtg"
FIRST_BATCH = "import qtg; qtg.Venue().submit({'side': [1, -1], 'price': [9, 9], 'qty': [1, 1]})"
FIRST_TICK = "import qtg; qtg.Simulation(qtg.Config.preset('demo')).step()"

_TIMED = "from time import perf_counter as t; s = t(); exec({code!r}); print(t() - s)"


def fresh_ms(code: str, **environment: str) -> float:
    """Milliseconds that `code` takes in a new interpreter, whose own start is not counted.

    Raises
    ------
    QtgError    the code failed; its last line of output is given
    """
    home = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(path for path in (home, os.environ.get("PYTHONPATH", "")) if path)
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise QtgError(f"{code!r} failed in a new interpreter: {' '.join(last)}")
    return 1e3 * float(done.stdout.split()[-1])


def _prepare(code: str) -> Probe:
    fresh_ms(code)  # compiles what is not in the cache yet
    return Probe(partial(fresh_ms, code))


BENCHMARKS = (
    Benchmark("startup.import", "import qtg", "ms", partial(_prepare, IMPORT), repeats=5),
    Benchmark(
        "startup.venue",
        "import qtg, make a venue, first batch; kernels in the cache",
        "ms",
        partial(_prepare, FIRST_BATCH),
        repeats=5,
    ),
    Benchmark(
        "startup.tick",
        "import qtg, build 100,000 agents, first tick; kernels in the cache",
        "ms",
        partial(_prepare, FIRST_TICK),
        repeats=5,
    ),
)
