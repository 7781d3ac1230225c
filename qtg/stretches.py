"""Matching on several threads: each takes a stretch of markets and its own event rows.

Kernels let go of Python's lock, so ordinary threads do.

Stretches follow each other in market order, so closing the gaps between their event rows gives
exactly the rows that one thread writes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from qtg.kernels.matching import Progress, Rules, match_rows
from qtg.schemas import Events, Orders, Status, grown

if TYPE_CHECKING:
    from .venue import Venue

_POOL = ThreadPoolExecutor(thread_name_prefix="qtg-match")
Batch = tuple[Orders | np.recarray, np.ndarray, np.ndarray]  # orders, index, ids


def match_in_stretches(
    venue: Venue, batch: Batch, starts: np.ndarray, rules: Rules, k: int
) -> tuple[Events, int]:
    """Match a batch grouped by market; events go in from row `k`.

    `starts` (int64, markets + 2) says where each market's rows begin in the index. Returns the
    event columns and the next free row.
    """
    orders, index, ids = batch
    events = venue.events
    bounds = _cut(starts, venue.threads)
    n = len(bounds) - 1
    share = max((len(events.qty) - k) // n, 1)
    progress = Progress(*(np.zeros(n, np.int64) for _ in Progress._fields))
    progress.row[:], progress.end_row[:] = bounds[:-1], bounds[1:]
    first = k + share * np.arange(n)
    progress.event[:], progress.end_event[:] = first, first + share
    while True:
        books = venue.book_columns
        work = [
            _POOL.submit(match_rows, books, orders, index, ids, progress, c, rules, events)
            for c in range(n)
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
