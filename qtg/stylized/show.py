"""The table of facts on the terminal."""

import json

from qtg.terminal import Column, print_table

from .scorecard import Scorecard


def print_scorecard(card: Scorecard, as_json: bool = False) -> None:
    """Print the facts beside their gates."""
    table = card.frame()
    if as_json:
        found = {"about": card.about, "runs": len(card.runs), "facts": table.to_dicts()}
        print(json.dumps(found, indent=2))
        return
    rows = table.to_dicts()
    columns = [
        Column("fact", [row["fact"] for row in rows], folds=True),
        Column("value", [number(row["value"]) for row in rows], right=True),
        Column("95% interval", [_interval(row["low"], row["high"]) for row in rows]),
        Column("gate", [row["gate"] or "-" for row in rows]),
        Column("result", [verdict(row["passed"]) for row in rows]),
        Column("statistic", [row["statistic"] for row in rows], folds=True),
    ]
    if len(card.runs) > 1:
        rates = [_share(row["pass_rate"]) for row in rows]
        columns.insert(5, Column("runs that pass", rates, right=True))
    runs = f"median of {len(card.runs)} runs" if len(card.runs) > 1 else "median over symbols"
    print_table(columns, f"{card.about or 'stylized facts'}; {runs}")


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def verdict(passed: bool | None) -> str:
    return "not measured" if passed is None else "pass" if passed else "FAIL"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
