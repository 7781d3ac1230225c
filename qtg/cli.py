"""The `qtg` command. Thin: every command calls the library.

Results go to stdout, progress and messages to stderr. Exit 0: done; 1: it failed; 2: it was
called wrongly (bad arguments or configuration); 130: interrupted.
"""

import json
import os
import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from .errors import CacheWarning, ConfigError, QtgError, StorageError, StrategyWarning

if TYPE_CHECKING:
    from .result import Result

app = typer.Typer(
    name="qtg",
    help="Quant Trading Gym: a financial market that reacts, in columns.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at configurations.", no_args_is_help=True)
app.add_typer(config_app, name="config")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ExportFormat(StrEnum):
    """What a run can be exported to."""

    LOBSTER = "lobster"  # message and order book files of lobsterdata.com


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
Strategies = Annotated[
    list[Path] | None,
    typer.Option("--strategies", help="Python file that registers strategies."),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from . import __version__

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


@app.command()
def simulate(
    source: Preset,
    seed: Seed = None,
    ticks: Ticks = None,
    out: Annotated[Path | None, typer.Option(help="Run directory.")] = None,
    threads: Threads = 1,
    overwrite: Overwrite = False,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Run a market and write its run directory."""
    from .config import Config
    from .progress import command_progress
    from .run import simulate as run_market
    from .summary import print_summary

    _load(strategies)
    config = Config.load(source, _given(seed=seed, ticks=ticks))
    place = out or Path("runs") / f"{config.name}-seed{config.seed}"
    progress = command_progress(config)
    run = run_market(config, place, overwrite=overwrite, threads=threads, progress=progress)
    print_summary(run, as_json=as_json)


@app.command()
def demo(
    ticks: Ticks = None,
    seed: Seed = None,
    out: Annotated[Path, typer.Option(help="Run directory.")] = Path("runs/demo"),
) -> None:
    """A market of 100,000 agents: run it, sum it up, write the report, say what to try next."""
    from .config import Config
    from .progress import command_progress, working
    from .run import simulate as run_market
    from .summary import print_next_steps, print_summary

    config = Config.load("demo", _given(seed=seed, ticks=ticks))
    run = run_market(config, out, overwrite=True, progress=command_progress(config))
    with working("writing the report"):
        report_path = run.report(out / "report.html")
    print_summary(run)
    print_next_steps(out, report_path)


@app.command()
def presets(as_json: Json = False) -> None:
    """List the presets."""
    from .config import Config, preset_names
    from .summary import print_presets

    print_presets([Config.preset(name) for name in preset_names()], as_json)


@app.command()
def strategies(strategies: Strategies = None, as_json: Json = False) -> None:
    """List the strategies that a configuration can name: built in, installed, in your files."""
    from .strategy_list import print_strategies

    _load(strategies)
    print_strategies(as_json)


@config_app.command("show")
def config_show(source: Preset, strategies: Strategies = None, as_json: Json = False) -> None:
    """Print a configuration with every setting, environment overrides included."""
    from .config import Config

    _load(strategies)
    config = Config.load(source)
    typer.echo(config.model_dump_json(indent=2) if as_json else config.to_toml().rstrip())


@config_app.command("validate")
def config_validate(source: Preset, strategies: Strategies = None) -> None:
    """Check a configuration, with the strategies that it names."""
    from .agents.population import check_populations
    from .config import Config

    _load(strategies)
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
    from .answer import ask, print_frame

    print_frame(ask(_open(run), query), as_json)


@app.command()
def info(run: RunPath, as_json: Json = False) -> None:
    """Sum up a run."""
    from .summary import print_summary

    print_summary(_open(run), as_json=as_json)


@app.command()
def leaderboard(
    run: RunPath,
    by: Annotated[str, typer.Option(help="Column to rank by, such as return or sharpe.")] = "pnl",
    top: Annotated[int, typer.Option(help="How many agents.")] = 20,
    kind: Annotated[str | None, typer.Option(help="Only agents of this kind.")] = None,
    as_json: Json = False,
) -> None:
    """Rank the agents of a run: profit, return, fees, risk."""
    from .analytics.printing import print_leaderboard

    opened = _open(run)
    print_leaderboard(opened.leaderboard(by, top, kind), by, as_json)


@app.command()
def report(
    run: RunPath,
    out: Annotated[Path | None, typer.Option(help="HTML file; by default inside the run.")] = None,
) -> None:
    """Write the HTML report of a run."""
    from .progress import working

    opened = _open(run)
    with working("writing the report"):
        path = opened.report(out or run / "report.html")
    typer.echo(path)


@app.command()
def export(
    run: RunPath,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")],
    form: Annotated[ExportFormat, typer.Option("--format", help="Format.")] = ExportFormat.LOBSTER,
    symbols: Annotated[
        list[str] | None, typer.Option("--symbol", help="Symbol; all if left out. Repeatable.")
    ] = None,
    levels: Annotated[int, typer.Option(help="Levels of the order book, 1 to 200.")] = 10,
) -> None:
    """Write a run in another format: LOBSTER's messages and order books."""
    from .lobster import export_lobster
    from .progress import working

    opened = _open(run)
    with working(f"writing {form.value} files"):
        paths = export_lobster(opened, out, symbols=symbols, levels=levels)
    for path in paths:
        typer.echo(path)


@app.command()
def realism(
    source: Annotated[str, typer.Argument(metavar="RUN|PRESET|FILE.toml", help="What to measure.")],
    seeds: Annotated[int, typer.Option(help="Runs of a preset, each with its seed.", min=1)] = 1,
    seed: Seed = None,
    ticks: Annotated[
        int | None, typer.Option(help="Ticks of each run; 120,000 if left out.")
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            help="Part of the population; as much as leaves 5,000 background agents if left out.",
            min=0.0001,
            max=1.0,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per processor if left out.", min=1)
    ] = None,
    out: Annotated[Path | None, typer.Option("--report", help="HTML file with plots.")] = None,
    as_json: Json = False,
) -> None:
    """Measure how much a market looks like a real one: the stylized facts, with gates.

    A preset is run for long, with a smaller population of equal activity, once for each seed.
    """
    from .config import Config
    from .progress import seeds_progress, working
    from .stylized import realism as measure
    from .stylized.campaign import TICKS, campaign_form, measure_seeds, processors
    from .stylized.show import print_scorecard

    if Path(source).is_dir():
        options = {"seed": seed, "ticks": ticks, "scale": scale, "workers": workers}
        given = [name for name, value in options.items() if value is not None]
        if given or seeds > 1:
            name = given[0] if given else "seeds"
            raise ConfigError(f"--{name} is for presets and files; {source} is a run that is over")
        card = measure(_open(Path(source)))
    else:
        config = Config.load(source, _given(seed=seed, ticks=ticks or TICKS))
        config = campaign_form(config, scale)
        with seeds_progress(config, seeds) as done:
            card = measure_seeds(config, seeds, workers=workers or processors(), done=done)
    if out:
        with working("writing the report"):
            card.report(out)
    print_scorecard(card, as_json)


@app.command()
def calibrate(
    trades: Annotated[
        Path, typer.Argument(metavar="TRADES", help="Parquet or CSV: time, price, qty, [side].")
    ],
    quotes: Annotated[Path | None, typer.Option(help="Parquet or CSV: time, bid, ask.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="TOML file to write the market to.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Which one, if there are several.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated markets.", min=0)] = 0,
    ticks: Annotated[int | None, typer.Option(help="Ticks of each simulated market.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A shorter, rougher search.")] = False,
    as_json: Json = False,
) -> None:
    """Fit a market to real trades, and print fitted statistics beside the real ones."""
    from .calibration import calibrate as fit
    from .calibration.printed import print_calibration
    from .progress import counted_progress

    _check_place(out)
    found = fit(
        trades,
        quotes=quotes,
        symbol=symbol,
        seed=seed,
        ticks=ticks,
        quick=quick,
        progress=lambda steps: counted_progress("fitting", steps),
    )
    print_calibration(found, as_json)
    if out is not None:
        print(f"wrote {found.save(out)}; try: qtg simulate {out}", file=sys.stderr)


def _check_place(out: Path | None) -> None:
    """Say at once that a file cannot be written, and not after the work."""
    if out is None:
        return
    if out.is_dir():
        raise ConfigError(f"{out}: is a folder; give the name of a .toml file")
    if not out.parent.is_dir():
        raise ConfigError(f"{out}: there is no folder {out.parent}; make it first")


@app.command()
def warmup() -> None:
    """Compile every kernel now, so that the first run starts at once."""
    import time

    from .progress import working
    from .warmup import compile_kernels

    started = time.perf_counter()
    with working("compiling kernels (about a minute the first time)"):
        compile_kernels()
    typer.echo(f"kernels are ready ({time.perf_counter() - started:.1f} s)", err=True)


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help="Names of benchmarks to run.")] = None,
    as_json: Json = False,
) -> None:
    """Measure this machine: the short form of every benchmark."""
    from .bench import print_bench

    print_bench(only, as_json)


_INTERRUPTED = 130  # how typer leaves after Ctrl-C, as shells do
_STOPPED = "interrupted; what was committed so far stays readable"
_NEAR = 5  # runs to name


def main(arguments: list[str] | None = None) -> Any:
    """Entry point of the `qtg` command."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            app(arguments, standalone_mode=True)
    except ConfigError as error:
        _complain(error, 2)
    except QtgError as error:
        _complain(error, 1)
    except KeyboardInterrupt:
        _complain(_STOPPED, _INTERRUPTED)
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
        _complain(_STOPPED, _INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _open(path: Path) -> "Result":
    """Open a run; if there is none, name those that are near."""
    from .result import open_run

    try:
        return open_run(path)
    except StorageError as error:
        if (path / "run.json").exists():
            raise
        raise StorageError(f"{error}; {_runs_near(path)}") from None


def _runs_near(path: Path) -> str:
    """The newest runs in a folder and in `runs`."""
    found = {run.parent for near in (path, Path("runs")) for run in near.glob("*/run.json")}
    newest = sorted(found, key=lambda run: run.stat().st_mtime, reverse=True)
    names = ", ".join(str(run) for run in newest[:_NEAR])
    return f"try {names}" if names else "make one: qtg simulate quick_test"


def _load(strategies: list[Path] | None) -> None:
    """Run the files that register strategies."""
    from .loading import load_strategies

    for path in strategies or []:
        load_strategies(path)


def _given(*, seed: int | None, ticks: int | None) -> dict[str, int]:
    """The settings that the command line gives; the others stay as configured."""
    changes = {"seed": seed, "ticks": ticks}
    return {name: value for name, value in changes.items() if value is not None}


def _complain(problem: object, code: int) -> None:
    print(f"qtg: {problem}", file=sys.stderr)
    sys.exit(code)


_show_other = warnings.showwarning


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, (CacheWarning, StrategyWarning)):
        print(f"qtg: {message}", file=sys.stderr)
    else:
        _show_other(message, category, filename, lineno, file, line)
