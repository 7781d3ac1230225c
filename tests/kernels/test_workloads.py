"""Recorded order workloads with known answers, each as one batch."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from qtg.bench.venue import to_orders
from qtg.bench.workloads import generate
from qtg.kernels.ladder import DEPTH, SMALL
from qtg.schemas import NO_ROW, Events, ExecType, MsgType, OrdType, Reason
from qtg.venue import Venue
from tests.sizes import sized

LIMIT, CANCEL, MARKET = 0, 1, 2

# trades, volume, notional [ticks], orders left, levels left (where it is known)
ANSWERS = {
    "W1": (78_515, 2_006_400, 20_041_236_836, 965, 50),
    "W2": (0, 0, 0, 200_000, None),
    "W3": (197_708, 5_030_911, 50_309_618_042, 250, None),
}


def recorded(path: Path) -> dict[str, np.ndarray]:
    """The columns of `Venue.submit`; ids in the recording count NEW rows, as the venue's do."""
    frame = pl.read_parquet(path)
    kind = frame["kind"].to_numpy()
    return {
        "msg_type": np.where(kind == CANCEL, MsgType.CANCEL, MsgType.NEW).astype(np.int8),
        "ord_type": np.where(kind == MARKET, OrdType.MARKET, OrdType.LIMIT).astype(np.int8),
        "side": np.where(frame["buy"].to_numpy() == 1, 1, -1).astype(np.int8),
        "price": frame["price"].to_numpy().astype(np.int64),
        "qty": frame["qty"].to_numpy().astype(np.int64),
        "order_id": frame["order_id"].to_numpy().astype(np.int64),
    }


def traded(events: Events) -> tuple[int, int, int]:
    rows = events.exec_type == ExecType.TRADE
    price, qty = events.price[rows], events.qty[rows]
    return int(rows.sum()), int(qty.sum()), int((price * qty).sum())


@pytest.mark.shared
@pytest.mark.parametrize("window", [64, 1024])
@pytest.mark.parametrize("name", list(ANSWERS))
def test_a_recorded_workload_gives_the_known_answer(
    shared_folder: Path, name: str, window: int
) -> None:
    trades, volume, notional, orders, levels = ANSWERS[name]
    venue = Venue(window=window)
    events = venue.submit(recorded(shared_folder / "bench" / f"{name}.parquet"))
    assert traded(events) == (trades, volume, notional)
    assert not (events.exec_type == ExecType.REJECTED).any()
    cancelled = events.reason[events.exec_type == ExecType.CANCELED]
    assert set(cancelled.tolist()) <= {Reason.REQUESTED, Reason.NO_LIQUIDITY}
    book = venue.book()
    assert len(book.orders()) == orders
    if levels is not None:
        assert len(book.bids().price) + len(book.asks().price) == levels


def test_a_book_that_fills_up_notes_who_comes_behind() -> None:
    venue = Venue()
    venue.submit(to_orders(generate("W2", sized(20_000, 1_000)).messages))
    book = venue.book_columns
    followed = book.orders.next != NO_ROW
    assert followed.sum() > 0.9 * len(venue.book().orders())
    np.testing.assert_array_equal(book.behind[followed], book.orders.next[followed])


def test_notes_of_who_comes_behind_change_nothing() -> None:
    """Whatever they say, as they do once slots are used again."""
    orders = to_orders(generate("W3", sized(20_000, 1_000)).messages)
    half = len(orders.qty) // 2
    right, wrong = Venue(), Venue()
    for venue in (right, wrong):
        venue.submit(type(orders)(*(column[:half] for column in orders)))
    behind = wrong.book_columns.behind
    behind[...] = np.random.default_rng(1).integers(0, behind.shape[1], behind.shape)
    rest = type(orders)(*(column[half:] for column in orders))
    for ours, theirs in zip(wrong.submit(rest), right.submit(rest), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("eaten", [1, 3, 10])
def test_the_first_order_knows_the_one_that_was_fetched(eaten: int) -> None:
    """It is DEPTH places further back, once the book is too long for the inner caches."""
    venue = Venue(orders=2 * SMALL)
    venue.submit({"side": [1] * 30, "price": [100] * 30, "qty": [5] * 30})
    venue.submit({"ord_type": [OrdType.MARKET], "side": [-1], "qty": [5 * eaten + 1]})
    book = venue.book_columns
    slots = np.flatnonzero(book.orders.order_id[0])
    first = slots[book.orders.order_id[0, slots].argmin()]
    assert book.orders.order_id[0, first] == eaten + 1
    assert book.orders.order_id[0, book.behind[0, first]] == eaten + 1 + DEPTH
