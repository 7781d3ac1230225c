"""The order workloads W1, W2 and W3, made here or read from Parquet, with their right answers."""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtg.errors import ConfigError

from .slow_book import Answer, SlowBook

LIMIT, CANCEL, MARKET = 0, 1, 2
MID = 10_000  # ticks
MEAN_DISTANCE = 5  # ticks between the middle and a passive limit
MAX_QTY = 100

NAMES = ("W1", "W2", "W3")
WHAT = {
    "W1": "60% limit, 30% cancel, 10% market around a walking middle",
    "W2": "limits that never cross",
    "W3": "resting limits, then as many market orders",
}
SEEDS = {"W1": 1, "W2": 2, "W3": 3}

# What is known of the recorded files; fields that were not published are None.
PUBLISHED = {
    "W1": Answer(78_515, 2_006_400, 20_041_236_836, 965, 50),
    "W2": Answer(trades=0, volume=0, notional=0, live=200_000),
    "W3": Answer(197_708, 5_030_911, 50_309_618_042, 250),
}


class Messages(NamedTuple):
    """One row a message, shape (message,).

    `order_id` counts limits and markets 1, 2, 3, ... in message order; a cancel names a live one.
    """

    kind: NDArray[Any]  # 0 limit, 1 cancel, 2 market
    buy: NDArray[Any]  # 1 buy, 0 sell
    price: NDArray[Any]  # [ticks]; 0 unless a limit
    qty: NDArray[Any]
    order_id: NDArray[Any]


class Workload(NamedTuple):
    """Messages and what a right book makes of them."""

    name: str
    source: str  # "generated" or "recorded"
    messages: Messages
    answer: Answer


def load(name: str) -> Workload:
    """A workload from `workload_folder()` if there is one, else made here.

    Raises
    ------
    ConfigError    unknown name, or a file that is not the published workload
    """
    folder = workload_folder()
    return generate(name) if folder is None else read(name, folder)


def workload_folder() -> Path | None:
    """`QTG_WORKLOADS`, or the recorded workloads beside the repository, or None."""
    named = os.environ.get("QTG_WORKLOADS")
    if named:
        return Path(named)
    beside = Path(__file__).resolve().parents[3] / "shared" / "bench"
    return beside if beside.is_dir() else None


def read(name: str, folder: Path) -> Workload:
    """A recorded workload, its answer worked out by `SlowBook` and held against `PUBLISHED`."""
    import pyarrow.parquet as pq

    path = folder / f"{_known(name)}.parquet"
    if not path.is_file():
        raise ConfigError(f"there is no workload {path}; unset QTG_WORKLOADS to generate it")
    table = pq.read_table(path, columns=list(Messages._fields))
    messages = Messages(*(table[column].to_numpy() for column in Messages._fields))
    answer = replay(messages)
    wrong = answer.differences(PUBLISHED[name])
    if wrong:
        raise ConfigError(
            f"{path} is not the published workload {name}: its {wrong[0]} should be "
            f"{getattr(PUBLISHED[name], wrong[0])}, not {getattr(answer, wrong[0])}"
        )
    return Workload(name, "recorded", messages, answer)


@lru_cache(maxsize=8)
def generate(name: str, n: int = 200_000, seed: int | None = None) -> Workload:
    """Make a workload of `n` messages; the same seed gives the same messages.

    Examples
    --------
    >>> generate("W3", 1_000).answer == replay(generate("W3", 1_000).messages)
    True
    """
    make = {"W1": _mixed, "W2": _passive, "W3": _filled}[_known(name)]
    book = SlowBook()
    messages = make(n, np.random.default_rng(SEEDS[name] if seed is None else seed), book)
    return Workload(name, "generated", messages, book.answer())


def replay(messages: Messages) -> Answer:
    """What `SlowBook` makes of the messages."""
    book = SlowBook()
    for kind, *row in zip(*(column.tolist() for column in messages), strict=True):
        _apply(book, kind, *row)
    return book.answer()


def _apply(book: SlowBook, kind: int, buy: int, price: int, qty: int, order_id: int) -> None:
    if kind == LIMIT:
        book.limit(order_id, buy, price, qty)
    elif kind == CANCEL:
        book.cancel(order_id)
    else:
        book.market(order_id, buy, qty)


def _mixed(n: int, rng: np.random.Generator, book: SlowBook) -> Messages:
    """W1. Cancels must hit live orders, so the book is kept while the messages are made."""
    walk = np.repeat(rng.choice((-1, 1), n // 100 + 1), 100)[:n]
    walk[np.arange(n) % 100 != 0] = 0
    mid = MID + np.cumsum(walk)
    buy = rng.integers(0, 2, n)
    through = rng.random(n) < 0.15
    distance = np.where(through, -rng.integers(1, 4, n), rng.geometric(1 / MEAN_DISTANCE, n))
    price = mid + np.where(buy == 1, -distance, distance)
    kind = rng.choice((LIMIT, CANCEL, MARKET), n, p=(0.6, 0.3, 0.1))
    drawn = (kind, buy, price, rng.integers(1, MAX_QTY + 1, n))
    pick = _LivePicker(book, rng)
    rows = []
    next_id = 1
    for drawn_kind, *terms in zip(*(column.tolist() for column in drawn), strict=True):
        if drawn_kind == CANCEL and book.home:
            row = (CANCEL, 0, 0, 0, pick())
        elif drawn_kind == MARKET:
            row = (MARKET, terms[0], 0, terms[2], next_id)
        else:  # also a cancel that finds no live order
            row = (LIMIT, *terms, next_id)
            pick.ids.append(next_id)
        next_id += row[0] != CANCEL
        _apply(book, *row)
        rows.append(row)
    return _messages(*zip(*rows, strict=True))


def _passive(n: int, rng: np.random.Generator, book: SlowBook) -> Messages:
    """W2: every buy below the middle, every sell above."""
    return _worked(book, _resting(n, rng))


def _filled(n: int, rng: np.random.Generator, book: SlowBook) -> Messages:
    """W3: half resting limits, half market orders."""
    half = n // 2
    limits = _resting(half, rng)
    zeros = np.zeros(n - half, np.int64)
    markets = _messages(
        zeros + MARKET,
        rng.integers(0, 2, n - half),
        zeros,
        rng.integers(1, MAX_QTY + 1, n - half),
        np.arange(half + 1, n + 1),
    )
    return _worked(book, Messages(*(np.concatenate(pair) for pair in zip(limits, markets))))


def _resting(n: int, rng: np.random.Generator) -> Messages:
    buy = rng.integers(0, 2, n)
    distance = rng.geometric(1 / MEAN_DISTANCE, n)
    price = MID + np.where(buy == 1, -distance, distance)
    qty = rng.integers(1, MAX_QTY + 1, n)
    return _messages(np.full(n, LIMIT), buy, price, qty, np.arange(1, n + 1))


def _worked(book: SlowBook, messages: Messages) -> Messages:
    for row in zip(*(column.tolist() for column in messages), strict=True):
        _apply(book, *row)
    return messages


class _LivePicker:
    """Picks a live order at random; ids that have died are dropped when they are drawn."""

    def __init__(self, book: SlowBook, rng: np.random.Generator) -> None:
        self.ids: list[int] = []
        self.home = book.home
        self.random: Callable[[], float] = rng.random

    def __call__(self) -> int:
        while True:
            place = int(self.random() * len(self.ids))
            order_id = self.ids[place]
            if order_id in self.home:
                return order_id
            self.ids[place] = self.ids[-1]
            self.ids.pop()


def _messages(*columns: Sequence[int] | NDArray[Any]) -> Messages:
    dtypes = (np.int8, np.int8, np.int32, np.int32, np.int32)
    return Messages(*(np.asarray(c, d) for c, d in zip(columns, dtypes, strict=True)))


def _known(name: str) -> str:
    if name not in NAMES:
        raise ConfigError(f"there is no workload {name!r}; there are {', '.join(NAMES)}")
    return name
