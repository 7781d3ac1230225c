"""What is served is Prometheus text: read by the client's own parser, named as it wants it."""

import re
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

import qtg
from qtg.errors import ConfigError
from qtg.monitor import Monitor, Monitoring, serve
from qtg.monitor.metrics import METRICS, reference
from qtg.monitor.prometheus import Export
from qtg.simulation import Simulation
from tests.docs.guides import ROOT
from tests.simulation.small import lively


@pytest.fixture(scope="module")
def families(watched_run: Path) -> dict[str, Any]:
    """Families of the file that the watched run left, by name."""
    return {each.name: each for each in parsed(watched_run.with_suffix(".prom").read_text())}


def value(families: dict[str, Any], name: str, **labels: str) -> float:
    """One sample."""
    every = [sample for family in families.values() for sample in family.samples]
    (found,) = [each for each in every if each.name == name and each.labels == labels]
    return float(found.value)


def test_every_metric_is_there_with_its_type(families: dict[str, Any]) -> None:
    for metric in METRICS:
        name = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
        assert families[name].type == metric.kind, metric.name
        assert families[name].documentation == metric.text
    assert len(families) == len(METRICS)


def test_samples_are_the_figures_of_the_run(watched_run: Path, families: dict[str, Any]) -> None:
    run = qtg.open_run(watched_run)
    assert value(families, "qtg_ticks_total") == run.metrics.height
    assert value(families, "qtg_trades_total") == run.trades.height
    written = value(families, "qtg_orders_written_total", tier="background")
    assert written == run.metrics["orders_background"].sum()
    assert value(families, "qtg_tick_seconds_count") == run.metrics.height
    seconds = value(families, "qtg_tick_phase_seconds_sum", phase="match")
    assert seconds == pytest.approx(run.metrics["match_ns"].sum() / 1e9)
    labels = {"room": "venue", "operation": "match"}
    assert value(families, "qtg_operation_seconds_count", **labels) == run.metrics.height
    quantile = value(families, "qtg_latency_quantile_seconds", of="tick", quantile="0.5")
    assert quantile == pytest.approx(run.metrics["total_ns"].median() / 1e9, rel=0.05)
    assert value(families, "process_resident_memory_bytes") > 2**20
    version = {"run": "run", "config": "quick_test", "seed": "7", "version": qtg.__version__}
    assert value(families, "qtg_run_info", **version) == 1


def test_histograms_are_cumulative_and_end_with_everything(families: dict[str, Any]) -> None:
    for name in ("qtg_tick_seconds", "qtg_tick_phase_seconds", "qtg_operation_seconds"):
        series: dict[str, list[tuple[float, float]]] = {}
        totals = {}
        for sample in families[name].samples:
            labels = {k: v for k, v in sample.labels.items() if k != "le"}
            if sample.name.endswith("_bucket"):
                bound = float(sample.labels["le"])
                series.setdefault(str(labels), []).append((bound, sample.value))
            if sample.name.endswith("_count"):
                totals[str(labels)] = sample.value
        assert series.keys() == totals.keys()
        for labels, buckets in series.items():
            assert buckets == sorted(buckets)
            counts = [n for _, n in buckets]
            assert counts == sorted(counts)
            assert buckets[-1] == (float("inf"), totals[labels])


def test_names_follow_the_conventions() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"(qtg|process)(_[a-z]+)+", metric.name), metric.name
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric.name
        if metric.unit in ("seconds", "bytes"):
            assert re.search(rf"_{metric.unit}(_total)?$", metric.name), metric.name
        assert metric.text
        assert metric.text[-1] != "."
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_the_guide_has_the_table_of_metrics() -> None:
    """Rewrite it with: python -c "from qtg.monitor.metrics import *; print(reference())"."""
    assert reference() in (ROOT / "docs/guide/monitor.md").read_text(encoding="utf-8")


def test_a_simulation_is_served_until_the_block_ends() -> None:
    sim = Simulation(lively())
    with serve(sim, port=0, seconds=1e-9) as address:
        sim.run(4)
        answer = urlopen(address, timeout=10)
        text = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "qtg_ticks_total 4.0" in text
        assert 'room="venue"' in text
        sim.run(1)
        assert "qtg_ticks_total 5.0" in urlopen(address, timeout=10).read().decode()
    with pytest.raises(OSError, match="refused"):
        urlopen(address, timeout=10)


def test_scrapes_while_the_run_goes_on_are_whole() -> None:
    from threading import Event, Thread

    sim, over, texts = Simulation(lively({"ticks": 100_000})), Event(), []
    with serve(sim, port=0, seconds=1e-9) as address:

        def scrape() -> None:
            while not over.is_set():
                texts.append(urlopen(address, timeout=10).read().decode())

        thread = Thread(target=scrape)
        thread.start()
        while len(texts) < 5:
            sim.run(10)
        over.set()
        thread.join()
    for text in texts:
        families = {each.name: each for each in parsed(text)}
        ticks = value(families, "qtg_tick_seconds_count")
        assert value(families, "qtg_tick_phase_seconds_count", phase="match") == ticks


def test_a_port_that_is_taken_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with Export(0) as other:
        port = int(other.address.split(":")[2].split("/")[0])
        with pytest.raises(ConfigError, match=f"port {port}: .*choose another port"):
            qtg.simulate(lively(), tmp_path / "run", progress=False, monitor=Monitoring(port))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match="a port must be 0 to 65535"):
        Export(port)


def test_a_file_that_cannot_be_written_is_refused_before_a_run(tmp_path: Path) -> None:
    wanted = Monitoring(file=tmp_path / "no" / "qtg.prom")
    with pytest.raises(ConfigError, match="choose another file"):
        qtg.simulate(lively(), tmp_path / "run", progress=False, monitor=wanted)
    assert not (tmp_path / "run").exists()


def test_a_port_is_free_again_if_the_run_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").touch()
    with Export(0) as free:
        port = int(free.address.split(":")[2].split("/")[0])
    with pytest.raises(qtg.StorageError):
        qtg.simulate(lively(), tmp_path / "run", progress=False, monitor=Monitoring(port))
    Export(port).close()


def test_a_file_is_replaced_now_and_then_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("qtg.monitor.prometheus.monotonic", lambda: clock[0])
    sim, file = Simulation(lively()), tmp_path / "qtg.prom"
    with Export(file=file) as export, Monitor(sim, seconds=1e-9) as monitor:
        export.follow(monitor)

        def written(at: float) -> str:
            clock[0] = at
            sim.step()
            monitor.wait()
            return file.read_text()

        assert "qtg_ticks_total 1.0" in written(1.0)
        assert "qtg_ticks_total 1.0" in written(2.0)
        assert "qtg_ticks_total 1.0" in written(10.9)
        assert "qtg_ticks_total 4.0" in written(12.0)
        assert "qtg_ticks_total 4.0" in written(12.5)
        assert file.read_text() != export.text()
        monitor.close()
        assert "qtg_ticks_total 5.0" in file.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["qtg.prom"]


def test_without_the_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtg.monitor.extra.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs prometheus-client, which is not installed"):
        Export(0)
