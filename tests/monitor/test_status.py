"""A status survives its file, and that of a finished run is what its tables say."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qtg
from qtg.errors import StorageError
from qtg.monitor.lines import figures, headline, latency_columns
from qtg.monitor.status import FILE_NAME, Status, parse_status, read_status, write_status


@pytest.fixture
def run_copy(watched_run: Path, tmp_path: Path) -> Path:
    """A watched run to change."""
    return Path(copytree(watched_run, tmp_path / "run"))


def set_running(place: Path, **changes: Any) -> Status:
    """Make the run and its status those of a run that goes on."""
    info = json.loads((place / "run.json").read_text())
    (place / "run.json").write_text(json.dumps({**info, "status": "running"}))
    told = parse_status(json.loads((place / FILE_NAME).read_text()), "")
    told = replace(told, state="running", **changes)
    write_status(place, told)
    return told


def test_a_status_survives_its_file(watched_run: Path, tmp_path: Path) -> None:
    told = parse_status(json.loads((watched_run / FILE_NAME).read_text()), "")
    write_status(tmp_path, told)
    assert parse_status(json.loads((tmp_path / FILE_NAME).read_text()), "") == told
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]


def test_a_finished_run_is_told_from_its_tables(watched_run: Path) -> None:
    metrics, status = qtg.open_run(watched_run).metrics, read_status(watched_run)
    ns = metrics["total_ns"].to_numpy()
    tick = status.latencies["tick"]
    assert tick.p50_ns == np.quantile(ns, 0.5, method="lower")
    assert tick.p99_ns == np.quantile(ns, 0.99, method="lower")
    assert (tick.count, tick.max_ns) == (len(ns), ns.max())
    later = ns[len(ns) // 2 :]
    assert status.rates["ticks"] == pytest.approx(1e9 * len(later) / later.sum())
    assert (status.tick, status.last_tick) == (70, 70)
    assert sum(len(values) for values in status.history.values()) == 4 * 60
    assert status.process is not None, "what only the last status says is kept"
    assert status.latencies["venue.match"].count == 70


def test_a_run_that_nobody_watched_is_told_too(run_copy: Path) -> None:
    (run_copy / FILE_NAME).unlink()
    status = read_status(run_copy)
    assert status.counters["trades"] == qtg.open_run(run_copy).trades.height
    assert (status.process, status.rejects) == (None, {})
    assert ("rejects", f"at admission {status.counters['rejected']:,}") in list(figures(status))


def test_a_run_that_goes_on_is_told_from_its_status(run_copy: Path) -> None:
    told = set_running(run_copy, tick=33)
    assert read_status(run_copy) == told


def test_a_status_of_an_earlier_run_is_not_believed(run_copy: Path) -> None:
    set_running(run_copy, tick=33, created="2020-01-01T00:00:00+00:00")
    assert read_status(run_copy).tick == 70
    set_running(run_copy, created=qtg.open_run(run_copy).info()["created"], seed=8)
    assert read_status(run_copy).tick == 70


def test_overwriting_a_run_removes_its_status(run_copy: Path) -> None:
    from tests.simulation.small import lively

    qtg.simulate(lively({"ticks": 3}), run_copy, overwrite=True, progress=False)
    assert not (run_copy / FILE_NAME).exists()


def test_a_run_that_says_nothing_any_more_is_told_apart(run_copy: Path) -> None:
    early = (datetime.now(UTC) - timedelta(seconds=75)).isoformat()
    told = set_running(run_copy, time=early)
    assert told.silent
    assert "silent for 75 s" in headline(told)[0]
    assert not replace(told, state="complete").silent
    assert "running" in headline(set_running(run_copy, time=datetime.now(UTC).isoformat()))[0]


def test_no_run_and_no_ticks_are_said(tmp_path: Path, run_copy: Path) -> None:
    with pytest.raises(StorageError, match="not a run directory"):
        read_status(tmp_path)
    (run_copy / FILE_NAME).unlink()
    info = json.loads((run_copy / "run.json").read_text())
    empty = {**info, "status": "running", "manifest": []}
    (run_copy / "run.json").write_text(json.dumps(empty))
    with pytest.raises(StorageError, match=r"no ticks yet; wait .*`qtg simulate --monitor`"):
        read_status(run_copy)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "not a status of qtg"),
        ({"format_version": 2}, "has format_version 2, this qtg reads 1"),
        ({"tick": "many"}, r"damaged \(tick: "),
        ({"tick": -1}, r"damaged \(tick: "),
        ({"tick": 10**400}, r"damaged \(tick: "),
        ({"time": "yesterday"}, "damaged"),
        ({"time": "2026-01-01T00:00:00"}, "damaged"),
        ({"latencies": {"tick": {"count": 1}}}, r"damaged \(latencies.tick.sum_ns"),
        ({"process": {"rss_bytes": 1}}, r"damaged \(process"),
        ({"history": {"ticks": [float("inf")]}}, "damaged"),
        ({"rates": 5}, "damaged"),
    ],
)
def test_a_damaged_status_is_one_sentence(
    run_copy: Path, change: dict[str, Any], says: str
) -> None:
    file = run_copy / FILE_NAME
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(StorageError, match=says) as caught:
        read_status(run_copy)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_cut_status_is_one_sentence(run_copy: Path, cut: int) -> None:
    file = run_copy / FILE_NAME
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(StorageError, match=r"is damaged \("):
        read_status(run_copy)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000, b"[]", b"null", b"9" * 9_999])
def test_a_file_that_is_none_is_one_sentence(run_copy: Path, content: bytes) -> None:
    (run_copy / FILE_NAME).write_bytes(content)
    with pytest.raises(StorageError, match=r"status\.json is (damaged|not a status)"):
        read_status(run_copy)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = sorted(Status.__dataclass_fields__)


@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
def test_whatever_stands_there_is_shown_or_refused(
    watched_run: Path, changes: dict[str, Any]
) -> None:
    stored = json.loads((watched_run / FILE_NAME).read_text())
    try:
        status = parse_status({**stored, **changes}, "status.json")
    except StorageError:
        return
    headline(status)
    latency_columns(status)
    list(figures(status))
    json.dumps(status.as_dict(), allow_nan=False)
