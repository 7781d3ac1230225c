"""The bounded queue in front of a market, and the gateway that takes from it as fast as it can."""

from collections import Counter, deque

from .clock import ManualClock
from .counts import Flow
from .draws import Draws
from .network import LossyNetwork
from .profile import Inbound, Overflow
from .traffic import Message, TrafficSource

_MS = 1_000_000


class InboundQueue:
    """First in, first out; at most `capacity` messages, and a policy for one more."""

    def __init__(self, capacity: int, overflow: Overflow, flow: Flow) -> None:
        self.capacity, self.overflow = capacity, overflow
        self.deepest = 0
        self._flow = flow
        self._waiting: deque[Message] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Message) -> bool:
        """Add a message; whether its sender may take it for delivered, true or not."""
        if len(self._waiting) >= self.capacity:
            if self.overflow == Overflow.REJECT:
                self._flow.rejected.add(message)
                return False
            if self.overflow == Overflow.DROP_NEWEST:
                self._flow.dropped_newest.add(message)
                return True
            self._flow.dropped_oldest.add(self._waiting.popleft())
        self._waiting.append(message)
        self.deepest = max(self.deepest, len(self._waiting))
        return True

    def take(self) -> Message:
        """The one that has waited longest."""
        return self._waiting.popleft()

    def rest(self) -> list[Message]:
        """All that wait."""
        return list(self._waiting)


class Gateway:
    """Says which messages the market takes in each tick.

    It stands outside the process that is killed: it keeps what was taken, and sends it again as
    long as the market's log does not have it.

    Parameters
    ----------
    inbound : Inbound
    source : TrafficSource
    network : LossyNetwork
    clock : ManualClock
    tick_ns : int             length of a tick
    draws, flow, done         as for the network
    """

    def __init__(
        self,
        inbound: Inbound,
        source: TrafficSource,
        network: LossyNetwork,
        clock: ManualClock,
        tick_ns: int,
        draws: Draws,
        flow: Flow,
        done: Counter[str],
    ) -> None:
        self.clock = clock
        self.queue = InboundQueue(inbound.capacity, inbound.overflow, flow)
        self._inbound, self._source, self._network = inbound, source, network
        self._tick_ns, self._draws, self._flow, self._done = tick_ns, draws, flow, done
        self._taken: list[list[Message]] = []

    def taken(self, tick: int) -> list[Message]:
        """What the market takes for a tick, 1 and up."""
        while len(self._taken) < tick:
            self._taken.append(self._take(len(self._taken) + 1))
        return self._taken[tick - 1]

    def rest(self) -> list[Message]:
        """What has neither been taken nor dropped."""
        return self._network.rest() + self.queue.rest()

    def _take(self, tick: int) -> list[Message]:
        clock, end = self.clock, tick * self._tick_ns
        self._network.send(tick, self._source.send(tick))
        clock.move_to(end - self._tick_ns)
        if self._draws.happens(self._inbound.spike, "spike", tick):
            clock.advance(round(self._inbound.spike_ms * _MS))
            self._done["latency spikes"] += 1
        taken: list[Message] = []
        while True:
            self._arrive(min(clock.now_ns(), end))
            if clock.now_ns() >= end:
                return taken
            if len(self.queue):
                taken.append(self.queue.take())
                clock.advance(round(self._inbound.service_ms * _MS))
            else:
                following = self._network.next_ns()
                clock.move_to(end if following is None else min(following, end))

    def _arrive(self, until: int) -> None:
        for message in self._network.arrivals(until):
            self.queue.put(message)
