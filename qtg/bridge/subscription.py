"""Events for whoever wants them, in a buffer that has an end."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from qtg.schemas import Events, taken

from ..errors import BridgeError, BridgeFull, BridgeStopped, ConfigError
from .waiting import Tell, wait_until_told


class Overflow(IntEnum):
    """What is given up when a reader is too slow."""

    DROP_OLDEST = 0  # what has waited longest
    DROP_NEWEST = 1  # what has no room
    CLOSE = 2  # the subscription: the reader gets what it has room for and then an error


class EventBatch(NamedTuple):
    """Events of one tick, in order."""

    tick: int
    events: Events
    dropped: int  # events that were lost between the batch before and this one


class Subscription:
    """Events of some agents, or of all, tick by tick; read by one thread or task.

    The simulation never waits for a reader. Iterating ends when the bridge is stopped, and raises
    its error if it died.

    Parameters
    ----------
    agents : ints or None    whose events, as owner or as the other side of a trade; None for all
    n_agents : int           of the run
    capacity : int           events that may wait
    overflow : Overflow
    """

    def __init__(
        self, agents: Iterable[int] | None, n_agents: int, capacity: int, overflow: Overflow
    ) -> None:
        if capacity < 1:
            raise ConfigError(f"capacity of a subscription must be at least 1, got {capacity}")
        self.capacity, self.overflow = capacity, Overflow(overflow)
        self.delivered = self.dropped = self.held = 0  # events
        self._wanted = None if agents is None else _mask(agents, n_agents)
        self._guard = threading.Lock()
        self._batches: deque[EventBatch] = deque()
        self._lost = 0  # since the last batch that is in the buffer
        self._end: Callable[[], BridgeError] | None = None
        self._told: list[Tell] = []

    @property
    def closed(self) -> bool:
        """Whether nothing will be added any more."""
        return self._end is not None

    def offer(self, tick: int, events: Events, n: int) -> None:
        """Add those of the tick's first `n` events that are wanted."""
        if self._wanted is None:
            rows = np.arange(n)
        else:
            wanted = self._wanted
            rows = np.flatnonzero(wanted[events.agent[:n]] | wanted[events.contra_agent[:n]])
        if len(rows):
            self.push(tick, taken(events, rows))

    def push(self, tick: int, events: Events) -> None:
        """Add events, or what there is room for."""
        with self._guard:
            if self._end is not None:
                return
            n = len(events.qty)
            over = max(self.held + n - self.capacity, 0)
            if over and self.overflow == Overflow.CLOSE:
                self._end = self._fell_behind
            elif over and self.overflow == Overflow.DROP_NEWEST:
                self._append(tick, taken(events, slice(n - over)))
                self._lost += over
                self.dropped += over
            else:
                self._append(tick, events)
                self._evict(over)
            told, self._told = self._told, []
        for tell in told:
            tell()

    def take(self, timeout: float | None = None) -> EventBatch | None:
        """The next batch; None if none came within the time [s], 0 not to wait.

        Raises
        ------
        BridgeStopped    it was closed, and everything has been read
        BridgeDead       the simulation thread failed
        BridgeFull       the reader fell behind, with `Overflow.CLOSE`
        """
        batch = self._next()
        if batch is None and timeout != 0:
            latch = threading.Lock()
            latch.acquire()
            self._tell(latch.release)
            told = latch.acquire(timeout=-1 if timeout is None else timeout)
            self._forget(latch.release)
            batch = self._next() if told else None
        return batch

    async def atake(self, timeout: float | None = None) -> EventBatch | None:
        """`take` for asyncio."""
        batch = self._next()
        if batch is None and timeout != 0:
            told = await wait_until_told(self._tell, self._forget, timeout)
            batch = self._next() if told else None
        return batch

    def close(self, why: Callable[[], BridgeError] | None = None) -> None:
        """Add nothing more; what is there can still be read."""
        with self._guard:
            self._end = self._end or why or _closed
            told, self._told = self._told, []
        for tell in told:
            tell()

    def __iter__(self) -> "Subscription":
        return self

    def __next__(self) -> EventBatch:
        try:
            batch = self.take()
        except BridgeStopped:
            raise StopIteration from None
        assert batch is not None
        return batch

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> EventBatch:
        try:
            batch = await self.atake()
        except BridgeStopped:
            raise StopAsyncIteration from None
        assert batch is not None
        return batch

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _append(self, tick: int, events: Events) -> None:
        n = len(events.qty)
        if n:
            self._batches.append(EventBatch(tick, events, self._lost))
            self._lost = 0
            self.held += n

    def _evict(self, over: int) -> None:
        """Drop so many of the oldest events; the oldest that is left says how many are missing."""
        lost = over
        while over:
            oldest = self._batches.popleft()
            n, lost = len(oldest.events.qty), lost + oldest.dropped
            if n > over:
                rest = taken(oldest.events, slice(over, n))
                self._batches.appendleft(EventBatch(oldest.tick, rest, 0))
            self.held -= min(n, over)
            self.dropped += min(n, over)
            over -= min(n, over)
        if lost:
            first = self._batches[0]
            self._batches[0] = first._replace(dropped=first.dropped + lost)

    def _next(self) -> EventBatch | None:
        with self._guard:
            if self._batches:
                batch = self._batches.popleft()
                self.held -= len(batch.events.qty)
                self.delivered += len(batch.events.qty)
                return batch
            if self._end is not None:
                raise self._end()
            return None

    def _tell(self, tell: Tell) -> None:
        """Call `tell` once there is something to read."""
        with self._guard:
            if not self._batches and self._end is None:
                self._told.append(tell)
                return
        tell()

    def _forget(self, tell: Tell) -> None:
        with self._guard:
            if tell in self._told:
                self._told.remove(tell)

    def _fell_behind(self) -> BridgeError:
        return BridgeFull(
            f"the reader fell more than {self.capacity:,} events behind; read faster, give the "
            "subscription a larger capacity, or let it drop events"
        )


def _closed() -> BridgeError:
    return BridgeStopped("the subscription is closed")


def _mask(agents: Iterable[int], n_agents: int) -> np.ndarray:
    """bool (agents + 1,): whose events are wanted; the last is for nobody, agent -1."""
    rows = np.array(sorted(set(agents)), np.int64)
    if len(rows) and not 0 <= rows[0] <= rows[-1] < n_agents:
        raise ConfigError(f"agents must be 0 to {n_agents - 1}, got {rows[0]} to {rows[-1]}")
    mask = np.zeros(n_agents + 1, bool)
    mask[rows] = True
    return mask
