"""Runs the demo market in a process of its own; prints what it held in memory, as JSON.

Arguments: the run directory, the number of ticks.
"""

import json
import sys
import time
from contextlib import contextmanager
from typing import Any

import qtg


def resident() -> int:
    """Bytes in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def peak() -> int:
    """Most bytes in memory so far. (`getrusage` counts the process that started this one, too.)"""
    with open("/proc/self/status") as file:
        (line,) = (line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(place: str, ticks: int) -> None:
    config = qtg.Config.load("demo", ticks=ticks, warmup={"ticks": 1})
    started = time.perf_counter()
    held: dict[int, int] = {}

    @contextmanager
    def watch(last_tick: int) -> Any:
        yield lambda sim: held.update({sim.tick: resident()})

    run = qtg.simulate(config, place, progress=watch)
    print(
        json.dumps(
            {
                "agents": config.n_agents,
                "peak": peak(),
                "resident": held,
                "orders": int(run.metrics["orders"].sum()),
                "seconds": time.perf_counter() - started,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
