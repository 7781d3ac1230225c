"""Compile every kernel that a run needs."""

from .config import Config
from .simulation import Simulation


def compile_kernels() -> None:
    """Run a few ticks of a small market in each matching mode, with storage in memory."""
    from .run import open_sink

    for matching in ("shuffled", "auction"):
        config = Config.preset(
            "quick_test",
            {"venue.matching": matching, "warmup.ticks": 1, "storage.orders": True},
            ticks=4,
        )
        sim = Simulation(config)
        sim.publisher.attach(open_sink(config, None))
        sim.run(sim.last_tick)
        sim.publisher.finish(sim)
