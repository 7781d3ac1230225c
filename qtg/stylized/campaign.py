"""Several seeds of a market, measured one after the other."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from qtg.progress import command_progress
from qtg.run import simulate
from qtg.terminal import Column, print_table

from .scorecard import Scorecard, realism

if TYPE_CHECKING:
    from qtg.config import Config
    from qtg.result import Result


def measure_seeds(config: "Config", seeds: int) -> Scorecard:
    """Run `config` with `seeds` seeds from its own on, and measure each run."""
    return realism(_runs(config, seeds))


def print_scorecard(card: Scorecard, as_json: bool = False) -> None:
    """Print the facts beside their gates."""
    table = card.frame()
    if as_json:
        print(json.dumps({"runs": len(card.runs), "facts": table.to_dicts()}, indent=2))
        return
    rows = table.to_dicts()
    columns = [
        Column("fact", [row["fact"] for row in rows], folds=True),
        Column("value", [_number(row["value"]) for row in rows], right=True),
        Column("95% interval", [_interval(row["low"], row["high"]) for row in rows]),
        Column("gate", [row["gate"] or "-" for row in rows]),
        Column("result", [_result(row["passed"]) for row in rows]),
        Column("statistic", [row["statistic"] for row in rows], folds=True),
    ]
    if len(card.runs) > 1:
        rates = [_share(row["pass_rate"]) for row in rows]
        columns.insert(5, Column("runs that pass", rates, right=True))
    runs = f"median of {len(card.runs)} runs" if len(card.runs) > 1 else "median over symbols"
    print_table(columns, f"stylized facts, {runs}")


def _runs(config: "Config", seeds: int) -> Iterator["Result"]:
    for seed in range(config.seed, config.seed + seeds):
        one = config.with_(seed=seed)
        with TemporaryDirectory() as folder:
            yield simulate(one, Path(folder) / "run", progress=command_progress(one))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _result(passed: bool | None) -> str:
    return "not measured" if passed is None else "pass" if passed else "FAIL"
