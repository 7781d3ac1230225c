"""What must hold after a failure and at the end of a round; the first thing that does not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..inputs import Input
from ..invariants import find_violations, name_of
from ..result import open_run
from ..simulation import Simulation
from ..tape.layout import unpack_input
from ..wal.disk import RealDisk
from ..wal.format import RecordKind
from ..wal.reading import read_log
from ..wal.report import Recovery
from .counts import Flow
from .traffic import Message
from .twin import Twin


def after_recovery(
    sim: Simulation, twin: Twin, report: Recovery, safe: tuple[int, int]
) -> str | None:
    """What is wrong with a recovered run of which `safe` (inputs, ticks) was acknowledged."""
    inputs, tick = safe
    if report.tick < tick:
        return f"tick {tick:,} was committed, but the run was recovered to tick {report.tick:,}"
    if report.inputs < inputs:
        return f"input {inputs:,} was acknowledged, but {report.inputs:,} were recovered"
    if sim.tick >= len(twin.hashes):
        return f"the run was recovered to tick {sim.tick:,}, which it never reached"
    if sim.inputs.waiting != sim.inputs.sequence - twin.inputs[sim.tick]:
        return (
            f"{sim.inputs.waiting:,} inputs wait in the recovered run, but "
            f"{sim.inputs.sequence - twin.inputs[sim.tick]:,} should"
        )
    return same_market(sim, twin) or invariants_hold(sim)


def same_market(sim: Simulation, twin: Twin) -> str | None:
    """Whether a market has the trace hash that its twin had at that tick."""
    expected = twin.hashes[sim.tick]
    if sim.trace_hash != expected:
        return f"the trace hash is {sim.trace_hash}, but the undisturbed twin's is {expected}"
    return None


def invariants_hold(sim: Simulation) -> str | None:
    """Whether everything holds in a market that must hold after every tick."""
    found = find_violations(sim.exchange)
    if found:
        return f"{name_of(found[0].invariant)}: {found[0].sentence}"
    for name, count in sim.violations.items():
        return f"{name} did not hold {count:,} times"
    return None


def inputs_are_conserved(flow: Flow, sim: Simulation) -> str | None:
    """Whether every order and share that was sent went to one place."""
    missing = flow.missing()
    if missing.orders or missing.shares:
        return (
            f"of the inputs sent, {missing.orders:,} with {missing.shares:,} shares went nowhere "
            "that was counted"
        )
    if sim.inputs.sequence != flow.taken.orders:
        return f"{flow.taken.orders:,} inputs were taken, but the run had {sim.inputs.sequence:,}"
    return None


def log_is_complete(run: Path, taken: list[Message], symbols: int) -> str | None:
    """Whether a log has the orders that were taken, column for column, from its oldest on."""
    expected = len(taken)
    for each in reversed(list(_inputs(run, symbols))):
        if each.sequence != expected:
            return f"the log has input {each.sequence:,} where {expected:,} should be"
        message = taken[expected - 1]
        sent = message.columns._asdict().items()
        same = each.kind == message.kind and all(
            np.array_equal(getattr(each.columns, name), its) for name, its in sent
        )
        if not same:
            return f"input {each.sequence:,} of the log is not what was sent"
        expected -= 1
    return None


def _inputs(run: Path, symbols: int) -> Iterator[Input]:
    contents = read_log(RealDisk(run))
    for record in contents.records if contents is not None else []:
        if record.kind == RecordKind.INPUT:
            yield unpack_input(record.payload, symbols)


def tables_are_whole(run: Path, twin: Twin) -> str | None:
    """Whether a run directory has every tick and trade once."""
    result = open_run(run)
    if result.status != "complete" or result.trace_hash != twin.hashes[-1]:
        return f"the run is {result.status} with trace hash {result.trace_hash}"
    ticks = result.metrics["tick"].to_list()
    if ticks != list(range(1, twin.sim.tick + 1)):
        return f"the table of metrics does not have ticks 1 to {twin.sim.tick:,}, each once"
    if "trades" in result.tables:
        numbers = result.trades["trade_id"]
        if numbers.to_list() != list(range(1, len(numbers) + 1)):
            return "the table of trades does not have each trade once"
    return None
