"""Matching on several threads: each takes a stretch of markets and its own event rows.

Kernels let go of Python's lock, so ordinary threads do. Markets in a call (their orders gather) and
markets that trade take different kernels, so a batch is also cut where they meet.

Stretches follow each other in market order, so closing the gaps between their event rows gives
exactly the rows that one thread writes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.kernels.auction import gather_rows
from qtg.kernels.matching import Progress, match_rows
from qtg.schemas import Events, Orders, Status, grown

if TYPE_CHECKING:
    from .venue import Venue

_POOL = ThreadPoolExecutor(thread_name_prefix="qtg-match")
Batch = tuple[Orders | np.recarray, np.ndarray, np.ndarray]  # orders, index, ids


class Part(NamedTuple):
    """Rows of the index whose markets are all in a call, or all not (`Rules.calling`)."""

    row: int
    end_row: int
    calling: int

    @property
    def work(self) -> Callable[..., None]:
        """The kernel that works these rows."""
        kernel: Callable[..., None] = gather_rows if self.calling else match_rows
        return kernel


def match_in_stretches(
    venue: Venue, batch: Batch, starts: np.ndarray, parts: list[Part], k: int
) -> tuple[Events, int]:
    """Match a batch grouped by market; events go in from row `k`.

    `starts` (int64, markets + 2) says where each market's rows begin in the index. Returns the
    event columns and the next free row.
    """
    orders, index, ids = batch
    events = venue.events
    firsts = [part.row for part in parts]
    bounds = np.sort(np.concatenate([_cut(starts, venue.threads), firsts[1:]]).astype(np.int64))
    n = len(bounds) - 1
    owner = [parts[p - 1] for p in np.searchsorted(firsts, bounds[:-1], side="right")]
    rules = [venue.rules(part.calling) for part in owner]
    share = max((len(events.qty) - k) // n, 1)
    progress = Progress(*(np.zeros(n, np.int64) for _ in Progress._fields))
    progress.row[:], progress.end_row[:] = bounds[:-1], bounds[1:]
    first = k + share * np.arange(n)
    progress.event[:], progress.end_event[:] = first, first + share
    while True:
        books = venue.book_columns
        work = [
            _POOL.submit(part.work, books, orders, index, ids, progress, c, rules[c], events)
            for c, part in enumerate(owner)
        ]
        for each in work:
            each.result()
        if (progress.status == Status.GROW_ORDERS).any():
            venue.grow_orders()
        if (progress.status == Status.GROW_TIMERS).any():
            venue.grow_timers()
        if (progress.status == Status.GROW_EVENTS).any():
            share = 2 * share + int(venue.resting.max()) + 64
            events = _spread(events, progress, first, k + share * np.arange(n), share)
            first = k + share * np.arange(n)
        if (progress.status == Status.OK).all():
            return events, _close_gaps(events, progress, first, k)


def _cut(starts: np.ndarray, threads: int) -> np.ndarray:
    """Bounds of about equally long stretches of the index, cut between markets."""
    ideal = np.linspace(0, starts[-1], threads + 1)
    return starts[np.searchsorted(starts, ideal, side="left")]


def _spread(
    events: Events, progress: Progress, old: np.ndarray, new: np.ndarray, share: int
) -> Events:
    """Columns with more room for every stretch, what is written moved along."""
    longer = grown(events, int(new[-1]) + share)
    for c in range(len(old) - 1, -1, -1):
        n = progress.event[c] - old[c]
        for column in longer:
            column[new[c] : new[c] + n] = column[old[c] : old[c] + n].copy()
        progress.event[c] = new[c] + n
    progress.end_event[:] = new + share
    return longer


def _close_gaps(events: Events, progress: Progress, first: np.ndarray, k: int) -> int:
    """Move all stretches together, from row `k` on; returns the next free row."""
    for c, start in enumerate(first):
        n = int(progress.event[c] - start)
        if k != start:
            for column in events:
                column[k : k + n] = column[start : start + n].copy()
        k += n
    return k
