"""Bridge benchmarks: how long a client waits for its acknowledgement, and how much gets through."""

from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np

from qtg.bridge import Acknowledgement, Bridge
from qtg.config import Config
from qtg.simulation import Simulation

from .registry import Benchmark, Probe

RATE = 10.0  # ticks/s of the market that runs
BATCH = 500
BATCHES = 100
WARM = 300


class BridgeRun:
    """A bridge to the quick_test market, and one client with an account."""

    def __init__(self) -> None:
        guest = {"kind": "guest", "count": 1, "cash": 1e9, "shares": 100_000}
        preset = Config.preset("quick_test")
        self.sim = Simulation(preset.with_(smart=[*preset.smart, guest]))
        self.bridge = Bridge(self.sim).start()
        self.client = self.bridge.client()
        self.client.spawn("bench")
        price = self.sim.config.symbols[0].initial_price_units
        self._one = {"price": [price // 2], "qty": [1]}
        side = np.where(np.arange(BATCH) % 2, 1, -1)
        self._batch = {"side": side, "price": price - 100 * side, "qty": np.full(BATCH, 1)}
        self._last: Acknowledgement | None = None
        self._sent = 0
        self.client.tick(20)

    def submit(self) -> float:
        """Microseconds from the call to the acknowledgement of one order."""
        start = perf_counter()
        ack = self.client.submit(self._one)
        took = perf_counter() - start
        self._last, self._sent = ack, self._sent + 1
        return 1e6 * took

    def rate(self) -> float:
        """Orders per second of some batches, until the market has taken the last of them."""
        start = perf_counter()
        acks = [self.client.submit(self._batch) for _ in range(BATCHES)]
        acks[-1].wait()
        took = perf_counter() - start
        self._last, self._sent = acks[-1], self._sent + BATCHES
        return BATCH * BATCHES / took

    def wrong(self) -> str:
        """End the run; why it is not what it should be, or nothing."""
        self.client.pause()
        self.client.tick()
        self.bridge.stop()
        last = self._last
        lost = last is None or last.sequence != self._sent or last.order_ids is None
        return "WRONG acknowledgements" if lost else ""


def prepare(running: float | None, work: Callable[[BridgeRun], float]) -> Probe:
    """A bridge whose market is paused (0), ticks at a rate, or as fast as it can (None)."""
    run = BridgeRun()
    if running != 0:
        run.client.run(running)
    for _ in range(WARM):
        run.submit()
    return Probe(partial(work, run), run.wrong)


BENCHMARKS = (
    Benchmark(
        "bridge.submit", "one order to its acknowledgement, the market is paused", "us",
        partial(prepare, 0, BridgeRun.submit), repeats=3_000, spread=(0.01, 0.99),
    ),
    Benchmark(
        "bridge.submit_running", f"the same while the market ticks {RATE:g} times a second", "us",
        partial(prepare, RATE, BridgeRun.submit), repeats=3_000, spread=(0.01, 0.99),
    ),
    Benchmark(
        "bridge.submit_full_speed", "the same while the market ticks without a break", "us",
        partial(prepare, None, BridgeRun.submit), repeats=1_000, spread=(0.01, 0.99),
    ),
    Benchmark(
        "bridge.orders", f"batches of {BATCH} until the last is in, market at full speed",
        "orders/s", partial(prepare, None, BridgeRun.rate), repeats=11,
    ),
)  # fmt: skip
