"""A market over many seeds: long runs of a smaller population, measured in several processes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from qtg.errors import StorageError
from qtg.run import simulate

from .impact import measure_impact
from .scorecard import Measured, Scorecard, measure

if TYPE_CHECKING:
    from qtg.config import Config

TICKS = 120_000  # 2,000 one-minute bars of each symbol
POOL = 10_000  # background agents of a campaign's market, at most
DEPTH_EVERY = 600
SHORTEST_IMPACT, LONGEST_IMPACT = 2_600, 24_000  # ticks

Done = Callable[[int], None]


def campaign_form(config: "Config", scale: float | None = None) -> "Config":
    """The same market with a smaller population at equal activity, storing what facts need.

    Parameters
    ----------
    config : Config
    scale : float, optional    part of each population that stays, at least one agent; by default
        as much as leaves 10,000 background agents, and all of a smaller market
    """
    if scale is None:
        scale = min(1.0, POOL / max(config.background.count, 1))
    changes: dict[str, Any] = {"background.count": round(config.background.count * scale)}
    for tier in ("smart", "reactive"):
        populations = [each.model_dump(mode="json") for each in getattr(config, tier)]
        for each in populations:
            each["count"] = max(round(each["count"] * scale), min(each["count"], 1))
        changes[tier] = populations
    stored = {"quotes": True, "candles": (), "agents_every": 0, "orders": False}
    return config.with_(changes, storage={**stored, "depth_every": DEPTH_EVERY})


def measure_seeds(
    config: "Config", seeds: int, *, workers: int = 1, done: Done | None = None
) -> Scorecard:
    """Run `config` with `seeds` seeds from its own on, and measure each run and its impact.

    Parameters
    ----------
    config : Config
    seeds : int
    workers : int    processes; with more than one, a script needs `if __name__ == "__main__"`
    done : callable, optional    is told how many runs are over

    Returns
    -------
    Scorecard    runs in the order of their seeds, whatever the number of processes
    """
    settings = [
        config.with_(seed=seed).model_dump(mode="json")
        for seed in range(config.seed, config.seed + seeds)
    ]
    found: dict[int, Measured] = {}
    for place, measured in _each(settings, min(workers, seeds)):
        found[place] = measured
        if done:
            done(len(found))
    return Scorecard(tuple(found[place] for place in range(seeds)), _about(config, seeds))


def measure_seed(settings: dict[str, Any]) -> Measured:
    """One run in a folder that is gone afterwards, and the pair of runs for its impact."""
    from qtg.config import Config

    config = Config(**settings)
    with TemporaryDirectory() as folder:
        run = simulate(config, Path(folder) / "run", progress=False)
        ticks = min(max(config.ticks // 5, SHORTEST_IMPACT), LONGEST_IMPACT)
        return measure(run, measure_impact(config, ticks=ticks))


def _each(settings: list[dict[str, Any]], workers: int) -> Iterator[tuple[int, Measured]]:
    if workers < 2:
        for place, one in enumerate(settings):
            yield place, measure_seed(one)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        places = {pool.submit(measure_seed, one): place for place, one in enumerate(settings)}
        for over in as_completed(places):
            yield places[over], over.result()
    except BrokenProcessPool:
        raise StorageError(
            "a process that measured a run was ended from outside, perhaps for want of memory; "
            "give fewer workers (--workers 1)"
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _about(config: "Config", seeds: int) -> str:
    runs = f"{seeds} run{'s' if seeds > 1 else ''}"
    minutes = config.ticks * config.tick_ms // 60_000
    return (
        f"{config.name}: {runs} of {config.ticks:,} ticks ({minutes:,} minutes), "
        f"{len(config.symbols)} symbols, {config.n_agents:,} agents"
    )
