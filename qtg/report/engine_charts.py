"""Charts of the engine: how long ticks took and on what, and why messages were rejected."""

from typing import TYPE_CHECKING

import numpy as np

from .buckets import Buckets
from .figure import (
    ALL,
    Chart,
    Figure,
    Trace,
    axis,
    figure,
    line,
    missing,
    numbers,
    tick_axis,
)
from .statistics import Floats
from .tables import column

if TYPE_CHECKING:
    import polars as pl

    from .context import Context

# Bottom of the stack first; the page has one colour per phase.
PHASES = (
    ("match", "match"),
    ("settle", "settle"),
    ("publish", "publish"),
    ("background", "background"),
    ("admit", "admit"),
    ("delay", "delay"),
    ("smart", "smart"),
    ("wake", "wake"),
    ("news", "news"),
)
HISTOGRAM_BINS = 100


def engine_charts(context: "Context", rejections: "pl.DataFrame | None") -> list[Chart]:
    """Tick times by phase, then rejections by reason (columns reason, count)."""
    return [_tick_time(context), _rejections(rejections)]


def _tick_time(context: "Context") -> Chart:
    metrics = context.tables.get("metrics")
    if metrics is None:
        views = {ALL: {ALL: missing(context.tables.why("metrics"))}}
    else:
        total, phases = tick_milliseconds(context.own(metrics))
        views = {
            "Histogram": {ALL: _histogram(total, phases)},
            "Typical and slow": {ALL: _slow(total, phases)},
            "Over the run": {ALL: _over_run(metrics.sort("tick"), context)},
        }
    reading = (
        "Wall-clock time of a tick. The height of a bar says how many ticks took that long, its "
        "colours what they spent the time on."
    )
    return Chart("ticktime", "Tick time by phase", reading, views, height=420)


def tick_milliseconds(metrics: "pl.DataFrame") -> tuple[Floats, dict[str, Floats]]:
    """Wall-clock time per tick, whole and by phase [ms].

    Returns
    -------
    total : float64 (T,)
    phases : name -> float64 (T,)   `other` is what no phase accounts for
    """
    phases = {}
    for key, name in PHASES:
        source = f"{key}_ns" if f"{key}_ns" in metrics.columns else key
        if source in metrics.columns:
            phases[name] = np.nan_to_num(column(metrics, source)) / 1e6
    known = np.sum(list(phases.values()), axis=0) if phases else np.zeros(metrics.height)
    source = "total_ns" if "total_ns" in metrics.columns else "total"
    total = column(metrics, source) / 1e6 if source in metrics.columns else known
    phases["other"] = np.maximum(total - known, 0.0)
    return total, phases


def _histogram(total: Floats, phases: dict[str, Floats]) -> Figure:
    p50, p99, p999 = np.percentile(total, [50, 99, 99.9])
    top = max(float(p999), float(p99) * 1.05, 1e-6)
    shown = total <= top
    width = max(top - float(total.min()), 1e-6) / HISTOGRAM_BINS
    place = np.minimum((total - total.min()) / width, HISTOGRAM_BINS - 1).astype(np.int64)[shown]
    center = total.min() + (np.arange(HISTOGRAM_BINS) + 0.5) * width
    sums = {n: np.bincount(place, t[shown], HISTOGRAM_BINS) for n, t in phases.items()}
    spent = np.maximum(np.sum(list(sums.values()), axis=0), 1e-12)
    count = np.bincount(place, minlength=HISTOGRAM_BINS)
    traces = [
        _phase_bar(name, center, part / spent * count, part / np.maximum(count, 1), width)
        for name, part in sums.items()
    ]
    layout = {
        "xaxis": axis("tick time (ms)", range=[float(total.min()) - width, top + width]),
        "yaxis": axis("ticks", rangemode="tozero"),
        "barmode": "stack",
        "bargap": 0,
        "hovermode": "x unified",
        "shapes": [_mark(p50), _mark(p99)],
        "annotations": [_label(p50, "p50"), _label(p99, "p99")],
    }
    left = int(len(total) - shown.sum())
    note = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, slowest {total.max():.2f} ms."
    return figure(traces, layout, note + (f" {left} slower ticks are not drawn." if left else ""))


def _phase_bar(name: str, x: Floats, y: Floats, each: Floats, width: float) -> Trace:
    return {
        "type": "bar",
        "name": name,
        "x": numbers(x, 4),
        "y": numbers(y, 4),
        "width": width,
        "customdata": numbers(each, 4),
        "hovertemplate": "%{customdata:.3~f} ms",
        "marker": {"color": f"$phase-{name}", "line": {"width": 0}},
    }


def _mark(x: float) -> Trace:
    return {
        "type": "line",
        "x0": float(x),
        "x1": float(x),
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": "$text", "width": 1.2, "dash": "dot"},
    }


def _label(x: float, name: str) -> Trace:
    return {
        "x": float(x),
        "yref": "paper",
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "showarrow": False,
        "text": f" {name} {x:.2f} ms",
        "font": {"color": "$text", "size": 12},
    }


def _slow(total: Floats, phases: dict[str, Floats]) -> Figure:
    """Mean time by phase of all ticks, the middle tenth and the slowest hundredth."""
    order, n = np.argsort(total, kind="stable"), len(total)
    middle = int(0.45 * n)
    groups = {
        "slowest 1%": order[-max(1, n // 100) :],
        "around the median": order[middle : max(middle + 1, int(0.55 * n))],
        "all ticks": order,
    }
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": list(groups),
            "x": numbers([time[rows].mean() for rows in groups.values()], 4),
            "marker": {"color": f"$phase-{name}"},
            "hovertemplate": name + " %{x:.3~f} ms<extra></extra>",
        }
        for name, time in phases.items()
    ]
    layout = {
        "xaxis": axis("mean time per tick (ms)"),
        "yaxis": {"automargin": True},
        "barmode": "stack",
        "hovermode": "closest",
    }
    return figure(traces, layout, "What slow ticks spend their time on, beside ordinary ones.")


def _over_run(metrics: "pl.DataFrame", context: "Context") -> Figure:
    phases = tick_milliseconds(metrics)[1]
    buckets = Buckets(metrics.height, context.most_points // 2)
    tick = buckets.first(metrics["tick"].cast(int).to_numpy())
    traces = [
        line(tick, buckets.mean(time), name, f"$phase-{name}", width=0.5)
        | {"stackgroup": "phases", "fillcolor": f"$phase-{name}"}
        for name, time in phases.items()
    ]
    layout = {
        "xaxis": tick_axis(context.seconds),
        "yaxis": axis("tick time (ms)", rangemode="tozero", hoverformat=".3~f"),
        "hovermode": "x unified",
    }
    note = f"Means over {buckets.size} ticks." if buckets.size > 1 else ""
    return figure(traces, layout, note)


def _rejections(rejections: "pl.DataFrame | None") -> Chart:
    if rejections is None:
        drawn = missing("Reasons are kept with the order events, which this run did not store.")
    elif rejections.height == 0:
        drawn = missing("No message was rejected.")
    else:
        drawn = _reasons(rejections)
    reading = "Messages the venue or the risk checks refused, by reason code."
    return Chart("rejections", "Rejections by reason", reading, {ALL: {ALL: drawn}}, height=300)


def _reasons(rejections: "pl.DataFrame") -> Figure:
    ranked = rejections.sort("count")
    counts = ranked["count"].to_list()
    trace = {
        "type": "bar",
        "orientation": "h",
        "name": "messages",
        "y": ranked["reason"].to_list(),
        "x": counts,
        "text": [f"{n:,}" for n in counts],
        "textposition": "auto",
        "marker": {"color": "$red"},
        "hovertemplate": "%{y}: %{x:,d}<extra></extra>",
    }
    wide = "log" if counts[-1] > 200 * max(1, counts[0]) else "linear"
    layout = {
        "xaxis": axis("messages" + (" (log scale)" if wide == "log" else ""), type=wide),
        "yaxis": {"automargin": True},
        "hovermode": "closest",
        "showlegend": False,
    }
    return figure([trace], layout, f"{sum(counts):,} rejected in all.")
