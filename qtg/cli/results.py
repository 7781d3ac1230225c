"""Commands that look at a run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .app import Json, RunPath
from .common import open_result


class ExportFormat(StrEnum):
    """What a run can be exported to."""

    LOBSTER = "lobster"  # message and order book files of lobsterdata.com


def sql(
    run: RunPath,
    query: Annotated[str, typer.Argument(help="SQL over the run's tables.")],
    as_json: Json = False,
) -> None:
    """Query a run with SQL (DuckDB)."""
    from ..answer import ask, print_frame

    print_frame(ask(open_result(run), query), as_json)


def info(run: RunPath, as_json: Json = False) -> None:
    """Sum up a run."""
    from ..summary import print_summary

    print_summary(open_result(run), as_json=as_json)


def leaderboard(
    run: RunPath,
    by: Annotated[str, typer.Option(help="Column to rank by, such as return or sharpe.")] = "pnl",
    top: Annotated[int, typer.Option(help="How many agents.")] = 20,
    kind: Annotated[str | None, typer.Option(help="Only agents of this kind.")] = None,
    as_json: Json = False,
) -> None:
    """Rank the agents of a run: profit, return, fees, risk."""
    from ..analytics.printing import print_leaderboard

    opened = open_result(run)
    print_leaderboard(opened.leaderboard(by, top, kind), by, as_json)


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Run directory or snapshot.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another of the same.")],
    as_json: Json = False,
) -> None:
    """Say where two runs or snapshots first differ; exit 1 if they do."""
    from ..answer import print_frame
    from ..comparison import compare as compared

    found = compared(a, b)
    if as_json or not found.equal:
        print_frame(found.frame, as_json)
    typer.echo(found.text, err=as_json)
    if not found.equal:
        raise typer.Exit(1)


def report(
    run: RunPath,
    out: Annotated[Path | None, typer.Option(help="HTML file; by default inside the run.")] = None,
) -> None:
    """Write the HTML report of a run."""
    from ..progress import working

    opened = open_result(run)
    with working("writing the report"):
        path = opened.report(out or run / "report.html")
    typer.echo(path)


def export(
    run: RunPath,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")],
    form: Annotated[ExportFormat, typer.Option("--format", help="Format.")] = ExportFormat.LOBSTER,
    symbols: Annotated[
        list[str] | None, typer.Option("--symbol", help="Symbol; all if left out. Repeatable.")
    ] = None,
    levels: Annotated[int, typer.Option(help="Levels of the order book, 1 to 200.")] = 10,
) -> None:
    """Write a run in another format: LOBSTER's messages and order books."""
    from ..lobster import export_lobster
    from ..progress import working

    opened = open_result(run)
    with working(f"writing {form.value} files"):
        paths = export_lobster(opened, out, symbols=symbols, levels=levels)
    for path in paths:
        typer.echo(path)
