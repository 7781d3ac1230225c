"""Charts of the agents: profit and loss by kind, orders and trades per tick, rejections."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .buckets import Buckets
from .figure import (
    ALL,
    DASHES,
    KIND_COLOURS,
    Chart,
    Figure,
    Trace,
    axis,
    band,
    figure,
    line,
    missing,
    numbers,
    tick_axis,
    two_rows,
)
from .profits import Profits
from .tables import column

if TYPE_CHECKING:
    import polars as pl

    from .context import Context

MOST_KINDS = 16
FLOWS = (
    ("orders_background", "background", "$sky"),
    ("orders_reactive", "reactive", "$green"),
    ("orders_smart", "smart", "$orange"),
)


def agent_charts(context: "Context", profits: Profits) -> list[Chart]:
    """Profit and loss by kind, then orders and trades per tick."""
    return [_pnl(context, profits), _activity(context)]


def _pnl(context: "Context", profits: Profits) -> Chart:
    if profits.missing:
        views = {ALL: {ALL: missing(profits.missing)}}
    else:
        kinds = _ranked(profits.by_kind)
        views = {
            "Over time": {ALL: _pnl_over_time(profits.by_kind, kinds, context)},
            "Per agent": {ALL: _pnl_per_agent(profits.last, kinds)},
            "At the end": {ALL: _pnl_at_end(profits.by_kind, kinds)},
        }
        if profits.equity.height:
            views["Equity"] = {ALL: _equity_curves(profits.equity, kinds, context)}
    reading = (
        "Realised plus unrealised profit of all agents of a kind, positions valued at the last "
        "trade price. Equity is cash plus positions."
    )
    return Chart("pnl", "Profit and loss by kind", reading, views, height=420)


def _ranked(sums: "pl.DataFrame") -> list[str]:
    """Kinds by their last profit, the largest in size first."""
    import polars as pl

    last = sums.group_by("kind").agg(pl.col("pnl").last(), pl.col("agents").last())
    ranked = last.sort(pl.col("pnl").abs(), "kind", descending=[True, False])
    return [str(kind) for kind in ranked["kind"].head(MOST_KINDS)]


def _style(rank: int) -> tuple[str, str]:
    colour = KIND_COLOURS[rank % len(KIND_COLOURS)]
    return f"${colour}", DASHES[rank // len(KIND_COLOURS) % len(DASHES)]


def _pnl_over_time(sums: "pl.DataFrame", kinds: list[str], context: "Context") -> Figure:
    traces = []
    for rank, kind in enumerate(kinds):
        own = sums.filter(kind=kind)
        buckets = Buckets(own.height, context.most_points)
        tick = buckets.last(own["tick"].cast(int).to_numpy())
        colour, dash = _style(rank)
        name = f"{kind} ({own['agents'][-1]:,})"
        traces.append(
            line(tick, buckets.last(column(own, "pnl")), name, colour, width=2, dash=dash)
        )
    layout = {
        "xaxis": tick_axis(context.seconds),
        "yaxis": axis("profit and loss (currency)", hoverformat=",.4~s", zeroline=True),
        "hovermode": "x unified",
    }
    return figure(traces, layout, _left_out(sums, kinds))


def _equity_curves(curves: "pl.DataFrame", kinds: list[str], context: "Context") -> Figure:
    """The median return of a kind's agents, and the band that holds nine in ten of them."""
    traces = []
    for rank, kind in enumerate(kinds):
        own = curves.filter(kind=kind)
        if not own.height:
            continue
        buckets = Buckets(own.height, context.most_points)
        tick = buckets.last(own["tick"].cast(int).to_numpy())
        low, middle, high = (
            100 * buckets.last(column(own, name)) for name in ("low", "median", "high")
        )
        colour, dash = _style(rank)
        name = f"{kind} ({own['agents'][-1]:,})"
        for edge in band(tick, low, high, name, f"{colour}/0.15"):
            traces.append(edge | {"showlegend": False, "legendgroup": kind})
        median = line(tick, middle, name, colour, width=2, dash=dash)
        traces.append(median | {"legendgroup": kind})
    layout = {
        "xaxis": tick_axis(context.seconds),
        "yaxis": axis("return since the start (%)", hoverformat="+.3f", zeroline=True),
        "hovermode": "x unified",
    }
    note = "Line: the median agent of a kind; band: nine in ten of its agents (5% to 95%)."
    return figure(traces, layout, note)


def _left_out(sums: "pl.DataFrame", kinds: list[str]) -> str:
    others = sums["kind"].n_unique() - len(kinds)
    return f"{others} kinds with smaller profits are not drawn." if others > 0 else ""


def _pnl_per_agent(last: "pl.DataFrame", kinds: list[str]) -> Figure:
    traces = []
    for rank, kind in enumerate(kinds):
        pnl = column(last.filter(kind=kind), "pnl")
        if len(pnl):
            traces.append(_box(kind, pnl, _style(rank)[0]))
    layout = {
        "xaxis": axis("profit and loss of one agent at the end (currency)", hoverformat=",.4~s"),
        "yaxis": {"automargin": True, "autorange": "reversed"},
        "hovermode": "closest",
        "showlegend": False,
    }
    return figure(traces, layout, "Box: middle half of the agents; whiskers: 5% to 95%.")


def _box(kind: str, pnl: Any, colour: str) -> Trace:
    names = ("lowerfence", "q1", "median", "q3", "upperfence")
    values = np.percentile(pnl, [5, 25, 50, 75, 95])
    box = {name: [round(float(value), 2)] for name, value in zip(names, values, strict=True)}
    style = {"fillcolor": f"{colour}/0.3", "line": {"color": colour, "width": 1.5}}
    place = {"type": "box", "name": kind, "y": [kind], "orientation": "h"}
    return place | box | style | {"mean": [round(float(pnl.mean()), 2)]}


def _pnl_at_end(sums: "pl.DataFrame", kinds: list[str]) -> Figure:
    last = sums.group_by("kind").last()
    last = last.filter(last["kind"].is_in(kinds))
    row = {str(kind): place for place, kind in enumerate(last["kind"])}
    order = [row[kind] for kind in kinds]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": kinds,
            "x": numbers(column(last, source)[order]),
            "marker": {"color": colour},
            "hovertemplate": "%{y}: %{x:,.4~s} " + name + "<extra></extra>",
        }
        for source, name, colour in (
            ("realized", "realised", "$blue"),
            ("unrealized", "unrealised", "$gold"),
        )
    ]
    layout = {
        "xaxis": axis("profit and loss of all agents of the kind (currency)"),
        "yaxis": {"automargin": True, "autorange": "reversed"},
        "barmode": "relative",
        "hovermode": "closest",
    }
    return figure(traces, layout)


def _activity(context: "Context") -> Chart:
    metrics = context.tables.get("metrics")
    drawn = missing(context.tables.why("metrics"))
    if metrics is not None:
        drawn = _flow(metrics.sort("tick"), context)
    reading = "Top: messages written per tick by each tier. Below: what became of them."
    views = {ALL: {ALL: drawn}}
    return Chart("activity", "Orders and trades per tick", reading, views, height=460)


def _flow(metrics: "pl.DataFrame", context: "Context") -> Figure:
    buckets = Buckets(metrics.height, context.most_points)
    tick = buckets.first(metrics["tick"].cast(int).to_numpy())
    traces = [
        line(tick, buckets.mean(column(metrics, source)), name, colour, width=0.8)
        | {"stackgroup": "orders", "fillcolor": f"{colour}/0.65"}
        for source, name, colour in FLOWS
        if source in metrics.columns
    ]
    traces += [
        line(tick, buckets.mean(column(metrics, source)), name, colour, yaxis="y2", dash=dash)
        for source, name, colour, dash in (
            ("trades", "trades", "$blue", "solid"),
            ("rejected", "rejected", "$red", "solid"),
            ("woken", "agents woken", "$purple", "dot"),
        )
        if source in metrics.columns
    ]
    top = axis("messages per tick", rangemode="tozero", hoverformat=",.5~g")
    low = axis("count per tick", rangemode="tozero", hoverformat=",.5~g")
    note = f"Means over {buckets.size} ticks." if buckets.size > 1 else ""
    return figure(traces, two_rows(tick_axis(context.seconds), top, low, share=0.45), note)
