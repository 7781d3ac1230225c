"""What observations are made of: named features of a scene, and builders of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from qtg.kernels import scene

from .errors import ConfigError

BOUND = 10.0
HUGE = 1e9  # where numbers are not scaled


class Norm(NamedTuple):
    """How a value is brought to a common size: `(value - shift) * scale`."""

    kind: str  # "none", "min_max" or "z_score"
    params: tuple[float, ...] = ()

    @property
    def is_line(self) -> bool:
        """Whether it can be computed."""
        if self.kind == "none":
            return not self.params
        known = self.kind in ("min_max", "z_score") and len(self.params) == 2
        return known and all(np.isfinite(self.params)) and bool(np.isfinite(self.line).all())

    @property
    def line(self) -> tuple[float, float]:
        """(shift, scale)."""
        if self.kind == "none":
            return 0.0, 1.0
        a, b = self.params
        return (a, 1.0 / (b - a)) if self.kind == "min_max" else (a, 1.0 / b)


def z_score(deviation: float, mean: float = 0.0) -> Norm:
    """(value - mean) / deviation."""
    return Norm("z_score", (mean, deviation))


def min_max(low: float, high: float) -> Norm:
    """From low .. high to 0 .. 1."""
    return Norm("min_max", (low, high))


NONE = Norm("none")


@dataclass(frozen=True)
class Feature:
    """One number of an observation."""

    name: str
    operation: int
    columns: tuple[str, ...]  # of the scene, one to three
    norm: Norm = NONE
    low: float = -BOUND
    high: float = BOUND


Builder = Callable[[str], list[Feature]]


def price(symbol: str) -> list[Feature]:
    """Log returns of the mid over 1, 5 and 20 steps, and where the last trade is to it."""
    mid = f"{symbol}.mid"
    returns = [
        Feature(f"return_{lag}", scene.LOG_RATIO, (mid, f"{mid}[-{lag}]"), z_score(size))
        for lag, size in ((1, 0.0005), (5, 0.001), (20, 0.002))
    ]
    return [
        *returns,
        Feature("last_to_mid", scene.LOG_RATIO, (f"{symbol}.last", mid), z_score(5e-4)),
    ]


def book(symbol: str) -> list[Feature]:
    """Spread, and how the quantity at the best prices, at 5 and at 10 levels leans."""
    of = f"{symbol}.{{}}".format
    return [
        Feature("spread", scene.RELATIVE, (of("ask"), of("bid"), of("mid")), z_score(0.0005)),
        Feature("imbalance_best", scene.IMBALANCE, (of("bid_qty"), of("ask_qty"))),
        Feature("imbalance_near", scene.IMBALANCE, (of("near_bid_qty"), of("near_ask_qty"))),
        Feature("imbalance_deep", scene.IMBALANCE, (of("deep_bid_qty"), of("deep_ask_qty"))),
    ]


def indicator(symbol: str) -> list[Feature]:
    """RSI (14), MACD (12, 26, 9) and its signal, Bollinger bands (20, 2), all to the mid."""
    of = f"{symbol}.{{}}".format
    to_mid = z_score(0.002)
    return [
        Feature("rsi", scene.VALUE, (of("rsi"),), min_max(0.0, 100.0)),
        Feature("macd", scene.RATIO, (of("macd"), of("mid")), to_mid),
        Feature("macd_signal", scene.RATIO, (of("macd_signal"), of("mid")), to_mid),
        Feature("bollinger_upper", scene.LOG_RATIO, (of("bollinger_upper"), of("mid")), to_mid),
        Feature("bollinger_lower", scene.LOG_RATIO, (of("bollinger_lower"), of("mid")), to_mid),
        Feature("volatility", scene.VALUE, (of("volatility"),), z_score(0.0005)),
    ]


def microstructure(symbol: str) -> list[Feature]:
    """What was traded since the last step, to what stands in the book; near depth to deep."""
    of = f"{symbol}.{{}}".format
    return [
        Feature("trade_rate", scene.RATIO, (of("volume"), of("deep_bid_qty"))),
        Feature("bid_depth_ratio", scene.RATIO, (of("near_bid_qty"), of("deep_bid_qty"))),
        Feature("ask_depth_ratio", scene.RATIO, (of("near_ask_qty"), of("deep_ask_qty"))),
    ]


def news(symbol: str) -> list[Feature]:
    """The mood of the market, news included, and the news of this tick; -1 .. 1 each."""
    return [
        Feature("sentiment", scene.VALUE, (f"{symbol}.sentiment",)),
        Feature("news", scene.VALUE, (f"{symbol}.news",)),
    ]


def position(symbol: str) -> list[Feature]:
    """What is held: its cost as part of the equity at the start."""
    return [Feature("position", scene.RATIO, (f"{symbol}.cost", "start"))]


def order(symbol: str) -> list[Feature]:
    """Of a parent order: what remains, how far that is behind time, the price since it came."""
    return [
        Feature("remaining", scene.VALUE, ("remaining",)),
        Feature("behind", scene.DIFFERENCE, ("remaining", "left")),
        Feature("impact", scene.LOG_RATIO, (f"{symbol}.mid", "arrival"), z_score(0.001)),
    ]


def abides_investor(symbol: str) -> list[Feature]:
    """What ABIDES-gym's investor sees: shares held, how the best three levels lean, then in cents
    the spread, the mid to the last trade, and the last three moves of the mid."""
    of = f"{symbol}.{{}}".format
    return [
        _unscaled("holdings", scene.VALUE, of("position")),
        _unscaled("imbalance_3", scene.SHARE, of("near_bid_qty"), of("near_ask_qty")),
        *_cents(of),
    ]


def abides_execution(symbol: str) -> list[Feature]:
    """What ABIDES-gym's execution task sees: parts of the parent order and of the time that are
    done, their difference, how ten and five levels lean, the log move of the mid since the start,
    and the cents of `abides_investor`."""
    of = f"{symbol}.{{}}".format
    return [
        Feature("holdings_pct", scene.VALUE, ("remaining",), min_max(1.0, 0.0), -HUGE, HUGE),
        Feature("time_pct", scene.VALUE, ("left",), min_max(1.0, 0.0), -HUGE, HUGE),
        _unscaled("diff_pct", scene.DIFFERENCE, "left", "remaining"),
        _unscaled("imbalance_all", scene.SHARE, of("deep_bid_qty"), of("deep_ask_qty")),
        _unscaled("imbalance_5", scene.SHARE, of("near_bid_qty"), of("near_ask_qty")),
        _unscaled("price_impact", scene.LOG_RATIO, of("mid"), "arrival"),
        *_cents(of),
    ]


def _unscaled(name: str, operation: int, *columns: str) -> Feature:
    return Feature(name, operation, columns, NONE, -HUGE, HUGE)


def _cents(of: Callable[[str], str]) -> list[Feature]:
    pairs = {
        "spread": ("ask", "bid"),
        "direction": ("mid", "last"),
        "move_3": ("mid[-2]", "mid[-3]"),
        "move_2": ("mid[-1]", "mid[-2]"),
        "move_1": ("mid", "mid[-1]"),
    }
    return [
        Feature(name, scene.DIFFERENCE, (of(a), of(b)), z_score(0.01), -HUGE, HUGE)
        for name, (a, b) in pairs.items()
    ]


BY_SYMBOL: dict[str, Builder] = {
    "price": price,
    "book": book,
    "indicator": indicator,
    "microstructure": microstructure,
    "news": news,
    "order": order,
    "abides_investor": abides_investor,
    "abides_execution": abides_execution,
}
OF_ACCOUNT = [
    Feature("cash", scene.RATIO, ("cash", "start")),
    Feature("profit", scene.RELATIVE, ("equity", "start", "start"), z_score(0.01)),
    Feature("left", scene.VALUE, ("left",)),
]
BUILDERS = (*BY_SYMBOL, "portfolio")


def features_of(builders: Sequence[str], symbols: Sequence[str]) -> list[Feature]:
    """The features of these builders, one after the other; those by symbol for each symbol.

    Raises
    ------
    ConfigError    no such builder, one twice, or two that have features of one name
    """
    if isinstance(builders, str):
        raise ConfigError(f"features must be a list of names, such as [{builders!r}]")
    found: list[Feature] = []
    for name in builders:
        if name not in BUILDERS:
            raise ConfigError(
                f"features {list(builders)} are not each one of {', '.join(BUILDERS)}"
            )
        if list(builders).count(name) > 1:
            raise ConfigError(f"features {list(builders)} name {name!r} twice; leave one out")
        each = position if name == "portfolio" else BY_SYMBOL[name]
        for symbol in symbols:
            found += [replace(one, name=f"{symbol}.{one.name}") for one in each(symbol)]
        found += OF_ACCOUNT if name == "portfolio" else []
    names = [each.name for each in found]
    twice = sorted(name for name in set(names) if names.count(name) > 1)
    if twice:
        raise ConfigError(
            f"features {list(builders)} would have {twice[0]} twice; leave one of them out"
        )
    if not found:
        raise ConfigError(f"an observation needs features; name some of {', '.join(BUILDERS)}")
    return found
