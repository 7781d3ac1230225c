"""`qtg sweep`: one market with many settings and seeds."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .app import Json


class Executor(StrEnum):
    """Who makes the runs."""

    PROCESS = "process"  # processes of this machine
    RAY = "ray"  # a Ray cluster: RAY_ADDRESS, else one on this machine
    SERIAL = "serial"  # this process


class _RunByDefault(TyperGroup):
    """`qtg sweep FILE.toml` is `qtg sweep run FILE.toml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


sweep_app = typer.Typer(
    cls=_RunByDefault,
    help="One market with many settings and seeds: `qtg sweep FILE.toml`, `qtg sweep show DIR`.",
    no_args_is_help=True,
)


@sweep_app.command("run")
def sweep_run(
    source: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The sweep.")],
    workers: Annotated[
        int | None, typer.Option(help="Runs at a time; one per processor if left out.", min=1)
    ] = None,
    executor: Annotated[Executor, typer.Option(help="Who makes the runs.")] = Executor.PROCESS,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the sweep; sweeps/NAME if left out.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an earlier sweep.")] = False,
    extend: Annotated[
        bool, typer.Option("--extend", help="Go on, and add points and seeds that are new.")
    ] = False,
    other_code: Annotated[
        bool, typer.Option("--other-code", help="Keep finished runs that other code made.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remove an earlier sweep.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only check it, and count runs.")] = False,
    as_json: Json = False,
) -> None:
    """Make every run of a sweep, and sum it up; exit 1 if runs failed."""
    from ..sweeps import sweep
    from ..sweeps.file import read_sweep
    from ..sweeps.measuring import find_measure
    from ..sweeps.plan import make_plan
    from ..sweeps.show import print_sweep

    told = read_sweep(source)
    if check:
        find_measure(told.measure)
        plan = make_plan(told.config, told.grid, told.seeds)
        typer.echo(f"{source}: valid, {len(plan.jobs):,} runs")
        return
    try:
        done = sweep(
            told.config,
            told.grid,
            told.seeds,
            executor=executor.value,
            workers=workers,
            out=out or told.out,
            measure=told.measure,
            strategies=told.strategies,
            resume=resume,
            extend=extend,
            other_code=other_code,
            overwrite=overwrite,
            progress=True,
        )
    except KeyboardInterrupt:
        typer.echo("qtg: finished runs are kept; --resume goes on with the others", err=True)
        raise
    print_sweep(done, as_json)
    if done.counts()["failed"]:
        raise typer.Exit(1)


@sweep_app.command("show")
def sweep_show(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    as_json: Json = False,
) -> None:
    """Sum up a sweep, also one that was stopped or is still going on."""
    from ..sweeps import open_sweep
    from ..sweeps.show import print_sweep

    print_sweep(open_sweep(path), as_json)
