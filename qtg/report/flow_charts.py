"""The chart of order flow: what came and went in each tick, with the regimes behind it."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .buckets import Buckets
from .figure import ALL, Chart, Figure, Trace, axis, figure, line, tick_axis, two_rows
from .statistics import Floats
from .tables import column
from .wording import percent

if TYPE_CHECKING:
    import polars as pl

    from .context import Context

LINES = (
    ("accepted", "new orders", "$blue"),
    ("canceled", "cancels", "$orange"),
    ("trades", "fills", "$green"),
    ("rejected", "rejections", "$red"),
)
SHADES = {
    "calm": "$sky",
    "normal": "$grey",
    "volatile": "$gold",
    "crisis": "$red",
    "burst": "$purple",
    "cancel_storm": "$orange",
}
MOST_EPISODES = 200
_OPACITY = "/0.18"


class Episode(NamedTuple):
    """Ticks in a row in one regime."""

    regime: str
    first: int
    last: int


def flow_charts(context: "Context") -> list[Chart]:
    """Events per tick by type and the cancel rate; no chart of a run that did not count them."""
    metrics = context.tables.get("metrics")
    counted = {"tick", "regime", *(name for name, _, _ in LINES)}
    if metrics is None or not counted <= set(metrics.columns):
        return []
    drawn = _flow(metrics.sort("tick"), context)
    reading = (
        "How many new orders, cancels, fills and rejections a tick had, and below how many cancels "
        "came for each new order. Shaded are the regimes that are not the usual one."
    )
    return [Chart("flow", "Order flow by regime", reading, {ALL: {ALL: drawn}}, height=420)]


def episodes(tick: np.ndarray, regime: list[str]) -> list[Episode]:
    """The regimes of a run one after the other, each with its first and last tick.

    >>> episodes(np.arange(4), ["calm", "calm", "burst", "calm"])[1]
    Episode(regime='burst', first=2, last=2)
    """
    starts = [at for at in range(len(regime)) if at == 0 or regime[at] != regime[at - 1]]
    ends = [*(at - 1 for at in starts[1:]), len(regime) - 1]
    return [
        Episode(regime[lo], int(tick[lo]), int(tick[hi]))
        for lo, hi in zip(starts, ends, strict=True)
    ]


def _flow(metrics: "pl.DataFrame", context: "Context") -> Figure:
    buckets = Buckets(metrics.height, context.most_points)
    tick = buckets.first(metrics["tick"].to_numpy())
    counts = {name: column(metrics, name) for name, _, _ in LINES}
    traces = [
        line(tick, buckets.mean(counts[name]), shown, colour, width=1.2)
        for name, shown, colour in LINES
    ]
    rate = _share(buckets.total(counts["canceled"]), buckets.total(counts["accepted"]))
    traces.append(line(tick, rate, "cancel rate", "$purple", width=1.2) | {"yaxis": "y2"})
    regime = metrics["regime"].cast(str).to_list()
    usual = max(dict.fromkeys(regime), key=regime.count)
    unusual = [
        each for each in episodes(metrics["tick"].to_numpy(), regime) if each.regime != usual
    ]
    longest = sorted(unusual, key=lambda each: each.first - each.last)[:MOST_EPISODES]
    layout = two_rows(
        tick_axis(context.seconds),
        axis("per tick", rangemode="tozero"),
        axis("cancels per order", rangemode="tozero"),
        0.3,
    )
    layout["shapes"] = [_shade(each) for each in longest]
    traces += [_key(name) for name in dict.fromkeys(each.regime for each in unusual)]
    return figure(traces, layout, _note(buckets.size, regime, counts, len(unusual) - len(longest)))


def _share(part: Floats, whole: Floats) -> Floats:
    """One over the other; NaN where there is nothing to share."""
    share: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return share


def _shade(each: Episode) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": each.first - 0.5,
        "x1": each.last + 0.5,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "line": {"width": 0},
        "fillcolor": _colour(each.regime),
    }


def _key(regime: str) -> Trace:
    """A point that is not drawn, for the legend's sake."""
    marker = {"color": _colour(regime), "symbol": "square", "size": 14}
    name = regime.replace("_", " ")
    trace: Trace = {"type": "scatter", "mode": "markers", "name": name, "marker": marker}
    return trace | {"x": [None], "y": [None], "hoverinfo": "skip"}


def _colour(regime: str) -> str:
    return SHADES.get(regime, "$grey") + _OPACITY


def _note(size: int, regime: list[str], counts: dict[str, Floats], left_out: int) -> str:
    """The cancel rate of each regime, and how the lines were made."""
    of = np.array(regime)
    rates = []
    for name in dict.fromkeys(regime):
        came = counts["accepted"][of == name].sum()
        went = counts["canceled"][of == name].sum()
        share = percent(went / came) if came > 0 else "none came"
        rates.append(f"{name.replace('_', ' ')} {share}")
    note = f"Cancels per new order: {', '.join(rates)}."
    if size > 1:
        note += f" Means over {size} ticks."
    return note + (f" The {left_out:,} shortest episodes are not shaded." if left_out else "")
