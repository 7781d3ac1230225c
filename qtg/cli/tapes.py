"""`qtg tape`: look at tapes and replay them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Json, Strategies, Threads
from .common import load_files

if TYPE_CHECKING:
    from ..tape.choosing import Chosen
    from ..tape.moments import Advance, Moment
    from ..tape.reader import TapeReader

tape_app = typer.Typer(
    help="Look at tapes (.rpl): what came to a run from outside; replay, compare, export them.",
    no_args_is_help=True,
)

Tape = Annotated[Path, typer.Argument(metavar="FILE.rpl", help="Tape.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only events of this type, such as trade. Repeatable."),
]
Symbols = Annotated[
    list[str] | None, typer.Option("--symbol", help="Only of this symbol. Repeatable.")
]
Agents = Annotated[
    list[int] | None,
    typer.Option("--agent", help="Only of this agent row, either side of a trade. Repeatable."),
]
From = Annotated[int | None, typer.Option("--from", help="First tick.")]
Until = Annotated[int | None, typer.Option("--until", help="Last tick.")]
Since = Annotated[
    str | None, typer.Option("--since", help="From this market time on: 2026-01-05T14:30:00.")
]
Before = Annotated[str | None, typer.Option("--to", help="Up to this market time.")]
Depth = Annotated[bool, typer.Option("--depth", help="Also count orders that rest.")]


@tape_app.command()
def info(tape: Tape, as_json: Json = False) -> None:
    """Say what a tape is and holds."""
    from ..tape.printing import print_survey
    from ..tape.reader import TapeReader
    from ..tape.verifying import survey_tape

    reader = TapeReader(tape)
    print_survey(reader, survey_tape(reader), as_json)


@tape_app.command()
def replay(
    tape: Tape,
    step: Annotated[bool, typer.Option("--step", help="Wait for Enter after each tick.")] = False,
    rate: Annotated[float | None, typer.Option(help="Ticks per second.")] = None,
    events: Annotated[bool, typer.Option("--events", help="Print events as they happen.")] = False,
    first: From = None,
    until: Until = None,
    since: Since = None,
    to: Before = None,
    types: Types = None,
    symbols: Symbols = None,
    agents: Agents = None,
    depth: Depth = False,
    threads: Threads = 1,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Make the run again, check it against the tape, and sum it up.

    Events are printed with --events, --step, --rate, or where they are chosen.
    """
    from ..tape.moments import replayed_moments
    from ..tape.printing import check_reached, print_moment, print_totals
    from ..tape.replaying import Pace
    from ..tape.totals import totals

    load_files(strategies)
    reader, chosen = _opened(tape, types, symbols, agents, (first, until), (since, to))
    shown = events or step or rate is not None or not chosen.all_events
    pace = Pace(rate)

    def told(advance: "Advance") -> "Iterator[Moment]":
        ticks = replayed_moments(reader, last=chosen.last, threads=threads, advance=advance)
        for moment in ticks:
            yield moment
            if moment.mark.tick < chosen.first or not shown:
                continue
            print_moment(moment, reader.header, chosen)
            if step and not _pause(moment.mark.tick):
                return
            pace.wait()

    with nullcontext(_nothing) if shown else _progress(reader, chosen) as advance:
        found = totals(told(advance), reader.header.symbols, chosen, depth=depth)
    check_reached(reader, found, chosen)
    print_totals(found, as_json)


@tape_app.command()
def show(
    tape: Tape,
    first: From = None,
    until: Until = None,
    since: Since = None,
    to: Before = None,
    types: Types = None,
    symbols: Symbols = None,
    agents: Agents = None,
    strategies: Strategies = None,
) -> None:
    """Print what happened, a line for each input and event; replays a tape without events."""
    from ..tape.moments import moments
    from ..tape.printing import print_moment

    load_files(strategies)
    reader, chosen = _opened(tape, types, symbols, agents, (first, until), (since, to))
    for moment in moments(reader, last=chosen.last):
        if moment.mark.tick >= chosen.first:
            print_moment(moment, reader.header, chosen)


@tape_app.command()
def summary(
    tape: Tape,
    first: From = None,
    until: Until = None,
    since: Since = None,
    to: Before = None,
    types: Types = None,
    symbols: Symbols = None,
    agents: Agents = None,
    depth: Depth = False,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Sum up what happened; replays a tape without events."""
    from ..tape.moments import moments
    from ..tape.printing import print_totals
    from ..tape.totals import totals

    load_files(strategies)
    reader, chosen = _opened(tape, types, symbols, agents, (first, until), (since, to))
    with _progress(reader, chosen) as advance:
        ticks = moments(reader, last=chosen.last, advance=advance)
        found = totals(ticks, reader.header.symbols, chosen, depth=depth)
    print_totals(found, as_json)


@tape_app.command()
def diff(
    a: Tape,
    b: Tape,
    around: Annotated[int, typer.Option(help="Events to show before and after.")] = 5,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Say where two tapes part, and what was around it; exit 1 if they do."""
    from ..tape.comparing import compare_tapes
    from ..tape.printing import print_difference
    from ..tape.reader import TapeReader

    load_files(strategies)
    found = compare_tapes(TapeReader(a), TapeReader(b), around=around)
    print_difference(found, as_json)
    if found:
        raise typer.Exit(1)


@tape_app.command()
def verify(
    tape: Tape,
    replay: Annotated[bool, typer.Option(help="Also make the run again.")] = True,
    threads: Threads = 1,
    strategies: Strategies = None,
    as_json: Json = False,
) -> None:
    """Check checksums, sequences, stored events, and the trace hash by a replay."""
    from ..tape.choosing import ALL
    from ..tape.printing import print_verified
    from ..tape.reader import TapeReader
    from ..tape.verifying import verify_tape

    load_files(strategies)
    reader = TapeReader(tape)
    with _progress(reader, ALL) as advance:
        done = verify_tape(reader, replay=replay, threads=threads, advance=advance)
    print_verified(done, as_json)


@tape_app.command()
def export(
    tape: Tape,
    out: Annotated[Path, typer.Option("--out", "-o", help="File; for LOBSTER a folder.")],
    form: Annotated[
        str, typer.Option("--format", help="parquet, csv or lobster.", metavar="FORMAT")
    ] = "parquet",
    first: From = None,
    until: Until = None,
    since: Since = None,
    to: Before = None,
    types: Types = None,
    symbols: Symbols = None,
    agents: Agents = None,
    levels: Annotated[int, typer.Option(help="Levels of LOBSTER's book, 1 to 200.")] = 10,
    strategies: Strategies = None,
) -> None:
    """Write the events in another format; replays a tape without events."""
    from ..tape.exporting import export_tape, format_named

    load_files(strategies)
    wanted = format_named(form)
    reader, chosen = _opened(tape, types, symbols, agents, (first, until), (since, to))
    with _progress(reader, chosen) as advance:
        paths = export_tape(reader, out, wanted, chosen, levels=levels, advance=advance)
    for path in paths:
        typer.echo(path)


def _opened(
    path: Path,
    types: list[str] | None,
    symbols: list[str] | None,
    agents: list[int] | None,
    ticks: tuple[int | None, int | None],
    times: tuple[str | None, str | None],
) -> "tuple[TapeReader, Chosen]":
    """The tape, and what to look at."""
    from ..tape.choosing import choose
    from ..tape.reader import TapeReader

    reader = TapeReader(path)
    chosen = choose(
        reader.header,
        types=types or (),
        symbols=symbols or (),
        agents=agents or (),
        ticks=ticks,
        times=times,
    )
    return reader, chosen


def _progress(
    reader: "TapeReader", chosen: "Chosen"
) -> AbstractContextManager[Callable[[], object]]:
    from ..progress import counted_progress
    from ..tape.verifying import ticks_of

    return counted_progress(reader.path.name, max(ticks_of(reader, chosen.last), 1))


def _nothing() -> None:
    pass


def _pause(tick: int) -> bool:
    """Whether to go on."""
    print(f"tick {tick}: Enter for the next, q to stop", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    return bool(answer) and not answer.lower().startswith("q")
