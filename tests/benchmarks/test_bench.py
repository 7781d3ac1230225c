"""`qtg bench`: which benchmarks run, what is reported, and what a wrong result does."""

import json
from collections.abc import Iterator

import pytest

from qtg.bench import Benchmark, Probe, benchmarks, measure, print_bench, run_bench
from qtg.bench.measure import measure_one
from qtg.bench.startup import fresh_ms
from qtg.errors import ConfigError, InvariantError, QtgError


def counting(values: Iterator[float]) -> Probe:
    return Probe(lambda: next(values), note="counted")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """One room with a right and a wrong benchmark."""
    good = Benchmark("room.good", "counts", "ms", lambda: counting(iter(range(11))))
    bad = Benchmark("room.bad", "fails", "ms", lambda: Probe(lambda: 1.0, lambda: "WRONG live"))

    class Room:
        BENCHMARKS = (good, bad)

    monkeypatch.setattr("qtg.bench.registry.ROOMS", ("room",))
    monkeypatch.setattr("qtg.bench.registry.import_module", lambda name, package: Room)


def test_there_is_one_benchmark_for_each_workload_and_names_are_unique() -> None:
    names = [each.name for each in benchmarks()]
    assert {"venue.W1", "venue.W2", "venue.W3", "startup.import"} <= set(names)
    assert len(names) == len(set(names))


def test_a_room_or_a_single_benchmark_can_be_chosen() -> None:
    assert [each.name for each in benchmarks("venue")] == ["venue.W1", "venue.W2", "venue.W3"]
    assert [each.name for each in benchmarks(["venue.W3", "startup.import"])] == [
        "venue.W3",
        "startup.import",
    ]


def test_part_of_a_name_chooses_nothing() -> None:
    with pytest.raises(ConfigError, match=r"no benchmark 'ven'; there are venue\.W1"):
        benchmarks("ven")


def test_a_row_holds_median_and_quantiles_of_the_samples() -> None:
    values = iter([5.0, 1.0, 3.0, 2.0, 100.0])
    benchmark = Benchmark("a.b", "c", "ms", lambda: counting(values), 5, spread=(0.5, 1.0))
    row = measure_one(benchmark)
    assert (row.value, row.low, row.high) == (3.0, 3.0, 100.0)
    assert (row.repeats, row.wrong, row.note, row.unit) == (5, "", "counted", "ms")


@pytest.mark.usefixtures("fake")
def test_benchmarks_are_announced_before_they_run() -> None:
    told: list[Benchmark] = []
    report = measure(started=told.append)
    assert [each.name for each in told] == [row.name for row in report.rows]


@pytest.mark.usefixtures("fake")
def test_json_is_one_object_with_machine_load_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_bench("room.good", json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["machine"]["cores"] >= 1
    assert len(document["load"]) == 2
    assert [(row["name"], row["value"]) for row in document["rows"]] == [("room.good", 5.0)]
    assert rows[0].value == 5.0


@pytest.mark.usefixtures("fake")
def test_the_table_shows_every_row_and_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    run_bench()
    out = capsys.readouterr().out
    for text in ("room.good", "2.5 p25", "7.5 p75", "counted", "WRONG live", "cores, load"):
        assert text in out


@pytest.mark.usefixtures("fake")
def test_a_wrong_result_fails_the_command_after_it_was_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_bench("room.good", as_json=True)
    with pytest.raises(InvariantError, match=r"room\.bad gave a wrong result: WRONG live"):
        print_bench(as_json=True)
    assert "room.bad" in capsys.readouterr().out


def test_code_that_fails_in_a_fresh_interpreter_is_an_error() -> None:
    assert fresh_ms("pass") >= 0
    with pytest.raises(QtgError, match="ZeroDivisionError"):
        fresh_ms("1/0")
