"""Charts of one symbol's returns: their distribution and their autocorrelations."""

from typing import TYPE_CHECKING

import numpy as np

from .figure import ALL, Chart, Figure, Trace, axis, bars, figure, line, missing
from .statistics import (
    Floats,
    autocorrelation,
    log_returns,
    moments,
    normal_density,
    standardised_density,
    white_noise_band,
)
from .tables import SymbolQuotes
from .wording import duration

if TYPE_CHECKING:
    from .context import Context

HORIZONS = (1, 10, 60, 300)
FEWEST_RETURNS = 50
MOST_LAGS = 60


def return_charts(context: "Context") -> list[Chart]:
    """Distribution against the normal one, and autocorrelations with confidence bands."""
    steps = _horizons(context)
    shape = _views(context, steps, _distribution)
    memory = _views(context, steps, _memory)
    reading = (
        "Mid-price log returns in standard deviations. Points above the dashed normal curve in "
        "the tails are large moves that a normal market would not make."
    )
    clustering = (
        "Returns should not predict returns (bars inside the band); their size should (volatility "
        "comes in clusters). The band holds 95% of the values of independent returns."
    )
    return [
        Chart("returns", "Return distribution", reading, shape, height=400),
        Chart("memory", "Autocorrelation of returns", clustering, memory, height=400),
    ]


def _horizons(context: "Context") -> list[int]:
    rows = max((len(q.after(context.warmup_end).tick) for q in context.drawn.values()), default=0)
    return [step for step in HORIZONS if (rows - 1) // step >= FEWEST_RETURNS]


def _views(context: "Context", steps: list[int], draw) -> dict[str, dict[str, Figure]]:  # type: ignore[no-untyped-def]
    if not context.drawn:
        return {ALL: {ALL: missing(context.tables.why("quotes"))}}
    if not steps:
        return {ALL: {ALL: missing(f"Needs at least {FEWEST_RETURNS + 1} ticks.")}}
    return {
        _name(step, context.seconds): {
            s: draw(q.after(context.warmup_end), step) for s, q in context.drawn.items()
        }
        for step in steps
    }


def _name(step: int, seconds: float) -> str:
    ticks = "1 tick" if step == 1 else f"{step} ticks"
    return ticks if not seconds > 0 or step == 1 else f"{ticks} ({duration(step * seconds)})"


def _usable(quotes: SymbolQuotes, step: int) -> Floats | None:
    """Returns of the mid price, or None where there is nothing to describe."""
    returns = log_returns(quotes.mid, step)
    return returns if len(returns) >= FEWEST_RETURNS and returns.std() > 0 else None


def _still(quotes: SymbolQuotes) -> Figure:
    return missing(f"{quotes.symbol} has too few price changes over this interval.")


def _distribution(quotes: SymbolQuotes, step: int) -> Figure:
    returns = _usable(quotes, step)
    if returns is None:
        return _still(quotes)
    quantum = quotes.tick_size / 2 / float(np.nanmean(quotes.mid))
    density = standardised_density(returns, quantum if quantum > 0 else 0.0)
    observed = np.where(density.density > 0, density.density, np.nan)
    points = line(density.center, observed, "observed", "$blue", digits=4, width=1)
    points |= {"mode": "lines+markers", "marker": {"size": 5, "color": "$blue"}}
    points["hovertemplate"] = "%{x:.2f} σ: density %{y:.2~g}<extra></extra>"
    floor = float(np.nanmin(observed)) / 3
    reach = float(np.sqrt(-2 * np.log(floor * np.sqrt(2 * np.pi))))
    x = np.linspace(-reach, reach, 121)
    curve = line(x, normal_density(x), "normal", "$grey", dash="dash", hoverinfo="skip", digits=4)
    layout = {
        "xaxis": axis("return (standard deviations)", zeroline=False),
        "yaxis": axis("density (log scale)", type="log", exponentformat="power", dtick=1),
        "hovermode": "closest",
    }
    return figure([points, curve], layout, _describe(returns, density.outside))


def _describe(returns: Floats, outside: int) -> str:
    m = moments(returns)
    text = (
        f"{m.n:,} returns, standard deviation {m.std * 1e4:.3g} bp, "
        f"skewness {m.skewness:.2f}, excess kurtosis {m.excess_kurtosis:.2f}."
    )
    return text + (f" {outside} beyond the range shown." if outside else "")


def _memory(quotes: SymbolQuotes, step: int) -> Figure:
    returns = _usable(quotes, step)
    if returns is None:
        return _still(quotes)
    lags = np.arange(1, min(MOST_LAGS, len(returns) // 4) + 1)
    signed = autocorrelation(returns, len(lags))
    sizes = autocorrelation(np.abs(returns), len(lags))
    edge = white_noise_band(len(returns))
    stems = bars(lags, signed, "returns", "$blue", width=0.55)
    size = line(lags, sizes, "size of returns", "$orange", digits=3)
    size |= {"mode": "lines+markers", "marker": {"size": 4, "color": "$orange"}}
    layout = {
        "xaxis": axis("lag (returns)", range=[0.2, len(lags) + 0.8]),
        "yaxis": axis("autocorrelation", hoverformat=".3f"),
        "shapes": [_band(edge)],
        "hovermode": "x unified",
    }
    note = f"Lag 1: returns {signed[0]:.3f}, their size {sizes[0]:.3f}; 95% band ±{edge:.3f}."
    return figure([stems, size], layout, note)


def _band(edge: float) -> Trace:
    place = {"xref": "paper", "x0": 0, "x1": 1, "y0": -edge, "y1": edge}
    return {
        "type": "rect",
        "layer": "below",
        "fillcolor": "$grey/0.22",
        "line": {"width": 0},
    } | place
