"""One market's part of the book, as views."""

from qtg.schemas import LADDERS, Book

from ._jit import kernel
from .directory import rebuild


@kernel
def market_book(books, m):
    """The book of market `m`: each table's rows of that market."""
    first, end = m * LADDERS, (m + 1) * LADDERS
    return Book(
        books.orders[m],
        books.free[m],
        books.behind[m],
        books.levels[first:end],
        books.ladders[first:end],
        books.occupied[first:end],
        books.markets[m : m + 1],
        books.directory[m],
        books.overflow[m],
        books.timers[m],
        books.chunks[m],
    )


@kernel
def rebuild_directories(books):
    """Fill the empty id directories of all markets."""
    for m in range(books.orders.shape[0]):
        book = market_book(books, m)
        rebuild(book)
