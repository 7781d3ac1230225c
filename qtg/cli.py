"""The `qtg` command. Thin: every command calls the library.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it failed; 2: it was
called wrongly (bad arguments or configuration).
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .errors import ConfigError, QtgError

app = typer.Typer(
    name="qtg",
    help="Quant Trading Gym: a financial market that reacts, in columns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="Look at configurations.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _presets(incomplete: str) -> list[str]:
    from .config import preset_names

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


@app.command()
def simulate(
    source: Preset,
    seed: Seed = None,
    ticks: Ticks = None,
    out: Annotated[Path | None, typer.Option(help="Run directory.")] = None,
    threads: Threads = 1,
    overwrite: Overwrite = False,
    strategies: Annotated[
        list[Path] | None,
        typer.Option("--strategies", help="Python file that registers strategies."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a market and write its run directory."""
    from .config import Config
    from .loading import load_strategies
    from .run import simulate as run_market
    from .summary import print_summary

    for path in strategies or []:
        load_strategies(path)
    config = Config.load(source, _given(seed=seed, ticks=ticks))
    place = out or Path("runs") / f"{config.name}-seed{config.seed}"
    run = run_market(config, place, overwrite=overwrite, threads=threads)
    print_summary(run, as_json=as_json)


@app.command()
def demo(
    ticks: Ticks = None,
    seed: Seed = None,
    out: Annotated[Path, typer.Option(help="Run directory.")] = Path("runs/demo"),
) -> None:
    """A market of 100,000 agents: run it, sum it up, write the report, say what to try next."""
    from .config import Config
    from .run import simulate as run_market
    from .summary import print_next_steps, print_summary

    config = Config.load("demo", _given(seed=seed, ticks=ticks))
    run = run_market(config, out, overwrite=True)
    report_path = run.report(out / "report.html")
    print_summary(run)
    print_next_steps(out, report_path)


@app.command()
def presets(as_json: Json = False) -> None:
    """List the presets."""
    from .config import Config, preset_names
    from .summary import print_presets

    print_presets([Config.preset(name) for name in preset_names()], as_json)


@config_app.command("show")
def config_show(source: Preset, as_json: Json = False) -> None:
    """Print a configuration with every setting, environment overrides included."""
    from .config import Config

    config = Config.load(source)
    typer.echo(config.model_dump_json(indent=2) if as_json else config.to_toml().rstrip())


@config_app.command("validate")
def config_validate(source: Preset) -> None:
    """Check a configuration."""
    from .agents.population import check_populations
    from .config import Config

    config = Config.load(source)
    check_populations(config)
    typer.echo(f"{source}: valid, {config.n_agents:,} agents, {len(config.symbols)} symbols")


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON schema of a configuration."""
    from .config import config_schema as schema

    typer.echo(json.dumps(schema(), indent=2))


@app.command()
def sql(
    run: RunPath,
    query: Annotated[str, typer.Argument(help="SQL over the run's tables.")],
    as_json: Json = False,
) -> None:
    """Query a run with SQL (DuckDB)."""
    from .result import open_run
    from .summary import print_frame

    print_frame(open_run(run).sql(query), as_json)


@app.command()
def info(run: RunPath, as_json: Json = False) -> None:
    """Sum up a run."""
    from .result import open_run
    from .summary import print_summary

    print_summary(open_run(run), as_json=as_json)


@app.command()
def report(
    run: RunPath,
    out: Annotated[Path | None, typer.Option(help="HTML file; by default inside the run.")] = None,
) -> None:
    """Write the HTML report of a run."""
    from .result import open_run

    typer.echo(open_run(run).report(out or run / "report.html"))


@app.command()
def warmup() -> None:
    """Compile every kernel now, so that the first run starts at once."""
    import time

    from rich.console import Console

    from .warmup import compile_kernels

    console = Console(stderr=True)
    started = time.perf_counter()
    with console.status("compiling kernels (about a minute the first time)"):
        compile_kernels()
    console.print(f"kernels are ready ({time.perf_counter() - started:.1f} s)")


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help="Names of benchmarks to run.")] = None,
    as_json: Json = False,
) -> None:
    """Measure this machine: the short form of every benchmark."""
    from .bench import print_bench

    print_bench(only, as_json)


_INTERRUPTED = 130  # how typer leaves after Ctrl-C


def main(arguments: list[str] | None = None) -> Any:
    """Entry point of the `qtg` command."""
    try:
        app(arguments, standalone_mode=True)
    except ConfigError as error:
        _complain(error, 2)
    except QtgError as error:
        _complain(error, 1)
    except KeyboardInterrupt:
        _complain("interrupted; what was committed so far stays readable", 1)
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
        _complain("interrupted; what was committed so far stays readable", 1)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _given(*, seed: int | None, ticks: int | None) -> dict[str, int]:
    """The settings that the command line gives; the others stay as configured."""
    changes = {"seed": seed, "ticks": ticks}
    return {name: value for name, value in changes.items() if value is not None}


def _complain(problem: object, code: int) -> None:
    print(f"qtg: {problem}", file=sys.stderr)
    sys.exit(code)
