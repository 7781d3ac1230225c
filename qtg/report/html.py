"""The HTML report of a run: one file that needs no network."""

from pathlib import Path
from typing import Any

from qtg.errors import StorageError

from .agent_charts import agent_charts
from .bundle import packed_json
from .context import Context, read_context
from .document import document
from .engine_charts import engine_charts
from .facts import read_facts
from .figure import Chart
from .flow_charts import flow_charts
from .market_charts import market_charts
from .page import SECTIONS, bar, card, head, table
from .profits import read_profits
from .rejections import count_rejections
from .return_charts import return_charts
from .summary import summarise


def write_report(result: Any, path: str | Path) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    result : Result     a run; tables that it lacks are named in the report
    path : str or Path  the file to write; its folder must exist

    Returns
    -------
    Path                the file written

    Raises
    ------
    StorageError        the file cannot be written

    Examples
    --------
    >>> write_report(qtg.open_run("runs/first"), "report.html")   # doctest: +SKIP
    PosixPath('report.html')
    """
    path = Path(path)
    html = render(result, path.stem)
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write the report {path}: {error.strerror or error}; choose another path"
        ) from error
    return path


def render(result: Any, name: str = "run") -> str:
    """The report as HTML text; `name` is shown where the run does not tell its own."""
    context = read_context(result)
    facts = read_facts(result, context, name)
    market = [*market_charts(context), *flow_charts(context)]
    returns = return_charts(context)
    agents, engine = (
        agent_charts(context, read_profits(result)),
        engine_charts(context, count_rejections(result)),
    )
    charts = [*market, *returns, *agents, *engine]
    body = _body(context, (market, returns, agents, engine))
    version = f" {facts.version}" if facts.version else ""
    created = f", run of {facts.created}" if facts.created else ""
    return document(
        f"{facts.name} · qtg report",
        head(facts),
        bar(SECTIONS, context.symbols),
        body,
        packed_json(_payload(context, charts)),
        f"qtg{version}{created}",
    )


def _payload(context: Context, charts: list[Chart]) -> dict[str, Any]:
    """What the page's script reads."""
    warmup = None
    metrics = context.tables.get("metrics")
    if context.warmup_end >= 0 and metrics is not None:
        warmup = [int(metrics["tick"].min()), context.warmup_end]  # type: ignore[arg-type]
    drawn = {
        chart.key: {
            "key": chart.key,
            "per_symbol": chart.per_symbol,
            "views": chart.views,
        }
        for chart in charts
    }
    return {"symbols": context.symbols, "warmup": warmup, "charts": drawn}


def _body(context: Context, groups: tuple[list[Chart], ...]) -> str:
    market, returns, agents, engine = groups
    rows = summarise(context.tables, context.quotes, context.seconds)
    left_out = len(rows) - len(context.symbols)
    note = ""
    if left_out > 0 and context.symbols:
        note = f" The charts show the {len(context.symbols)} symbols with the largest turnover."
    return f"""<h2 id="summary">Summary</h2>
<p class="lede">The whole run, warm-up included. Choose a row to see its charts.{note}</p>
<section class="card">{table(rows, context.symbols)}</section>
<h2 id="market">Market</h2>
<p class="lede">Drag to zoom: all charts over time move together. Double-click to go back.</p>
{"".join(card(chart) for chart in market)}
<h2 id="returns">Returns</h2>
<p class="lede">Whether the prices look like a market's: heavy tails, no memory in direction, long
memory in size.</p>
<div class="pair">{"".join(card(chart) for chart in returns)}</div>
<h2 id="agents">Agents</h2>
<p class="lede">Who earned and who paid, and how much everybody did.</p>
{"".join(card(chart) for chart in agents)}
<h2 id="engine">Engine</h2>
<p class="lede">What the simulation itself spent its time on.</p>
{"".join(card(chart) for chart in engine)}"""
