"""A run made again from its tape, and checked against it tick by tick."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtg.errors import ConfigError, ReplayError, StorageError

from .header import config_of
from .layout import Mark
from .reader import Records, TapeReader, TapeTick

if TYPE_CHECKING:
    from qtg.simulation import Simulation

OnTick = Callable[["Simulation"], Any]


def replay_tape(
    tape: str | Path | TapeReader,
    *,
    start: int = 0,
    until: int | None = None,
    rate: float | None = None,
    on_tick: OnTick | None = None,
    threads: int = 1,
    sim: Simulation | None = None,
) -> Simulation:
    """Make a run again from its tape, and check the trace hash after every tick.

    Parameters
    ----------
    tape : path or TapeReader
    start : int              first tick that `on_tick` sees and that `rate` slows down
    until : int, optional    last tick; by default all of the tape
    rate : float, optional   ticks per second; by default as fast as possible
    on_tick : function of the simulation, called after each tick from `start` on
    threads : int            for matching; the result is the same for any number
    sim : Simulation         to go on with, for a tape that starts later than its run

    Returns
    -------
    Simulation    after the last tick; at the end of the tape with the inputs that were waiting

    Raises
    ------
    ConfigError                  no such ticks, or strategies that are not registered
    StorageError, CorruptData    the tape cannot be read
    ReplayError                  the run differs from the tape; at the first tick that does

    Examples
    --------
    >>> import qtg
    >>> path = getfixture("tmp_path") / "run.rpl"
    >>> config = qtg.Config.preset("quick_test", ticks=5, warmup={"ticks": 0})
    >>> run = qtg.simulate(config, tape=path)
    >>> qtg.replay_tape(path).trace_hash == run.trace_hash
    True
    """
    reader = tape if isinstance(tape, TapeReader) else TapeReader(tape)
    if start < 0 or (until is not None and until < max(start, reader.header.tick)):
        span = f"from {start}" if until is None else f"{start} to {until}"
        raise ConfigError(
            f"ticks {span} cannot be replayed; this tape starts after tick {reader.header.tick}"
        )
    if rate is not None and not rate > 0:
        raise ConfigError(f"a rate must be more than 0 ticks per second, got {rate}")
    sim = start_of(reader, threads) if sim is None else _checked(reader, sim)
    pace = Pace(rate)
    for _ in replay_ticks(reader, sim, until):
        if sim.tick >= start:
            if on_tick is not None:
                on_tick(sim)
            pace.wait()
    asked = start if until is None else until
    if sim.tick < asked:
        raise ConfigError(f"{reader.path} ends after tick {sim.tick}, it has no tick {asked}")
    return sim


def start_of(tape: TapeReader, threads: int = 1) -> Simulation:
    """The simulation as it stands at the start of a tape.

    Raises
    ------
    ConfigError     strategies that are not registered
    StorageError    the tape starts later than its run, or its configuration does not fit
    """
    from qtg.simulation import Simulation

    header, name = tape.header, str(tape.path)
    if header.tick or header.sequence:
        raise StorageError(
            f"{name} starts after tick {header.tick} of its run; "
            "restore the simulation at that tick and replay with sim="
        )
    return _checked(tape, Simulation(config_of(header, name), envs=header.envs, threads=threads))


def replay_ticks(tape: Records, sim: Simulation, until: int | None = None) -> Iterator[TapeTick]:
    """Advance `sim`, which stands where the tape starts, tick by tick; gives each tick when it is
    over. At the end of the tape the inputs that were waiting wait again.

    Raises
    ------
    ReplayError    the trace hash differs from the tape's
    """
    if until is not None and sim.tick >= until:
        return
    for tick in tape.ticks():
        for each in tick.inputs:
            sim.inputs.add(each.tick, each.kind, each.columns)
        if tick.mark is None:
            return
        sim.step()
        _check(tape, sim, tick.mark)
        yield tick
        if sim.tick == until:
            return


class Pace:
    """Waits such that there are at most so many steps per second."""

    def __init__(self, rate: float | None) -> None:
        self._pause = 0.0 if rate is None else 1.0 / rate
        self._due = time.monotonic() + self._pause

    def wait(self) -> None:
        """Wait until the next step is due."""
        if self._pause:
            time.sleep(max(self._due - time.monotonic(), 0.0))
            self._due = max(self._due + self._pause, time.monotonic())


def _check(tape: Records, sim: Simulation, mark: Mark) -> None:
    publisher = sim.publisher
    for env, (expected, events) in enumerate(zip(mark.hashes, mark.events, strict=True)):
        found, n = int(publisher.trace[env]), int(publisher.event_count[env])
        if (found, n) != (expected, events):
            raise ReplayError(
                str(tape.path), mark.tick, (f"{expected:016x}", events), (f"{found:016x}", n)
            )


def _checked(tape: TapeReader, sim: Simulation) -> Simulation:
    """The simulation, if it stands where the tape starts."""
    header = tape.header
    theirs = (header.tick, header.sequence, header.hashes, header.fingerprint)
    ours = (sim.tick, sim.inputs.sequence, sim.trace_hashes, sim.config.fingerprint())
    for what, expected, found in zip(
        ("tick", "last input", "trace hash", "configuration"), theirs, ours, strict=True
    ):
        if expected != found:
            raise StorageError(
                f"{tape.path} does not start where this simulation stands: "
                f"{what} {expected} there, {found} here"
            )
    return sim
