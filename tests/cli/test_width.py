"""What is printed fits the width there is, with every number whole."""

import re
import shlex
import sys
from pathlib import Path

import pytest

import qtg
from qtg.answer import print_frame
from qtg.config import preset_names
from qtg.summary import print_next_steps, symbol_figures

from .command import Command

WIDTHS = (80, 60, 40)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, command: Command) -> int:
    """The width that the command is told."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def fits(out: str, width: int) -> list[str]:
    """The lines, none of which is too long, cut, or blank at its end."""
    lines = out.splitlines()
    for line in lines:
        assert len(line) <= width, line
        assert line == line.rstrip()
        assert "…" not in line
    return lines


def words(out: str) -> list[str]:
    return out.replace(",\n", ", ").split()


def test_info_at_every_width_has_every_number(
    width: int, command: Command, small_run: Path
) -> None:
    run = qtg.open_run(small_run)
    out = command("info", small_run).out
    *lines, last = out.splitlines()
    assert last == f"run {small_run}", "a path is never folded"
    fits("\n".join(lines), width)
    for row in symbol_figures(run).rows(named=True):
        numbers = [f"{row[name]:,.2f}" for name in ("first", "last", "vwap", "spread_ticks")]
        numbers += [f"{row['return']:+.2%}", f"{row['volume']:,}", f"{row['trades']:,}"]
        assert set(numbers) <= set(words(out)), row["symbol"]
    assert f"trace {run.trace_hash}" in lines


def test_info_at_80_columns_is_one_table(
    command: Command, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    aapl, xom = symbol_figures(qtg.open_run(small_run)).rows(named=True)
    lines = command("info", small_run).out.splitlines()
    assert lines[0] == "quick_test: market summary"
    assert lines[1].split() == [
        *("symbol", "sector", "first", "last", "return", "volume", "trades", "vwap"),
        *("spread", "ticks"),
    ]
    assert set(lines[2]) == {"─", " "}
    for line, row in zip(lines[3:5], (aapl, xom), strict=True):
        assert line.split() == [
            *(row["symbol"], row["sector"], f"{row['first']:,.2f}", f"{row['last']:,.2f}"),
            *(f"{row['return']:+.2%}", f"{row['volume']:,}", f"{row['trades']:,}"),
            *(f"{row['vwap']:,.2f}", f"{row['spread_ticks']:,.2f}"),
        ]
    assert lines[5] == ""
    assert lines[6] == "440 agents (28 smart, 112 reactive, 300 background), seed 7, complete"


def test_presets_at_every_width_have_every_number(width: int, command: Command) -> None:
    out = command("presets").out
    fits(out, width)
    for name in preset_names():
        config = qtg.Config.preset(name)
        numbers = {f"{config.background.count:,}", f"{config.ticks:,}", f"{config.warmup.ticks:,}"}
        assert {name, *numbers} <= set(words(out))


def test_an_answer_at_every_width_has_every_number(
    width: int, command: Command, small_run: Path
) -> None:
    out = command("sql", small_run, "select * from trades limit 3").out
    fits(out, width)
    frame = qtg.open_run(small_run).trades.head(3)
    for column in ("trade_id", "qty", "buyer_id", "sell_order_id"):
        assert {str(value) for value in frame[column]} <= set(words(out))
    assert {f"{price:.2f}" for price in frame["price"]} <= set(words(out))
    assert frame["time"][0].strftime("%Y-%m-%d %H:%M:%S") in out, "a time stays on one line"


def test_an_answer_that_does_not_fit_has_a_column_per_line(
    command: Command, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "select 123456789 as shares, 'a text of several words to fold' as words, 1.25 as price"
    monkeypatch.setenv("COLUMNS", "24")
    assert command("sql", small_run, query).out.splitlines() == [
        "─ row 1 ────────────────",
        "shares  123456789",
        "words   a text of",
        "        several words to",
        "        fold",
        "price   1.25",
    ]


def test_bench_at_every_width_has_every_number(width: int, command: Command) -> None:
    out = command("bench", "--only", "startup.import").out
    table = out.split("\n\n")[:-1]  # the last paragraph is about the machine
    fits("\n".join(table), width)
    assert {"startup.import", "median", "p25", "p75", "ms", "ok"} <= set(words(out))


def test_next_steps_can_be_copied_at_every_width(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    print_next_steps(Path("runs/demo"), Path("runs/demo/report.html"))
    out = capsys.readouterr().out
    fits(out, width if width > 40 else 60)
    commands = re.sub(r" \\\n\s+", " ", out).split("try next\n")[1].splitlines()
    parsed = [shlex.split(line, comments=True) for line in commands]
    assert [words[:2] for words in parsed] == [
        ["qtg", "sql"],
        ["qtg", "simulate"],
        ["qtg", "config"],
        ["qtg", "simulate"],
        ["python", "-c"],
    ]
    assert parsed[0][2:] == [
        "runs/demo",
        "select symbol, sum(qty) shares from trades group by 1",
    ]
    compile(parsed[4][2], "next step", "exec")


def test_next_steps_quote_what_a_shell_would_split(capsys: pytest.CaptureFixture[str]) -> None:
    print_next_steps(Path("my runs/it's"), Path("report.html"))
    lines = capsys.readouterr().out.split("try next\n")[1].splitlines()
    assert shlex.split(lines[0])[2] == "my runs/it's"
    assert "my runs/it's" in shlex.split(lines[4])[2]


def test_without_a_terminal_lines_are_as_long_as_they_need_and_no_row_is_left_out(
    command: Command, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    run = qtg.open_run(small_run)
    lines = command("sql", small_run, "select * from trades").out.splitlines()
    assert len(lines) == run.trades.height + 2
    assert lines[0].split() == run.trades.columns
    assert len(lines[0]) > 80


class Terminal:
    """Stands in for stdout where it is a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "shown"), [("200", 50), ("40", 10)])
def test_a_terminal_gets_the_first_rows_and_is_told_how_many_more_there_are(
    columns: str, shown: int, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades = qtg.open_run(small_run).trades
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    print_frame(trades, as_json=False)
    told = " ".join(terminal.text.split())
    assert f"and {trades.height - shown:,} rows more" in told
    assert str(trades["sell_order_id"][shown - 1]) in terminal.text


def test_json_is_not_shaped_by_the_width(
    command: Command, small_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = command("info", small_run, "--json").out
    monkeypatch.setenv("COLUMNS", "40")
    assert command("info", small_run, "--json").out == wide
