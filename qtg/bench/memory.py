"""Memory benchmarks: the demo market in a process of its own, streaming to a run directory.

`python -m qtg.bench.memory DIRECTORY TICKS` runs it and prints what it held, as JSON.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qtg.config import Config
from qtg.errors import QtgError
from qtg.run import simulate

from .registry import Benchmark, Probe

SHORT = 300  # ticks of the short form
MB = 1e6


def held_by_run(ticks: int) -> dict[str, Any]:
    """Run the demo market for `ticks` ticks in a new process.

    Returns
    -------
    dict    `agents`, `orders`, `seconds`, `peak` [bytes], `resident` [bytes] by tick

    Raises
    ------
    QtgError    the run failed; its last line of output is given
    """
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", __name__, str(Path(place) / "run"), str(ticks)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise QtgError(f"the run failed: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    told: dict[str, Any] = json.loads(done.stdout)
    told["resident"] = {int(tick): size for tick, size in told["resident"].items()}
    return told


def _resident() -> int:
    """Bytes in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def _peak() -> int:
    """Most bytes in memory so far. (`getrusage` counts the process that started this one, too.)"""
    with open("/proc/self/status") as file:
        (line,) = (line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _run(place: str, ticks: int) -> dict[str, Any]:
    config = Config.load("demo", ticks=ticks, warmup={"ticks": 1})
    started = time.perf_counter()
    held: dict[int, int] = {}

    @contextmanager
    def watch(last_tick: int) -> Any:
        yield lambda sim: held.update({sim.tick: _resident()})

    run = simulate(config, place, progress=watch)
    return {
        "agents": config.n_agents,
        "peak": _peak(),
        "resident": held,
        "orders": int(run.metrics["orders"].sum()),
        "seconds": time.perf_counter() - started,
    }


def _prepare() -> Probe:
    held_by_run(2)  # compiles what is not in the cache yet

    def megabytes() -> float:
        return float(held_by_run(SHORT)["peak"] / MB)

    return Probe(megabytes, note=f"{SHORT} ticks, Parquet streaming on")


BENCHMARKS = (Benchmark("memory.demo", "peak memory, 100,000 agents", "MB", _prepare, repeats=1),)

if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], int(sys.argv[2]))))
