"""Charts as plain data: what plotly.js draws, without colours, which the page fills in.

A colour is written as `$name` or `$name/opacity`; the page looks it up in its style sheet, so that
one file serves light and dark screens.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .wording import duration

Figure = dict[str, Any]
Trace = dict[str, Any]

KIND_COLOURS = ("blue", "orange", "green", "purple", "gold", "sky", "red", "grey")
DASHES = ("solid", "dash", "dot", "dashdot")
ALL = ""


@dataclass(frozen=True)
class Chart:
    """One chart of the page.

    Attributes
    ----------
    key : str       id in the page
    title : str
    reading : str   how to read it, one or two sentences
    views : name of the view -> symbol -> figure   the symbol is `ALL` when it has no symbols
    height : int    pixels
    """

    key: str
    title: str
    reading: str
    views: dict[str, dict[str, Figure]]
    height: int = 400

    @property
    def per_symbol(self) -> bool:
        """Whether the chart changes with the chosen symbol."""
        return any(ALL not in view for view in self.views.values())


def figure(data: list[Trace], layout: dict[str, Any], note: str = "") -> Figure:
    """A figure with a short note shown above it."""
    return {"data": data, "layout": layout, "note": note}


def missing(sentence: str) -> Figure:
    """A figure that could not be drawn, and why."""
    return {"missing": sentence}


def numbers(values: ArrayLike, digits: int = 5) -> list[Any]:
    """Values as JSON numbers with about `digits` significant digits; NaN becomes null.

    The number of decimals is chosen once, by the largest value.
    """
    x = np.asarray(values)
    if x.dtype.kind in "iub":
        return list(x.tolist())
    largest = float(np.nanmax(np.abs(x))) if np.isfinite(x).any() else 0.0
    decimals = digits - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    rounded = np.round(x, max(decimals, 0))
    whole = decimals <= 0
    return [None if v != v else int(v) if whole else v for v in rounded.tolist()]


def line(x: ArrayLike, y: ArrayLike, name: str, colour: str, **more: Any) -> Trace:
    """A line through numbers; `more` are further plotly attributes (`dash`, `width` are ours)."""
    style = {"color": colour, "width": more.pop("width", 1.5)}
    if "dash" in more:
        style["dash"] = more.pop("dash")
    shown = "lines" if np.size(x) > 1 else "markers"
    trace = {"type": "scatter", "mode": shown, "name": name, "line": style}
    trace["marker"] = {"color": colour}
    return trace | {"x": numbers(x), "y": numbers(y, more.pop("digits", 5))} | more


def bars(x: ArrayLike, y: ArrayLike, name: str, colour: str, **more: Any) -> Trace:
    """Vertical bars without outlines."""
    marker = {"color": colour, "line": {"width": 0}}
    trace = {"type": "bar", "name": name, "marker": marker}
    return trace | {"x": numbers(x), "y": numbers(y)} | more


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, name: str, colour: str) -> list[Trace]:
    """The area between two lines, as the two traces plotly needs."""
    edge = {"width": 0, "showlegend": False, "hoverinfo": "skip"}
    lower = line(x, low, name, colour, **edge)
    edge["showlegend"] = True
    return [lower, line(x, high, name, colour, fill="tonexty", fillcolor=colour, **edge)]


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis with a title (the unit belongs in it)."""
    return {"title": {"text": title}} | more


def two_rows(x: dict[str, Any], top: dict[str, Any], low: dict[str, Any], share: float) -> Figure:
    """Layout of two charts above each other on one x axis; `share` is the lower one's height."""
    return {
        "xaxis": x | {"anchor": "y2"},
        "yaxis": top | {"domain": [share + 0.06, 1]},
        "yaxis2": low | {"domain": [0, share]},
        "hovermode": "x unified",
        "hoversubplots": "axis",
    }


def tick_axis(seconds: float) -> dict[str, Any]:
    """The tick axis, with the length of a tick in its title.

    The page zooms all figures with such an axis together and marks the warm-up in them.
    """
    length = f", {duration(seconds)} each" if seconds == seconds and seconds > 0 else ""
    return axis(f"tick (simulated{length})", hoverformat=",d", tickformat=",.1~f", tick_axis=True)
