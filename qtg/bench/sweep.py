"""Sweeps: 200 quick runs on two processes against one, and what a process holds."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from ..config import Config
from ..errors import ConfigError
from ..processors import processors
from ..sweeps import Sweep, sweep
from ..warmup import compile_kernels
from .registry import Benchmark, Probe

RUNS = 200
GRID = {"background.activity": [0.1, 0.2, 0.3, 0.4]}
TICKS = 250


def _made(workers: int, runs: int = RUNS) -> tuple[float, Sweep]:
    """Seconds that a sweep takes from call to table, processes started and runs stored."""
    config = Config.preset("quick_test", ticks=TICKS)
    with TemporaryDirectory() as folder:
        start = perf_counter()
        done = sweep(config, GRID, runs // 4, workers=workers, out=Path(folder) / "sweep")
        return perf_counter() - start, done


def _speed_up() -> Probe:
    if processors() < 2:
        raise ConfigError("this benchmark needs two processors")
    compile_kernels()
    wrong: list[str] = []

    def sample() -> float:
        (one, first), (two, second) = _made(1), _made(2)
        if first.runs["trace_hash"].to_list() != second.runs["trace_hash"].to_list():
            wrong.append("two processes made other runs than one")
        return one / two

    note = f"quick_test with {TICKS} ticks, start of the processes and storage included"
    return Probe(sample, lambda: "".join(wrong[:1]), note)


def _memory() -> Probe:
    compile_kernels()

    def sample() -> float:
        return float(_made(1, 8)[1].runs["memory_mb"].max())  # type: ignore[arg-type]

    return Probe(sample, note="most that a process held, kernels read from disk")


BENCHMARKS = (
    Benchmark(
        "sweep.speedup", f"{RUNS} runs on two processes against one", "x", _speed_up, repeats=1
    ),
    Benchmark("sweep.memory", "memory of a process that makes runs", "MB", _memory, repeats=1),
)
