"""The books of a venue as a state: of the long tables the rows in use, and not what follows from
others (docs/adr/0014-snapshots.md)."""

from typing import Any

import numpy as np

from qtg.kernels.timers import CHUNK
from qtg.schemas import NO_ROW, Account, Book

from .errors import SnapshotError
from .stateful import State, checked, found, whole

_WHOLE = ("levels", "ladders", "occupied", "markets", "timers")
_ROWS = ("next", "prev", "parent")  # of resting orders: rows of others
_ROOM = 4  # times what is in use: a table doubles only when it is full


def book_state(book: Book) -> State:
    """The state of all books; the arrays are not copies."""
    markets = book.markets
    used, free, chunks = (int(markets[n].max()) for n in ("fresh", "free", "fresh_chunk"))
    placed = np.flatnonzero(book.overflow.order_id)
    return {
        **{name: getattr(book, name).view(np.ndarray) for name in _WHOLE},
        "slots": book.orders.shape[1],
        "words": book.chunks.shape[1],
        "orders": book.orders[:, :used].view(np.ndarray),
        "free": book.free[:, :free],
        "chunks": book.chunks[:, : CHUNK * chunks],
        "overflow_place": placed,
        "overflow": book.overflow.ravel()[placed].view(np.ndarray),
    }


def slots_of(state: Any, book: Book) -> int:
    """Order slots of each market: a power of two, and no more than the orders call for."""
    least = book.orders.shape[1]
    slots = whole(state, "slots", 1, max(least, _ROOM * _length(state, "orders")))
    if slots & (slots - 1):
        raise SnapshotError(f"slots is {slots} in the snapshot, not a power of two")
    return slots


def restored_book(book: Book, state: Any) -> Book:
    """The books of a state, in the columns of empty ones.

    Raises
    ------
    SnapshotError    a table has another shape, or a row names a row that does not exist
    """
    for name in _WHOLE:
        table = getattr(book, name)
        table[...] = checked(found(state, name), table.dtype, table.shape, f"Venue.{name}")
    n, slots = book.orders.shape
    orders = _long(state, "orders", book.orders)
    words = whole(state, "words", 1, max(book.chunks.shape[1], _ROOM * _length(state, "chunks")))
    if words != book.chunks.shape[1]:
        book = book._replace(chunks=np.full((n, words), NO_ROW, np.int32))
    _long(state, "free", book.free)
    _long(state, "chunks", book.chunks)
    _check_rows(book, orders.shape[1])
    place = found(state, "overflow_place")
    place = checked(place, np.dtype(np.int64), (-1,), "Venue.overflow_place")
    _within(place, 0, book.overflow.size, "overflow_place")
    entries = checked(found(state, "overflow"), book.overflow.dtype, place.shape, "Venue.overflow")
    _within(entries["slot"], 0, slots, "overflow")
    book.overflow.ravel()[place] = entries
    _list_ids(book, orders)
    book.behind[:, : orders.shape[1]] = np.maximum(orders["next"], 0)
    return book


def _list_ids(book: Book, orders: np.ndarray) -> None:
    """Put the resting orders of agents, but those in overflow, into the directory."""
    listed = (orders["order_id"] != 0) & (orders["agent"] != Account.POOL)
    market, slot = np.nonzero(listed & (orders["displaced"] == 0))
    ids = orders["order_id"][market, slot]
    place = ids & (book.directory.shape[1] - 1)
    book.directory.order_id[market, place] = ids
    book.directory.slot[market, place] = slot


def _length(state: Any, name: str) -> int:
    table = found(state, name)
    return int(table.shape[-1]) if isinstance(table, np.ndarray) and table.ndim else 0


def _long(state: Any, name: str, table: np.ndarray) -> np.ndarray:
    """Write the rows in use into a table; returns them."""
    used = checked(found(state, name), table.dtype, (len(table), -1), f"Venue.{name}")
    if used.shape[1] > table.shape[1]:
        raise SnapshotError(f"Venue.{name} has more rows in use than there are in the snapshot")
    table[:, : used.shape[1]] = used
    return used


def _check_rows(book: Book, used: int) -> None:
    """Refuse rows that do not exist, which kernels would read without asking."""
    chunks, markets = book.chunks.shape[1] // CHUNK, book.markets
    _within(markets.fresh, 0, used + 1, "markets.fresh")
    _within(markets.free, 0, book.free.shape[1] + 1, "markets.free")
    _within(markets.fresh_chunk, 0, chunks + 1, "markets.fresh_chunk")
    _within(markets.free_chunk, NO_ROW, chunks, "markets.free_chunk")
    for name in _ROWS:
        _within(book.orders[name][:, :used], NO_ROW, used, f"orders.{name}")
    _within(book.orders["timer"][:, :used], 0, book.chunks.shape[1], "orders.timer")
    _within(book.orders["ladder"][:, :used], 0, 4, "orders.ladder")
    _within(book.free, 0, max(used, 1), "free")
    for name in ("head", "tail"):
        _within(book.levels[name], NO_ROW, used, f"levels.{name}")
        _within(book.timers[name], NO_ROW, chunks, f"timers.{name}")
    for name in ("parked", "first_at_market", "last_at_market"):
        _within(book.ladders[name], NO_ROW, used, f"ladders.{name}")
    _within(book.chunks, NO_ROW, max(used, chunks), "chunks")


def _within(values: np.ndarray, low: int, end: int, name: str) -> None:
    if values.size and (values.min() < low or values.max() >= end):
        raise SnapshotError(f"Venue.{name} names rows in the snapshot that do not exist")
