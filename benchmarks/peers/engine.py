"""What every engine offers to the comparison. Needs nothing but NumPy."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

LIMIT, CANCEL, MARKET = 0, 1, 2
COLUMNS = ("kind", "buy", "price", "qty", "order_id")  # as in qtg.bench.workloads.Messages

Columns = dict[str, np.ndarray]
Answer = dict[str, int]  # trades, volume, notional, live, levels; absent if it cannot tell


class Engine(ABC):
    """One way of driving one engine through a workload.

    The constructor brings the columns into the form that the engine takes, untimed.
    """

    batching: ClassVar[str]  # how messages get in, for the table
    messages: ClassVar[int | None] = None  # longest workload it can be asked to do; None: any

    def __init__(self, columns: Columns) -> None:
        self.n = len(columns["kind"])

    @abstractmethod
    def fresh(self) -> Callable[[], object]:
        """An empty book, and what is to be timed: all messages, from first to last."""

    @abstractmethod
    def answer(self) -> Answer:
        """What the engine makes of the workload; may run it once more, with listeners."""

    def once(self) -> float:
        """Seconds for the whole workload on an empty book."""
        work = self.fresh()
        start = perf_counter()
        work()
        return perf_counter() - start


def run(engine: Engine, repeats: int = 1) -> tuple[list[float], Answer]:
    """Seconds of each repetition, and the answer."""
    return [engine.once() for _ in range(repeats)], engine.answer()


def rows(columns: Columns) -> list[tuple[Any, ...]]:
    """Messages as tuples of Python numbers, `buy` as bool, for engines that take one at a time."""
    lists = [columns[name].tolist() for name in COLUMNS]
    lists[1] = [bool(buy) for buy in lists[1]]
    return list(zip(*lists, strict=True))


def tally(trades: list[tuple[int, int]]) -> Answer:
    """Trades, volume and notional of (price, qty) pairs."""
    return {
        "trades": len(trades),
        "volume": sum(qty for _, qty in trades),
        "notional": sum(int(price) * qty for price, qty in trades),
    }
