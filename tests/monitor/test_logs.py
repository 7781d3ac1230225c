"""Logs are lines of JSON with the documented keys, whatever is logged, and only where asked for."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qtg
from qtg.errors import ConfigError, StrategyWarning
from qtg.monitor import JsonFormatter, log_to
from qtg.monitor.logs import KEYS
from tests.docs.guides import ROOT
from tests.simulation.small import lively

ALWAYS = [key for key in KEYS if key != "error"]


def lines(path: Path) -> list[dict[str, Any]]:
    """The file's lines, each read by itself; nothing but JSON as the standard has it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    text = path.read_text(encoding="utf-8")
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "log.jsonl"
    with log_to(path):
        yield path


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda each: st.lists(each) | st.dictionaries(st.text() | st.integers(), each),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(), ANYTHING))
def test_anything_becomes_one_line_with_all_keys(text: str, fields: dict[str, Any]) -> None:
    record = logging.makeLogRecord({"name": "qtg.x", "levelname": "INFO"})
    record.msg, record.args, record.fields = "%s", (text,), fields
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    told = json.loads(line)
    assert list(told) == ALWAYS
    assert told["message"] == text


def test_numpy_and_what_is_not_finite_are_plain(log: Path) -> None:
    fields = {"n": np.int64(3), "x": np.array([1.5, np.nan]), "bad": float("inf"), "p": Path("a")}
    logging.getLogger("qtg.x").info("figures", extra={"fields": fields})
    assert lines(log)[0]["fields"] == {"n": 3, "x": [1.5, None], "bad": None, "p": "a"}


def test_an_exception_is_told_with_its_traceback(log: Path) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("qtg.x").exception("failed")
    (line,) = lines(log)
    assert line["level"] == "error"
    assert (line["error"]["type"], line["error"]["message"]) == ("ValueError", "two\nlines")
    assert "test_logs.py" in line["error"]["traceback"]


def test_a_run_logs_its_beginning_and_end(tmp_path: Path, log: Path) -> None:
    run = qtg.simulate(lively(), tmp_path / "first", progress=False)
    told = lines(log)
    assert [each["message"] for each in told] == ["run started", "run ended"]
    assert {each["run"] for each in told} == {"first"}
    assert told[0]["tick"] == 0
    assert told[0]["fields"]["last_tick"] == told[1]["tick"] == run.metrics.height
    assert told[1]["fields"]["trades"] == run.trades.height
    assert told[1]["fields"]["trace_hash"] == run.trace_hash


def test_outside_of_a_run_there_is_neither_run_nor_tick(log: Path) -> None:
    qtg.simulate(lively({"ticks": 3}), progress=False)
    logging.getLogger("qtg.x").warning("afterwards")
    assert lines(log)[-1]["run"] is None
    assert lines(log)[-1]["tick"] is None


def test_parts_are_logged_at_debug_with_the_name_of_their_run(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with log_to(path, "debug"):
        qtg.simulate(lively(), tmp_path / "mine", progress=False)
    parts = [each for each in lines(path) if each["message"] == "part committed"]
    stored = {str(file.relative_to(tmp_path / "mine")) for file in tmp_path.rglob("*.parquet")}
    assert {each["fields"]["path"] for each in parts} == stored
    assert {each["run"] for each in parts} == {"mine"}


def test_a_run_that_fails_says_why(tmp_path: Path, log: Path) -> None:
    def stop(sim: Any) -> None:
        raise RuntimeError("enough")

    @contextmanager
    def progress(last_tick: int) -> Iterator[Any]:
        yield stop

    with pytest.raises(RuntimeError):
        qtg.simulate(lively(), tmp_path / "run", progress=progress)
    failed = lines(log)[-1]
    assert (failed["message"], failed["level"], failed["tick"]) == ("run failed", "error", 1)
    assert failed["error"]["message"] == "enough"


def test_a_benched_strategy_is_logged(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qtg.agents import registry

    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))

    @qtg.strategy("broken")
    def broken(ctx: qtg.StrategyContext) -> None:
        raise ValueError("no idea")

    group = {"kind": "broken", "count": 2, "on_error": "bench"}
    with pytest.warns(StrategyWarning):
        qtg.simulate(lively({"smart": [group], "reactive": [], "ticks": 3}), progress=False)
    (line,) = [each for each in lines(log) if each["message"] == "strategy benched"]
    assert line["fields"]["kind"] == "broken"
    assert line["fields"]["agents"] == 2


def test_the_guide_has_every_key_and_message() -> None:
    guide = (ROOT / "docs/guide/monitor.md").read_text(encoding="utf-8")
    for key, text in KEYS.items():
        assert f"| `{key}` | {text} |" in guide
    code = "".join(file.read_text() for file in sorted((ROOT / "qtg").rglob("*.py")))
    messages = set(re.findall(r'_?(?:LOG\.\w+|_log)\((?:logging\.\w+, )?"([^"%]+)"', code))
    assert messages >= {"run started", "part committed", "strategy benched"}
    for message in messages:
        assert f"\n| {message} | qtg." in guide, message


def test_importing_qtg_configures_no_logging() -> None:
    code = (
        "import logging, pkgutil, importlib, qtg\n"
        "for each in pkgutil.walk_packages(qtg.__path__, 'qtg.'):\n"
        "    if '__main__' not in each.name: importlib.import_module(each.name)\n"
        "names = ['qtg', *(n for n in logging.root.manager.loggerDict if n.startswith('qtg'))]\n"
        "assert not [n for n in names if logging.getLogger(n).handlers], names\n"
        "assert not logging.root.handlers\n"
        "assert logging.getLogger('qtg').level == 0\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_loggers_are_as_before_afterwards(tmp_path: Path) -> None:
    logger = logging.getLogger("qtg")
    handlers, level = list(logger.handlers), logger.level
    logger.setLevel(logging.ERROR)
    try:
        with log_to(tmp_path / "log", "debug"):
            assert logger.isEnabledFor(logging.DEBUG)
        assert (list(logger.handlers), logger.level) == (handlers, logging.ERROR)
    finally:
        logger.setLevel(level)


@pytest.mark.parametrize("level", ["Info", "trace", ""])
def test_a_level_that_is_none_is_refused(tmp_path: Path, level: str) -> None:
    with pytest.raises(ConfigError, match="levels are debug, info"), log_to(tmp_path / "x", level):
        pass


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose another file"), log_to(tmp_path / "no" / "x"):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_loses_logs_but_not_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with log_to("/dev/full"):
        run = qtg.simulate(lively({"ticks": 5}), progress=False)
    assert run.status == "complete"
    told = capsys.readouterr().err
    assert told.count("logs are lost") == 1
    assert "Traceback" not in told
