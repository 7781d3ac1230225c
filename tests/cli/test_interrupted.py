"""A run that is killed or interrupted opens up to its last committed part."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import qtg
from qtg.warmup import compile_kernels

ROOT = Path(__file__).parents[2]
QTG = [sys.executable, "-m", "qtg"]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """A run that compiles first is longer in its first tick than these tests wait."""
    compile_kernels()


def started(place: Path) -> subprocess.Popen[str]:
    """A run that would take an hour."""
    return subprocess.Popen(
        [*QTG, "simulate", "quick_test", "--ticks", "2000000", "--out", str(place)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(process: subprocess.Popen[str], place: Path, word: str) -> None:
    """Until the run has committed something of that name."""
    info = place / "run.json"
    for _ in range(1_200):
        if (info.exists() and word in info.read_text()) or process.poll() is not None:
            break
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()


def check(place: Path, status: str) -> qtg.Result:
    """What is there is whole, from the first row on, in every table."""
    run = qtg.open_run(place)
    assert (run.status, run.trace_hash) == (status, None)
    assert run.trades["trade_id"].to_list() == list(range(1, run.trades.height + 1))
    assert run.metrics["tick"].to_list() == list(range(1, run.metrics.height + 1))
    assert run.sql("select count(*) from quotes").item() == run.quotes.height
    return run


def test_a_killed_run_opens_up_to_its_last_part(tmp_path: Path) -> None:
    place = tmp_path / "run"
    process = started(place)
    wait_for(process, place, "trades/")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    run = check(place, "running/interrupted")
    assert run.trades.height > 1_000
    info = subprocess.run([*QTG, "info", str(place)], cwd=ROOT, capture_output=True, text=True)
    assert info.returncode == 0, info.stderr
    assert "running/interrupted" in info.stdout
    assert run.report(tmp_path / "page.html").stat().st_size > 50_000


def test_an_interrupted_run_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    place = tmp_path / "run"
    process = started(place)
    wait_for(process, place, "running")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    run = check(place, "failed")
    assert run.info()["reason"] == "KeyboardInterrupt"
    assert (process.returncode, out) == (130, "")
    assert err == "qtg: interrupted; what was committed so far stays readable\n"
    info = subprocess.run([*QTG, "info", str(place)], cwd=ROOT, capture_output=True, text=True)
    assert "failed: interrupted" in " ".join(info.stdout.split())
