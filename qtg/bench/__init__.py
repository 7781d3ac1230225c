"""`qtg bench`: the short form of the benchmarks. The long form is the asv suite in benchmarks/."""

import sys
from collections.abc import Sequence

from qtg.errors import InvariantError

from .measure import Report, Row, measure
from .registry import Benchmark, Probe, benchmarks
from .table import print_json, print_report

__all__ = [
    "Benchmark",
    "Probe",
    "Report",
    "Row",
    "benchmarks",
    "measure",
    "print_bench",
    "run_bench",
]


def run_bench(only: str | Sequence[str] | None = None, json: bool = False) -> tuple[Row, ...]:
    """Measure, print to stdout, and return the rows; progress goes to stderr on a terminal.

    Parameters
    ----------
    only : name or names, optional   `venue` for a whole room, `venue.W1` for one benchmark
    json : bool                      print one JSON object instead of a table

    Raises
    ------
    ConfigError    a name that fits no benchmark

    Notes
    -----
    A row whose `wrong` is not empty measured code that gave a wrong answer.
    """
    report = measure(only, started=_tell if sys.stderr.isatty() else None)
    show = print_json if json else print_report
    show(report, sys.stdout)
    return report.rows


def print_bench(only: str | Sequence[str] | None = None, as_json: bool = False) -> None:
    """`run_bench` for the command line, which must not succeed on a wrong answer.

    Raises
    ------
    InvariantError    a benchmark's result was wrong; everything is printed before
    """
    wrong = [row for row in run_bench(only, as_json) if row.wrong]
    if wrong:
        raise InvariantError(f"{wrong[0].name} gave a wrong result: {wrong[0].wrong}")


def _tell(benchmark: Benchmark) -> None:
    print(f"{benchmark.name}: {benchmark.what}", file=sys.stderr)
