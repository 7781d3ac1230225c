"""One simulation thread, and the way to it for everybody else (docs/adr/0019-bridge.md)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from ..errors import BridgeDead, BridgeError, BridgeStopped, BridgeTimeout
from ..simulation import Simulation
from .client import AsyncClient, Client
from .command import Command
from .pace import Pace
from .queue import CommandQueue
from .service import Service

PATIENCE = 10.0  # seconds


class BridgeState(StrEnum):
    """What a bridge is doing."""

    NEW = "new"  # not started
    PAUSED = "paused"  # waits for commands
    RUNNING = "running"  # makes ticks
    STOPPING = "stopping"  # carries out what is queued
    STOPPED = "stopped"
    DEAD = "dead"  # the simulation thread raised


@dataclass(frozen=True)
class Health:
    """How a bridge is, as far as it can be told without asking its thread."""

    state: BridgeState
    tick: int  # the last one that is over
    queue_depth: int  # commands that wait
    in_line: int  # senders that wait for room in the queue
    last_tick_age: float | None  # seconds since a tick ended; None before the first
    in_tick_for: float | None  # seconds since the tick that is going on began; None between ticks
    error: str | None  # what the simulation thread raised


class Bridge:
    """Runs a simulation on a thread of its own and carries out commands between its ticks.

    While it is open the simulation belongs to that thread: use clients, and the simulation itself
    again after `stop`. It starts paused.

    Parameters
    ----------
    sim : Simulation         of one environment
    capacity : int           commands that may wait
    block : bool             whether senders wait for room in a full queue, as long as their
                             timeout allows; otherwise they are refused with BridgeFull
    orders_per_tick : int    orders that may wait for the next tick
    names : mapping          accounts in reserve that are taken already, as after a restore

    Examples
    --------
    >>> import qtg
    >>> sim = qtg.Simulation(qtg.Config.preset("quick_test", smart=[{"kind": "guest", "count": 2}]))
    >>> with qtg.Bridge(sim) as bridge:
    ...     client = bridge.client()
    ...     me = client.spawn("me", cash=50_000)
    ...     ack = client.submit({"price": [990_000], "qty": [10]})
    ...     (ack.sequence, ack.tick), client.tick(), ack.wait().reasons.tolist()
    ((2, 1), 1, [0])
    """

    def __init__(
        self,
        sim: Simulation,
        *,
        capacity: int = 1024,
        block: bool = False,
        orders_per_tick: int = 1_000_000,
        names: Mapping[str, int] | None = None,
    ) -> None:
        self.sim = sim
        self.queue = CommandQueue(capacity)
        self._block = block
        self._pace = Pace(monotonic)
        self._service = Service(sim, self._pace, orders_per_tick, names)
        self._thread = threading.Thread(target=self._work, name="qtg-bridge", daemon=True)
        self._state = BridgeState.NEW
        self._guard = threading.Lock()  # of `_state`, when a bridge is started or stopped
        self._error: BaseException | None = None
        self._current: Command | None = None
        self._commands = self._failed = self._tick = 0
        self._began: float | None = None
        self._ended: float | None = None

    def start(self) -> Bridge:
        """Start the simulation thread.

        Raises
        ------
        BridgeStopped    a bridge starts once
        """
        with self._guard:
            if self._state is not BridgeState.NEW:
                raise BridgeStopped(
                    f"this bridge is {self._state} and cannot start again; make one"
                )
            self._tick = self.sim.tick
            self._state = BridgeState.PAUSED
            self._thread.start()
        return self

    def client(self, agent: int | None = None, timeout: float | None = PATIENCE) -> Client:
        """A client for threads, with an account of the run or without."""
        return Client(self, agent, timeout)

    def aclient(self, agent: int | None = None, timeout: float | None = PATIENCE) -> AsyncClient:
        """A client for asyncio tasks."""
        return AsyncClient(self, agent, timeout)

    def send(self, command: Command) -> None:
        """Put a command into the queue.

        Raises
        ------
        BridgeFull, BridgeStopped, BridgeDead
        BridgeError    this is the simulation thread, which would wait for itself
        """
        if threading.current_thread() is self._thread:
            raise BridgeError(
                f"{command.name} was sent from the simulation thread, as by a hook, and would wait "
                "for itself; use the simulation there"
            )
        if self._state is BridgeState.NEW:
            raise BridgeStopped("the bridge is not started; use `with bridge:` or bridge.start()")
        self.queue.put(command, self._block)

    def health(self) -> Health:
        """How the bridge is; answers whatever the simulation thread does."""
        now, began, ended = monotonic(), self._began, self._ended
        state = self._state
        if state is BridgeState.PAUSED and (self._pace.busy or began is not None):
            state = BridgeState.RUNNING
        return Health(
            state,
            self._tick,
            len(self.queue),
            self.queue.line,
            None if ended is None else now - ended,
            None if began is None else now - began,
            None if self._error is None else f"{type(self._error).__name__}: {self._error}",
        )

    def stop(self, drain: bool = True, timeout: float | None = PATIENCE) -> None:
        """Refuse new commands, carry out those that are queued, and end the thread.

        The tick that is going on is finished; ticks that were asked for are not made. Stopping
        twice does nothing, and neither does stopping a dead bridge.

        Parameters
        ----------
        drain : bool       whether queued commands are carried out; otherwise they are refused too
        timeout : float    seconds to wait for the thread's end

        Raises
        ------
        BridgeTimeout    the thread has not ended yet; it will, as soon as its tick is over
        """
        with self._guard:
            new = self._state is BridgeState.NEW
            if self._state in (BridgeState.NEW, BridgeState.PAUSED):
                self._state = BridgeState.STOPPED if new else BridgeState.STOPPING
            if self._error is None:
                for command in self.queue.close(self._stopped, drain):
                    command.fail(self._stopped())
        if new or threading.current_thread() is self._thread:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise BridgeTimeout(
                f"the simulation thread has not ended within {timeout:g} s: it is still busy after "
                f"tick {self._tick:,}"
            )

    async def astop(self, drain: bool = True, timeout: float | None = PATIENCE) -> None:
        """`stop` for asyncio."""
        await asyncio.to_thread(self.stop, drain, timeout)

    def counters(self) -> dict[str, int | float]:
        """Counters of the bridge and of the last tick; on the simulation thread, or after it."""
        service, subscriptions = self._service, self._service.subscriptions
        watch = self.sim.watch
        return {
            "tick": self.sim.tick,
            "ticks_made": service.ticks,
            "commands": self._commands,
            "commands_failed": self._failed,
            "commands_refused": self.queue.refused,
            "queue_depth": len(self.queue),
            "queue_deepest": self.queue.deepest,
            "in_line": self.queue.line,
            "inputs": service.inputs,
            "orders_sent": service.orders,
            "accounts_taken": len(service.reserve.names),
            "subscriptions": len(subscriptions),
            "events_waiting": sum(each.held for each in subscriptions),
            "events_dropped": sum(each.dropped for each in subscriptions),
            "tick_seconds": watch.total_ns / 1e9,
            **vars(self.sim.counts),
        }

    @property
    def names(self) -> dict[str, int]:
        """Accounts that were taken out of the reserve: name to agent; a copy."""
        return dict(self._service.reserve.names)

    def __enter__(self) -> Bridge:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.stop()
        if self._error is not None and kind is None:
            raise self._dead()

    def _work(self) -> None:
        """The simulation thread."""
        try:
            while self._state is BridgeState.PAUSED:
                self._serve()
                wait = self._pace.wait(self.sim.tick)
                if wait == 0.0:
                    if self._state is BridgeState.PAUSED:
                        self._make_tick()
                else:
                    self.queue.sleep(wait)
            self._serve()
            self._end(BridgeState.STOPPED)
        except BaseException as error:
            self._error = error
            self._end(BridgeState.DEAD)

    def _serve(self) -> None:
        """Carry out what is queued now; what comes meanwhile waits for the next tick."""
        for _ in range(len(self.queue)):
            command = self.queue.take()
            if command is None:
                return
            self._current = command
            self._commands += 1
            try:
                command.carry_out(self._service)
            except Exception as error:
                self._failed += 1
                command.fail(error)
            self._current = None

    def _make_tick(self) -> None:
        self._began = monotonic()
        self._service.step()
        self._tick, self._began, self._ended = self.sim.tick, None, monotonic()

    def _end(self, state: BridgeState) -> None:
        """Nobody is left waiting."""
        why = self._stopped if state is BridgeState.STOPPED else self._dead
        with self._guard:
            self._state = state
            left = self.queue.close(why)
        if self._current is not None:
            left.append(self._current)
        for command in left:
            command.fail(why())
        self._service.end(why)
        self._began = None

    def _stopped(self) -> BridgeError:
        return BridgeStopped(f"the bridge was stopped after tick {self.sim.tick:,}")

    def _dead(self) -> BridgeError:
        cause = self._error
        dead = BridgeDead(
            f"the simulation thread failed in tick {self.sim.tick:,}: "
            f"{type(cause).__name__}: {cause}"
        )
        dead.__cause__ = cause
        return dead
