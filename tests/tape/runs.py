"""Runs with things from outside, and their tapes."""

from pathlib import Path
from typing import Any

import numpy as np

from qtg.simulation import Simulation
from qtg.tape import TapeWriter
from tests.simulation.small import lively, plain, start

NEWS = {"news": {"enabled": True}}
GUEST = {"kind": "guest", "count": 1, "cash": 10_000, "shares": 10}
TICKS = 40


def meddle(sim: Simulation, ticks: int, seed: int = 1) -> None:
    """Advance, and send orders, news and regimes in between, by a generator of our own."""
    random = np.random.default_rng(seed)
    agents = sim.agents(sim.kinds[2])
    for _ in range(ticks):
        if random.random() < 0.7:
            n = int(random.integers(1, 4))
            sim.submit(
                {
                    "agent": random.choice(agents, n),
                    "market": random.integers(0, len(sim.symbols), n),
                    "side": random.choice([-1, 1], n),
                    "price": random.integers(9_900, 10_100, n) * 100,
                    "qty": random.integers(1, 20, n),
                }
            )
        if random.random() < 0.2:
            sim.inject_news("macro", surprise=float(random.normal(0, 0.01)), sentiment=0.3)
        if random.random() < 0.1:
            sim.inject_news("company", symbol=sim.symbols[0], surprise=0.02, duration=3)
        if random.random() < 0.1:
            sim.set_regime(str(random.choice(["calm", "volatile", "crisis"])))
        sim.step()


def with_guest() -> dict[str, Any]:
    """Settings of a market in which an account can be opened."""
    return {**NEWS, "smart": [*plain(lively().smart), GUEST]}


def taped(
    path: Path,
    *,
    events: bool = False,
    ticks: int = TICKS,
    guest: bool = False,
    **changes: Any,
) -> str:
    """Write the tape of a meddled run, in which a guest may open an account; its trace hash."""
    sim = start(lively({**(with_guest() if guest else NEWS), **changes}))
    with TapeWriter.attach(sim, path, events=events):
        if guest:
            sim.open_account(int(sim.agents("guest")[0]), 5_000)
        meddle(sim, ticks)
    return sim.trace_hash


def plain_hash(ticks: int = TICKS) -> str:
    """Trace hash of the same market without anything from outside."""
    return start(lively(with_guest())).run(ticks).trace_hash


__all__ = ["NEWS", "TICKS", "meddle", "plain_hash", "taped", "with_guest"]
