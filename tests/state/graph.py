"""Every difference between two simulations, found by walking all that can be reached from them.

The walk knows nothing of how a snapshot is made: it compares whatever attributes there are, so that
a state which somebody forgets to keep is found even if it does not matter for the next ticks.
"""

from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from qtg.kernels.timers import CHUNK
from qtg.simulation import Simulation

# What a tick writes before it reads it, and what only makes room or saves time.
SCRATCH = (
    "watch",  # wall-clock times
    "hooks",
    "exchange._buckets",  # views of the queue
    "exchange.venue._events",
    "exchange.venue._ids",
    "exchange.venue._index",
    "exchange.venue._log._told",
    "exchange.venue._log.tables",  # room differs; what they hold: test_tracking
    "exchange.venue._starts",
    "exchange.venue._progress",
    "exchange.venue.threads",
    "exchange.outbox",  # empty between ticks
    "exchange.n_events",  # rows of the last tick's events, as are the next five
    "exchange.first_admission",
    "exchange.first_match",
    "exchange.buy_ins",
    "exchange.n_checked",
    "exchange.arrived",
    "exchange.lending._notices",  # of the last tick
    "exchange.halts._moved",
    "exchange.halts._reopened",  # in the last tick
    "exchange.halts._venue",  # the venue again
    "economy.tape._env",  # whom the news of a tick are for, and where they come from
    "economy.tape._source",
    "background._now",
    "background.pool.words",
    "inputs.taps",
    "inputs.orders",  # of the last tick, as are the next two
    "inputs.news",
    "inputs.regime",
    "publisher._sink",
    "publisher._trade_rows",
    "publisher._equity_agents",
)
# Of groups; a model's session is its file again, and of a view only the mid is kept (test_rl_agent).
SCRATCH_NAMES = (
    *("_mine", "_row_of", "_scratch", "_fault", "_weights"),
    *("_session", "_exact", "_blank", "_written", "_view"),
)
PLAIN = (bool, int, float, str, bytes, np.generic, type(None))
Seen = dict[tuple[int, int], Any]
LEAVES = (FunctionType, MethodType, BuiltinFunctionType, ModuleType, type)


def differences(a: Simulation, b: Simulation) -> list[str]:
    """Paths of everything that differs, with what it is in each."""
    return list(_walk(a, b, "", {}))


def _foreign(value: Any) -> bool:
    """Whether it belongs to a compiler or a validator, and not to the run."""
    homes = [home.__module__ for home in type(value).__mro__]
    return any(home.startswith(("numba", "pydantic")) for home in homes)


def _walk(a: Any, b: Any, path: str, seen: Seen) -> Iterator[str]:
    if path in SCRATCH or path.rpartition(".")[2] in SCRATCH_NAMES:
        return
    if isinstance(a, PLAIN):
        if type(a) is not type(b) or (a != b and not (a != a and b != b)):  # NaN is like NaN
            yield f"{path}: {a!r}, {b!r}"
        return
    if (id(a), id(b)) in seen:
        return
    seen[id(a), id(b)] = a, b  # kept, so that nothing else gets their ids
    if type(a) is not type(b):
        yield f"{path}: {type(a).__name__}, {type(b).__name__}"
    elif isinstance(a, np.ndarray):
        yield from _arrays(a, b, path)
    elif isinstance(a, LEAVES) or _foreign(a):
        return
    elif hasattr(type(a), "model_dump"):
        if a != b:
            yield f"{path}: configurations differ"
    elif isinstance(a, Mapping):
        yield from _mappings(a, b, path, seen)
    elif isinstance(a, (list, tuple)):
        yield from _sequences(a, b, path, seen)
    elif hasattr(a, "__dict__"):
        yield from _mappings(_shown(a, path), _shown(b, path), path, seen)
    else:
        raise TypeError(f"{path}: the walk does not know {type(a)}")


def _mappings(a: Any, b: Any, path: str, seen: Seen) -> Iterator[str]:
    if a.keys() != b.keys():
        yield f"{path}: keys {sorted(map(str, a))}, {sorted(map(str, b))}"
        return
    for key in a:
        yield from _walk(a[key], b[key], f"{path}.{key}" if path else str(key), seen)


def _sequences(a: Any, b: Any, path: str, seen: Seen) -> Iterator[str]:
    if len(a) != len(b):
        yield f"{path}: {len(a)} and {len(b)} long"
        return
    names = getattr(a, "_fields", range(len(a)))
    for name, one, other in zip(names, a, b, strict=True):
        yield from _walk(one, other, f"{path}.{name}", seen)


def _arrays(a: np.ndarray, b: np.ndarray, path: str) -> Iterator[str]:
    if a.dtype != b.dtype or a.shape != b.shape:
        yield f"{path}: {a.dtype} {a.shape}, {b.dtype} {b.shape}"
        return
    for name in a.dtype.names or (None,):
        one, other = (a, b) if name is None else (a[name], b[name])
        inexact = one.dtype.kind == "f"
        if not np.array_equal(one, other, equal_nan=inexact):
            differ = ~((one == other) | ((one != one) & (other != other)))
            at = np.argwhere(differ)[0].tolist()
            where = f"{path}.{name}" if name else path
            yield f"{where}: {differ.sum()} differ, first at {at}: {one[*at]}, {other[*at]}"


def _shown(owner: Any, path: str) -> dict[str, Any]:
    """An object's attributes, long tables cut to the rows in use."""
    own = dict(vars(owner))
    if path == "exchange":
        queue = own.pop("queue")
        own["queue.n"] = queue.n
        for bucket, n in enumerate(queue.n):
            own[f"queue.{bucket}"] = queue.orders[bucket, :n].copy(), queue.market[bucket, :n]
    if path == "exchange.venue":
        own["book_columns"] = _in_use(own["book_columns"])
    if path == "economy":
        n = own["_n_active"]
        own["_active"] = [column[:n] for column in own["_active"]]
    return own


def _in_use(book: Any) -> dict[str, Any]:
    """The books without rows that nobody will read as they are."""
    markets = book.markets
    shown = {**book._asdict(), "slots": book.orders.shape, "words": book.chunks.shape}
    del shown["behind"]  # hints
    shown["free"] = [row[:n] for row, n in zip(book.free, markets.free, strict=True)]
    fresh = CHUNK * markets.fresh_chunk
    shown["chunks"] = [row[:n] for row, n in zip(book.chunks, fresh, strict=True)]
    # A place of the directory counts only while its order rests.
    held = np.take_along_axis(book.orders.order_id, book.directory.slot.astype(np.int64), axis=1)
    live = (book.directory.order_id != 0) & (held == book.directory.order_id)
    shown["directory"] = np.where(live, book.directory.order_id, 0)
    shown["directory slot"] = np.where(live, book.directory.slot, 0)
    overflow = book.overflow
    shown["overflow"] = [overflow.order_id, np.where(overflow.order_id != 0, overflow.slot, 0)]
    return shown
