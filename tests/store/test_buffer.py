"""The buffers that the tick writes to."""

from typing import Any

import numpy as np
import pytest

from qtg.errors import InvariantError, StorageError
from qtg.schemas import Candles, Metrics, Orders, Trades
from qtg.store import TableBuffer
from qtg.store.buffer import Chunk

from .tables import counted_trades


class Collector:
    """An owner that keeps copies of what it takes."""

    def __init__(self) -> None:
        self.due = float("inf")
        self.taken: list[Any] = []
        self.chunks: list[Chunk] = []
        self.error: BaseException | None = None
        self.buffers: list[Any] = []

    def check(self) -> None:
        if isinstance(self.error, StorageError):
            raise self.error

    def take(self, chunk: Chunk) -> None:
        if self.error is not None:
            raise self.error
        self.chunks.append(chunk)
        if chunk.rows:
            self.taken.append([column.copy() for column in chunk.filled])
            chunk.home.give_back(chunk.columns)

    def commit_due(self) -> None:
        for buffer in self.buffers:
            buffer.push_when_idle()

    def ids(self) -> list[int]:
        return [int(i) for columns in self.taken for i in columns[2]]


def make(row_group: int = 100) -> tuple[Collector, TableBuffer[Trades]]:
    owner = Collector()
    return owner, TableBuffer(Trades, row_group, owner)


def write(buffer: TableBuffer[Trades], first: int, n: int, reserve: int | None = None) -> None:
    columns, at = buffer.reserve(n if reserve is None else reserve)
    for ours, theirs in zip(columns, counted_trades(first, n), strict=True):
        ours[at : at + n] = theirs
    buffer.commit(n)


def test_rows_are_handed_over_once_a_row_group_is_full() -> None:
    owner, buffer = make(row_group=100)
    for tick in range(11):
        write(buffer, tick * 30, 30)
    assert [chunk.rows for chunk in owner.chunks] == [120, 120]
    assert buffer.rows == 90
    buffer.push()
    assert owner.ids() == list(range(330))


def test_growing_keeps_the_rows() -> None:
    owner, buffer = make(row_group=100_000)
    for first in range(0, 50_000, 500):
        write(buffer, first, 500)
    assert not owner.chunks
    buffer.push()
    assert owner.ids() == list(range(50_000))


def test_reserving_more_than_a_row_group_works() -> None:
    owner, buffer = make(row_group=10)
    write(buffer, 0, 5)
    write(buffer, 5, 1_000)
    write(buffer, 1_005, 3_000)
    buffer.push()
    assert owner.ids() == list(range(4_005))


def test_generous_reservations_do_not_make_small_row_groups() -> None:
    owner, buffer = make(row_group=1_000)
    for tick in range(500):
        write(buffer, tick * 10, 10, reserve=5_000)
    assert [chunk.rows for chunk in owner.chunks] == [1_000] * 5


def test_a_commit_beyond_the_reservation_is_refused() -> None:
    _, buffer = make()
    buffer.reserve(3)
    with pytest.raises(InvariantError, match="Trades: 4 rows committed, 3 reserved"):
        buffer.commit(4)
    buffer.commit(3)
    with pytest.raises(InvariantError, match="1 rows committed, 0 reserved"):
        buffer.commit(1)


def test_columns_are_used_again() -> None:
    owner, buffer = make(row_group=100)
    for tick in range(100):
        write(buffer, tick * 100, 100)
    assert len({id(chunk.columns.price) for chunk in owner.chunks}) <= 2


def test_one_row_at_a_time_fills_a_table_of_many_columns() -> None:
    owner = Collector()
    buffer = TableBuffer(Metrics, 10_000, owner)
    for tick in range(5_000):
        columns, at = buffer.reserve(1)
        for column in columns:
            column[at] = tick % 100
        buffer.commit(1)
    buffer.push()
    for column in owner.taken[0]:
        assert np.array_equal(column, np.arange(5_000) % 100)


def test_a_due_commit_takes_all_tables_but_never_cuts_a_reservation() -> None:
    owner = Collector()
    trades, candles = TableBuffer(Trades, 100, owner), TableBuffer(Candles, 100, owner)
    owner.buffers = [trades, candles]
    write(trades, 0, 10)
    columns, at = candles.reserve(1)
    owner.due = 0.0
    write(trades, 10, 5)  # due now, while a candle is being written
    owner.due = float("inf")
    for column in columns:
        column[at] = 42
    candles.commit(1)
    assert owner.ids()[:15] == list(range(15))
    assert [int(column[0]) for column in owner.taken[-1]] == [42] * len(columns)
    assert all(chunk.commit for chunk in owner.chunks)


def test_an_interrupt_while_the_sink_waits_loses_no_rows() -> None:
    owner, buffer = make(row_group=10)
    owner.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        write(buffer, 0, 12)
    owner.error = None
    buffer.push()
    assert owner.ids() == list(range(12))


def test_an_earlier_failure_of_the_sink_shows_at_the_next_reservation() -> None:
    owner, buffer = make()
    owner.error = StorageError("no space left")
    with pytest.raises(StorageError, match="no space left"):
        buffer.reserve(1)


def test_extend_copies_whole_columns() -> None:
    owner, buffer = make()
    rows = counted_trades(0, 30)
    buffer.extend(rows)
    rows.trade_id[:] = -1
    buffer.push()
    assert owner.ids() == list(range(30))


def test_a_buffer_can_hold_any_declared_table() -> None:
    buffer = TableBuffer(Orders, 10, Collector())
    columns, at = buffer.reserve(1)
    assert at == 0
    assert columns.agent[0] == -1  # untouched rows are at the declared default
