"""Commands about order flow."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Json, Overwrite, RunPath
from .common import open_result


def flow(run: RunPath, as_json: Json = False) -> None:
    """Order flow of a run by regime: cancel rate, depth, events a second."""
    from ..answer import print_frame

    print_frame(open_result(run).flow(), as_json)


def trace(
    name: Annotated[
        str | None, typer.Argument(help="calm, burst or cancel_storm; all three if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder in which each gets a run directory.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make the curated traces again: small markets that are calm, burst, or cancel in a storm."""
    import json

    from ..answer import print_frame
    from ..traces import TRACES, make_trace, trace_summary

    found = {}
    for each in (name,) if name else tuple(TRACES):
        run = make_trace(each, None if out is None else str(out / each), overwrite)
        found[each] = trace_summary(run)
        if not as_json:
            typer.echo(f"{each}: trace {run.trace_hash}")
            print_frame(run.flow().drop("events_per_s"), as_json)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
