"""The asv suites: configured, found, and measuring right answers."""

import json
from pathlib import Path

import pytest

from benchmarks.startup import Startup
from benchmarks.venue import Memory, Submit
from qtg.bench.workloads import NAMES, Workload, generate

ROOT = Path(__file__).resolve().parents[2]
N = 2_000


@pytest.fixture(scope="module")
def workloads() -> dict[str, Workload]:
    return {name: generate(name, N) for name in NAMES}


def test_asv_is_pointed_at_the_suites() -> None:
    settings = json.loads((ROOT / "asv.conf.json").read_text())
    assert (ROOT / settings["benchmark_dir"] / "venue.py").is_file()
    assert settings["project"] == "qtg"
    git_ignored = (ROOT / ".gitignore").read_text().splitlines()
    folders = {settings[key].split("/")[0] for key in ("env_dir", "results_dir", "html_dir")}
    assert folders == {".asv"}
    assert ".asv/" in git_ignored


@pytest.mark.parametrize("name", NAMES)
def test_the_tracked_rate_is_positive_and_has_a_unit(
    name: str, workloads: dict[str, Workload]
) -> None:
    suite = Submit()
    suite.setup(workloads, name)
    suite.time_submit(workloads, name)
    assert suite.track_messages_per_second(workloads, name) > 0
    assert Submit.track_messages_per_second.unit == "messages/s"
    assert suite.track_bytes_held(workloads, name) == suite.run.venue.nbytes()


def test_a_wrong_answer_stops_the_tracked_rate(workloads: dict[str, Workload]) -> None:
    right = workloads["W1"]
    wrong = {"W1": right._replace(answer=right.answer._replace(trades=0))}
    suite = Submit()
    suite.setup(wrong, "W1")
    with pytest.raises(AssertionError, match="W1: WRONG trades"):
        suite.track_messages_per_second(wrong, "W1")


def test_every_suite_runs_every_workload() -> None:
    assert Submit.params == Memory.params == NAMES
    assert Submit.number == 1, "the book would not be empty at the second batch"
    assert Startup().track_import() > 0
