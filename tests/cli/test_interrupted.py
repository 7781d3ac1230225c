"""A run that is killed or interrupted opens up to its last committed part."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import qtg

ROOT = Path(__file__).parents[2]


def started(place: Path) -> subprocess.Popen[str]:
    """A long run that has already committed something."""
    process = subprocess.Popen(
        [sys.executable, "-m", "qtg", "simulate", "quick_test", "--ticks", "2000000", "--out", place],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if len(list(place.glob("trades/*.parquet"))) >= 2 or process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() is None, process.communicate()
    return process


def check(place: Path, status: str) -> qtg.Result:
    """What is there is whole, from the first row on, in every table."""
    run = qtg.open_run(place)
    assert run.status == status
    assert run.trades["trade_id"].to_list() == list(range(1, run.trades.height + 1))
    assert run.metrics["tick"].to_list() == list(range(1, run.metrics.height + 1))
    assert run.metrics.height > 100
    assert run.trades["tick"].max() <= run.metrics["tick"].max() + 100_000
    traded = run.sql("select sum(trades)::BIGINT from metrics").item()
    assert traded > 0
    assert run.trace_hash is None
    return run


def test_a_killed_run_opens_up_to_its_last_part(tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    process.communicate()
    run = check(tmp_path / "run", "running/interrupted")
    done = subprocess.run(
        [sys.executable, "-m", "qtg", "info", str(tmp_path / "run")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "running/interrupted" in done.stdout
    assert run.report(tmp_path / "page.html").stat().st_size > 50_000


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_an_interrupted_run_says_so_and_ends_with_1(number: int, tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert err == "qtg: interrupted; what was committed so far stays readable\n"
    run = check(tmp_path / "run", "failed")
    assert run.info()["reason"] == "KeyboardInterrupt"
