"""The way of inputs to the market: lost, doubled, overtaken, late."""

import heapq
from collections import Counter
from dataclasses import replace

from .counts import Flow
from .draws import Draws
from .profile import Network
from .traffic import Message

_MS = 1_000_000


class LossyNetwork:
    """Delivers messages at their times.

    Parameters
    ----------
    network : Network
    draws : Draws
    tick_ns : int       length of a tick
    flow : Flow         is told of what is lost and doubled
    done : Counter      is told of what is overtaken and late
    """

    def __init__(
        self, network: Network, draws: Draws, tick_ns: int, flow: Flow, done: Counter[str]
    ) -> None:
        self._network, self._draws, self._tick_ns = network, draws, tick_ns
        self._flow, self._done = flow, done
        self._jitter = round(network.jitter_ms * _MS)
        self._under_way: list[tuple[int, int, int, Message]] = []  # time, number, copy

    def send(self, tick: int, messages: list[Message]) -> None:
        """Take what is sent in a tick, spread evenly over it."""
        start, apart = (tick - 1) * self._tick_ns, self._tick_ns // max(len(messages), 1)
        for place, message in enumerate(messages):
            self._flow.sent.add(message)
            number, network = message.number, self._network
            if self._draws.happens(network.drop, "drop", number):
                self._flow.lost.add(message)
                continue
            self._carry(message, tick, start + place * apart)
            if self._draws.happens(network.duplicate, "duplicate", number):
                copy = replace(message, copy=1)
                self._flow.duplicated.add(copy)
                self._carry(copy, tick, start + place * apart)

    def next_ns(self) -> int | None:
        """When the next one arrives, if any is under way."""
        return self._under_way[0][0] if self._under_way else None

    def arrivals(self, until: int) -> list[Message]:
        """What arrives up to a time, in order."""
        found = []
        while self._under_way and self._under_way[0][0] <= until:
            found.append(heapq.heappop(self._under_way)[-1])
        return found

    def rest(self) -> list[Message]:
        """What is still under way."""
        return [each[-1] for each in self._under_way]

    def _carry(self, message: Message, tick: int, sent: int) -> None:
        draws, network, key = self._draws, self._network, (message.number, message.copy)
        at = sent + draws.below(self._jitter + 1, "jitter", *key)
        if draws.happens(network.reorder, "reorder", *key):
            at = max(at, tick * self._tick_ns)
            self._done["inputs overtaken"] += 1
        if draws.happens(network.late, "late", *key):
            at += (1 + draws.below(network.late_ticks, "late ticks", *key)) * self._tick_ns
            self._done["inputs late"] += 1
        heapq.heappush(self._under_way, (at, *key, message))
