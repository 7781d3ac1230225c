"""`run.flow()` against sums in plain Python, and the curated traces."""

import json
from typing import Any

import pytest

import qtg
from qtg.traces import TRACES, make_trace, trace_config, trace_summary
from tests.golden.test_golden import check

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def storm() -> qtg.Result:
    return make_trace("cancel_storm")


def test_flow_is_the_sum_of_what_the_events_say(storm: qtg.Result) -> None:
    regime = dict(storm.metrics.select("tick", "regime").rows())
    sums: dict[str, dict[str, int]] = {}
    for tick, exec_type, reason in storm.orders.select("tick", "exec_type", "reason").rows():
        of = sums.setdefault(regime[tick], {})
        of["events"] = of.get("events", 0) + 1
        if exec_type == "new":
            of["orders"] = of.get("orders", 0) + 1
        if reason == "requested":
            of["cancels"] = of.get("cancels", 0) + 1
        if exec_type == "trade":
            of["fills"] = of.get("fills", 0) + 1
    flow = storm.flow()
    assert set(flow["regime"]) == set(sums) == {"normal", "cancel_storm"}
    for row in flow.rows(named=True):
        own = storm.metrics.filter(storm.metrics["regime"] == row["regime"])
        assert {name: row[name] for name in sums[row["regime"]]} == sums[row["regime"]]
        assert row["cancel_rate"] == pytest.approx(row["cancels"] / row["orders"])
        assert row["events_per_tick"] == pytest.approx(row["events"] / own.height)
        assert row["resting"] == pytest.approx(float(own["resting"].mean()))
        assert row["most_queued"] == own["queued"].max()
        assert row["events_per_s"] > 0


def test_a_storm_shows_in_the_cancel_rate(storm: qtg.Result) -> None:
    rate = dict(storm.flow().select("regime", "cancel_rate").rows())
    assert rate["cancel_storm"] > 3 * rate["normal"]


@pytest.mark.parametrize("name", TRACES)
def test_a_curated_trace_is_the_golden_one(
    name: str, request: pytest.FixtureRequest, storm: qtg.Result
) -> None:
    run = storm if name == "cancel_storm" else make_trace(name)
    found = json.loads(json.dumps(trace_summary(run)))
    check(f"trace_{name}", found, bool(request.config.getoption("--update-golden")))
    assert (
        set(found["regimes"])
        == {
            "calm": {"calm"},
            "burst": {"normal", "burst"},
            "cancel_storm": {"normal", "cancel_storm"},
        }[name]
    )


def test_an_unknown_trace_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="no trace 'storm'; traces are calm, burst"):
        trace_config("storm")


def queue_of(sim: Any) -> int:
    return int(sim.exchange.queue.n.sum())


def test_metrics_tell_what_is_on_its_way() -> None:
    from qtg.run import open_sink
    from qtg.simulation import Simulation

    config = trace_config("calm").with_(ticks=10)
    seen: list[int] = []
    sim = Simulation(config)
    sim.add_hook(lambda each: seen.append(queue_of(each)))
    with open_sink(config, None) as sink:
        sim.publisher.attach(sim, sink)
        sim.run(10)
        sink.close(trace_hash=sim.trace_hash, ticks=10)
    run = qtg.result.result_of(sink)
    assert run.metrics["queued"].to_list() == seen
    assert min(seen) > 0
