"""`qtg train ensemble`: training an ensemble and letting agents follow it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Json, Seed

if TYPE_CHECKING:
    from ..ensemble.training import Told


def _trainings(incomplete: str) -> list[str]:
    from ..ensemble.settings import trainings

    return [name for name in trainings() if name.startswith(incomplete)]


def train_ensemble(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG|FILE.toml",
            help="What to learn from: news_driven, or a TOML file.",
            autocompletion=_trainings,
        ),
    ],
    out: Annotated[Path, typer.Option(help="File of the model.")] = Path("ensemble.json"),
    episodes: Annotated[
        int | None, typer.Option(help="Markets to learn from, each with its seed.", min=2)
    ] = None,
    seed: Seed = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model in that file.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Train a forest, a line and support vectors on what a market's winners do, and let agents
    follow their vote in markets that taught nothing."""
    import json

    from ..ensemble import EnsembleConfig
    from ..ensemble import train_ensemble as train
    from ..ensemble.show import show_report
    from ..errors import ConfigError, StorageError

    wanted = {"episodes": episodes, "seed": seed}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if out.is_dir():
        raise ConfigError(f"{out}: is a folder; give the name of a .json file")
    if out.exists() and not overwrite:
        raise StorageError(f"{out}: is there already; give another --out, or --overwrite")
    config = EnsembleConfig.load(source, changes)
    _, report = train(config, out, None if quiet else _progress())
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=2))
    else:
        show_report(report)


def _progress() -> "Told":
    """One line for each batch of markets, on stderr."""
    return lambda what, done, of: typer.echo(f"{what}: {done} of {of}", err=True)
