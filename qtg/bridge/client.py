"""What threads and asyncio tasks hold to talk to a bridge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtg.schemas import Orders

from ..errors import BridgeTimeout
from . import requests
from .acknowledgement import Acknowledgement
from .command import Command, Stage
from .subscription import Overflow, Subscription
from .views import BookCopy, Portfolio
from .waiting import wait_for

if TYPE_CHECKING:
    from .bridge import Bridge

Batch = Orders | Mapping[str, Any]
BUFFER = 100_000  # events


class _Sender:
    """Who sends: an account, if there is one, and how long to wait.

    Attributes
    ----------
    agent : int or None         account of its orders, where they name none
    timeout : float or None     seconds to wait for an answer; None for as long as it takes
    """

    def __init__(self, bridge: Bridge, agent: int | None, timeout: float | None) -> None:
        self.bridge, self.agent, self.timeout = bridge, agent, timeout

    def _give_up(self, command: Command, timeout: float | None) -> Any:
        """The time is over: take the command back if that is possible."""
        stage = self.bridge.queue.withdraw(command)
        if stage != Stage.TAKEN:
            raise BridgeTimeout(
                f"{command.name} had to wait for more than {timeout:g} s and was not carried out"
            )
        if command.done:
            return command.result()
        if command.job is not None:
            command.job.given_up = True
        raise BridgeTimeout(
            f"{command.name} was begun and took longer than {timeout:g} s; it is not undone"
        )

    def _take_back(self, command: Command) -> None:
        """Nobody waits for the answer any more."""
        if self.bridge.queue.withdraw(command) == Stage.TAKEN and command.job is not None:
            command.job.given_up = True

    def _subscription(
        self, agents: Iterable[int] | None, capacity: int, overflow: Overflow
    ) -> tuple[Subscription, Command]:
        mine = [self.agent] if agents is None and self.agent is not None else agents
        n_agents = self.bridge.sim.exchange.n_agents
        subscription = Subscription(mine, n_agents, capacity, overflow)
        return subscription, Command("events", lambda service: service.subscribe(subscription))


class Client(_Sender):
    """A bridge for threads; any number of them may share one.

    Every method may raise BridgeFull, BridgeTimeout, BridgeStopped or BridgeDead, and what the
    simulation says against the command; nobody else is hurt by it.
    """

    def submit(self, orders: Batch) -> Acknowledgement:
        """Send a batch of orders, columns as for `Simulation.submit`; one command, one input."""
        return self._typed(requests.submit(orders, self.agent))

    def cancel(self, symbol: str, order_id: Any) -> Acknowledgement:
        """Cancel own orders of a symbol: an id, or several."""
        return self._typed(requests.cancel(symbol, order_id, self.agent))

    def replace(self, symbol: str, order_id: Any, price: Any, qty: Any) -> Acknowledgement:
        """Give own orders other prices [1e-4] and open quantities; numbers, or one per id."""
        return self._typed(requests.replace(symbol, order_id, price, qty, self.agent))

    def inject_news(self, kind: str, **event: Any) -> Acknowledgement:
        """Let something become known; see `Simulation.inject_news`."""
        return self._typed(requests.news(kind, event))

    def set_regime(self, name: str) -> Acknowledgement:
        """Put background trading into another regime."""
        return self._typed(requests.regime(name))

    def spawn(self, name: str, cash: str | int | float | None = None) -> int:
        """Take an account out of the reserve, with so much cash [currency] or what its population
        gave it. It becomes this client's; returns its agent row."""
        self.agent = agent = int(self._ask(requests.spawn(name, cash), self.timeout))
        return agent

    def tick(self, n: int = 1, timeout: float | None = None) -> int:
        """Make `n` ticks and return the last one. Who gives up does not want the rest of them."""
        return int(self._ask(requests.tick(n), timeout))

    def run(self, rate: float | None = None, until: int | None = None) -> int:
        """Let the market run by itself: at most `rate` ticks a second, up to tick `until`."""
        return int(self._ask(requests.run(rate, until), self.timeout))

    def pause(self) -> int:
        """Stop the clock after the tick that is going on; returns that tick."""
        return int(self._ask(requests.pause(), self.timeout))

    def book(self, symbol: str, levels: int | None = 10) -> BookCopy:
        """A copy of a symbol's depth."""
        copy: BookCopy = self._ask(requests.book(symbol, levels), self.timeout)
        return copy

    def portfolio(self, agent: int | None = None) -> Portfolio:
        """A copy of an account's cash, positions and resting orders; this client's by default."""
        mine = self.agent if agent is None else agent
        copy: Portfolio = self._ask(requests.portfolio(mine), self.timeout)
        return copy

    def snapshot(self, path: str | Path, timeout: float | None = None) -> int:
        """Write the run's state to a file; returns its tick."""
        return int(self._ask(requests.snapshot(path), timeout))

    def metrics(self) -> dict[str, int | float]:
        """Counters of the bridge and of the last tick."""
        counters: dict[str, int | float] = self._ask(self._metrics(), self.timeout)
        return counters

    def events(
        self,
        agents: Iterable[int] | None = None,
        *,
        capacity: int = BUFFER,
        overflow: Overflow = Overflow.DROP_OLDEST,
    ) -> Subscription:
        """Hear of events from the next tick on.

        Parameters
        ----------
        agents : ints, optional    whose; by default this client's, or everybody's if it has none
        capacity : int             events that may wait to be read
        overflow : Overflow        what is given up when they are too many
        """
        subscription, command = self._subscription(agents, capacity, overflow)
        self._ask(command, self.timeout)
        return subscription

    def _metrics(self) -> Command:
        return Command("metrics", lambda _: self.bridge.counters())

    def _typed(self, command: Command) -> Acknowledgement:
        ack: Acknowledgement = self._ask(command, self.timeout)
        return ack

    def _ask(self, command: Command, timeout: float | None) -> Any:
        self.bridge.send(command)
        try:
            answered = command.wait(timeout)
        except BaseException:  # Ctrl-C
            self._take_back(command)
            raise
        return command.result() if answered else self._give_up(command, timeout)


class AsyncClient(_Sender):
    """A bridge for asyncio tasks; as `Client`, to be awaited. A task that is cancelled takes its
    command back if it has not been carried out."""

    async def submit(self, orders: Batch) -> Acknowledgement:
        """See `Client.submit`."""
        return await self._typed(requests.submit(orders, self.agent))

    async def cancel(self, symbol: str, order_id: Any) -> Acknowledgement:
        """See `Client.cancel`."""
        return await self._typed(requests.cancel(symbol, order_id, self.agent))

    async def replace(self, symbol: str, order_id: Any, price: Any, qty: Any) -> Acknowledgement:
        """See `Client.replace`."""
        return await self._typed(requests.replace(symbol, order_id, price, qty, self.agent))

    async def inject_news(self, kind: str, **event: Any) -> Acknowledgement:
        """See `Client.inject_news`."""
        return await self._typed(requests.news(kind, event))

    async def set_regime(self, name: str) -> Acknowledgement:
        """See `Client.set_regime`."""
        return await self._typed(requests.regime(name))

    async def spawn(self, name: str, cash: str | int | float | None = None) -> int:
        """See `Client.spawn`."""
        self.agent = agent = int(await self._ask(requests.spawn(name, cash), self.timeout))
        return agent

    async def tick(self, n: int = 1, timeout: float | None = None) -> int:
        """See `Client.tick`."""
        return int(await self._ask(requests.tick(n), timeout))

    async def run(self, rate: float | None = None, until: int | None = None) -> int:
        """See `Client.run`."""
        return int(await self._ask(requests.run(rate, until), self.timeout))

    async def pause(self) -> int:
        """See `Client.pause`."""
        return int(await self._ask(requests.pause(), self.timeout))

    async def book(self, symbol: str, levels: int | None = 10) -> BookCopy:
        """See `Client.book`."""
        copy: BookCopy = await self._ask(requests.book(symbol, levels), self.timeout)
        return copy

    async def portfolio(self, agent: int | None = None) -> Portfolio:
        """See `Client.portfolio`."""
        mine = self.agent if agent is None else agent
        copy: Portfolio = await self._ask(requests.portfolio(mine), self.timeout)
        return copy

    async def snapshot(self, path: str | Path, timeout: float | None = None) -> int:
        """See `Client.snapshot`."""
        return int(await self._ask(requests.snapshot(path), timeout))

    async def metrics(self) -> dict[str, int | float]:
        """See `Client.metrics`."""
        command = Command("metrics", lambda _: self.bridge.counters())
        counters: dict[str, int | float] = await self._ask(command, self.timeout)
        return counters

    async def events(
        self,
        agents: Iterable[int] | None = None,
        *,
        capacity: int = BUFFER,
        overflow: Overflow = Overflow.DROP_OLDEST,
    ) -> Subscription:
        """See `Client.events`."""
        subscription, command = self._subscription(agents, capacity, overflow)
        await self._ask(command, self.timeout)
        return subscription

    async def _typed(self, command: Command) -> Acknowledgement:
        ack: Acknowledgement = await self._ask(command, self.timeout)
        return ack

    async def _ask(self, command: Command, timeout: float | None) -> Any:
        self.bridge.send(command)
        try:
            answered = await wait_for(command, timeout)
        except BaseException:
            self._take_back(command)
            raise
        return command.result() if answered else self._give_up(command, timeout)
