"""Commands that run a market, and what they need."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from .app import Json, Overwrite, Preset, Seed, Strategies, Threads, Ticks
from .common import given, load_files

DEMO = Path("runs/demo")


def simulate(
    source: Preset,
    seed: Seed = None,
    ticks: Ticks = None,
    out: Annotated[Path | None, typer.Option(help="Run directory.")] = None,
    threads: Threads = 1,
    overwrite: Overwrite = False,
    strategies: Strategies = None,
    wal: Annotated[
        bool,
        typer.Option("--wal", help="Keep a log, so that qtg recover can go on with a killed run."),
    ] = False,
    tape: Annotated[
        Path | None, typer.Option(metavar="FILE.rpl", help="Also write a tape; see qtg tape.")
    ] = None,
    tape_events: Annotated[
        bool, typer.Option("--tape-events", help="Keep every event on the tape.")
    ] = False,
    monitor: Annotated[
        bool, typer.Option("--monitor", help="Keep a status for `qtg top`; needs qtg[monitor].")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus text on this port of 127.0.0.1.")
    ] = None,
    metrics_file: Annotated[
        Path | None, typer.Option(help="Write Prometheus text to this file (.prom).")
    ] = None,
    log: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write JSON logs; - is stderr.")
    ] = None,
    log_level: Annotated[
        str, typer.Option(help="debug, info, warning or error.", envvar="QTG_LOG_LEVEL")
    ] = "info",
    as_json: Json = False,
) -> None:
    """Run a market and write its run directory."""
    from ..config import Config
    from ..monitor import Monitoring, log_to
    from ..progress import command_progress
    from ..run import simulate as run_market
    from ..summary import print_summary

    load_files(strategies)
    config = Config.load(source, given(seed=seed, ticks=ticks))
    if wal:
        config = config.with_({"durability.log": True})
    place = out or Path("runs") / f"{config.name}-seed{config.seed}"
    progress = command_progress(config, quiet=log == "-")
    wanted = monitor or metrics_port is not None or metrics_file is not None
    with log_to(log, log_level) if log else nullcontext():
        run = run_market(
            config,
            place,
            overwrite=overwrite,
            threads=threads,
            progress=progress,
            tape=tape,
            tape_events=tape_events,
            monitor=Monitoring(metrics_port, metrics_file) if wanted else None,
        )
    print_summary(run, as_json=as_json)


def demo(
    ticks: Ticks = None,
    seed: Seed = None,
    out: Annotated[Path, typer.Option(help="Run directory.")] = DEMO,
    overwrite: Overwrite = False,
) -> None:
    """A market of 100,000 agents: run it, sum it up, write the report, say what to try next."""
    from ..config import Config
    from ..progress import command_progress, working
    from ..run import simulate as run_market
    from ..summary import print_next_steps, print_summary

    config = Config.load("demo", given(seed=seed, ticks=ticks))
    again = overwrite or out == DEMO  # which is the demo's own
    run = run_market(config, out, overwrite=again, progress=command_progress(config))
    with working("writing the report"):
        report_path = run.report(out / "report.html")
    print_summary(run)
    print_next_steps(out, report_path)


def presets(as_json: Json = False) -> None:
    """List the presets."""
    from ..config import Config, preset_names
    from ..summary import print_presets

    print_presets([Config.preset(name) for name in preset_names()], as_json)


def strategies(strategies: Strategies = None, as_json: Json = False) -> None:
    """List the strategies that a configuration can name: built in, installed, in your files."""
    from ..strategy_list import print_strategies

    load_files(strategies)
    print_strategies(as_json)
