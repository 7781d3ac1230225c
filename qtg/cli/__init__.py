"""The `qtg` command. Thin: every command calls the library.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it failed; 2: it was
called wrongly (bad arguments or configuration); 130: interrupted.
"""

from collections.abc import Callable

from .app import app
from .breaking import chaos
from .configs import config_app
from .ensembles import train_ensemble
from .flow import flow, trace
from .leaving import main
from .machine import bench, warmup
from .measuring import calibrate, realism
from .models import model_app
from .recovering import recover
from .results import compare, export, info, leaderboard, report, sql, top
from .running import demo, presets, simulate, strategies
from .sweeping import sweep_app
from .tapes import tape_app
from .training import evaluate, train_app

__all__ = ["app", "main"]

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {  # in the order of `qtg --help`
    "Run a market": (simulate, recover, demo, trace, presets, strategies),
    "Look at a run": (info, top, sql, compare, report, leaderboard, flow, export),
    "Compare with real markets": (realism, calibrate),
    "Learn in a market": (evaluate,),
    "This machine": (warmup, bench, chaos),
}

for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(sweep_app, name="sweep", rich_help_panel="Run a market")
train_app.command("ensemble")(train_ensemble)
app.add_typer(config_app, name="config", rich_help_panel="Run a market")
app.add_typer(model_app, name="model", rich_help_panel="Run a market")
app.add_typer(tape_app, name="tape", rich_help_panel="Look at a run")
app.add_typer(train_app, name="train", rich_help_panel="Learn in a market")
