"""Short forms of the campaigns, and whether they would see it if a reader were wrong."""

import resource
import struct
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtg import frames
from qtg.errors import StorageError
from qtg.wal import reading

from . import judging
from .__main__ import main
from .campaign import TARGETS, Campaign, case_of, parts_of
from .judging import judge, watched
from .logs import Logs
from .target import Case, Target

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Target:
    """A reader and files for it."""
    return TARGETS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("reader", TARGETS)
def test_a_short_campaign_finds_nothing(reader: str, tmp_path: Path) -> None:
    found = Campaign(reader, seed=11, inputs=2_500, keep=tmp_path).run()
    assert found.inputs == 2_500
    assert 1_000 < found.informed < 1_500
    assert found.outcomes["CorruptData"] > 1_000
    assert found.outcomes["read"] > 100
    assert len(found.said) > 30


def test_processes_share_the_numbers(tmp_path: Path) -> None:
    campaign = Campaign("snapshot", inputs=400, keep=tmp_path)
    alone, parts = campaign.run(), [part.run() for part in parts_of(campaign, 3)]
    assert sum((part.outcomes for part in parts), Counter()) == alone.outcomes
    assert [part.inputs for part in parts] == [134, 133, 133]


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(numbers=st.data(), number=st.integers(0, 63))
def test_whatever_is_done_to_a_file_only_our_errors_come_out(
    target: Target, numbers: st.DataObject, number: int
) -> None:
    with watched():
        judge(target, target.damaged(number, lambda n: numbers.draw(st.integers(0, n - 1))))


def test_files_that_are_whole_are_read(target: Target) -> None:
    for source in range(2):
        whole = target.sources[source].files if isinstance(target, Logs) else target.wholes[source]
        with watched():
            assert judge(target, Case(source, whole, informed=False)).outcome == "read"


def first_wrong(target: Target, cases: int = 3_000) -> str:
    """What is wrong with the first file with which anything is."""
    with watched():
        for number in range(cases):
            try:
                judge(target, case_of(target, 0, number))
            except Exception as error:
                return f"{type(error).__name__}: {error}"
    return ""


class Anything(struct.Struct):
    """Any two checksums, both as they should be."""

    def __ne__(self, _: object) -> bool:
        return False

    def unpack(self, *_: object) -> tuple["Anything", "Anything"]:
        return self, self

    unpack_from = unpack


def test_a_reader_without_checksums_is_found_out(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_CRCS", Anything("<II"))
    assert first_wrong(target) == "AssertionError: misread"


def test_records_that_were_acknowledged_and_are_gone_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "read_mark", lambda *_: 0)
    assert first_wrong(Logs(tmp_path)) == "AssertionError: misread"


def test_errors_of_two_lines_and_of_others_are_found_out(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, says in (
        (StorageError("one\ntwo"), "AssertionError: an error is one line"),
        (StorageError("x" * 5_000), "AssertionError: 5000 characters"),
        (KeyError("state"), "KeyError: 'state'"),
        (MemoryError(), "MemoryError"),
    ):
        monkeypatch.setattr(target, "read", Mock(side_effect=error))
        assert first_wrong(target).startswith(says)


def test_a_reader_that_hangs_is_found_out(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(_: Case, __: list[Any]) -> None:
        while True:
            pass

    monkeypatch.setattr(target, "read", hangs)
    monkeypatch.setattr(judging, "SLOW", 0.05)
    assert "took too much of the processor's time" in first_wrong(target)


def test_what_is_wrong_is_kept_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_CRCS", Anything("<II"))
    with pytest.raises(AssertionError, match="input .* of seed 3, kept as .*misread") as caught:
        Campaign("tape", seed=3, inputs=3_000, keep=tmp_path).run()
    [kept] = tmp_path.iterdir()
    number = int(str(caught.value).split()[1])
    target = TARGETS["tape"](tmp_path)
    assert kept.read_bytes() == case_of(target, 3, number).data


def test_the_command_prints_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzzing", "log", "--inputs", "300", "--seed", "5"])
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("damaged logs, 300 of seed 5: nothing but named errors")
    assert sum(int(line.split()[0]) for line in lines if "blind:" in line or "informed:" in line)
