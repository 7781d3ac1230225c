"""Commands that train learners and measure them. A subcommand of `train` is an algorithm."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Json, Seed
from .common import given

if TYPE_CHECKING:
    from ..training.settings import Algorithm

train_app = typer.Typer(no_args_is_help=True, help="Train a learner; needs the extra rl.")


def _trainings(incomplete: str) -> list[str]:
    from ..training.settings import training_presets

    return [name for name in training_presets() if name.startswith(incomplete)]


Training = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG|FILE.toml",
        help="What to train: execution, trading, dealer, maker, or a TOML file.",
        autocompletion=_trainings,
    ),
]
Steps = Annotated[int | None, typer.Option(help="Steps of all environments together.")]
Out = Annotated[Path | None, typer.Option(help="Folder; runs/NAME-ALGORITHM if left out.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the training in that folder, to --steps.")
]
Replace = Annotated[bool, typer.Option("--overwrite", help="Replace the training in that folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def _trainer(algorithm: "Algorithm", summary: str) -> Callable[..., None]:
    """The command that trains by an algorithm."""

    def command(
        source: Training,
        steps: Steps = None,
        seed: Seed = None,
        out: Out = None,
        resume: Resume = False,
        overwrite: Replace = False,
        quiet: Quiet = False,
        as_json: Json = False,
    ) -> None:
        changes = given(seed=seed, ticks=None) | ({} if steps is None else {"steps": steps})
        _train(algorithm, source, changes, out, (resume, overwrite), quiet, as_json)

    command.__doc__ = summary
    return command


train_app.command("ppo")(
    _trainer(
        "ppo",
        "Train by proximal policy optimization, with checkpoints, logs and held-out evaluations.",
    )
)
train_app.command("dqn")(
    _trainer("dqn", "Train by deep Q-learning, likewise; for environments with a few actions.")
)


def evaluate(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model's file, or a training's folder.")
    ],
    seeds: Annotated[
        int | None, typer.Option(help="Held-out seeds; the training's if left out.", min=2)
    ] = None,
    episodes: Annotated[int | None, typer.Option(help="Episodes of each seed.", min=1)] = None,
    first_seed: Annotated[int | None, typer.Option(help="The first of them.", min=0)] = None,
    population: Annotated[
        str, typer.Option(help="One of the training's evaluation.populations.")
    ] = "same",
    as_json: Json = False,
) -> None:
    """Measure a model on held-out episodes, beside the rules that anyone could follow."""
    from ..progress import working
    from ..training.evaluation import evaluate as measure
    from ..training.show import print_evaluation

    with working("playing held-out episodes"):
        found = measure(
            model, seeds=seeds, episodes=episodes, first_seed=first_seed, population=population
        )
    print_evaluation(found, as_json)


def _train(
    algorithm: "Algorithm",
    source: str,
    changes: dict[str, int],
    out: Path | None,
    there: tuple[bool, bool],
    quiet: bool,
    as_json: bool,
) -> None:
    from ..errors import ConfigError
    from ..training.settings import TrainingConfig
    from ..training.show import print_trained, training_progress
    from ..training.trainer import train

    resume, overwrite = there
    if resume and overwrite:
        raise ConfigError("--resume goes on with a training, --overwrite replaces it: give one")
    config = TrainingConfig.load(source, changes)
    with training_progress(config.name, config.steps, quiet) as told:
        trained = train(config, algorithm, out, resume=resume, overwrite=overwrite, told=told)
    print_trained(trained, as_json)
