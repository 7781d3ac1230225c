"""One environment of a batch made what an environment of another run is, while the others go on.

All that changes over a run lies in arrays with a row, or several, for each environment, and is
found by the `STATE` of the classes that own it (`qtg.stateful`); only books, messages on their way
and news on people's minds are of no fixed length, and their owners take them over themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from qtg.kernels.rows import RowColumns, copy_rows

from ..agents.compiled import CompiledStrategy
from ..agents.user import UserStrategy
from ..agents.user_group import UserGroup
from ..errors import ConfigError
from ..stateful import shown
from .capture import MARKET

if TYPE_CHECKING:
    from ..simulation import Simulation

Ints = int | Sequence[int] | np.ndarray

_LOW_64 = 0xFFFF_FFFF_FFFF_FFFF
# Arrays whose axis of environments is not the first.
_AXES = {
    "exchange.halts._bands.prices": 1,
    "exchange.halts._bands.sums": 1,
    "board._values": 1,
    "board.rolling": -1,
}
# What an owner takes over itself, or what only the tables of a run need.
_APART = (
    "exchange.venue.tick",
    "exchange.venue.book",
    "exchange.venue.log",
    "exchange.waiting",
    "exchange.n",
    "exchange.opening",
    "economy.active",
    "economy.news",
    "economy._told",
    "reactive.watchers._woken",
    "reactive.watchers._n_woken",
)
_SHARED = "exchange.silent"  # one for all environments
_OUT = ".out"  # environments in which a user's strategy is benched


def copy_environment(source: Simulation, i: int, target: Simulation, k: int, seed: int) -> None:
    """Make environment `k` of `target` what environment `i` of `source` is; `copy_environments`."""
    copy_environments(source, i, target, k, [seed])


def copy_environments(
    source: Simulation, i: Ints, target: Simulation, k: Ints, seeds: Sequence[int] | np.ndarray
) -> None:
    """Make environments `k` of `target` what environments `i` of `source` are, in all that they
    trade by: at its tick, with its orders, accounts and trace hash. The others are not touched.

    From then on each draws with its own seed; with that of `source` it goes on to the same bits.
    What waits in `source` to come in from outside (`Simulation.submit`) is not copied.

    Parameters
    ----------
    source, target : Simulation    of one configuration, and in both every environment has the
        agents of one and the same environment id (`population`); may be the same simulation
    i, k : int or ints (n,)        places of environments; those of `k` all different, and none of
        them copied from
    seeds : ints (n,)              64 bits each

    Raises
    ------
    ConfigError      there is no such environment, the two were not built alike, `source` is
                     warming up, or somebody keeps what cannot be told apart by environment: tables,
                     a log of orders, a strategy without columns
    SnapshotError    a tick is going on

    Examples
    --------
    >>> import qtg
    >>> config = qtg.Config.preset("quick_test", {"warmup.ticks": 0})
    >>> begun = qtg.Simulation(config).run(20)
    >>> batch = qtg.Simulation(config, envs=range(4), population=0).run(5)
    >>> copy_environment(begun, 0, batch, 2, seed=config.seed)
    >>> batch.exchange.moment.tick.tolist()
    [5, 5, 20, 5]
    >>> batch.run(10).trace_hashes[2] == begun.run(10).trace_hash
    True
    """
    rows, to = _places(source, i, "i"), _places(target, k, "k")
    _check_places(source, rows, target, to, len(seeds))
    columns = _columns_of(source, target)
    _check_times(source, target, to)
    copy_rows(columns.rows, rows, to)
    for its, into in columns.others:
        into[to] = its[rows]
    target.exchange.take_over(source.exchange, rows, to)
    target.economy.take_over(source.economy, rows, to)
    target.reactive.watchers.take_over(to, len(target.exchange.populations))
    for group, other in zip(target.smart, source.smart, strict=True):
        if isinstance(group, UserGroup) and isinstance(other, UserGroup):
            group.take_over(other, rows, to)
    target.exchange.moment.seed[to] = _words(seeds)
    target.checker.forget()


def _words(seeds: Sequence[int] | np.ndarray) -> np.ndarray:
    if isinstance(seeds, np.ndarray):
        return seeds.astype(np.uint64)
    return np.array([int(seed) & _LOW_64 for seed in seeds], np.uint64)


def _places(sim: Simulation, places: Ints, name: str) -> np.ndarray:
    found = np.atleast_1d(np.asarray(places))
    n = len(sim.exchange.populations)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ConfigError(f"`{name}` must be one whole number or a row of them")
    if found.size and not 0 <= found.min() <= found.max() < n:
        raise ConfigError(f"`{name}` must be 0 to {n - 1}, the environments of the run")
    return found.astype(np.int64)


def _check_places(
    source: Simulation, rows: np.ndarray, target: Simulation, to: np.ndarray, seeds: int
) -> None:
    if not len(rows) == len(to) == seeds:
        raise ConfigError(
            f"as many environments must be copied from as into, with a seed for each; got "
            f"{len(rows)}, {len(to)} and {seeds}"
        )
    if len(to) > 1 and len(np.unique(to)) < len(to):
        raise ConfigError("`k` names an environment twice; each can become one other only")
    if source is target and np.isin(to, rows).any():
        raise ConfigError("an environment is to be copied from and into; copy it at another time")


def _check_times(source: Simulation, target: Simulation, to: np.ndarray) -> None:
    """Both must be between two ticks and past the warm-up; a target that has not begun yet gets
    there if all its environments are copied into."""
    source.check_idle()
    target.check_idle()
    if source.tick < source._warm_until or source.exchange.opening:
        raise ConfigError(
            f"the run to copy from is warming up (tick {source.tick} of {source._warm_until}); run "
            "it on first"
        )
    if target.tick >= target._warm_until and not target.exchange.opening:
        return
    if target.tick > 0 or len(to) < len(target.exchange.populations):
        raise ConfigError(
            "the run to copy into is warming up; run it on first, or copy into all its "
            "environments before its first tick"
        )
    target.skip_warmup()


Pair = tuple[np.ndarray, np.ndarray]  # source's and target's column, a row per environment


class _Columns(NamedTuple):
    """All columns of two simulations."""

    rows: RowColumns
    others: list[Pair]  # whose axis of environments is not the first
    kept: list[Pair]  # the arrays behind `rows`


# Of each target and source.
_known: WeakKeyDictionary[Simulation, WeakKeyDictionary[Simulation, Any]] = WeakKeyDictionary()


def _columns_of(source: Simulation, target: Simulation) -> _Columns:
    """All columns of two simulations, found once."""
    known = _known.setdefault(target, WeakKeyDictionary())
    if source not in known:
        _check_alike(source, target)
        known[source] = _sorted(list(_columns(source, target)))
    if target.publisher.keeps_tables:
        raise ConfigError("tables are kept of the run to copy into, and would go back in time")
    return known[source]  # type: ignore[no-any-return]


def _sorted(pairs: list[Pair]) -> _Columns:
    kept = [pair for pair in pairs if all(each.flags.c_contiguous for each in pair)]
    others = [pair for pair in pairs if not all(each.flags.c_contiguous for each in pair)]
    found = [(its.ctypes.data, into.ctypes.data, into[0].nbytes) for its, into in kept]
    places = np.array(found, np.int64).reshape(-1, 3).T
    return _Columns(RowColumns(*np.ascontiguousarray(places)), others, kept)


def _check_alike(source: Simulation, target: Simulation) -> None:
    populations = {*source.exchange.populations, *target.exchange.populations}
    if source.config != target.config:
        raise ConfigError("environments can be copied between runs of one configuration only")
    if len(populations) > 1:
        raise ConfigError(
            "environments that are copied must all have the same agents; give both simulations "
            f"one `population` (they have those of {', '.join(map(str, sorted(populations)))})"
        )
    for group in target.smart:
        if isinstance(group, UserGroup) and not _keeps_columns(group):
            raise ConfigError(
                f"strategy {group.name!r} may keep what cannot be told apart by environment; let "
                "it keep all in columns (`state=` where it is registered)"
            )


def _keeps_columns(group: UserGroup) -> bool:
    if type(group) is UserStrategy:
        return bool(group.members.kind.state)
    return isinstance(group, CompiledStrategy)


def _columns(source: Simulation, target: Simulation) -> Iterator[Pair]:
    n_source, n_target = len(source.exchange.populations), len(target.exchange.populations)
    pairs = zip(_leaves(source), _leaves(target), strict=True)
    for (path, its), (_, into) in pairs:
        if path == _SHARED or not isinstance(its, np.ndarray):
            if not np.array_equal(its, into):
                raise ConfigError(f"{path} differs between the runs, and is one for all of a run")
            continue
        axis = next((axis for part, axis in _AXES.items() if path.startswith(part)), 0)
        one, other = _by_env(its, n_source, axis, path), _by_env(into, n_target, axis, path)
        if one.shape[1:] != other.shape[1:] or one.dtype != other.dtype:
            raise ConfigError(f"{path} has another shape in the run to copy into")
        if one.size:
            yield one, other


def _leaves(sim: Simulation) -> Iterator[tuple[str, Any]]:
    """Everything that changes over a run, by path, but what is taken over apart."""
    for name in MARKET:
        yield from _walk(shown(getattr(sim, name)), name)
    yield "publisher.trace", sim.publisher.trace
    yield "publisher.event_count", sim.publisher.event_count


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if path in _APART or path.endswith(_OUT):
        return
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _walk(part, f"{path}.{name}")
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _walk(part, f"{path}.{at}")
    else:
        yield path, value


def _by_env(array: np.ndarray, n_envs: int, axis: int, path: str) -> np.ndarray:
    """A view with environments as the first axis."""
    plain, axis = array.view(np.ndarray), axis % array.ndim
    if array.shape[axis] % n_envs or not array.flags.c_contiguous:
        raise ConfigError(f"{path} cannot be told apart by environment")
    if array.size == 0:
        return np.zeros((n_envs, 0), array.dtype)
    if axis == 0:
        return plain.reshape(n_envs, -1).view(np.uint8)
    apart = plain.reshape(*array.shape[:axis], n_envs, -1)
    return np.moveaxis(apart, axis, 0)
