"""The bounded queue between any number of senders and the simulation thread."""

import threading
from collections import deque
from collections.abc import Callable

from ..errors import BridgeError, BridgeFull, ConfigError
from .command import Command, Stage


class CommandQueue:
    """First in, first out; at most `capacity` commands.

    Who finds it full is refused, or stands in line until there is room: the line is served in
    order, and nobody overtakes it. One thread takes; it sleeps while there is nothing to take.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ConfigError(f"capacity of a bridge must be at least 1, got {capacity}")
        self.capacity = capacity
        self.refused = 0
        self.deepest = 0
        self._guard = threading.Lock()
        self._queued: deque[Command] = deque()
        self._line: deque[Command] = deque()
        self._closed: Callable[[], BridgeError] | None = None
        self._asleep = False
        self._alarm = threading.Lock()  # held while the taker has no reason to wake
        self._alarm.acquire()

    def __len__(self) -> int:
        return len(self._queued)

    @property
    def line(self) -> int:
        """Senders that stand in line."""
        return len(self._line)

    def put(self, command: Command, waits: bool) -> None:
        """Add a command; where the queue is full, stand in line if the sender `waits`.

        Raises
        ------
        BridgeFull     there is no room, and the sender does not wait
        BridgeError    whatever `close` was told
        """
        with self._guard:
            if self._closed is not None:
                raise self._closed()
            if len(self._queued) < self.capacity:  # then nobody stands in line
                self._enter(command)
            elif waits:
                command.stage = Stage.IN_LINE
                self._line.append(command)
            else:
                self.refused += 1
                raise BridgeFull(
                    f"the bridge's queue is full: {self.capacity:,} commands wait; send again "
                    "later, send batches, or give the bridge a larger capacity"
                )

    def take(self) -> Command | None:
        """The next command, or None."""
        with self._guard:
            if not self._queued:
                return None
            command = self._queued.popleft()
            command.stage = Stage.TAKEN
            if self._line:
                self._enter(self._line.popleft())
            return command

    def sleep(self, timeout: float | None = None) -> None:
        """Wait until there is something to take, the queue is closed, or the time [s] is over."""
        with self._guard:
            if self._queued or self._closed is not None:
                return
            self._asleep = True
        woken = self._alarm.acquire(timeout=-1 if timeout is None else timeout)
        with self._guard:
            if not woken and not self._asleep:  # somebody rang just now
                self._alarm.acquire()
            self._asleep = False

    def withdraw(self, command: Command) -> Stage:
        """Take a command back that nobody has taken yet; returns the stage at which it was."""
        with self._guard:
            stage = command.stage
            if stage == Stage.QUEUED:
                self._queued.remove(command)
                if self._line:
                    self._enter(self._line.popleft())
            elif stage == Stage.IN_LINE:
                self._line.remove(command)
            else:
                return stage
            command.stage = Stage.WITHDRAWN
            return stage

    def close(self, why: Callable[[], BridgeError], drain: bool = False) -> list[Command]:
        """Take no more commands; returns those that will not be carried out: who stands in line,
        and what is queued too unless it is left to `drain`."""
        with self._guard:
            self._closed = why
            left = list(self._line) if drain else [*self._queued, *self._line]
            self._line.clear()
            if not drain:
                self._queued.clear()
            for command in left:
                command.stage = Stage.TAKEN
            self._ring()
            return left

    def _enter(self, command: Command) -> None:
        command.stage = Stage.QUEUED
        self._queued.append(command)
        self.deepest = max(self.deepest, len(self._queued))
        self._ring()

    def _ring(self) -> None:
        if self._asleep:
            self._asleep = False
            self._alarm.release()
