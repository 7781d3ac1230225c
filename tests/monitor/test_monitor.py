"""A monitor counts what the run's own tables hold, changes nothing, and never ends a run."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import qtg
from qtg.errors import ConfigError
from qtg.monitor import Monitor, Monitoring, read_status
from qtg.monitor.status import COUNTED, Checks, Status, parse_status
from qtg.simulation import Simulation
from tests.simulation.small import lively


def last(place: Path) -> Status:
    """What the run wrote last."""
    return parse_status(json.loads((place / "status.json").read_text()), "status.json")


def test_counters_are_those_of_the_tables(watched_run: Path) -> None:
    run, status = qtg.open_run(watched_run), last(watched_run)
    for counter, column in COUNTED.items():
        assert status.counters[counter] == run.metrics[column].sum(), counter
    assert status.counters["ticks"] == run.metrics.height
    assert status.counters["trades"] == run.trades.height > 0
    assert status.counters["written_bytes"] == sum(
        file.stat().st_size for file in watched_run.rglob("*.parquet")
    )
    assert sum(status.resting.values()) == run.metrics["resting"][-1]
    assert (status.state, status.trace_hash) == ("complete", run.trace_hash)


def test_rejects_are_those_of_the_order_events(watched_run: Path) -> None:
    orders = qtg.open_run(watched_run).orders
    expected = Counter(orders.filter(orders["exec_type"] == "rejected")["reason"].to_list())
    assert last(watched_run).rejects == dict(expected)
    assert expected


def test_histograms_hold_every_tick_and_phase(watched_run: Path) -> None:
    run, status = qtg.open_run(watched_run), last(watched_run)
    for name, latency in status.latencies.items():
        room, _, what = name.partition(".")
        if room in ("tick", "phase"):
            column = run.metrics[f"{what or 'total'}_ns"]
            assert (latency.count, latency.sum_ns) == (len(column), column.sum()), name
            assert (column <= latency.p95_ns).mean() >= 0.95
            assert (column < 0.99 * latency.p95_ns).mean() <= 0.95
    assert status.latencies["venue.match"].count == run.metrics.height
    in_ticks = status.latencies["venue.match"].sum_ns + status.latencies["venue.advance"].sum_ns
    assert 0 < in_ticks <= run.metrics["match_ns"].sum()


def test_a_watched_run_has_the_same_trace(watched_run: Path) -> None:
    alone = qtg.simulate(lively({"storage.orders": True}), progress=False)
    assert alone.trace_hash == qtg.open_run(watched_run).trace_hash


def test_nothing_is_left_on_the_simulation() -> None:
    sim = Simulation(lively())
    venue = dict(vars(sim.exchange.venue))
    with Monitor(sim) as monitor:
        sim.run(3)
        assert sim.observers
    sim.run(2)
    assert sim.observers == []
    assert vars(sim.exchange.venue).keys() == venue.keys()
    assert monitor.status.counters["ticks"] == 3


def test_a_detached_monitor_sees_nothing_until_it_is_attached() -> None:
    sim = Simulation(lively())
    with Monitor(sim) as monitor:
        sim.run(2)
        monitor.detach()
        monitor.detach()
        sim.run(4)
        monitor.attach()
        monitor.attach()
        sim.run(1)
    assert monitor.status.counters["ticks"] == 3
    assert monitor.status.latencies["venue.match"].count == 3


def test_rates_are_of_the_time_since_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("qtg.monitor.monitor.monotonic", lambda: clock[0])
    sim = Simulation(lively())
    with Monitor(sim, seconds=50) as monitor:
        sim.run(10)
        clock[0] += 4
        assert monitor.refresh().rates["ticks"] == 2.5
        orders = monitor.status.counters["orders"]
        clock[0] += 51
        sim.run(1)  # it looks by itself when the time has come
        assert monitor.status.rates["ticks"] == pytest.approx(1 / 51, abs=1e-3)
        expected = (monitor.status.counters["orders"] - orders) / 51
        assert monitor.status.rates["orders"] == pytest.approx(expected, abs=1e-3)


def test_checks_of_invariants_are_counted() -> None:
    sim = Simulation(lively({"check_every": 3}))
    with Monitor(sim) as monitor:
        sim.run(10)
    assert monitor.status.invariants == Checks(3, 0)
    sim = Simulation(lively({"check_every": 0}))
    with Monitor(sim) as monitor:
        sim.run(2)
    assert monitor.status.invariants is None


def test_a_batch_of_environments_is_counted_as_one() -> None:
    sim = Simulation(lively(), envs=(0, 1))
    with Monitor(sim) as monitor:
        sim.run(5)
    assert sum(monitor.status.resting.values()) == sim.exchange.venue.resting.sum()
    assert monitor.status.counters["events"] == sim.publisher.event_count.sum()


def test_inputs_and_queues_are_told() -> None:
    sim = Simulation(lively())
    with Monitor(sim) as monitor:
        monitor.queues["commands"] = lambda: 7
        sim.set_regime("crisis")
        sim.run(2)
    assert monitor.status.counters["inputs"] == 1
    assert monitor.status.queues["commands"] == 7
    assert monitor.status.queues["delay"] == sim.exchange.queue.n.sum()


def test_operations_come_from_any_thread() -> None:
    sim = Simulation(lively())
    with Monitor(sim) as monitor:
        threads = [
            Thread(target=lambda: [monitor.record("bridge.submit", 50_000) for _ in range(500)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        sim.run(20)
        for thread in threads:
            thread.join()
    told = monitor.status.latencies["bridge.submit"]
    assert (told.count, told.sum_ns) == (2_000, 100_000_000)


def test_a_run_that_fails_leaves_its_last_status(tmp_path: Path) -> None:
    place = tmp_path / "run"

    def fail(sim: Simulation) -> None:
        if sim.tick == 7:
            raise RuntimeError("enough")

    @contextmanager
    def progress(last_tick: int) -> Iterator[Any]:
        yield fail

    with pytest.raises(RuntimeError):
        qtg.simulate(lively(), place, progress=progress, monitor=True)
    status = last(place)
    assert (status.state, status.tick, status.reason) == ("failed", 7, "RuntimeError: enough")
    assert read_status(place).state == "failed"


def test_a_status_that_cannot_be_written_does_not_end_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sim = Simulation(lively())
    place = tmp_path / "place"
    place.mkdir()
    with Monitor(sim, place=place, seconds=1e-9) as monitor:
        sim.run(1)
        monitor.wait()
        shutil.rmtree(place)
        for _ in range(5):
            sim.step()
            monitor.wait()
    assert [record.message for record in caplog.records] == ["metrics cannot be written"]


def test_a_slow_disk_does_not_hold_the_run_up() -> None:
    sim, goes_on, told = Simulation(lively()), Event(), []

    def write(monitor: Monitor) -> None:
        told.append(monitor.status.tick)
        goes_on.wait(30)

    with Monitor(sim, seconds=1e-9) as monitor:
        monitor.outputs.append(write)
        sim.run(20)
        assert monitor.status.tick == 20
        assert len(told) <= 1, "it is still busy with the first"
        goes_on.set()
    assert told[-1] == 20
    assert len(told) == 2


def test_progress_is_logged_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [0.0]
    monkeypatch.setattr("qtg.monitor.monitor.monotonic", lambda: clock[0])
    caplog.set_level("INFO", "qtg.monitor")
    sim = Simulation(lively())
    with Monitor(sim, seconds=1):
        for _ in range(25):
            clock[0] += 1
            sim.step()
    told = [record.fields for record in caplog.records if record.message == "progress"]  # type: ignore[attr-defined]
    assert len(told) == 2
    assert told[0]["ticks_per_s"] == 1.0


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_pause_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, seconds: float
) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        qtg.simulate(
            lively(), tmp_path / "run", progress=False, monitor=Monitoring(seconds=seconds)
        )
    assert not (tmp_path / "run").exists()


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qtg.monitor.extra.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs hdrhistogram and psutil.*'qtg\[monitor\]'"):
        qtg.simulate(lively(), tmp_path / "run", progress=False, monitor=True)
    assert not (tmp_path / "run").exists()
