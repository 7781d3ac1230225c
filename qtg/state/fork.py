"""Another run from the present state on: the same randomness, one thing changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtg.schemas import Account

from ..config import Config
from ..config.changes import leaf_paths
from ..errors import ConfigError, SnapshotError
from .capture import Snapshot, capture, pour

if TYPE_CHECKING:
    from ..simulation import Simulation

# What a run can go on with otherwise than it began. All else is a start value, or the length of
# some column.
_FREE = re.compile(
    r"name|ticks|check_every|background(\.(?!metaorders\.count).*)?|news(\..*)?"
    r"|fair_value(\.(?!cascade).*)?|storage(\.(?!candles).*)?|limits(\..*)?"
    r"|economy(\.(sentiment_decay|equity_risk_premium|least_spread))?"
    r"|venue(\.(?!window|opening_auction).*)?|short_selling(\..*)?|halts(\..*)?|latency(\..*)?"
    r"|(smart|reactive)(\.\d+(\.(params|every|probability|latency|execution|on_error"
    r"|time_budget_ms)(\..*)?)?)?"
)


def fork(
    sim: Simulation,
    changes: Mapping[str, Any] | None = None,
    *,
    without_agents: Sequence[int] = (),
    without_orders: Sequence[int] = (),
    threads: int | None = None,
) -> Simulation:
    """An independent simulation that goes on from the state of `sim`; see `Simulation.fork`."""
    snapshot = capture(sim)
    config = changed(sim.config, changes) if changes else sim.config
    envs = snapshot.envs
    threads = threads or sim.exchange.venue.threads
    child = type(sim)(config, envs=envs, threads=threads, population=sim.population)
    try:
        pour(Snapshot(config, envs, snapshot.tick, snapshot.trace_hashes, snapshot.state), child)
    except SnapshotError as error:
        if not changes:
            raise
        raise ConfigError(
            f"a fork cannot change {', '.join(changes)}: columns would have another shape ({error})"
        ) from None
    child.background.follow(sim.config.background)
    _take_out(child, without_agents, without_orders)
    return child


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with changes that a run can go on with.

    Raises
    ------
    ConfigError    a setting that says how a run begins, or how long its columns are
    """
    new = config.with_(changes)
    for path in _differing(config, new):
        if not _FREE.fullmatch(path):
            raise ConfigError(
                f"a fork cannot change {path}: it says how a run begins or what its columns are; "
                "start another run with it"
            )
    if (config.halts.band_bps is None) != (new.halts.band_bps is None):
        raise ConfigError("a fork cannot change halts.band_bps between none and some")
    return new


def _differing(one: Config, other: Config) -> list[str]:
    """Dotted paths of the values that differ."""
    settings = one.model_dump(mode="json"), other.model_dump(mode="json")
    paths = [set(leaf_paths(each)) for each in settings]
    found = sorted(paths[0] ^ paths[1])
    for path in sorted(paths[0] & paths[1]):
        first, second = (_at(each, path) for each in settings)
        if first != second and not isinstance(first, (dict, list)):
            found.append(path)
    return found


def _at(settings: Any, path: str) -> Any:
    for name in path.split("."):
        settings = settings[int(name) if isinstance(settings, list) else name]
    return settings


def _take_out(sim: Simulation, agents: Sequence[int], order_ids: Sequence[int]) -> None:
    first, end = int(Account.FIRST_AGENT), sim.exchange.n_agents
    for agent in agents:
        if not first <= agent < end:
            raise ConfigError(f"there is no agent {agent}; agents are {first} to {end - 1}")
    if len(agents):
        sim.exchange.silence(list(agents))
    if len(order_ids):
        there = sim.exchange.withdraw(order_ids=list(order_ids))
        missing = sorted(set(order_ids) - set(there.tolist()))
        if missing:
            raise ConfigError(
                f"order {missing[0]} of an agent neither rests nor is on its way at tick {sim.tick}"
            )
