"""Every tape that cannot be used: one sentence that says where, what, and what to change."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import qtg
from qtg.calibration.quotes import read_quotes
from qtg.calibration.tape import read_tape
from qtg.errors import TapeError
from tests.cli.command import Command

from .tapes import START, random_tape, written

Change = Callable[[pl.DataFrame], pl.DataFrame]


def with_value(column: str, row: int, value: object, dtype: type | None = None) -> Change:
    def change(frame: pl.DataFrame) -> pl.DataFrame:
        values = frame[column].to_list()
        values[row] = value
        return frame.with_columns(pl.Series(column, values, dtype=dtype))

    return change


def constant(column: str, value: object) -> Change:
    return lambda frame: frame.with_columns(pl.lit(value).alias(column))


FRAMES: dict[str, tuple[Change, str]] = {
    "no time": (lambda f: f.drop("time"), "there is no column 'time'; rename the one that holds"),
    "no price": (lambda f: f.rename({"price": "cost"}), "'price'; rename the one that holds it to"),
    "no quantity": (lambda f: f.drop("qty"), "'qty'; rename the one that holds it to qty or quant"),
    "no rows": (lambda f: f.head(0), "there are no trades; give a file with at least 200"),
    "few rows": (lambda f: f.head(199), "199 trades are too few; give at least 200"),
    "a negative price": (with_value("price", 7, -3.5), "row 7 (counted from 0) has the price -3.5"),
    "a price of zero": (with_value("price", 9, 0.0), "row 9 (counted from 0) has the price 0.0"),
    "a price that is NaN": (with_value("price", 3, float("nan")), "row 3 (counted from 0) has"),
    "an infinite price": (with_value("price", 3, float("inf")), "has the price inf; every one"),
    "a missing price": (with_value("price", 4, None), "row 4 (counted from 0) has the price None"),
    "prices as text": (
        lambda f: f.with_columns(pl.format("${}", "price").alias("price")),
        "column 'price' holds String; make it numbers, without currency signs or separators",
    ),
    "a negative quantity": (with_value("qty", 11, -5), "row 11 (counted from 0) has the qty -5"),
    "a quantity of zero": (with_value("qty", 0, 0), "row 0 (counted from 0) has the qty 0"),
    "a missing quantity": (with_value("qty", 2, None), "has the qty None; every one must be above"),
    "time that goes back": (
        with_value("time", 50, START),
        "row 50 (counted from 0) lies ",
    ),
    "a missing time": (with_value("time", 5, None), "row 5 (counted from 0) has the time None"),
    "a time of another clock": (
        lambda f: f.with_columns(pl.col("time") - START),
        "is no time since 1970 in ns, us, ms, s that lies in 1980 to 2100; convert it",
    ),
    "times as fractions": (
        lambda f: f.with_columns(pl.col("time") / 1e9),
        "column 'time' holds Float64; make it a date and time such as 2024-03-01 14:30:00.125",
    ),
    "times as other text": (
        lambda f: f.with_columns(pl.lit("noon").alias("time")),
        "has the time 'noon'; write it like 2024-03-01 14:30:00.125",
    ),
    "one price": (constant("price", 12.5), "all 400 trades are at 12.5; give a tape whose price"),
    "one time": (constant("time", START), "all 400 trades are at one time; give times of day"),
    "a side that is none": (
        lambda f: f.with_columns(pl.lit("up").alias("side")),
        "row 0 (counted from 0) has the side 'up'; write buy or sell, +1 or -1, or leave",
    ),
    "prices too fine": (
        lambda f: f.with_columns(pl.col("price") + 0.00001),
        "finer than 0.0001, the smallest step there is; multiply all prices by a power of ten",
    ),
    "prices too high": (lambda f: f.with_columns(pl.col("price") * 1e15), "too high to be kept"),
    "several symbols": (
        lambda f: f.with_columns(symbol=pl.Series(["A", "B"] * 200)),
        "there are 2 symbols (A, B); say which one, as with --symbol A",
    ),
}


@pytest.mark.parametrize("case", FRAMES)
def test_a_frame_that_cannot_be_used_says_why(case: str) -> None:
    change, sentence = FRAMES[case]
    with pytest.raises(TapeError) as caught:
        read_tape(change(random_tape()))
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("the trades: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", FRAMES)
def test_the_command_says_it_in_one_line(case: str, command: Command, tmp_path: Path) -> None:
    change, sentence = FRAMES[case]
    path = written(change(random_tape()), tmp_path)
    said = command.fails(1, "calibrate", path)
    assert said.startswith(f"{path}: ")
    assert sentence in said


def test_a_symbol_that_is_not_there() -> None:
    with_symbols = random_tape().with_columns(pl.lit("AB").alias("symbol"))
    with pytest.raises(TapeError, match="no trades of 'XY'; there are AB"):
        read_tape(with_symbols, "XY")
    with pytest.raises(TapeError, match="no column 'symbol' to look for 'XY' in; leave it out"):
        read_tape(random_tape(), "XY")


def test_something_that_is_no_frame() -> None:
    with pytest.raises(TapeError, match="give the path of a Parquet or CSV file, or a polars"):
        qtg.calibrate(3.5)


def test_files_that_cannot_be_read(command: Command, tmp_path: Path) -> None:
    assert "no such file; check the path" in command.fails(1, "calibrate", "none.parquet")
    assert "is a folder; give a Parquet or CSV" in command.fails(1, "calibrate", tmp_path)
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "the file is empty; give one" in command.fails(1, "calibrate", empty)
    strange = tmp_path / "strange.parquet"
    strange.write_bytes(bytes(range(256)) * 20)
    damaged = written(random_tape(), tmp_path, "damaged.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-40])
    for path in (strange, damaged):
        assert "neither a Parquet nor a CSV file, or is damaged" in command.fails(
            1, "calibrate", path
        )


def test_a_csv_without_a_heading(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    random_tape().write_csv(path, include_header=False)
    assert "there is no column 'price'; rename" in command.fails(1, "calibrate", path)


QUOTES: dict[str, tuple[Change, str]] = {
    "no ask": (lambda f: f.drop("ask"), "there is no column 'ask'; rename the one that holds it"),
    "a negative bid": (with_value("bid", 2, -1.0), "row 2 (counted from 0) has the bid -1.0"),
    "swapped sides": (
        lambda f: f.rename({"bid": "ask", "ask": "bid"}),
        "has the bid 100.02 and the ask 100; correct these rows or swap the columns",
    ),
    "time that goes back": (with_value("time", 20, START), "row 20 (counted from 0) lies "),
    "no quotes": (lambda f: f.head(0), "there are no quotes with both sides; give some"),
}


def quotes() -> pl.DataFrame:
    n = 400
    time = [START + i * 1_000_000_000 for i in range(n)]
    return pl.DataFrame({"time": time, "bid": [100.0] * n, "ask": [100.02] * n})


@pytest.mark.parametrize("case", QUOTES)
def test_quotes_that_cannot_be_used_say_why(case: str, command: Command, tmp_path: Path) -> None:
    change, sentence = QUOTES[case]
    with pytest.raises(TapeError) as caught:
        read_quotes(change(quotes()))
    assert sentence in str(caught.value)
    path = written(change(quotes()), tmp_path, "quotes.parquet")
    said = command.fails(1, "calibrate", written(random_tape(), tmp_path), "--quotes", path)
    assert sentence in said


def test_wrong_calls(command: Command, tmp_path: Path) -> None:
    path = written(random_tape(), tmp_path)
    assert "ticks must be at least 100" in command.fails(2, "calibrate", path, "--ticks", 5)
    assert "is a folder; give the name" in command.fails(2, "calibrate", path, "-o", tmp_path)
    nowhere = tmp_path / "no" / "mine.toml"
    assert "there is no folder" in command.fails(2, "calibrate", path, "-o", nowhere)
    with pytest.raises(qtg.ConfigError, match="gap_seconds must be above 0"):
        qtg.calibrate(path, gap_seconds=0.0)
