"""Charts of one symbol's market: price, fair value and volume; spread and depth; all rebased."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .buckets import Buckets
from .figure import (
    ALL,
    Chart,
    Figure,
    Trace,
    axis,
    band,
    bars,
    figure,
    line,
    missing,
    numbers,
    tick_axis,
    two_rows,
)
from .news_marks import news_marks
from .tables import SymbolQuotes, Tables, column
from .wording import duration, short

if TYPE_CHECKING:
    import polars as pl

    from .context import Context

MOST_CANDLES = 400
PRICE_DIGITS = 8


def market_charts(context: "Context") -> list[Chart]:
    """Overview of all symbols, then price and book of the chosen one."""
    return [_overview(context), _price(context), _book(context)]


def _overview(context: "Context") -> Chart:
    traces = [_rebased(q, context) for q in context.drawn.values() if np.isfinite(q["last"]).any()]
    if traces:
        layout = {
            "xaxis": tick_axis(context.seconds),
            "yaxis": axis("price (first = 100)"),
            "hovermode": "closest",
            "showlegend": False,
        }
        drawn = figure(traces, layout)
    else:
        drawn = missing(context.tables.why("quotes"))
    reading = (
        "Last trade prices, all set to 100 at the start. The chosen symbol is drawn in colour."
    )
    return Chart("overview", "All symbols", reading, {ALL: {ALL: drawn}}, height=320)


def _rebased(quotes: SymbolQuotes, context: "Context") -> Trace:
    last = quotes["last"]
    base = last[np.isfinite(last)][0]
    buckets = Buckets(len(last), context.most_points // 2)
    tick = buckets.last(quotes.tick)
    value = buckets.last(last) / base * 100
    hover = f"<b>{quotes.symbol}</b> %{{y:.2f}} at tick %{{x:,d}}<extra></extra>"
    shown = line(tick, value, quotes.symbol, "$grey/0.45", hovertemplate=hover, digits=6)
    return shown | {"symbol": quotes.symbol}


def _price(context: "Context") -> Chart:
    views: dict[str, dict[str, Figure]] = {}
    if context.drawn:
        views["Line"] = {s: _price_line(q, context) for s, q in context.drawn.items()}
    if context.tables.get("candles") is not None:
        views["Candles"] = {s: _price_candles(s, context) for s in context.symbols}
    if not views:
        views = {ALL: {ALL: missing(context.tables.why("quotes"))}}
    reading = (
        "The last trade price beside the fair value that informed agents see, over the traded "
        "volume; triangles are news. A price that strays from the fair value should find its way "
        "back."
    )
    return Chart("price", "Price, fair value and volume", reading, views, height=480)


def _price_line(quotes: SymbolQuotes, context: "Context") -> Figure:
    buckets = Buckets(len(quotes.tick), context.most_points)
    tick, price = buckets.extremes(quotes.tick, quotes["last"])
    traces = [
        line(tick, price, "last trade", "$blue", digits=PRICE_DIGITS),
        *_fair_value(quotes, buckets),
        *news_marks(quotes, context),
        bars(
            buckets.first(quotes.tick),
            buckets.total(quotes["volume"]),
            "volume",
            "$grey/0.7",
            yaxis="y2",
        ),
    ]
    return figure(traces, _price_layout(context, _per(buckets.size)))


def _fair_value(quotes: SymbolQuotes, buckets: Buckets) -> list[Trace]:
    if not np.isfinite(quotes["fair_value"]).any():
        return []
    tick, value = buckets.last(quotes.tick), buckets.last(quotes["fair_value"])
    return [line(tick, value, "fair value", "$purple", dash="dot", width=2, digits=PRICE_DIGITS)]


def _price_layout(context: "Context", per: str) -> Figure:
    price = axis("price (currency)", hoverformat=",.4~f")
    volume = axis(f"shares {per}", hoverformat=",d", rangemode="tozero")
    layout = two_rows(tick_axis(context.seconds), price, volume, share=0.24)
    return layout | {"bargap": 0}


def _per(ticks: int) -> str:
    return "per tick" if ticks == 1 else f"per {ticks} ticks"


def _price_candles(symbol: str, context: "Context") -> Figure:
    candles = _candles_of(symbol, context.tables)
    if candles is None:
        return missing(f"{symbol} has no candles: nothing traded.")
    length = duration(float(candles["timeframe"][0]))
    tick = candles["tick"].cast(float).to_numpy()
    traces = [_candlestick(tick, candles), _candle_volume(tick, candles)]
    quotes = context.quotes.get(symbol)
    if quotes is not None:
        traces += _fair_value(quotes, Buckets(len(quotes.tick), context.most_points))
    layout = _price_layout(context, f"per {length}") | {"bargap": 0.25}
    layout["xaxis"]["rangeslider"] = {"visible": False}
    return figure(traces, layout, f"Candles of {length}, placed at their first tick.")


def _candle_volume(tick: Any, candles: "pl.DataFrame") -> Trace:
    rising = column(candles, "close") >= column(candles, "open")
    volume = bars(tick, column(candles, "volume"), "volume", "", yaxis="y2")
    volume["marker"]["color"] = np.where(rising, "$up/0.6", "$down/0.6").tolist()
    return volume


def _candlestick(tick: Any, candles: "pl.DataFrame") -> Trace:
    prices = {
        name: numbers(column(candles, name), PRICE_DIGITS)
        for name in ("open", "high", "low", "close")
    }
    up, down = (
        {"line": {"color": f"${way}", "width": 1.2}, "fillcolor": fill}
        for way, fill in (("up", "$surface"), ("down", "$down"))
    )
    trace = {"type": "candlestick", "name": "candle", "x": numbers(tick)}
    return trace | prices | {"increasing": up, "decreasing": down}


def _candles_of(symbol: str, tables: Tables) -> "pl.DataFrame | None":
    """The finest candles of a symbol that are few enough to be told apart."""
    import polars as pl

    candles = tables.get("candles")
    if candles is None:
        return None
    own = candles.filter(pl.col("symbol").cast(pl.String) == symbol)
    frames = [own.filter(timeframe=t) for t in own["timeframe"].unique().sort()]
    if not frames:
        return None
    few = [f for f in frames if f.height <= MOST_CANDLES]
    return (few[0] if few else frames[-1]).sort("tick")


def _book(context: "Context") -> Chart:
    if not context.drawn:
        views = {ALL: {ALL: missing(context.tables.why("quotes"))}}
    else:
        views = {
            "Best level": {s: _depth(q, context, "qty") for s, q in context.drawn.items()},
            "Whole book": {s: _depth(q, context, "orders") for s, q in context.drawn.items()},
        }
    reading = (
        "Top: the distance between best buy and best sell, with its range. Below: what rests on "
        "each side, buys upwards and sells downwards."
    )
    return Chart("book", "Spread and depth", reading, views, height=460)


def _depth(quotes: SymbolQuotes, context: "Context", what: str) -> Figure:
    buckets = Buckets(len(quotes.tick), context.most_points)
    tick = buckets.first(quotes.tick)
    title = "shares at best" if what == "qty" else "resting orders"
    bid, ask = (buckets.mean(quotes[f"{side}_{what}"]) for side in ("bid", "ask"))
    traces = [
        *_spread(quotes, buckets),
        _side(tick, bid, 1, "buys", "$blue"),
        _side(tick, ask, -1, "sells", "$orange"),
    ]
    unit = "ticks" if np.isfinite(quotes.tick_size) else "currency"
    top = axis(f"spread ({unit})", rangemode="tozero", hoverformat=".3~f")
    low = axis(title, **_mirrored(float(np.nanmax([*bid, *ask, 1.0]))))
    layout = two_rows(tick_axis(context.seconds), top, low, share=0.5)
    empty = float(1 - np.isfinite(quotes.spread).mean())
    note = f"A side was empty in {empty:.1%} of the ticks." if empty else ""
    return figure(traces, layout, note)


def _spread(quotes: SymbolQuotes, buckets: Buckets) -> list[Trace]:
    unit = quotes.tick_size if np.isfinite(quotes.tick_size) else 1.0
    spread, tick = quotes.spread / unit, buckets.first(quotes.tick)
    ranges = []
    if buckets.size > 1:
        ranges = band(tick, buckets.low(spread), buckets.high(spread), "range", "$green/0.25")
    mean = line(tick, buckets.mean(spread), "spread", "$green")
    return [*ranges, mean]


def _side(tick: Any, depth: Any, sign: int, name: str, colour: str) -> Trace:
    hover = "%{customdata:,.0f}<extra>" + name + "</extra>"
    more: dict[str, Any] = {"fill": "tozeroy", "fillcolor": f"{colour}/0.25", "yaxis": "y2"}
    more |= {"customdata": numbers(depth), "hovertemplate": hover, "width": 1.2}
    return line(tick, sign * depth, name, colour, **more)


def _mirrored(largest: float) -> dict[str, Any]:
    """Tick labels without signs for an axis that shows one side below zero."""
    step = 10 ** np.floor(np.log10(largest))
    step *= 0.5 if largest / step < 2 else 1 if largest / step < 5 else 2
    values = np.arange(-np.floor(largest / step), np.floor(largest / step) + 1) * step
    return {"tickvals": numbers(values), "ticktext": [short(abs(v)) for v in values.tolist()]}
