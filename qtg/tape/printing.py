"""What `qtg tape` prints."""

import json
from collections.abc import Iterator
from typing import Any

from qtg.errors import ConfigError
from qtg.terminal import Column, print_table, print_text

from .choosing import Chosen
from .comparing import Difference
from .header import Header
from .lines import event_lines, input_lines, mark_line
from .moments import Moment
from .reader import TapeReader
from .totals import Totals
from .verifying import Survey, Verified


def moment_lines(moment: Moment, header: Header, chosen: Chosen) -> Iterator[str]:
    """A tick: its events as chosen; around them its inputs and its end, unless events are chosen
    by type, symbol or agent."""
    if chosen.all_events:
        for each in moment.inputs:
            yield from input_lines(each, header)
    yield from event_lines(chosen.rows(moment.events), header)
    if chosen.all_events:
        yield mark_line(moment.mark)


def print_moment(moment: Moment, header: Header, chosen: Chosen) -> None:
    """Print a tick; see `moment_lines`."""
    for line in moment_lines(moment, header, chosen):
        print(line)


def check_reached(tape: TapeReader, found: Totals, chosen: Chosen) -> None:
    """Complain if a tape ends before the ticks that somebody asked for.

    Raises
    ------
    ConfigError    it does
    """
    if chosen.first and not found.ticks:
        raise ConfigError(f"{tape.path} ends before tick {chosen.first}; see qtg tape info")


def print_survey(tape: TapeReader, survey: Survey, as_json: bool) -> None:
    """What a tape is and holds."""
    header = tape.header
    if as_json:
        start = {
            "path": str(tape.path),
            "seed": header.seed,
            "fingerprint": header.fingerprint,
            "versions": header.versions,
            "schema_version": header.schema_version,
            "symbols": header.symbols,
            "kinds": header.kinds,
            "environments": header.envs,
            "first_tick": header.tick + 1,
            "keeps_events": header.keeps_events,
        }
        print(json.dumps(start | survey.as_dict()))
        return
    inputs = ", ".join(f"{n} {kind}" for kind, n in sorted(survey.inputs.items())) or "none"
    hashes = ", ".join(f"{each:016x}" for each in survey.mark.hashes)
    for name, text in (
        ("config", f"{header.config.get('name')}, seed {header.seed}"),
        ("symbols", ", ".join(header.symbols)),
        ("ticks", f"{header.tick + 1} to {survey.mark.tick}"),
        ("inputs", inputs),
        ("events", f"{sum(survey.mark.events)}{'' if header.keeps_events else ' (not kept)'}"),
        ("trace", hashes),
        ("end", _end(survey)),
    ):
        print_text(f"{name:8} {text}")


def print_verified(done: Verified, as_json: bool) -> None:
    """What was checked."""
    if as_json:
        print(json.dumps({"checks": done.checks} | done.survey.as_dict()))
        return
    for check in done.checks:
        print_text(f"ok  {check}")
    print_text(f"ok  end: {_end(done.survey)}")


def print_totals(found: Totals, as_json: bool) -> None:
    """Totals of a tape: a table of types, one of symbols."""
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    said = found.as_dict()
    if found.ticks:
        print_text(f"ticks {found.first} to {found.last}, {found.events} events")
    else:
        print_text("no ticks")
    inputs = ", ".join(f"{name} {n}" for name, n in said["inputs"].items())
    print_text(f"inputs: {inputs}")
    print_text("events: " + ", ".join(f"{name} {n}" for name, n in said["events"].items()))
    if said["reasons"]:
        print_text("reasons: " + ", ".join(f"{name} {n}" for name, n in said["reasons"].items()))
    rate = "none" if found.cancel_rate is None else f"{found.cancel_rate:.4f}"
    print_text(f"cancel rate {rate}, events per tick {found.events_per_tick or 0.0:.2f}")
    rows = said["symbols"]
    print_table(
        [
            Column(
                name.replace("_", " "), [_cell(row[name]) for row in rows], right=name != "symbol"
            )
            for name in rows[0]
        ]
    )


def print_difference(found: Difference, as_json: bool) -> None:
    """Where two tapes part."""
    if as_json:
        print(json.dumps({"differ": bool(found)} | vars(found)))
        return
    for line in found.lines():
        print(line)


def _end(survey: Survey) -> str:
    if survey.cut is not None:
        return f"cut: {survey.cut.nbytes} bytes from byte {survey.cut.offset} on are no whole frame"
    return "the run ended" if survey.ended else "the tape stops, the run did not end"


def _cell(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
