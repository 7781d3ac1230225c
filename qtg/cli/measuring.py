"""Commands that compare a market with real ones."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from .app import Json, Seed
from .common import check_place, given, open_result


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
            help="Part of the population; as much as leaves 10,000 background agents if left out.",
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
    from ..config import Config
    from ..processors import processors
    from ..progress import runs_progress, working
    from ..stylized import realism as measure
    from ..stylized.campaign import TICKS, campaign_form, measure_seeds
    from ..stylized.show import print_scorecard

    if Path(source).is_dir():
        options = {"seed": seed, "ticks": ticks, "scale": scale, "workers": workers}
        named = [name for name, value in options.items() if value is not None]
        if named or seeds > 1:
            name = named[0] if named else "seeds"
            raise ConfigError(f"--{name} is for presets and files; {source} is a run that is over")
        card = measure(open_result(Path(source)))
    else:
        config = Config.load(source, given(seed=seed, ticks=ticks or TICKS))
        config = campaign_form(config, scale)
        with runs_progress(config.name, seeds) as told:
            card = measure_seeds(
                config,
                seeds,
                workers=workers or processors(),
                done=lambda over: told(over, 0),
            )
    if out:
        with working("writing the report"):
            card.report(out)
    print_scorecard(card, as_json)


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
    from ..calibration import calibrate as fit
    from ..calibration.printed import print_calibration
    from ..progress import counted_progress

    check_place(out)
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
