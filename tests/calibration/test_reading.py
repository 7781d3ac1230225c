"""Tapes come in many forms and are all read to the same columns."""

from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from qtg.calibration.quotes import read_quotes
from qtg.calibration.tape import RealTape, read_tape

from .tapes import START, random_tape, written


def same(one: RealTape, other: RealTape) -> bool:
    columns = zip(one.trades, other.trades, strict=True)
    return all(np.array_equal(a, b) for a, b in columns) and one[1:5] == other[1:5]


def test_the_columns_are_exact() -> None:
    frame = random_tape()
    tape = read_tape(frame)
    assert tape.trades.time.tolist() == frame["time"].to_list()
    assert tape.trades.price.tolist() == [round(each * 10_000) for each in frame["price"]]
    assert tape.trades.qty.tolist() == frame["qty"].to_list()
    assert tape.trades.side.tolist() == frame["side"].to_list()
    assert (tape.symbol, tape.tick_size, tape.lot_size) == ("", 100, 10)
    assert tape.resolution == 1_000_000
    assert tape.sided
    assert tape.notes == ()


@pytest.mark.parametrize("name", ["tape.parquet", "tape.csv"])
def test_files_and_frames_are_read_alike(name: str, tmp_path: Path) -> None:
    frame = random_tape()
    path = written(frame, tmp_path, name)
    for source in (path, str(path), frame.lazy(), frame.to_arrow(), frame.to_dict(as_series=False)):
        assert same(read_tape(source), read_tape(frame))


def test_a_type_that_only_late_rows_of_a_csv_show(tmp_path: Path) -> None:
    long = random_tape(12_000).with_columns(pl.lit(1).cast(pl.Float64).alias("qty"))
    text = long.with_columns(pl.lit("1").alias("qty")).write_csv().splitlines()
    text[-1] = text[-1].replace(",1,", ",1.5,")
    path = tmp_path / "late.csv"
    path.write_text("\n".join(text))
    assert read_tape(path).trades.qty.max() >= 1


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_the_unit_of_whole_times_is_told_by_their_size(unit: int) -> None:
    frame = random_tape().with_columns(pl.col("time") // unit)
    assert same(read_tape(frame), read_tape(random_tape()))


def test_times_may_be_dates_in_any_zone_and_text() -> None:
    plain = random_tape()
    as_dates = plain.with_columns(pl.from_epoch("time", time_unit="ns"))
    zoned = as_dates.with_columns(
        pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone("America/Chicago")
    )
    text = as_dates.with_columns(pl.col("time").dt.strftime("%Y-%m-%d %H:%M:%S%.3f"))
    for frame in (as_dates, zoned, text):
        assert same(read_tape(frame), read_tape(plain))
    first = datetime(2023, 11, 14, 22, 13, 20)
    assert int((first - datetime(1970, 1, 1)).total_seconds()) * 10**9 == START


@pytest.mark.parametrize("name", ["volume", "Size", "QUANTITY", " amount "])
def test_common_names_of_columns_are_known(name: str) -> None:
    frame = random_tape().rename({"qty": name, "time": "DateTime", "price": "Price"})
    assert same(read_tape(frame), read_tape(random_tape()))


@pytest.mark.parametrize(
    ("buy", "sell"), [("buy", "sell"), ("B", "S"), ("Bid", "ASK"), ("1", "-1")]
)
def test_sides_are_told_by_words_and_numbers(buy: str, sell: str) -> None:
    named = pl.col("side").replace_strict({1: buy, -1: sell}, return_dtype=pl.String)
    assert same(read_tape(random_tape().with_columns(named)), read_tape(random_tape()))


def test_sides_may_be_missing_here_and_there_and_everywhere() -> None:
    some = random_tape().with_columns(pl.Series("side", [None, 1.0, -1.0, float("nan")] * 100))
    assert read_tape(some).trades.side[:4].tolist() == [0, 1, -1, 0]
    assert not read_tape(random_tape().drop("side")).sided


def test_fractions_of_a_coin_are_counted_in_a_smaller_unit() -> None:
    frame = random_tape().with_columns(pl.col("qty") * 0.0013)
    tape = read_tape(frame)
    assert tape.trades.qty.tolist() == [round(each * 1_000) for each in frame["qty"]]
    assert tape.notes == ("a share of the market stands for 0.001 of the tape's quantities",)


def test_quantities_that_nobody_could_pay_are_counted_in_a_larger_unit() -> None:
    frame = random_tape().with_columns(pl.col("qty") * 10_000_000)
    tape = read_tape(frame)
    assert tape.notes == ("a share of the market stands for 100000 of the tape's quantities",)
    assert tape.trades.qty.tolist() == [each // 100_000 for each in frame["qty"]]


def test_prices_of_32_bits_are_the_decimals_that_were_meant() -> None:
    frame = random_tape().with_columns(pl.col("price").cast(pl.Float32))
    assert same(read_tape(frame), read_tape(random_tape()))


def test_one_symbol_of_several() -> None:
    both = pl.concat(
        [random_tape(seed=s).with_columns(symbol=pl.lit(n)) for s, n in ((1, "A"), (2, "B"))]
    )
    tape = read_tape(both.sort("time"), "A")
    assert tape.symbol == "A"
    assert np.array_equal(tape.trades.time, read_tape(random_tape()).trades.time)


def test_odd_prints_are_noted() -> None:
    prices = random_tape()["price"].to_list()
    prices[17] += 0.003
    tape = read_tape(random_tape().with_columns(pl.Series("price", prices)))
    assert tape.tick_size == 100
    assert tape.notes == ("1 trades are off the tick of 0.01",)


def test_quotes_with_one_side_and_a_few_crossed_ones_are_left_out() -> None:
    n = 100
    frame = pl.DataFrame(
        {
            "time": [START + i for i in range(n)],
            "bid": [9.99] * n,
            "ask": [None] * 3 + [9.98] + [10.01] * (n - 4),
        }
    )
    read = read_quotes(frame)
    assert len(read.quotes.time) == n - 4
    assert read.quotes.bid[0] == 99_900
    assert read.notes == (
        "3 quotes have one side only",
        "1 quotes are locked or crossed and left out",
    )
