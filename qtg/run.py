"""`simulate`: a whole run in one call."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .config import Config
from .errors import ConfigError
from .progress import Progress, no_progress, terminal_progress
from .result import Result, result_of
from .simulation import Simulation, kind_names
from .store import MemorySink, RunWriter, Sink

if TYPE_CHECKING:
    from .wal.run_log import RunLog


def simulate(
    config: Config | str,
    out: str | Path | None = None,
    *,
    overwrite: bool = False,
    threads: int = 1,
    progress: Progress | bool | None = None,
    tape: str | Path | None = None,
    tape_events: bool = False,
) -> Result:
    """Run a market from start to end.

    Parameters
    ----------
    config : Config or str     or the name of a preset
    out : path, optional       run directory; without it the tables stay in memory
    overwrite : bool           whether an earlier run at `out`, and tape, may be replaced
    threads : int              for matching; the result is the same for any number
    progress : bool, optional  show a progress bar; by default on a terminal
    tape : path, optional      also write a tape, from which `replay_tape` makes the run again
    tape_events : bool         keep every event on the tape

    Returns
    -------
    Result    frames, SQL, trace hash, report

    Raises
    ------
    ConfigError, StrategyError, StorageError    what was committed before stays readable

    Examples
    --------
    >>> run = simulate(Config.preset("quick_test", ticks=20, warmup={"ticks": 5}))
    >>> run.metrics.height
    25
    """
    if isinstance(config, str):
        config = Config.preset(config)
    if threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads}")
    if tape_events and tape is None:
        raise ConfigError("tape_events needs a tape to keep the events on; give tape=FILE.rpl")
    sim = Simulation(config, threads=threads)
    sink = open_sink(config, out, overwrite)
    with sink, ExitStack() as stack:
        sim.publisher.attach(sim, sink)
        if tape is not None:
            from .tape import TapeWriter

            stack.enter_context(
                TapeWriter.attach(sim, tape, events=tape_events, overwrite=overwrite)
            )
        log = None
        if config.durability.log:
            from .wal.run_log import RunLog

            log = stack.enter_context(RunLog.begin(sim, sink))
        run_on(sim, sink, log, progress)
    return result_of(sink)


def run_on(
    sim: Simulation, sink: Sink, log: "RunLog | None", progress: Progress | bool | None = None
) -> None:
    """Run a market that is set up to its end, then close its tables and its log."""
    with _bar(sim.config, progress)(sim.last_tick) as advance:
        while sim.tick < sim.last_tick:
            sim.step()
            advance(sim)
    sim.publisher.finish(sim)
    sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    if log is not None:
        log.finish()


def _bar(config: Config, progress: Progress | bool | None) -> Progress:
    if callable(progress):
        return progress
    return no_progress if progress is False else terminal_progress(config, wanted=progress)


def open_sink(config: Config, out: str | Path | None, overwrite: bool = False) -> Sink:
    """Where a run of `config` keeps its tables: a run directory, or memory if `out` is None."""
    settings = config.model_dump(mode="json")
    fingerprint = config.fingerprint()
    symbols = [symbol.symbol for symbol in config.symbols]
    kinds = kind_names(config)
    row_group = config.storage.row_group
    if out is None:
        return MemorySink(
            config=settings,
            seed=config.seed,
            fingerprint=fingerprint,
            symbols=symbols,
            kinds=kinds,
            row_group=row_group,
        )
    return RunWriter(
        out,
        config=settings,
        seed=config.seed,
        fingerprint=fingerprint,
        symbols=symbols,
        kinds=kinds,
        row_group=row_group,
        overwrite=overwrite,
    )
