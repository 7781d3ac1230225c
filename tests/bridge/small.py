"""A small market with accounts in reserve, and helpers for threads."""

import threading
from collections.abc import Callable
from typing import Any

import qtg
from qtg.simulation import Simulation
from tests.simulation.small import IDLE, SYMBOL, quiet

GUESTS = {"kind": "guest", "count": 8, "cash": 1_000_000, "shares": 500}
FIRST = 2  # agent row of the first guest
PRICE = 1_000_000
LONG = 30.0  # seconds: far longer than anything here takes


def still(**changes: Any) -> Simulation:
    """A market in which only those from outside do anything."""
    return Simulation(quiet(smart=[GUESTS], **changes))


def busy(**changes: Any) -> Simulation:
    """A market with a pool and news, in which every tick does something."""
    other = {**SYMBOL, "symbol": "B"}
    base = {"background.count": 200, "symbols": [SYMBOL, other], "news.enabled": True}
    return Simulation(quiet({**base, "check_every": 25}, smart=[GUESTS, IDLE], **changes))


def order(side: int = 1, price: int = PRICE, qty: int = 1, n: int = 1) -> dict[str, list[int]]:
    """A batch of `n` equal orders."""
    return {"side": [side] * n, "price": [price] * n, "qty": [qty] * n}


def together(*works: Callable[[], Any]) -> list[BaseException]:
    """Do all of these at once, each on a thread; what they raised."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive(), "somebody hangs"
    return errors


def raised(errors: list[BaseException], *allowed: type[BaseException]) -> list[BaseException]:
    """Those errors that are not allowed."""
    return [error for error in errors if not isinstance(error, allowed)]


class Block:
    """A hook that stops the simulation thread until it is let go."""

    def __init__(self, sim: Simulation) -> None:
        self.reached, self._go = threading.Event(), threading.Event()
        sim.add_hook(self)

    def __call__(self, sim: qtg.Simulation) -> None:
        self.reached.set()
        assert self._go.wait(LONG)

    def let_go(self) -> None:
        self._go.set()
