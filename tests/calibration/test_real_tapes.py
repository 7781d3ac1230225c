"""Real tapes: 500,000 E-mini trades of the package mlfinpy, and a recording beside the repository.

Both are read where they lie.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.calibration.fit import real_sessions
from qtg.calibration.measures import measure
from qtg.calibration.tape import read_tape

from .real_stocks import package_file

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def e_mini() -> Path:
    path = package_file("mlfinpy", "dataset/data/tick_data.csv")
    if path is None:
        pytest.skip("mlfinpy is not installed: pip install --no-deps -r tests/tapes.txt")
    return path


def test_the_e_mini_tape_is_read_as_it_is(e_mini: Path) -> None:
    tape, raw = read_tape(e_mini), pl.read_csv(e_mini)
    assert len(tape.trades.time) == len(raw) == 500_000
    assert tape.trades.qty.sum() == raw["Volume"].sum()
    assert (tape.tick_size, tape.lot_size, tape.resolution) == (2_500, 1, 1_000_000)
    assert not tape.sided
    sessions = real_sessions(tape)
    assert len(sessions) == 2, "2 September 2013 was Labor Day: the market closed early"
    assert [round(each.seconds / 3_600, 1) for each in sessions] == [17.5, 20.9]


def test_the_e_mini_tape_measures_as_a_first_look_says(e_mini: Path) -> None:
    """Against polars: orders are rows that differ in time or in the sign of the last change."""
    tape = read_tape(e_mini)
    found = measure(real_sessions(tape), tape.tick_size)
    raw = pl.read_csv(e_mini, try_parse_dates=True)
    change = pl.col("Price").diff().sign()
    sign = pl.when(change != 0).then(change).forward_fill().backward_fill()
    rows = raw.with_columns(sign=sign).with_columns(order=pl.struct("DateTime", "sign").rle_id())
    orders = rows.group_by("order", maintain_order=True).agg(
        pl.col("Volume").sum(), pl.col("sign").first()
    )
    hours = 17.4997675 + 20.862375556
    assert found["rate"] == pytest.approx(len(orders) / hours / 3_600, rel=1e-4)
    for per_cent in (10, 50, 90, 99):
        quantile = orders["Volume"].quantile(per_cent / 100, "linear")
        assert found[f"size_p{per_cent}"] == pytest.approx(quantile, abs=0.5)
    signs = orders["sign"].to_numpy()
    assert found["sign_acf_1"] == pytest.approx(np.corrcoef(signs[1:], signs[:-1])[0, 1], abs=1e-3)
    minutes = raw.group_by_dynamic("DateTime", every="5m").agg(pl.col("Price").last())
    moves = np.diff(np.log(minutes["Price"].to_numpy()))
    assert found["volatility_5m"] == pytest.approx(moves.std() * np.sqrt(252 * 78), rel=0.1)


def test_a_market_is_fitted_to_the_e_mini_tape(e_mini: Path, tmp_path: Path) -> None:
    found = qtg.calibrate(e_mini, quick=True)
    table = found.frame()
    reached = dict(zip(table["statistic"], table["reached"], strict=True))
    for statistic in (
        "orders taken per second",
        "size in lots, 50% quantile",
        "size in lots, 99% quantile",
        "volatility at 1m, per year",
    ):
        assert reached[statistic], table.filter(pl.col("statistic") == statistic)
    config = qtg.Config.from_toml(found.save(tmp_path / "mine.toml"))
    assert config == found.config
    assert config.symbols[0].tick_size == "0.25"
    assert config.symbols[0].initial_price == "1640.25"
    assert str(e_mini.parent) not in (tmp_path / "mine.toml").read_text()


@pytest.mark.shared
def test_an_order_level_recording_is_a_tape_too(shared_folder: Path) -> None:
    path = shared_folder / "real" / "es_l3_sample.parquet"
    if not path.exists():
        pytest.skip("the recording is not here")
    tape = read_tape(path)
    trades = pl.read_parquet(path).filter(pl.col("action") == "T")
    assert tape.trades.price.tolist() == trades["price"].to_list()
    assert tape.trades.side.tolist() == [{"B": 1, "A": -1, "N": 0}[each] for each in trades["side"]]
    assert tape.tick_size == 2_500
    assert tape.notes == ("537 rows of 20,000 are trades (column 'action')",)
    found = qtg.calibrate(path, quick=True)
    table = found.frame()
    assert table.filter(statistic="orders taken per second")["reached"].item()
    assert table.filter(statistic="volatility at 30m, per year")["real"].item() is None
