"""`qtg model`: models that trade."""

from pathlib import Path
from typing import Annotated

import typer

from .app import Json

model_app = typer.Typer(
    help="Models that trade: export trained policies to ONNX, look at them.", no_args_is_help=True
)


@model_app.command()
def export(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.zip", help="PPO, A2C or DQN, or a training's folder.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.onnx", help="Where the model goes.")],
    contract: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Contract of its observations; else the one in the model or beside it.",
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", help="Its environment, such as qtg/Trading-v0, for older contracts."),
    ] = None,
) -> None:
    """Export a trained policy to an ONNX file that a market can run without torch."""
    from ..contract import Contract
    from ..models import contract_of, export_policy, load_policy
    from ..progress import working
    from .common import check_place

    check_place(out)
    model = model / "model.zip" if model.is_dir() else model
    read = Contract.load(contract) if contract else contract_of(model)
    with working("exporting"):
        card = export_policy(load_policy(model), out, read, environment=environment)
    typer.echo(
        f"{out}: {card.environment}, observes {card.contract.shape[0]} numbers, {card.actions}",
        err=True,
    )


@model_app.command()
def info(
    model: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="Exported model.")],
    as_json: Json = False,
) -> None:
    """Say what a model observes, how it acts and where it was trained."""
    from ..models import OnnxModel
    from ..models.printing import print_model

    print_model(OnnxModel.load(model), as_json)
