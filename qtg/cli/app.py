"""The typer application, and the options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="qtg",
    help="Quant Trading Gym: a financial market that reacts, in columns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _presets(incomplete: str) -> list[str]:
    from ..config import preset_names

    return [name for name in preset_names() if name.startswith(incomplete)]


Preset = Annotated[
    str,
    typer.Argument(
        metavar="PRESET|FILE.toml", help="Preset or TOML file.", autocompletion=_presets
    ),
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Run directory.")]
Seed = Annotated[int | None, typer.Option(help="Seed of all randomness.")]
Ticks = Annotated[int | None, typer.Option(help="Ticks after the warm-up.")]
Threads = Annotated[int, typer.Option(help="Threads for matching; same result for any number.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run.")]
Strategies = Annotated[
    list[Path] | None,
    typer.Option("--strategies", help="Python file that registers strategies."),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"qtg {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass
