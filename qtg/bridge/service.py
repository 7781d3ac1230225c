"""What commands do to the simulation; used on the simulation thread only."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qtg.schemas import Orders

from ..errors import BridgeError, BridgeFull, ConfigError
from ..inputs import Input
from ..simulation import Simulation
from .acknowledgement import NOTHING, Acknowledgement, admissions
from .pace import Pace
from .reserve import Reserve
from .subscription import Subscription
from .views import BookCopy, Portfolio, copy_of_book, portfolio_of


class Service:
    """A simulation, what it owes to senders, and who listens.

    Parameters
    ----------
    sim : Simulation         of one environment
    pace : Pace
    orders_per_tick : int    orders that may wait for the next tick
    names : mapping          accounts that have a name already
    """

    def __init__(
        self, sim: Simulation, pace: Pace, orders_per_tick: int, names: Mapping[str, int] | None
    ) -> None:
        if len(sim.exchange.venue.envs) != 1:
            raise ConfigError("a bridge leads to one environment, not to a batch")
        if orders_per_tick < 1:
            raise ConfigError(f"orders_per_tick must be at least 1, got {orders_per_tick}")
        self.sim, self.pace = sim, pace
        self.reserve = Reserve(sim, names)
        self.subscriptions: list[Subscription] = []
        self.inputs = self.orders = self.ticks = 0
        self._waiting = 0  # orders
        self._most = orders_per_tick
        self._owed: list[tuple[Input, Acknowledgement]] = []

    def submit(self, orders: Orders) -> Acknowledgement:
        """Orders for the next tick."""
        n = len(orders.qty)
        if self._waiting + n > self._most:
            raise BridgeFull(
                f"{self._waiting:,} orders wait for tick {self.sim.tick + 1:,} already, and "
                f"{n:,} more are beyond orders_per_tick = {self._most:,}; wait until it is over"
            )
        ack = self._accepted(self.sim.submit_columns(orders))
        self._waiting += n
        self.orders += n
        return ack

    def inject_news(self, kind: str, event: dict[str, Any]) -> Acknowledgement:
        """News for the next tick."""
        return self._accepted(self.sim.inject_news(kind, **event))

    def set_regime(self, name: str) -> Acknowledgement:
        """Another regime from the next tick on."""
        return self._accepted(self.sim.set_regime(name))

    def spawn(self, name: str, cash: str | int | float | None) -> int:
        """An account out of the reserve; with `cash` it starts with that from the next tick on."""
        agent = self.reserve.find(name)
        if cash is not None:
            self._accepted(self.sim.open_account(agent, cash))
        self.reserve.take(name, agent)
        return agent

    def book(self, symbol: str, levels: int | None) -> BookCopy:
        """A copy of a symbol's depth."""
        return copy_of_book(self.sim, symbol, levels)

    def portfolio(self, agent: int) -> Portfolio:
        """A copy of what an account has."""
        return portfolio_of(self.sim, agent)

    def snapshot(self, path: Path) -> int:
        """Write the run's state; returns its tick."""
        self.sim.snapshot(path)
        return self.sim.tick

    def subscribe(self, subscription: Subscription) -> int:
        """Let somebody hear of events from the next tick on; returns that tick."""
        self.subscriptions.append(subscription)
        return self.sim.tick + 1

    def run(self, rate: float | None, until: int | None) -> int:
        """Tick by itself from now on."""
        if until is not None and until < self.sim.tick:
            raise ConfigError(f"tick {until:,} is over: this is tick {self.sim.tick:,}")
        self.pace.run(rate, until)
        return self.sim.tick

    def pause(self) -> int:
        """Make no further tick; returns the last one."""
        self.pace.pause()
        return self.sim.tick

    def step(self) -> None:
        """One tick, and what is owed to senders and listeners after it."""
        sim = self.sim
        sim.step()
        self.ticks += 1
        self._waiting = 0
        owed, self._owed = self._owed, []
        if owed:
            known = admissions(sim)
            for new, ack in owed:
                ack.settle(known.get(id(new.columns), NOTHING))
        if self.subscriptions:
            self.subscriptions = [each for each in self.subscriptions if not each.closed]
            for subscription in self.subscriptions:
                subscription.offer(sim.tick, sim.exchange.events, sim.exchange.n_events)
        self.pace.ticked(sim.tick)

    def end(self, why: Callable[[], BridgeError]) -> None:
        """No tick will be made any more: tell everybody who waits for one."""
        self.pace.end(why)
        for _, ack in self._owed:
            ack.fail(why())
        for subscription in self.subscriptions:
            subscription.close(why)

    def _accepted(self, new: Input) -> Acknowledgement:
        ack = Acknowledgement(new.sequence, new.tick)
        self._owed.append((new, ack))
        self.inputs += 1
        return ack
