"""`simulate`: a whole run in one call."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from .config import Config
from .errors import ConfigError
from .monitor.logs import run_context
from .monitor.monitor import Monitoring, monitoring
from .progress import Progress, no_progress, terminal_progress
from .result import Result, result_of
from .simulation import Simulation, kind_names
from .store import MemorySink, RunWriter, Sink

if TYPE_CHECKING:
    from .wal.run_log import RunLog

_LOG = logging.getLogger("qtg.run")


def simulate(
    config: Config | str,
    out: str | Path | None = None,
    *,
    overwrite: bool = False,
    threads: int = 1,
    progress: Progress | bool | None = None,
    tape: str | Path | None = None,
    tape_events: bool = False,
    monitor: Monitoring | bool | None = None,
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
    monitor : optional         True: keep a status.json for `qtg top`; a `Monitoring` says more

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
    if tape is not None:
        from .tape.writer import check_place

        check_place(tape, out, overwrite)
    sim = Simulation(config, threads=threads)
    name = Path(out).resolve().name if out is not None else config.name
    with monitoring(monitor) as watch:
        sink = open_sink(config, out, overwrite)
        with sink, _logged(name, sim), watch(sim, sink, name):
            sim.publisher.attach(sim, sink)
            with _taped(sim, tape, tape_events, overwrite), _kept(sim, sink) as log:
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


@contextmanager
def _logged(name: str, sim: Simulation) -> Iterator[None]:
    """Log how a run begins and ends; what is logged meanwhile carries its name and tick."""
    config, started = sim.config, perf_counter()
    with run_context(name, sim):
        if _LOG.isEnabledFor(logging.INFO):
            asked = {
                "config": config.name,
                "seed": config.seed,
                "fingerprint": config.fingerprint(),
                "agents": config.n_agents,
                "symbols": len(sim.symbols),
                "last_tick": sim.last_tick,
                "threads": sim.exchange.venue.threads,
            }
            _LOG.info("run started", extra={"fields": asked})
        try:
            yield
        except BaseException as error:
            if _LOG.hasHandlers():  # else the caller alone hears of it, by the exception
                _LOG.error("run failed", exc_info=error, extra={"fields": _so_far(sim, started)})
            raise
        _LOG.info("run ended", extra={"fields": _so_far(sim, started)})


def _so_far(sim: Simulation, started: float) -> dict[str, object]:
    return {
        "ticks": sim.tick,
        "trades": sim.publisher.trades,
        "seconds": round(perf_counter() - started, 3),
        "trace_hash": sim.trace_hash,
    }


def _taped(
    sim: Simulation, tape: str | Path | None, events: bool, overwrite: bool
) -> AbstractContextManager[object]:
    if tape is None:
        return nullcontext()
    from .tape import TapeWriter

    return TapeWriter.attach(sim, tape, events=events, overwrite=overwrite)


def _kept(sim: Simulation, sink: Sink) -> "AbstractContextManager[RunLog | None]":
    """The log of a run, if its configuration wants one."""
    if not sim.config.durability.log:
        return nullcontext()
    from .wal.run_log import RunLog

    return RunLog.begin(sim, sink)


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
