"""`qtg config`: look at configurations."""

import json

import typer

from .app import Json, Preset, Strategies
from .common import load_files

config_app = typer.Typer(help="Look at configurations.", no_args_is_help=True)


@config_app.command("show")
def config_show(source: Preset, strategies: Strategies = None, as_json: Json = False) -> None:
    """Print a configuration with every setting, environment overrides included."""
    from ..config import Config

    load_files(strategies)
    config = Config.load(source)
    typer.echo(config.model_dump_json(indent=2) if as_json else config.to_toml().rstrip())


@config_app.command("validate")
def config_validate(source: Preset, strategies: Strategies = None) -> None:
    """Check a configuration, with the strategies that it names."""
    from ..agents.population import check_populations
    from ..config import Config

    load_files(strategies)
    config = Config.load(source)
    check_populations(config)
    typer.echo(f"{source}: valid, {config.n_agents:,} agents, {len(config.symbols)} symbols")


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON schema of a configuration."""
    from ..config import config_schema as schema

    typer.echo(json.dumps(schema(), indent=2))
