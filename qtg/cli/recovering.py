"""The command that goes on with a run that was killed."""

from typing import Annotated

import typer

from .app import Json, RunPath, Strategies, Threads
from .common import load_files


def recover(
    run: RunPath,
    go_on: Annotated[
        bool, typer.Option("--continue", help="Go on with the run to its end.")
    ] = False,
    until: Annotated[
        int | None,
        typer.Option(help="Last record of the log to use; with --continue the others are removed."),
    ] = None,
    threads: Threads = 1,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Recover a run that was killed from its log; without --continue nothing is changed."""
    from ..progress import command_progress
    from ..recovery import recover as recover_run
    from ..summary import print_recovery, print_summary

    load_files(strategies)
    with recover_run(run, resume=go_on, until=until, threads=threads) as recovered:
        if not go_on:
            print_recovery(recovered.report, as_json)
            return
        if not as_json:
            print_recovery(recovered.report, as_json)
        result = recovered.finish(command_progress(recovered.sim.config))
    print_summary(result, as_json=as_json)
