"""bourse: an order book in Rust with Python bindings (MIT).

Its only batch interface is `StepEnvNumpy.submit_instructions` followed by `step`, which works a
batch in a random order. The orders of all steps depend on the seed and the batches' lengths alone,
so they are learnt once from orders that cannot trade, and each batch is handed in rearranged such
that the random order is the workload's order. That costs bourse nothing and makes its answer
comparable. It is fastest in batches of about a thousand (one batch of 200,000 takes twice as long,
because the random order then misses the cache), so that is what it gets.

The other engine calls `OrderBook` once a message, which needs the clock set each time because
bourse keeps only one order per price and time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .engine import CANCEL, LIMIT, MARKET, Answer, Columns, Engine, rows, tally

SEED = 1
BATCH = 1_000
HIGHEST = 2**32 - 1  # a buy at this price and a sell at 0 are market orders
NEW_ORDER, CANCEL_ORDER = 1, 2  # instruction codes
ACTIVE = 1


class Batch(Engine):
    """NumPy columns in, `BATCH` messages a step; trades stay inside bourse."""

    batching = f"batches of {BATCH:,}"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        time = _step_order(self.n)
        self.batches = _batches(_instructions({name: c[time] for name, c in columns.items()}))
        self.env: Any = None

    def fresh(self) -> Callable[[], object]:
        self.env = _new_env()
        return self._work

    def _work(self) -> None:
        submit, step = self.env.submit_instructions, self.env.step
        for batch in self.batches:
            submit(batch)
            step()

    def answer(self) -> Answer:
        self.once()
        return _answer(self.env)


class Calls(Engine):
    """One call of `place_order` or `cancel_order` a message, and one of `set_time`."""

    batching = "a call each"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self.rows = rows(columns)
        self.book: Any = None

    def fresh(self) -> Callable[[], object]:
        from bourse.core import OrderBook

        self.book = OrderBook(0, 1)
        return self._work

    def _work(self) -> None:
        place, cancel, set_time = (
            self.book.place_order,
            self.book.cancel_order,
            self.book.set_time,
        )
        for time, (kind, buy, price, qty, order_id) in enumerate(self.rows):
            set_time(time)
            if kind == LIMIT:
                place(buy, qty, 0, price)
            elif kind == MARKET:
                place(buy, qty, 0)
            else:
                cancel(order_id - 1)

    def answer(self) -> Answer:
        self.once()
        return _answer(self.book)


def _new_env() -> Any:
    from bourse.core import StepEnvNumpy

    return StepEnvNumpy(SEED, 0, 1, BATCH)


def _step_order(n: int) -> np.ndarray:
    """Which of `n` messages each place must hold, so that the steps work them 0, 1, 2, ..."""
    env = _new_env()
    ones = np.ones(n, np.uint32)
    for batch in _batches((ones, ones > 0, ones, ones, ones, np.zeros(n, np.uint64))):
        env.submit_instructions(batch)
        env.step()
    arrival = np.array([order[2] for order in env.get_orders()])
    return np.argsort(np.argsort(arrival))


def _batches(columns: tuple[np.ndarray, ...]) -> list[tuple[np.ndarray, ...]]:
    starts = range(0, len(columns[0]), BATCH)
    return [tuple(column[start : start + BATCH] for column in columns) for start in starts]


def _instructions(columns: Columns) -> tuple[np.ndarray, ...]:
    """Instruction arrays. bourse numbers new orders 0, 1, 2, ... as they are handed in."""
    kind, buy = columns["kind"], columns["buy"] == 1
    new = kind != CANCEL
    theirs = np.zeros(int(columns["order_id"].max()) + 1, np.uint64)
    theirs[columns["order_id"][new]] = np.arange(new.sum())
    price = np.where(kind == MARKET, np.where(buy, HIGHEST, 0), columns["price"])
    return (
        np.where(new, NEW_ORDER, CANCEL_ORDER).astype(np.uint32),
        buy,
        columns["qty"].astype(np.uint32),
        np.zeros(len(kind), np.uint32),  # trader
        price.astype(np.uint32),
        theirs[columns["order_id"]],
    )


def _answer(source: Any) -> Answer:
    """From records (.., price, qty, ..) of trades and (side, status, .., price, ..) of orders."""
    resting = [(order[0], order[6]) for order in source.get_orders() if order[1] == ACTIVE]
    answer = tally([(trade[2], trade[3]) for trade in source.get_trades()])
    return answer | {"live": len(resting), "levels": len(set(resting))}


ENGINES = {"bourse": Batch, "bourse-calls": Calls}
