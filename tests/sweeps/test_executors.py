"""The same runs whoever makes them; processes that are killed, interrupted or cannot start."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

import qtg
from qtg.sweeps.one_thread import SETTINGS

from .small import GRID, clumsy_file, killed, shares, timeless, tiny, with_clumsy

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def serial() -> qtg.Sweep:
    return qtg.sweep(tiny(), GRID, 2, executor="serial", measure=shares)


def children() -> set[int]:
    """Processes that this one has started, but for the tracker that Python keeps."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = {int(each) for task in tasks for each in task.read_text().split()}
    return {n for n in found if "resource_tracker" not in Path(f"/proc/{n}/cmdline").read_text()}


def test_processes_make_the_same_runs_and_a_killed_one_fails_alone(
    serial: qtg.Sweep, tmp_path: Path
) -> None:
    before = children()
    found = qtg.sweep(tiny(), GRID, 2, workers=2, out=tmp_path / "s", measure=killed)
    assert children() == before
    failed = found.failures
    assert failed["run_id"].to_list() == [1, 3]
    assert failed["error"].to_list() == [
        "its process was ended by SIGKILL, perhaps for want of memory during this run",
        "its process ended with exit code 7 during this run",
    ]
    lived = [0, 2, 4, 5, 6, 7]
    assert_frame_equal(timeless(found.runs)[lived], timeless(serial.runs)[lived])
    assert len(set(found.runs["worker"].drop_nulls())) >= 2
    again = {"resume": True, "other_code": True, "measure": shares}
    done = qtg.sweep(tiny(), GRID, 2, executor="serial", out=tmp_path / "s", **again)
    assert_frame_equal(timeless(done.runs), timeless(serial.runs))


def test_processes_know_strategies_have_one_thread_and_do_not_hear_ctrl_c(tmp_path: Path) -> None:
    grid = {"smart.clumsy.params.clumsiness": [0, 1]}
    environment = {name: os.environ.get(name) for name in SETTINGS}
    (tmp_path / "threads.py").write_text(
        "import os, signal, numba, polars\n"
        "def threads(run):\n"
        "    return {'polars': polars.thread_pool_size(), 'numba': numba.get_num_threads(),\n"
        "            'omp': os.environ['OMP_NUM_THREADS'],\n"
        "            'deaf': signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])}\n"
    )
    found = qtg.sweep(
        with_clumsy(),
        grid,
        workers=1,
        measure=f"{tmp_path / 'threads.py'}:threads",
        strategies=[clumsy_file(tmp_path)],
    )
    assert found.runs["status"].to_list() == ["complete", "failed"]
    assert "ValueError: dropped it" in found.runs["error"][1]
    assert found.runs.select("polars", "numba", "omp", "deaf").row(0) == (1, 1, "1", True)
    assert environment == {name: os.environ.get(name) for name in SETTINGS}


def test_a_measure_that_cannot_travel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(qtg.ConfigError, match="measure cannot be sent to other processes"):
        qtg.sweep(tiny(), GRID, workers=1, measure=lambda run: {}, out=tmp_path / "s")
    assert not (tmp_path / "s").exists()
    assert (
        qtg.sweep(tiny(), None, executor="serial", measure=lambda run: {"a": 1}).runs["a"][0] == 1
    )


def script(folder: Path, text: str) -> subprocess.Popen[str]:
    """A script in a session of its own, as a shell starts it."""
    path = folder / "script.py"
    path.write_text(text)
    paths = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    return subprocess.Popen(
        [sys.executable, str(path)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_a_script_that_starts_itself_again_is_told_so(tmp_path: Path) -> None:
    process = script(
        tmp_path,
        "import qtg\n"
        "from tests.sweeps.small import tiny\n"
        "qtg.sweep(tiny(), {'ticks': [5, 6]}, workers=1)\n",
    )
    _, err = process.communicate(timeout=120)
    last = err.strip().splitlines()[-1]
    assert "SweepError: the processes of the sweep cannot start" in last
    assert "needs `if __name__ == '__main__':` around the call" in last


SLOW = (
    "import qtg\n"
    "from tests.sweeps.small import GRID, slow, tiny\n"
    "if __name__ == '__main__':\n"
    "    qtg.sweep(tiny(), GRID, 8, workers=2, out='s', measure=slow, progress=True)\n"
)


def wait_until(true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    for _ in range(1_200):
        if true() or process.poll() is not None:
            break
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("how", ["Ctrl-C", "kill"])
def test_a_sweep_that_is_interrupted_or_killed_leaves_no_process_and_goes_on(
    how: str, tmp_path: Path
) -> None:
    process, runs = script(tmp_path, SLOW), tmp_path / "s" / "runs"
    wait_until(lambda: runs.is_dir() and len(list(runs.glob("*/row.json"))) >= 3, process)
    if how == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of them
        _, err = process.communicate(timeout=30)
        assert err.strip().splitlines()[-1] == "KeyboardInterrupt"
        assert err.count("Traceback") == 1, "workers say nothing"
    else:
        process.kill()
        process.communicate(timeout=30)
    for _ in range(100):
        if not members(process.pid):
            break
        time.sleep(0.1)
    assert not members(process.pid)
    before = {row: row.stat().st_mtime_ns for row in runs.glob("*/row.json")}
    assert qtg.open_sweep(tmp_path / "s").counts()["complete"] == len(before) < 32
    assert qtg.open_sweep(tmp_path / "s").scan("trades").collect()["run_id"].n_unique() > 2
    assert json.loads((tmp_path / "s" / "sweep.json").read_text())["name"] == "tiny"
    assert before == {row: row.stat().st_mtime_ns for row in before}
    if how == "kill":  # once is enough: what resuming does is tested without processes
        done = qtg.sweep(
            tiny(),
            GRID,
            8,
            executor="serial",
            out=tmp_path / "s",
            measure=shares,
            resume=True,
            other_code=True,
        )
        assert done.counts() == {"complete": 32, "failed": 0, "waiting": 0}
        assert before == {row: row.stat().st_mtime_ns for row in before}
        alone = qtg.sweep(tiny(), GRID, [0], executor="serial", measure=shares).runs
        assert done.runs.filter(seed=0)["trace_hash"].to_list() == alone["trace_hash"].to_list()
