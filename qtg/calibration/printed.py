"""A calibration on the terminal."""

import json

from qtg.terminal import Column, print_table, print_text

from .result import Calibration


def print_calibration(found: Calibration, as_json: bool = False) -> None:
    """Print fitted beside real."""
    rows = found.frame().to_dicts()
    if as_json:
        settings = found.config.model_dump(mode="json")
        told = {"source": found.source, "trades": found.trades, "notes": list(found.notes)}
        print(json.dumps({**told, "statistics": rows, "config": settings}, indent=2))
        return
    print_text(found.summary)
    for note in found.notes:
        print_text(f"note: {note}")
    columns = [
        Column("statistic", [row["statistic"] for row in rows], folds=True),
        Column("real", [_number(row["real"]) for row in rows], right=True),
        Column("fitted", [_number(row["fitted"]) for row in rows], right=True),
        Column("ratio", [_number(row["ratio"]) for row in rows], right=True),
        Column("tolerance", [row["tolerance"] for row in rows], folds=True),
        Column("result", [_result(row["reached"]) for row in rows]),
    ]
    print_table(columns, f"real and fitted, mean of {len(found.fitted)} held-out seeds")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _result(reached: bool | None) -> str:
    return "not measured" if reached is None else "reached" if reached else "NOT REACHED"
