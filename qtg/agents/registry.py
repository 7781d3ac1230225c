"""Strategy kinds by name: what may stand in a population's `kind`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from qtg.schemas import Tier

from ..config.distributions import Distribution
from ..errors import ConfigError, StrategyError
from .built_in import BUILT_IN
from .installed import installed, load, package_of
from .kept_columns import check_starts
from .kind import Kind
from .need import Need
from .parameters import Param, as_param, check_defaults
from .simple import Strategy

if TYPE_CHECKING:
    from .context import StrategyContext

Decide = Callable[["StrategyContext"], Any]
Own = TypeVar("Own", bound="Decide | type[Strategy]")
Params = Mapping[str, float | Distribution | Param]


_KINDS: dict[str, Kind] = {kind.name: kind for kind in BUILT_IN}
_origins: list[str] = []


@contextmanager
def registering(origin: str) -> Iterator[None]:
    """Say where the kinds that are registered meanwhile come from."""
    _origins.append(origin)
    try:
        yield
    finally:
        _origins.pop()


def origin_of(code: Any) -> str:
    """Where a strategy that is being registered comes from: a file or package, else its module."""
    return _origins[-1] if _origins else str(getattr(code, "__module__", "unknown"))


def strategy(
    name: str,
    *,
    params: Params | None = None,
    needs: Mapping[str, Need] | None = None,
    state: Mapping[str, float] | None = None,
) -> Callable[[Own], Own]:
    """Register a NumPy function, or a subclass of `qtg.Strategy`, as a strategy kind of tier 1.

    A class has one object per agent. A function is called once a tick with a `StrategyContext` that
    holds all agents of the kind as rows, and returns the orders of all of them as columns:
    `ctx.orders`, `ctx.cancel`, `ctx.replace`, a list of these, or None.

    Parameters
    ----------
    name : str      what populations call it
    params : dict   parameters with their defaults; a number means the same for every agent, and
        `qtg.Param(default, low=, high=)` says which values are allowed (a class has them inside)
    needs : dict    indicators that a function reads, shown as `ctx.indicators`; only these are
        computed, on bars of `bar_ticks`
    state : dict    what a function keeps for each agent and symbol from tick to tick, in
        `ctx.state`: names of float64 columns with what they hold at the start. Snapshots have it,
        which is not so for globals. (A class keeps what it likes in itself.)

    Examples
    --------
    >>> @strategy("dip_buyer", params={"dip": 0.01})
    ... def buy_dips(ctx):
    ...     row, symbol = np.nonzero(ctx.mid < ctx.fair_value * (1 - ctx.params["dip"][:, None]))
    ...     return ctx.orders(row, symbol, side=1, price=ctx.ask[symbol], qty=10)
    """

    def register(decide: Own) -> Own:
        doc = (decide.__doc__ or "").strip()
        given = _class_params(name, decide, params) if isinstance(decide, type) else params
        known = {key: as_param(value) for key, value in (given or {}).items()}
        wanted = _checked_needs(name, decide, needs or {}, known)
        if state and isinstance(decide, type):
            raise ConfigError(f"strategy {name!r}: `state` is for functions; a class has itself")
        kept, origin = check_starts(name, state), origin_of(decide)
        add_kind(
            Kind(name, Tier.SMART, doc, known, decide, needs=wanted, origin=origin, state=kept)
        )
        return decide

    return register


def _checked_needs(
    name: str, decide: Any, needs: Mapping[str, Need], params: Mapping[str, Param]
) -> dict[str, Need]:
    """The needs of a function, whose windows are parameters or numbers."""
    if needs and isinstance(decide, type):
        raise ConfigError(f"strategy {name!r}: `needs` are for functions; a class has history()")
    for key, need in needs.items():
        if problem := need.problem(params):
            raise ConfigError(f"strategy {name!r}: need {key!r} {problem}")
    return dict(needs)


def _class_params(name: str, own: type, given: Params | None) -> Params:
    """A class's parameters."""
    if not issubclass(own, Strategy) or own.on_tick is Strategy.on_tick:
        raise ConfigError(
            f"strategy {name!r}: {own.__name__} must be a subclass of qtg.Strategy with an on_tick"
        )
    if given is not None:
        raise ConfigError(f"strategy {name!r}: give `params` in the class, not to the decorator")
    known: Params = own.params
    return known


def add_kind(kind: Kind) -> None:
    """Make a kind known; a built-in kind cannot be replaced.

    Raises
    ------
    ConfigError    the name is taken by a built-in kind, or a default is out of its range
    """
    check_defaults(kind.name, kind.params)
    held = _KINDS.get(kind.name)
    if held is not None and held.decide is None:
        raise ConfigError(f"{kind.name!r} is a built-in strategy; choose another name")
    _KINDS[kind.name] = kind


def find_kind(name: str, tier: Tier | None = None) -> Kind:
    """The kind of this name (and tier), from an installed package if nobody has registered it.

    Raises
    ------
    ConfigError      no such kind, or it belongs to another tier
    StrategyError    a package offers it and cannot be imported
    """
    kind = _KINDS.get(name) or _installed_kind(name)
    if tier is not None and kind.tier != tier:
        raise ConfigError(
            f"{name} belongs under `{kind.tier.name.lower()}`, not `{tier.name.lower()}`"
        )
    return kind


def _installed_kind(name: str) -> Kind:
    """A kind that a package offers."""
    offered = installed()
    if name not in offered:
        known = sorted({*_KINDS, *offered})
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(
            f"no strategy is called {name!r}; {hint}known: {', '.join(known)}; one of your own "
            "must be registered first (on the command line with --strategies FILE)"
        )
    entry = offered[name]
    with registering(f"package {package_of(entry)}"):
        load(entry)
    if name not in _KINDS:
        raise StrategyError(
            f"package {package_of(entry)} offers a strategy {name!r}, but {entry.value} registers "
            f"none of that name; put @qtg.strategy({name!r}) above it"
        )
    return _KINDS[name]


def kinds() -> dict[str, Kind]:
    """All known kinds by name."""
    return dict(_KINDS)
