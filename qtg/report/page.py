"""The HTML around the charts."""

from importlib.resources import files

import numpy as np

from .facts import Facts
from .figure import Chart
from .summary import SymbolSummary
from .wording import UNKNOWN, count, decimal, duration, percent, price, short, text

SECTIONS = ("summary", "market", "returns", "agents", "engine")


def asset(name: str) -> str:
    """A style sheet or script of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def head(facts: Facts) -> str:
    """Name, one sentence, population and key figures."""
    return f"""<div class="head">
<div class="title"><h1>{text(facts.name)}</h1>{_badge(facts.status)}</div>
<p class="lede">{_sentence(facts)}</p>{_reason(facts.reason)}
{_people(facts)}
<dl class="cards">{"".join(_cards(facts))}</dl>
</div>"""


def _badge(status: str) -> str:
    if not status:
        return ""
    mood = "good" if status == "complete" else "bad"
    return f'<span class="badge {mood}">{text(status)}</span>'


def _reason(reason: str) -> str:
    return f'<p class="lede bad">The run stopped early: {text(reason)}</p>' if reason else ""


def _sentence(facts: Facts) -> str:
    if not facts.ticks:
        return "This run holds no ticks."
    who = f"{count(facts.agents)} agents" if facts.agents else "Agents"
    traded = f"{who} traded {facts.symbols} symbol{'s' if facts.symbols != 1 else ''}"
    length = f" for {count(facts.ticks)} tick{'s' if facts.ticks != 1 else ''}"
    if facts.tick_seconds > 0:
        length += f" ({duration(facts.ticks * facts.tick_seconds)} of simulated time)"
    if not facts.wall_seconds > 0:
        return f"{traded}{length}."
    what = f"{short(facts.orders)} orders became {short(facts.trades)} fills"
    return f"{traded}{length}: {what} in {duration(facts.wall_seconds)}."


def _people(facts: Facts) -> str:
    """A bar of the tiers; its lengths are the square roots of the counts, so that all show."""
    tiers = {tier: n for tier, n in facts.tiers.items() if n}
    if not tiers:
        return ""
    bar = "".join(
        f'<span class="tier-{text(tier)}" style="flex:{np.sqrt(n):.2f}"></span>'
        for tier, n in tiers.items()
    )
    key = "".join(
        f'<span><i class="tier-{text(tier)}"></i>{text(tier)} <b>{count(n)}</b></span>'
        for tier, n in tiers.items()
    )
    return f'<div class="people" aria-hidden="true">{bar}</div><div class="key">{key}</div>'


def _cards(facts: Facts) -> list[str]:
    known = facts.wall_seconds > 0
    length = f"{duration(facts.tick_seconds)} each" if facts.tick_seconds > 0 else ""
    warmup = f"after {count(facts.warmup_ticks)} of warm-up" if facts.warmup_ticks else ""
    ticks, orders, fills = (
        (short(facts.rate(each)), count(each)) for each in (facts.ticks, facts.orders, facts.trades)
    )
    return [
        _card("ticks", count(facts.ticks), ", ".join(filter(None, [length, warmup]))),
        _card("symbols", count(facts.symbols), facts.regime and f"{facts.regime} regime"),
        _card("wall time in ticks", duration(facts.wall_seconds), f"{ticks[0]} ticks/s", known),
        _card("tick time p50", f"{facts.p50_ms:.2f} ms", f"p99 {facts.p99_ms:.2f} ms", known),
        _card("orders/s", orders[0], f"{orders[1]} orders", known),
        _card("fills/s", fills[0], f"{fills[1]} fills", known),
        _card("active share", percent(facts.active_share), "of the agents act in a tick"),
        _card("seed", UNKNOWN if facts.seed is None else str(facts.seed)),
        _trace_hash(facts.trace_hash),
    ]


def _card(name: str, value: str, more: str = "", known: bool = True) -> str:
    if not known:
        value, more = UNKNOWN, ""
    small = f"<small>{text(more)}</small>" if more else ""
    return f"<div><dt>{text(name)}</dt><dd>{text(value)}{small}</dd></div>"


def _trace_hash(value: str) -> str:
    why = "same configuration, seed and orders: same hash" if value else "the run did not complete"
    shown = f"<code>{text(value or UNKNOWN)}</code><small>{why}</small>"
    return f'<div class="wide"><dt>trace hash</dt><dd>{shown}</dd></div>'


def bar(sections: tuple[str, ...], symbols: list[str]) -> str:
    """The bar that stays in sight: links, the symbol selector, light or dark."""
    nav = "".join(f'<a href="#{key}">{key.capitalize()}</a>' for key in sections)
    options = "".join(f"<option>{text(symbol)}</option>" for symbol in symbols)
    select = f'<label>symbol <select id="symbol">{options}</select></label>' if symbols else ""
    theme = '<button id="theme" type="button" aria-label="light or dark">◐</button>'
    return f'<div class="bar"><div><nav>{nav}</nav>{select}{theme}</div></div>'


COLUMNS = (
    ("symbol", ""),
    ("", ""),
    ("open", "first trade price"),
    ("close", "last trade price"),
    ("return", "close / open - 1"),
    ("volume\n(shares)", ""),
    ("trades", ""),
    ("VWAP", "volume-weighted average price"),
    ("mean spread\n(ticks)", "ask less bid, mean over the ticks in which both sides were there"),
    (
        "realised vol.\n(annualised)",
        "from squared one-minute mid-price returns (one-tick ones in short runs), scaled to a "
        "year of 252 days of 6.5 hours of simulated time",
    ),
)


def table(rows: list[SymbolSummary], drawn: list[str]) -> str:
    """The summary table; rows of drawn symbols choose the symbol of the charts."""
    if not rows:
        return '<p class="note">The run names no symbols.</p>'
    names = "".join(
        f'<th scope="col" title="{text(why)}">{text(name).replace(chr(10), "<br>")}</th>'
        for name, why in COLUMNS
    )
    body = "".join(_row(row, row.symbol in drawn) for row in rows)
    rows_html = f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table>{rows_html}</table></div>'


def _row(row: SymbolSummary, drawn: bool) -> str:
    way = "rise" if row.change > 0 else "fall" if row.change < 0 else ""
    arrow = {"rise": "▲ ", "fall": "▼ "}.get(way, "")
    sector = f"<small>{text(row.sector)}</small>" if row.sector else ""
    cells = (
        f"<b>{text(row.symbol)}</b>{sector}",
        f'<span class="{way}">{_spark(row)}</span>',
        price(row.open, row.decimals),
        price(row.close, row.decimals),
        f'<span class="{way}">{arrow}{percent(row.change, 2, sign=True)}</span>',
        count(row.volume),
        count(row.trades),
        price(row.vwap, row.decimals),
        decimal(row.spread),
        percent(row.volatility),
    )
    pick = f' class="pick" tabindex="0" data-symbol="{text(row.symbol)}"' if drawn else ""
    return f"<tr{pick}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _spark(row: SymbolSummary) -> str:
    y = row.spark
    if len(y) < 2:
        return ""
    low, high = float(y.min()), float(y.max())
    height = 24 - (y - low) / (high - low) * 22 if high > low else np.full(len(y), 13.0)
    x = np.linspace(0, 110, len(y))
    path = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, height, strict=True))
    return f'<svg class="spark" viewBox="0 0 110 26" aria-hidden="true"><path d="M{path}"/></svg>'


def card(chart: Chart) -> str:
    """The frame of a chart; the page's script draws into it."""
    pressed = ["true"] + ["false"] * len(chart.views)
    views = "".join(
        f'<button type="button" aria-pressed="{state}">{text(name)}</button>'
        for state, name in zip(pressed, chart.views)
    )
    buttons = f'<div class="views">{views}</div>' if len(chart.views) > 1 else ""
    return f"""<section class="card"><header><h3>{text(chart.title)} <b></b></h3>{buttons}</header>
<p class="reading">{text(chart.reading)}</p><p class="note"></p>
<div class="plot" id="chart-{chart.key}" data-chart="{chart.key}" role="img"
 aria-label="{text(chart.title)}" style="height:{chart.height}px"></div></section>"""
