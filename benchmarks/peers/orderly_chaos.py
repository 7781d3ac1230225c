"""orderly-chaos: an order book in C++ with a C interface and a Python class over it (MIT).

It has no batch interface. `Calls` is the documented Python class. `Loop` is as fast as the engine
can be driven from Python: its C functions called from one compiled loop, without a trade handler,
so the trades are not even recorded while the time is taken.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from .engine import LIMIT, MARKET, Answer, Columns, Engine, rows, tally

MANY_LEVELS = 1_000_000


class Calls(Engine):
    """One call of the Python class a message, no trade handler."""

    batching = "a call each"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self.rows = rows(columns)
        self.book: Any = None

    def fresh(self) -> Callable[[], object]:
        from orderly_chaos import LimitOrderBook

        self.book = LimitOrderBook()
        return self._work

    def _work(self) -> None:
        limit, market, cancel = self.book.limit, self.book.market, self.book.cancel
        for kind, buy, price, qty, order_id in self.rows:
            if kind == LIMIT:
                limit(buy, order_id, qty, price)
            elif kind == MARKET:
                market(buy, order_id, qty)
            else:
                cancel(order_id)

    def answer(self) -> Answer:
        work = self.fresh()
        trades: list[tuple[int, int]] = []
        self.book.on_trade = lambda trade: trades.append((trade.price, trade.quantity))
        work()
        levels = sum(len(self.book.depth(side, MANY_LEVELS)) for side in ("buy", "sell"))
        return tally(trades) | {"live": self.book.count(), "levels": levels}


class Loop(Calls):
    """The C functions from a numba loop; filled quantities go to one scratch number."""

    batching = "our compiled loop"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        dtypes = (np.int8, np.int32, np.uint64, np.uint32, np.uint64)
        names = ("kind", "buy", "price", "qty", "order_id")
        pairs = zip(names, dtypes, strict=True)
        self.columns = [np.ascontiguousarray(columns[name], dtype) for name, dtype in pairs]
        self.filled = np.zeros(1, np.uint32)
        self.loop = _compiled_loop()
        self.once()

    def fresh(self) -> Callable[[], object]:
        super().fresh()
        return lambda: self.loop(self.book._handle, self.filled.ctypes.data, *self.columns)


def _compiled_loop() -> Any:
    """Numba calls C functions by their plain address; the package declares typed pointers."""
    import numba
    from orderly_chaos._library import library

    lib = library()
    handle, number = ctypes.c_void_p, ctypes.c_uint64
    i32, u32 = ctypes.c_int32, ctypes.c_uint32
    limit = _plain(lib.oc_book_limit, i32, handle, i32, number, u32, number, handle)
    market = _plain(lib.oc_book_market, i32, handle, i32, number, u32, handle)
    cancel = _plain(lib.oc_book_cancel, i32, handle, number)

    def loop(book, filled, kind, buy, price, qty, order_id):  # type: ignore[no-untyped-def]
        for i in range(len(kind)):
            if kind[i] == LIMIT:
                limit(book, buy[i], order_id[i], qty[i], price[i], filled)
            elif kind[i] == MARKET:
                market(book, buy[i], order_id[i], qty[i], filled)
            else:
                cancel(book, order_id[i])

    return numba.njit(loop)


def _plain(function: Any, *signature: Any) -> Any:
    return ctypes.CFUNCTYPE(*signature)(ctypes.cast(function, ctypes.c_void_p).value)


ENGINES = {"orderly-chaos": Calls, "orderly-chaos-loop": Loop}
