"""The `qtg` command. Thin: every command calls the library.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it failed; 2: it was
called wrongly (bad arguments or configuration); 130: interrupted.
"""

from collections.abc import Callable

from .app import app
from .configs import config_app
from .leaving import main
from .machine import bench, warmup
from .measuring import calibrate, realism
from .recovering import recover
from .results import compare, export, info, leaderboard, report, sql
from .running import demo, presets, simulate, strategies

__all__ = ["app", "main"]

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {  # in the order of `qtg --help`
    "Run a market": (simulate, recover, demo, presets, strategies),
    "Look at a run": (info, sql, compare, report, leaderboard, export),
    "Compare with real markets": (realism, calibrate),
    "This machine": (warmup, bench),
}

for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(config_app, name="config", rich_help_panel="Run a market")
