"""Strategy kinds by name: what may stand in a population's `kind`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qtg.schemas import Tier

from ..config.distributions import Constant, Distribution, Uniform
from ..errors import ConfigError

if TYPE_CHECKING:
    from .context import StrategyContext

Decide = Callable[["StrategyContext"], Any]


@dataclass(frozen=True)
class Kind:
    """A strategy: its name, tier, parameters with their default distributions, and what it is."""

    name: str
    tier: Tier
    doc: str
    params: dict[str, Distribution] = field(default_factory=dict)
    decide: Decide | None = None  # a user's function; None for the built-in kernels


_KINDS: dict[str, Kind] = {}


def strategy(
    name: str, *, params: dict[str, float | Distribution] | None = None
) -> Callable[[Decide], Decide]:
    """Register a NumPy function as a strategy kind of tier 1.

    The function is called once a tick with a `StrategyContext` that holds all agents of the kind
    as rows, and returns the orders of all of them as columns: `ctx.orders`, `ctx.cancel`,
    `ctx.replace`, a list of these, or None.

    Parameters
    ----------
    name : str      what populations call it
    params : dict   parameters with their defaults; a number means the same for every agent

    Examples
    --------
    >>> @strategy("dip_buyer", params={"dip": 0.01})
    ... def buy_dips(ctx):
    ...     row, symbol = np.nonzero(ctx.mid < ctx.fair_value * (1 - ctx.params["dip"][:, None]))
    ...     return ctx.orders(row, symbol, side=1, price=ctx.ask[symbol], qty=10)
    """

    def register(decide: Decide) -> Decide:
        doc = (decide.__doc__ or "").strip()
        add_kind(Kind(name, Tier.SMART, doc, _distributions(params or {}), decide))
        return decide

    return register


def _distributions(params: Mapping[str, float | Distribution]) -> dict[str, Distribution]:
    return {
        key: Constant(value=value) if isinstance(value, (int, float)) else value
        for key, value in params.items()
    }


def add_kind(kind: Kind) -> None:
    """Make a kind known; a built-in kind cannot be replaced."""
    held = _KINDS.get(kind.name)
    if held is not None and held.decide is None:
        raise ConfigError(f"{kind.name!r} is a built-in strategy; choose another name")
    _KINDS[kind.name] = kind


def find_kind(name: str, tier: Tier) -> Kind:
    """The kind of this name and tier.

    Raises
    ------
    ConfigError    no such kind, or it belongs to another tier
    """
    kind = _KINDS.get(name)
    if kind is None:
        close = difflib.get_close_matches(name, _KINDS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ConfigError(
            f"no strategy is called {name!r}; {hint}known: {', '.join(sorted(_KINDS))}; one of "
            "your own must be registered first (on the command line with --strategies FILE)"
        )
    if kind.tier != tier:
        raise ConfigError(
            f"{name} belongs under `{kind.tier.name.lower()}`, not `{tier.name.lower()}`"
        )
    return kind


def kinds() -> dict[str, Kind]:
    """All known kinds by name."""
    return dict(_KINDS)


def _built_in(name: str, tier: Tier, doc: str, **params: float | Distribution) -> None:
    add_kind(Kind(name, tier, doc, _distributions(params)))


_built_in(
    "market_maker",
    Tier.SMART,
    "quotes both sides around fair value, shifted against its inventory",
    half_spread=Uniform(low=0.0001, high=0.0004),
    skew=0.0008,
    inventory=10_000,
    size=Uniform(low=300, high=900),
)
_built_in(
    "noise_trader",
    Tier.SMART,
    "buys and sells at random around fair value",
    deviation=0.001,
    market_share=0.3,
    size=Uniform(low=10, high=100),
    lifetime=20,
)
for _name, _doc in (
    ("threshold_buyer", "buys when the price has fallen by its threshold"),
    ("threshold_seller", "sells when the price has risen by its threshold"),
):
    _built_in(
        _name,
        Tier.REACTIVE,
        _doc,
        threshold=Uniform(low=0.0005, high=0.004),
        interval=Uniform(low=30, high=300),
        size=Uniform(low=5, high=50),
        lifetime=5,
    )
_built_in(
    "news_reactor",
    Tier.REACTIVE,
    "buys on good news and sells on bad, then rests for an interval",
    threshold=Uniform(low=0.1, high=0.6),
    interval=Uniform(low=60, high=600),
    size=Uniform(low=5, high=50),
    lifetime=5,
)
_built_in(
    "momentum_follower",
    Tier.REACTIVE,
    "looks every interval; buys what has risen, sells what has fallen",
    threshold=Uniform(low=0.0005, high=0.003),
    interval=Uniform(low=60, high=600),
    size=Uniform(low=5, high=50),
    lifetime=5,
)
