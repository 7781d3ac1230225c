"""The command that lets everything around a market fail."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Json, Ticks


def _profiles(incomplete: str) -> list[str]:
    from ..chaos.profile import profile_names

    return [name for name in profile_names() if name.startswith(incomplete)]


def chaos(
    profile: Annotated[
        str,
        typer.Argument(
            metavar="PROFILE|FILE.toml", help="What goes wrong.", autocompletion=_profiles
        ),
    ],
    config: Annotated[
        str, typer.Option(metavar="PRESET|FILE.toml", help="The market.")
    ] = "quick_test",
    seed: Annotated[int, typer.Option(help="Seed of the first round.")] = 0,
    ticks: Ticks = None,
    minutes: Annotated[
        float | None, typer.Option(help="Make rounds until this time is over; else one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for summary.json and the run that went wrong.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Let orders, queue, disk and process fail; recover, and check that nothing is lost."""
    from ..chaos import run_chaos
    from ..config import Config

    summary = run_chaos(
        profile,
        Config.load(config),
        seed=seed,
        ticks=ticks,
        minutes=minutes,
        out=out,
        told=None if minutes is None else lambda text: typer.echo(text, err=True),
    )
    summary.print(as_json)
    for each in summary.violations:
        again = f"qtg chaos {profile} --config {config} --seed {each.seed}"
        again += "" if ticks is None else f" --ticks {ticks}"
        typer.echo(
            f"qtg: seed {each.seed}, tick {each.tick}: {each.what}; again with: {again}", err=True
        )
    if summary.violations:
        raise typer.Exit(1)
