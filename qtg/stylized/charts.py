"""Plots of a scorecard: each fact over the runs with its gate, and the curves behind them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.report.figure import ALL, Chart, Figure, Trace, axis, figure, line, missing

from .facts import Fact
from .impact import pooled

if TYPE_CHECKING:
    from .scorecard import Scorecard

COLOURS = {True: "$green", False: "$red", None: "$grey"}


def fact_charts(card: "Scorecard") -> list[Chart]:
    """A small chart for each fact: its value in every run, the gate shaded."""
    return [
        _chart(f"fact-{place}", f"{facts[0].name}", _reading(facts), _runs(list(facts)), 190)
        for place, facts in enumerate(zip(*card.runs, strict=True))
    ]


def curve_charts(card: "Scorecard") -> list[Chart]:
    """Autocorrelations, tail, impact and book shape; thin lines are runs, the thick one their
    mean."""
    curves = [each.curves for each in card.measured]
    return [
        _chart(
            "memory",
            "Autocorrelation of one-minute returns",
            "Returns have none beyond the first minute; their size fades slowly. The shaded band "
            "is the gate of the returns, lags 2 to 10.",
            _memory([each.returns for each in curves], [each.sizes for each in curves]),
        ),
        _chart(
            "tail",
            "Tail of one-minute returns",
            "Share of the returns that are larger. The dashed curves are a normal distribution, "
            "and power laws with the tail indices 2 and 5 of the gate.",
            _tail([each.tail for each in curves]),
        ),
        _chart(
            "impact",
            "Impact of metaorders",
            "How far a metaorder has moved the mid when it ends, against the same run without it. "
            "The line is the fit, the dashed one the square root.",
            _impact(card),
        ),
        _chart(
            "book",
            "Book shape",
            "Mean depth by distance from the best price, both sides, over its mean.",
            _book([each.depth for each in curves]),
        ),
    ]


def _chart(key: str, title: str, reading: str, drawn: Figure, height: int = 360) -> Chart:
    return Chart(key, title, reading, {ALL: {ALL: drawn}}, height)


def _reading(facts: tuple[Fact, ...]) -> str:
    gate = f"Gate: {facts[0].gate}. " if facts[0].gate else ""
    return f"{gate}{facts[0].statistic[:1].upper()}{facts[0].statistic[1:]}."


def _runs(facts: list[Fact]) -> Figure:
    known = [fact for fact in facts if fact.passed is not None]
    if not known:
        return missing("Not measured.")
    traces: list[Trace] = []
    for passed, name in ((True, "passes"), (False, "fails")):
        values = [fact.value for fact in known if fact.passed is passed]
        if values:
            # Where runs lie above each other they are spread a little.
            spread = 0.5 + 0.3 * np.sin(np.arange(len(values)) * 2.4)
            dots = line(values, spread, name, COLOURS[passed], digits=4)
            traces.append(dots | {"mode": "markers", "hovertemplate": "%{x}<extra></extra>"})
    layout = {
        "xaxis": axis("", zeroline=False),
        "yaxis": {"visible": False, "range": [0, 1]},
        "shapes": [*_shade(facts[0], known), _middle(known)],
        "showlegend": False,
        "hovermode": "closest",
    }
    passing = sum(bool(fact.passed) for fact in known)
    note = f"{passing} of {len(known)} runs pass; the line is the median run."
    return figure(traces, layout, note)


def _shade(fact: Fact, known: list[Fact]) -> list[Trace]:
    """The gate as an area; an open end reaches beyond all runs."""
    values = [each.value for each in known]
    reach = max(max(values) - min(values), abs(max(values, key=abs)), 1e-3)
    low = fact.low if np.isfinite(fact.low) else min(*values, fact.high) - reach
    high = fact.high if np.isfinite(fact.high) else max(*values, fact.low) + reach
    return [_area("x", low, high, "$green/0.15")]


def _area(of: str, low: float, high: float, colour: str) -> Trace:
    other = "y" if of == "x" else "x"
    place = {f"{other}ref": "paper", f"{other}0": 0, f"{other}1": 1, f"{of}0": low, f"{of}1": high}
    return {"type": "rect", "layer": "below", "fillcolor": colour, "line": {"width": 0}} | place


def _middle(known: list[Fact]) -> Trace:
    value = sorted(fact.value for fact in known)[(len(known) - 1) // 2]
    place = {"x0": value, "x1": value, "yref": "paper", "y0": 0, "y1": 1}
    return {"type": "line", "line": {"color": "$blue", "width": 1.5}} | place


def _memory(returns: list[np.ndarray], sizes: list[np.ndarray]) -> Figure:
    traces = [
        *_bundle(returns, "returns", "blue", first=1),
        *_bundle(sizes, "size of returns", "orange", first=1),
    ]
    if not traces:
        return missing("Too few bars.")
    layout = {
        "xaxis": axis("lag (minutes)"),
        "yaxis": axis("autocorrelation", hoverformat=".3f"),
        "shapes": [_area("y", -0.05, 0.05, "$green/0.15")],
        "hovermode": "closest",
    }
    return figure(traces, layout)


def _bundle(rows: list[np.ndarray], name: str, colour: str, first: int) -> list[Trace]:
    """A thin line per run, and their mean."""
    rows = [row for row in rows if len(row)]
    if not rows:
        return []
    length = min(len(row) for row in rows)
    x = np.arange(first, first + length)
    each: dict[str, Any] = {"width": 0.7, "showlegend": False, "hoverinfo": "skip", "digits": 3}
    thin = [line(x, row[:length], name, f"${colour}/0.3", **each) for row in rows]
    mean = np.mean([row[:length] for row in rows], axis=0)
    return [*(thin if len(rows) > 1 else []), line(x, mean, name, f"${colour}", width=2.5)]


def _tail(tails: list[np.ndarray]) -> Figure:
    tails = [tail for tail in tails if tail.shape[1]]
    if not tails:
        return missing("Too few bars.")
    from scipy.special import ndtr

    traces = []
    for place, tail in enumerate(tails):
        shown = line(tail[0], tail[1], "runs", "$blue/0.5", width=1, digits=6)
        traces.append(shown | {"hoverinfo": "skip", "showlegend": place == 0})
    x = np.geomspace(0.5, max(tail[0, -1] for tail in tails), 60)
    normal = 2.0 * ndtr(-x)
    seen = normal > 1e-6
    traces.append(line(x[seen], normal[seen], "normal", "$grey", dash="dash", digits=7))
    start = float(np.median([np.interp(2.0, *tail) for tail in tails]))
    for index, dash in ((2, "dot"), (5, "dashdot")):
        far = x[x >= 2.0]
        law = start * (far / 2.0) ** -index
        traces.append(line(far, law, f"index {index}", "$green", dash=dash, digits=7))
    layout = {
        "xaxis": axis("size of the return (standard deviations)", type="log"),
        "yaxis": axis("share of returns beyond", type="log", exponentformat="power"),
        "hovermode": "closest",
    }
    return figure(traces, layout)


def _impact(card: "Scorecard") -> Figure:
    known = [each.curves.impact for each in card.measured if each.curves.impact is not None]
    if not known:
        return missing("Impact is measured by runs in pairs: qtg realism PRESET.")
    mean = pooled(known)
    points = line(mean.size, mean.impact, "mean of all runs", "$blue", digits=6)
    points["error_y"] = {"type": "data", "array": (1.96 * mean.error).tolist()}
    traces = [points | {"mode": "markers"}]
    note = "The power law cannot be fitted: an impact is not positive."
    if np.isfinite(mean.exponent):
        fitted = mean.factor * mean.size**mean.exponent
        traces.append(line(mean.size, fitted, "fit", "$orange", digits=6))
        middle = len(mean.size) // 2
        root = fitted[middle] * np.sqrt(mean.size / mean.size[middle])
        traces.append(line(mean.size, root, "square root", "$grey", dash="dash", digits=6))
        note = f"All runs together: {mean.factor:.2f} (Q/V)^{mean.exponent:.3f}, R2 {mean.r2:.3f}."
    layout = {
        "xaxis": axis("Q/V: size over the volume of a day", type="log"),
        "yaxis": axis("impact over daily volatility", type="log"),
        "hovermode": "closest",
    }
    return figure(traces, layout, note)


def _book(depths: list[np.ndarray]) -> Figure:
    traces = _bundle(depths, "depth", "blue", first=0)
    if not traces:
        return missing("The run did not store depth (storage.depth_every).")
    layout = {
        "xaxis": axis("distance from the best (ticks)"),
        "yaxis": axis("mean depth over its mean", rangemode="tozero"),
        "shapes": [_area("x", 1, 10, "$green/0.15")],
        "hovermode": "closest",
    }
    return figure(traces, layout, "The largest depth must lie in the shaded range.")
