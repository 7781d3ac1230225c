"""One market's part of the book, as views."""

from qtg.schemas import (
    LADDERS,
    Book,
    Directory,
    Ladders,
    Levels,
    Markets,
    RestingOrders,
    Timers,
)

from ._jit import kernel
from .directory import rebuild


@kernel
def market_book(books, m):
    """The book of market `m`: resting orders (slot,), levels (4, W), ladders (4,), directory and
    timers (bucket,), markets (1,)."""
    return Book(
        RestingOrders(
            books.orders.order_id[m],
            books.orders.key[m],
            books.orders.qty[m],
            books.orders.priority[m],
            books.orders.expire_tick[m],
            books.orders.agent[m],
            books.orders.next[m],
            books.orders.prev[m],
            books.orders.parent[m],
            books.orders.timer_next[m],
            books.orders.timer_prev[m],
            books.orders.ladder[m],
            books.orders.parked[m],
        ),
        Levels(
            books.levels.head[m * LADDERS : (m + 1) * LADDERS],
            books.levels.tail[m * LADDERS : (m + 1) * LADDERS],
            books.levels.qty[m * LADDERS : (m + 1) * LADDERS],
        ),
        Ladders(
            books.ladders.best[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.low[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.parked[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.orders[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.first_at_market[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.last_at_market[m * LADDERS : (m + 1) * LADDERS],
            books.ladders.occupied[m * LADDERS : (m + 1) * LADDERS],
        ),
        Markets(
            books.markets.tick_size[m : m + 1],
            books.markets.lot_size[m : m + 1],
            books.markets.protection_bps[m : m + 1],
            books.markets.free[m : m + 1],
            books.markets.fresh[m : m + 1],
            books.markets.live[m : m + 1],
            books.markets.priority[m : m + 1],
            books.markets.last_price[m : m + 1],
            books.markets.closed[m : m + 1],
            books.markets.ending[m : m + 1],
        ),
        Directory(
            books.directory.order_id[m],
            books.directory.slot[m],
            books.directory.overflow_id[m],
            books.directory.overflow_slot[m],
        ),
        Timers(
            books.timers.head[m],
        ),
    )


@kernel
def rebuild_directories(books):
    """Fill the empty id directories of all markets."""
    for m in range(books.orders.order_id.shape[0]):
        book = market_book(books, m)
        rebuild(book.directory, book.orders)
