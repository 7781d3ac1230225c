"""The HTML page of a scorecard: one file that needs no network."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtg.errors import StorageError
from qtg.report.bundle import packed_json
from qtg.report.document import document
from qtg.report.page import bar
from qtg.report.page import card as frame
from qtg.report.wording import text

from .charts import curve_charts, fact_charts
from .show import number, verdict

if TYPE_CHECKING:
    from .scorecard import Scorecard

HEADINGS = ("fact", "value", "95% interval", "gate", "result", "runs that pass", "statistic")


def write_page(card: "Scorecard", path: Path) -> Path:
    """Write the page; returns its path.

    Raises
    ------
    StorageError    the file cannot be written
    """
    try:
        path.write_text(render(card), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot write the report {path}: {error.strerror or error}; choose another path"
        ) from error
    return path


def render(card: "Scorecard") -> str:
    """The page as HTML text."""
    facts, curves = fact_charts(card), curve_charts(card)
    charts = [*facts, *curves]
    payload: dict[str, Any] = {
        "symbols": [],
        "warmup": None,
        "charts": {
            each.key: {"key": each.key, "per_symbol": False, "views": each.views} for each in charts
        },
    }
    head = f"""<div class="head"><div class="title"><h1>Realism</h1>{_badge(card)}</div>
<p class="lede">{text(card.about or f"{len(card.runs)} runs")}</p></div>"""
    body = f"""<h2 id="facts">Facts beside their gates</h2>
<p class="lede">The value of the median run; the interval is that of the mean over runs.</p>
<section class="card">{_table(card)}</section>
<h2 id="curves">Curves</h2>
<div class="pair">{"".join(frame(each) for each in curves)}</div>
<h2 id="runs">Every run</h2>
<p class="lede">A dot is a run, the shaded area the gate.</p>
<div class="pair">{"".join(frame(each) for each in facts)}</div>"""
    nav = bar(("facts", "curves", "runs"), [])
    return document("qtg realism", head, nav, body, packed_json(payload))


def _badge(card: "Scorecard") -> str:
    mood, word = ("good", "all pass") if card.passed else ("bad", "some fail")
    return f'<span class="badge {mood}">{word}</span>'


def _table(card: "Scorecard") -> str:
    names = "".join(f'<th scope="col">{text(name)}</th>' for name in HEADINGS)
    rows = "".join(_row(row) for row in card.frame().to_dicts())
    return (
        f'<div class="scroll"><table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody>'
        "</table></div>"
    )


def _row(row: dict[str, object]) -> str:
    low, high, rate = row["low"], row["high"], row["pass_rate"]
    interval = "-" if low is None else f"{low:.3f} to {high:.3f}"
    mood = {True: "rise", False: "fall", None: ""}[row["passed"]]  # type: ignore[index]
    cells = (
        f"<b>{text(row['fact'])}</b>",
        number(row["value"]),  # type: ignore[arg-type]
        interval,
        text(row["gate"] or "-"),
        f'<span class="{mood}">{verdict(row["passed"])}</span>',  # type: ignore[arg-type]
        "-" if rate is None else f"{rate:.0%}",
        text(row["statistic"]),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
