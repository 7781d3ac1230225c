"""Strategy kinds by name: what may stand in a population's `kind`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from qtg.schemas import Tier

from ..config.distributions import Choice, Distribution, Uniform
from ..errors import ConfigError, StrategyError
from .installed import installed, load, package_of
from .need import Need
from .parameters import Param, Rule, as_param, check_defaults, less
from .simple import Strategy

if TYPE_CHECKING:
    from .context import StrategyContext

Decide = Callable[["StrategyContext"], Any]
Own = TypeVar("Own", bound="Decide | type[Strategy]")
Params = Mapping[str, float | Distribution | Param]


@dataclass(frozen=True)
class Kind:
    """A strategy: its name, tier, what it is, and its parameters with defaults and ranges."""

    name: str
    tier: Tier
    doc: str
    params: dict[str, Param] = field(default_factory=dict)
    decide: Any = None  # a user's function; None for the built-in kernels
    rules: tuple[Rule, ...] = ()  # what must hold between the parameters
    needs: dict[str, Need] = field(default_factory=dict)  # indicators that it reads
    has_desk: bool = False  # wants positions, and takes `execution`
    origin: str = "built in"  # the file, package or module that it comes from
    has_pairs: bool = False  # takes `pairs`


_KINDS: dict[str, Kind] = {}
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


def strategy(name: str, *, params: Params | None = None) -> Callable[[Own], Own]:
    """Register a NumPy function, or a subclass of `qtg.Strategy`, as a strategy kind of tier 1.

    A class has one object per agent. A function is called once a tick with a `StrategyContext` that
    holds all agents of the kind as rows, and returns the orders of all of them as columns:
    `ctx.orders`, `ctx.cancel`, `ctx.replace`, a list of these, or None.

    Parameters
    ----------
    name : str      what populations call it
    params : dict   parameters with their defaults; a number means the same for every agent, and
        `qtg.Param(default, low=, high=)` says which values are allowed (a class has them inside)

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
        add_kind(Kind(name, Tier.SMART, doc, known, decide, origin=origin_of(decide)))
        return decide

    return register


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


def _built_in(
    name: str,
    tier: Tier,
    doc: str,
    rules: tuple[Rule, ...] = (),
    needs: dict[str, Need] | None = None,
    has_desk: bool = False,
    has_pairs: bool = False,
    **params: float | Distribution | Param,
) -> None:
    known = {key: as_param(value) for key, value in params.items()}
    add_kind(
        Kind(
            name, tier, doc, known, rules=rules, needs=needs or {},
            has_desk=has_desk, has_pairs=has_pairs,
        )
    )  # fmt: skip


_built_in(
    "market_maker",
    Tier.SMART,
    "quotes both sides around fair value, shifted against its inventory",
    half_spread=Param(Uniform(low=0.0001, high=0.0004), low=0, high=1),
    skew=Param(0.0008, low=0),
    inventory=Param(10_000, above=0),
    size=Param(Uniform(low=300, high=900), above=0),
)
_built_in(
    "noise_trader",
    Tier.SMART,
    "buys and sells at random around fair value",
    deviation=Param(0.001, low=0),
    market_share=Param(0.3, low=0, high=1),
    size=Param(Uniform(low=10, high=100), above=0),
    lifetime=Param(20, low=1),
)
for _name, _doc in (
    ("threshold_buyer", "buys when the price has fallen by its threshold"),
    ("threshold_seller", "sells when the price has risen by its threshold"),
):
    _built_in(
        _name,
        Tier.REACTIVE,
        _doc,
        threshold=Param(Uniform(low=0.0005, high=0.004), low=0),
        interval=Param(Uniform(low=30, high=300), low=1),
        size=Param(Uniform(low=5, high=50), above=0),
        lifetime=Param(5, low=1),
        take_profit=Param(0.0, low=0),
    )
_built_in(
    "news_reactor",
    Tier.REACTIVE,
    "buys on good news and sells on bad, then rests for an interval",
    threshold=Param(Uniform(low=0.1, high=0.6), low=0),
    interval=Param(Uniform(low=60, high=600), low=1),
    size=Param(Uniform(low=5, high=50), above=0),
    lifetime=Param(5, low=1),
)
_built_in(
    "momentum_follower",
    Tier.REACTIVE,
    "looks every interval; buys what has risen, sells what has fallen",
    threshold=Param(Uniform(low=0.0005, high=0.003), low=0),
    interval=Param(Uniform(low=60, high=600), low=1),
    size=Param(Uniform(low=5, high=50), above=0),
    lifetime=Param(5, low=1),
)


def _trader(
    name: str,
    doc: str,
    rules: tuple[Rule, ...] = (),
    needs: dict[str, Need] | None = None,
    has_pairs: bool = False,
    **params: float | Distribution | Param,
) -> None:
    """A kind that wants positions and leaves the orders to a desk."""
    common = {
        "size": Param(Uniform(low=50, high=200), above=0),
        "lifetime": Param(3, low=1),
    }
    _built_in(name, Tier.SMART, doc, rules, needs, True, has_pairs, **{**common, **params})


def _bars(low: float, high: float, least: int = 1) -> Param:
    """A window [bars]."""
    return Param(Uniform(low=low, high=high), low=least, whole=True)


_trader(
    "rsi_momentum",
    "buys when the RSI says oversold, sells when it says overbought",
    (less("oversold", "overbought"),),
    {
        "rsi": Need("rsi", {"n": "window"}),
        "change": Need("momentum", {"n": "window", "skip": 0}),
    },
    window=_bars(7, 28),
    oversold=Param(Uniform(low=20, high=35), low=0, high=100),
    overbought=Param(Uniform(low=65, high=80), low=0, high=100),
)
_trader(
    "trend_follower",
    "long while its fast average (SMA or EMA) lies above its slow one, short below",
    (less("fast", "slow"),),
    {
        "fast": Need(("sma", "ema"), {"n": "fast"}, choice="exponential"),
        "slow": Need(("sma", "ema"), {"n": "slow"}, choice="exponential"),
    },
    fast=_bars(5, 15),
    slow=_bars(20, 60),
    band=Param(Uniform(low=0.0, high=0.0003), low=0),
    exponential=Param(Choice(values=(0, 1)), low=0, high=1, whole=True),
)
_trader(
    "macd_crossover",
    "buys when MACD crosses above its signal, sells when it crosses below",
    (less("fast", "slow"),),
    {
        "histogram": Need(
            "macd", {"fast": "fast", "slow": "slow", "signal": "signal"}, part="histogram"
        ),
        "price": Need("ema", {"n": "slow"}),
    },
    fast=_bars(8, 14),
    slow=_bars(20, 30),
    signal=_bars(7, 11),
    band=Param(Uniform(low=0.0, high=0.0001), low=0),
)
_trader(
    "bollinger_reversion",
    "trades against a price beyond its Bollinger bands until it is back in the middle",
    (less("middle", "width"),),
    {"zscore": Need("zscore", {"n": "window"})},
    window=_bars(15, 40, 2),
    width=Param(Uniform(low=1.5, high=2.5), above=0),
    middle=Param(Uniform(low=0.0, high=0.5), low=0),
)
_trader(
    "pairs_trading",
    "trades two symbols against each other when their spread has parted, both legs at once",
    (less("leave", "enter"),),
    {"spread": Need("hedge", {"n": "window"}, part="zscore")},
    has_pairs=True,
    window=_bars(60, 120, 3),
    enter=Param(Uniform(low=1.5, high=2.5), above=0),
    leave=Param(Uniform(low=0.0, high=0.5), low=0),
)
_trader(
    "factor_long_short",
    "ranks its symbols by factors; long of the best, short of the worst",
    (),
    {
        "momentum": Need("momentum", {"n": "momentum_window", "skip": "momentum_skip"}),
        "volatility": Need("rolling_volatility", {"n": "volatility_window"}),
        "reversion": Need("mean_reversion", {"n": "reversion_window"}),
    },
    momentum_weight=Uniform(low=0.0, high=1.0),
    value_weight=Uniform(low=0.0, high=1.0),
    volatility_weight=Uniform(low=0.0, high=1.0),
    reversion_weight=Uniform(low=0.0, high=1.0),
    quality_weight=Uniform(low=0.0, high=1.0),
    momentum_window=_bars(40, 90, 2),
    momentum_skip=Param(1, low=0, whole=True),
    volatility_window=_bars(20, 60, 2),
    reversion_window=_bars(15, 40, 2),
    share=Param(Uniform(low=0.1, high=0.3), above=0, high=0.5),
)
_trader(
    "news_trader",
    "goes the way of the news for a while",
    threshold=Param(Uniform(low=0.1, high=0.5), low=0),
    holding=Param(Uniform(low=60, high=300), low=1),
)
_trader(
    "vwap_executor",
    "works one order by VWAP: buys `size` shares of each of its symbols, or sells if negative",
    size=Uniform(low=500, high=2_000),
    start=Param(Uniform(low=0, high=600), low=0),
)
_built_in(
    "avellaneda_stoikov",
    Tier.SMART,
    "quotes around its reservation price as Avellaneda and Stoikov (2008) have it",
    needs={"volatility": Need("rolling_volatility", {"n": "window"})},
    risk_aversion=Param(Uniform(low=0.05, high=0.2), above=0),
    arrival_decay=Param(Uniform(low=30, high=80), above=0),
    horizon=Param(Uniform(low=60, high=300), above=0),
    window=_bars(30, 60, 2),
    size=Param(Uniform(low=300, high=900), above=0),
)
_built_in(
    "sector_rotator",
    Tier.REACTIVE,
    "holds every sector, more of those with a good mood; rebalances on news and on drift",
    (less("floor", "cap"),),
    scale=Param(Uniform(low=0.05, high=0.3), low=0),
    floor=Param(0.02, low=0, high=1),
    cap=Param(1.0, above=0, high=1),
    drift=Param(Uniform(low=0.01, high=0.05), low=0, high=1),
    invested=Param(0.9, low=0, high=1),
    threshold=Param(Uniform(low=0.05, high=0.4), low=0),
    interval=Param(Uniform(low=300, high=1200), low=1),
    lifetime=Param(5, low=1),
)
