"""`qtg.replay_l3`: our own recordings match completely, and its judgement on hand-made ones."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import qtg
from qtg.errors import ConfigError, OrderError, StorageError
from qtg.replay import frame as reading
from qtg.replay.mirror import Mirror
from qtg.replay.opening import subset_with_sum

from .tape import FIRST_ID, TICK, Exchange, tape


def fills(replay: qtg.replay.L3Replay, column: str) -> list[list[tuple[int, int]]]:
    """(order id, quantity) of each trade's fills."""
    return [[(f["order_id"], f["qty"]) for f in trade] for trade in replay.trades[column]]


def recorded_day(seed: int, messages: int = 1_500) -> pl.DataFrame:
    exchange = Exchange(seed)
    exchange.pre_open(120)
    exchange.trade(messages)
    return exchange.frame()


@pytest.mark.parametrize("seed", range(6))
def test_a_recording_of_our_own_venue_matches_completely(seed: int) -> None:
    replay = qtg.replay_l3(recorded_day(seed))
    summary = replay.summary()
    assert summary["continuous"] > 200
    assert (summary["match_rate"], summary["unknown_cancels"]) == (1.0, 0)
    assert summary["matched_first_in_first_out"] == summary["matched"] == summary["continuous"]
    assert (summary["auctions"], summary["auctions_matched"]) == (1, 1)
    assert summary["auction_price"] == summary["recorded_auction_price"]
    assert summary["auction_volume"] == summary["recorded_auction_volume"] > 0
    assert summary["tick_size"] == TICK


def test_a_recording_may_start_from_a_snapshot_and_be_interrupted_by_another() -> None:
    exchange = Exchange(11)
    exchange.pre_open(80)
    exchange.rows.clear()
    exchange.snapshot()
    exchange.trade(200)
    exchange.snapshot()
    exchange.trade(200)
    replay = qtg.replay_l3(exchange.frame())
    assert replay.match_rate == 1.0
    assert len(replay.continuous) > 50


def test_after_a_clear_the_book_starts_empty() -> None:
    rows = [
        (1, "A", "A", 400, 5, 71),
        (2, "R", "N", 0, 0, 0),
        (3, "A", "A", 400, 5, 72),
        (4, "T", "B", 400, 2, 90),
        (4, "F", "A", 400, 2, 72),
    ]
    assert fills(qtg.replay_l3(tape(*rows)), "ours") == [[(72, 2)]]


def test_chunks_of_any_size_give_the_same_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    day = recorded_day(3, 400)
    whole = qtg.replay_l3(day).trades
    monkeypatch.setattr(reading, "CHUNK", 7)
    assert qtg.replay_l3(day).trades.equals(whole)


def test_fills_of_a_trade_have_no_part_in_its_prediction() -> None:
    day = recorded_day(4, 400).with_row_index()
    last = day.filter(pl.col("action") == "T")["index"][-1]
    honest = qtg.replay_l3(day.drop("index").head(last + 2))
    forged = day.head(last + 2).with_columns(
        order_id=pl.when(pl.col("index") > last).then(1).otherwise(pl.col("order_id")),
        size=pl.when(pl.col("index") > last).then(77).otherwise(pl.col("size")),
    )
    replay = qtg.replay_l3(forged.drop("index"))
    assert fills(replay, "ours") == fills(honest, "ours")
    assert replay.trades["matched"].to_list()[-1] is False


def test_one_miss_does_not_spoil_what_follows() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "A", 400, 5, 71),
            (2, "A", "A", 400, 5, 72),
            (3, "A", "A", 400, 5, 73),
            (4, "T", "B", 400, 6, 90),  # the recording passes over 71
            (4, "F", "A", 400, 5, 72),
            (4, "F", "A", 400, 1, 73),
            (4, "C", "A", 400, 5, 72),
            (4, "M", "A", 400, 4, 73),
            (5, "T", "B", 400, 7, 91),  # 71 has evidently lost its place
            (5, "F", "A", 400, 4, 73),
            (5, "F", "A", 400, 3, 71),
        )
    )
    assert fills(replay, "ours") == [[(71, 5), (72, 1)], [(73, 4), (71, 3)]]
    assert replay.trades["matched"].to_list() == [False, True]
    assert replay.trades["why"].to_list() == ["an order ahead in the queue was passed over", ""]
    assert replay.summary()["match_rate"] == 0.5


def test_an_order_passed_over_by_a_worse_price_is_taken_for_gone() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "A", 399, 5, 71),
            (2, "A", "A", 400, 9, 72),
            (3, "T", "B", 400, 2, 90),
            (3, "F", "A", 400, 2, 72),
            (3, "M", "A", 400, 7, 72),
            (4, "T", "B", 400, 2, 91),
            (4, "F", "A", 400, 2, 72),
        )
    )
    assert replay.trades["matched"].to_list() == [False, True]
    assert replay.trades["why"][0] == "a better price was passed over"


def test_a_sweep_is_one_trade_for_each_price() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "B", 400, 2, 71),
            (1, "A", "B", 399, 2, 72),
            (2, "T", "A", 400, 2, 90),
            (2, "F", "B", 400, 2, 71),
            (2, "T", "A", 399, 1, 90),
            (2, "F", "B", 399, 1, 72),
            (2, "C", "B", 400, 2, 71),
            (2, "M", "B", 399, 1, 72),
        )
    )
    assert fills(replay, "ours") == [[(71, 2)], [(72, 1)]]
    assert replay.match_rate == 1.0


def test_a_resting_order_can_become_the_aggressor() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "B", 398, 5, 71),
            (1, "A", "A", 400, 2, 72),
            (2, "T", "B", 400, 2, 71),
            (2, "F", "B", 400, 2, 71),
            (2, "F", "A", 400, 2, 72),
            (2, "C", "A", 400, 2, 72),
            (2, "M", "B", 400, 3, 71),
            (3, "T", "A", 400, 3, 91),
            (3, "F", "B", 400, 3, 71),
        )
    )
    assert fills(replay, "recorded") == [[(72, 2)], [(71, 3)]]
    assert replay.match_rate == 1.0


def test_an_aggressor_that_rested_is_not_filled_at_its_old_price() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "B", 398, 5, 71),
            (1, "A", "B", 398, 4, 72),
            (1, "A", "A", 400, 5, 73),
            (2, "T", "B", 400, 5, 71),
            (2, "F", "A", 400, 5, 73),
            (2, "T", "A", 398, 2, 90),
            (2, "F", "B", 398, 2, 72),
            (2, "C", "B", 398, 5, 71),
            (2, "C", "A", 400, 5, 73),
            (2, "M", "B", 398, 2, 72),
        ),
        look_ahead=False,
    )
    assert fills(replay, "ours") == [[(73, 5)], [(72, 2)]]


def test_lower_size_keeps_its_place_and_more_size_loses_it() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "A", 400, 5, 71),
            (1, "A", "A", 400, 5, 72),
            (2, "M", "A", 400, 3, 71),
            (3, "T", "B", 400, 1, 90),
            (3, "F", "A", 400, 1, 71),
            (3, "M", "A", 400, 2, 71),
            (4, "M", "A", 400, 4, 71),
            (5, "T", "B", 400, 1, 91),
            (5, "F", "A", 400, 1, 72),
        )
    )
    assert replay.trades["matched"].to_list() == [True, True]


ICEBERG = (
    (1, "A", "A", 400, 3, 71),
    (1, "A", "A", 400, 2, 72),
    (2, "T", "B", 400, 3, 90),
    (2, "F", "A", 400, 3, 71),
    (2, "M", "A", 400, 3, 71),  # refilled: now behind 72
    (3, "T", "B", 400, 2, 91),
    (3, "F", "A", 400, 2, 72),
    (3, "C", "A", 400, 2, 72),
    (4, "A", "A", 400, 1, 73),
    (5, "T", "B", 400, 6, 92),  # 4 are shown
    (5, "F", "A", 400, 1, 73),
    (5, "F", "A", 400, 5, 71),
    (5, "C", "A", 400, 1, 73),
    (5, "M", "A", 400, 1, 71),
)


def test_icebergs_refill_behind_the_queue_and_trade_more_than_they_show() -> None:
    replay = qtg.replay_l3(tape(*ICEBERG))
    assert fills(replay, "ours")[-1] == [(73, 1), (71, 5)]
    assert replay.trades["helped_by"].to_list() == ["", "", "iceberg"]
    assert replay.summary()["matched_first_in_first_out"] == 2
    assert replay.match_rate == 1.0


def test_the_only_order_of_a_price_must_have_had_what_was_not_shown() -> None:
    rows = [(1, "A", "A", 400, 3, 71), (2, "T", "B", 400, 8, 90), (2, "F", "A", 400, 8, 71)]
    assert fills(qtg.replay_l3(tape(*rows)), "ours") == [[(71, 8)]]


def test_two_unknown_icebergs_are_not_guessed_at() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "A", 400, 3, 71),
            (1, "A", "A", 400, 3, 72),
            (2, "T", "B", 400, 8, 90),
            (2, "F", "A", 400, 3, 71),
            (2, "F", "A", 400, 5, 72),
        )
    )
    assert fills(replay, "ours") == [[(71, 3), (72, 3)]]
    assert replay.trades["why"].to_list() == ["hidden quantity"]


CANCELLED_AHEAD = (
    (1, "A", "A", 400, 1, 71),
    (1, "A", "A", 400, 1, 72),
    (2, "T", "B", 400, 1, 90),
    (2, "F", "A", 400, 1, 72),
    (2, "C", "A", 400, 1, 72),
    (2, "C", "A", 400, 1, 71),
)


def test_a_cancel_printed_after_its_trade_is_looked_up_unless_told_not_to() -> None:
    replay = qtg.replay_l3(tape(*CANCELLED_AHEAD))
    assert (replay.match_rate, replay.trades["helped_by"].to_list()) == (1.0, ["look_ahead"])
    assert replay.summary()["matched_first_in_first_out"] == 0
    assert replay.unknown_cancels == 0
    plain = qtg.replay_l3(tape(*CANCELLED_AHEAD), look_ahead=False)
    assert fills(plain, "ours") == [[(71, 1)]]
    assert plain.match_rate == 0.0


def test_looking_ahead_does_not_read_who_was_filled_from_a_confirmation() -> None:
    # Only 72 is cancelled: first in, first out says 71, and nothing says that 71 had left.
    replay = qtg.replay_l3(tape(*CANCELLED_AHEAD[:-1]))
    assert fills(replay, "ours") == [[(71, 1)]]
    assert replay.trades["matched"].to_list() == [False]


def test_trades_that_name_no_orders_are_not_scored() -> None:
    rows = [(1, "A", "A", 400, 3, 71), (2, "T", "B", 400, 8, 90), (3, "T", "N", 400, 8, 90)]
    replay = qtg.replay_l3(tape(*rows))
    assert replay.trades["why"].to_list() == ["no fills recorded"] * 2
    assert replay.summary()["unscored"] == 2
    assert str(replay.match_rate) == "nan"


def test_orders_never_shown_take_part_in_the_auction_at_market() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "B", 410, 5, 71),
            (1, "A", "A", 390, 7, 72),
            (1, "A", "A", 405, 4, 73),
            (2, "T", "N", 405, 11, 0),
            (2, "F", "N", 405, 5, 71),
            (2, "F", "N", 405, 7, 72),
            (2, "F", "N", 405, 4, 73),
            (2, "F", "N", 405, 6, 88),
        )
    )
    auction = replay.auctions.row(0, named=True)
    assert (auction["our_price"], auction["our_size"]) == (405 * TICK, 11)
    assert auction["matched"]


def test_an_auction_that_comes_out_otherwise_says_so() -> None:
    replay = qtg.replay_l3(
        tape(
            (1, "A", "B", 410, 5, 71),
            (1, "A", "A", 390, 5, 72),
            (2, "T", "N", 408, 3, 0),
            (2, "F", "N", 408, 3, 71),
            (2, "F", "N", 408, 3, 72),
            (3, "T", "A", 410, 2, 90),
            (3, "F", "B", 410, 2, 71),
        )
    )
    assert replay.trades["why"].to_list() == ["other price or volume", ""]
    assert replay.match_rate == 1.0


def test_sizes_that_balance_are_found_exactly_or_as_near_below_as_possible() -> None:
    sizes = [4, 1, 1, 5, 1, 1, 1]
    taken = subset_with_sum(sizes, 13)
    assert sum(size for size, take in zip(sizes, taken, strict=True) if take) == 13
    assert subset_with_sum([4, 6], 5) == [True, False]
    assert subset_with_sum([], 3) == []
    assert subset_with_sum([2], -1) == [False]


def test_any_kind_of_frame_will_do(tmp_path: Path) -> None:
    day = recorded_day(5, 100)
    expected = qtg.replay_l3(day).trades
    day.write_parquet(tmp_path / "day.parquet")
    enums = day.with_columns(
        pl.col("action").cast(pl.Categorical),
        pl.from_epoch("ts_event", time_unit="ns").alias("ts_event"),
        pl.col("order_id").cast(pl.UInt64),
    )
    kinds: list[Any] = [day.lazy(), day.to_arrow(), day.to_dict(), enums]
    kinds += [tmp_path / "day.parquet", str(tmp_path / "day.parquet"), day.drop("snapshot")]
    assert isinstance(kinds[1], pa.Table)
    for kind in kinds:
        assert qtg.replay_l3(kind).trades.equals(expected)


def test_a_pandas_frame_will_do() -> None:
    pd = pytest.importorskip("pandas")
    day = recorded_day(5, 100)
    pandas_day = pd.DataFrame(day.to_dict(as_series=False))
    assert qtg.replay_l3(pandas_day).trades.equals(qtg.replay_l3(day).trades)


@pytest.mark.parametrize("seed", range(5))
def test_recordings_that_make_no_sense_are_replayed_without_an_error(seed: int) -> None:
    draw, n = np.random.default_rng(seed), 3_000
    actions = draw.choice(
        list("AACMTFFRN"), n, p=[0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.09, 0.005, 0.005]
    )
    sides = np.where((actions != "A") & (draw.random(n) < 0.3), "N", draw.choice(["B", "A"], n))
    frame = pl.DataFrame(
        {
            "ts_event": np.sort(draw.integers(0, 1_000, n)),
            "action": actions,
            "side": sides,
            "price": draw.integers(90, 110, n),
            "size": draw.integers(0, 9, n),
            "order_id": draw.integers(1, 300, n),
            "snapshot": draw.random(n) < 0.002,
        }
    )
    replay = qtg.replay_l3(frame)
    assert len(replay.trades) > 100
    assert replay.trades["scored"].any()


def test_lost_messages_cost_some_matches_and_no_more() -> None:
    day = recorded_day(2)
    kept = np.random.default_rng(2).random(len(day)) > 0.01
    assert 0.5 < qtg.replay_l3(day.filter(pl.Series(kept))).match_rate < 1.0


def test_an_empty_recording_has_no_trades() -> None:
    replay = qtg.replay_l3(tape())
    assert (len(replay.trades), replay.messages) == (0, 0)


GOOD = tape((1, "A", "A", 400, 3, 71), (2, "C", "A", 400, 3, 71))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (GOOD.drop("price"), "no column 'price'"),
        (GOOD.with_columns(pl.col("price") / 10_000), "'price' must hold integers.*at 1e-4"),
        (GOOD.with_columns(size=pl.lit("3")), "'size' must hold integers, not String"),
        (GOOD.with_columns(action=pl.lit(1)), "'action' must hold letters"),
        (GOOD.with_columns(action=pl.lit("X")), "row 0 .* action 'X'; known are A, C, M"),
        (GOOD.with_columns(side=pl.lit("S")), "row 0 .* side 'S'"),
        (GOOD.with_columns(side=pl.lit("N")), "row 0 .* has no side"),
        (GOOD.with_columns(price=pl.lit(-5)), "row 0 .* price outside"),
        (GOOD.with_columns(size=pl.lit(-5)), "row 0 .* size outside"),
        (GOOD.with_columns(size=pl.lit(None, pl.Int64)), "row 0 .* has no size"),
        (GOOD.with_columns(snapshot=pl.lit(1)), "'snapshot' must be boolean"),
        (GOOD.with_columns(order_id=pl.lit(2**64 - 1, pl.UInt64)), "number above"),
        (42, "must be a polars, pandas or arrow frame"),
    ],
)
def test_bad_recordings_are_one_clear_error(frame: Any, message: str) -> None:
    with pytest.raises(OrderError, match=message) as error:
        qtg.replay_l3(frame)
    assert "\n" not in str(error.value)


def test_a_tick_size_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"price of 100\.0, off the tick_size 0\.3"):
        qtg.replay_l3(GOOD, tick_size="0.3")
    with pytest.raises(ConfigError, match="tick_size must be positive"):
        qtg.replay_l3(GOOD, tick_size=0)
    assert qtg.replay_l3(GOOD, tick_size="0.01").tick_size == 100


def test_files_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    for name in ("absent.parquet", "broken.parquet"):
        with pytest.raises(StorageError, match=f"{name} cannot be read") as error:
            qtg.replay_l3(tmp_path / name)
        assert "\n" not in str(error.value)


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    qtg.replay_l3(GOOD, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "replay" in err


def test_recorded_orders_and_the_venue_hold_the_same_book(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve, checked = Mirror.resolve, []

    def check(mirror: Mirror, *args: Any) -> None:
        resolve(mirror, *args)
        mirror.flush()
        mirrored = {(o.our_id, o.side, o.price, o.qty) for o in mirror.orders.values() if o.qty > 0}
        book = mirror.venue.book().orders().select("order_id", "side", "price", "qty")
        assert set(book.rows()) == mirrored
        for (side, price), queue in mirror.levels.items():
            level = book.filter(pl.col("side") == side, pl.col("price") == price)
            assert level["order_id"].to_list() == [o.our_id for o in queue.values()]
        checked.append(len(mirrored))

    monkeypatch.setattr(Mirror, "resolve", check)
    qtg.replay_l3(recorded_day(8, 150))
    qtg.replay_l3(tape(*ICEBERG))
    qtg.replay_l3(tape(*CANCELLED_AHEAD), look_ahead=False)
    assert len(checked) > 20


@pytest.mark.shared
def test_the_real_sample_comes_out_as_recorded(shared_folder: Path) -> None:
    replay = qtg.replay_l3(shared_folder / "real" / "es_l3_sample.parquet")
    summary = replay.summary()
    assert (summary["auction_price"], summary["auction_volume"]) == (48_002_500, 44)
    assert summary["auctions_matched"] == summary["auctions"] == 1
    assert summary["continuous"] == 536
    assert summary["match_rate"] >= 0.99
    assert summary["match_rate_first_in_first_out"] >= 0.97
    assert replay.trades["recorded"][0][0]["order_id"] > FIRST_ID
