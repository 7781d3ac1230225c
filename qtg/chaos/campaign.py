"""Rounds of chaos, one after the other."""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from ..config import Config
from ..errors import ConfigError
from ..store.files import write_atomically
from .profile import Profile
from .round import Round, Wrong
from .summary import FILLING, ChaosSummary, Violation

_TOLD_EVERY = 30.0  # seconds


def run_chaos(
    profile: Profile | str,
    config: Config | str = "quick_test",
    *,
    seed: int = 0,
    ticks: int | None = None,
    minutes: float | None = None,
    out: str | Path | None = None,
    told: Callable[[str], None] | None = None,
) -> ChaosSummary:
    """Let a market run while everything around it fails, and check that nothing is lost.

    A round is a run from start to end, beside a twin that nothing happens to. After each failure
    the market is recovered and checked. The first violation ends it all.

    Parameters
    ----------
    profile : Profile or str    what goes wrong; a name, or a .toml file
    config : Config or str      the market, or the name of a preset
    seed : int                  of the first round; each later one has the next
    ticks : int, optional       of a round, instead of the profile's
    minutes : float, optional   begin rounds until this time is over; by default there is one
    out : path, optional        a folder for summary.json and the run that shows a violation
    told : function of text, optional    is told now and then how far it is

    Raises
    ------
    ConfigError     no such profile or preset, or numbers that make no sense
    StorageError    `out` cannot be written

    Examples
    --------
    >>> found = run_chaos("crashes", seed=1, ticks=40)  # doctest: +SKIP
    >>> found.violations  # doctest: +SKIP
    []
    """
    profile = Profile.load(profile) if isinstance(profile, str) else profile
    config = Config.preset(config) if isinstance(config, str) else config
    if not 0 <= seed < 2**63:
        raise ConfigError(f"seed must be 0 to 2^63 - 1, got {seed}")
    if ticks is not None and ticks < 1:
        raise ConfigError(f"ticks must be at least 1, got {ticks}")
    if minutes is not None and not 0 <= minutes < 1e6:
        raise ConfigError(f"minutes must be 0 to 1,000,000, got {minutes}")
    summary = ChaosSummary(profile.name, config.name, seed, _machine(), _today())
    temporary = tempfile.TemporaryDirectory() if out is None else nullcontext(str(out))
    with temporary as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        _rounds(summary, profile, config, ticks, minutes or 0.0, Path(folder), told)
        if out is not None:
            write_atomically(Path(out) / "summary.json", json.dumps(summary.as_dict(), indent=2))
    return summary


def _rounds(
    summary: ChaosSummary,
    profile: Profile,
    config: Config,
    ticks: int | None,
    minutes: float,
    folder: Path,
    told: Callable[[str], None] | None,
) -> None:
    start = due = time.perf_counter()
    _note_memory(summary, "start")
    while True:
        seed = summary.seed + summary.rounds
        place = folder / f"round-{seed}"
        violation = _one(summary, Round(profile, config, seed, place, ticks), seed)
        summary.rounds += 1
        summary.seconds = time.perf_counter() - start
        if summary.rounds == 1 or summary.seconds < 60.0 * minutes * FILLING:
            _note_memory(summary, "after")
        _note_memory(summary, "end")
        if told is not None and time.perf_counter() >= due:
            due = time.perf_counter() + _TOLD_EVERY
            told(_progress(summary))
        if violation is not None:
            summary.violations.append(violation)
            return
        rmtree(place, ignore_errors=True)
        if summary.seconds >= minutes * 60.0:
            return


def _one(summary: ChaosSummary, one: Round, seed: int) -> Violation | None:
    try:
        one.run()
    except Wrong as error:
        return Violation(seed, one.tick, str(error))
    finally:
        one.close()
        summary.flow.add(one.flow)
        summary.injected += one.done
        summary.counts += one.counts
        summary.ticks += one.tick
    return None


def _progress(summary: ChaosSummary) -> str:
    memory = summary.memory.get("end", 0) / 2**20
    return (
        f"{summary.seconds:,.0f} s: {summary.rounds:,} rounds, {summary.ticks:,} ticks, "
        f"{summary.recoveries:,} recoveries, {len(summary.violations)} violations, "
        f"{memory:,.0f} MiB"
    )


def _note_memory(summary: ChaosSummary, when: str) -> None:
    """Resident bytes, where the system says how many."""
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        summary.memory[when] = pages * os.sysconf("SC_PAGE_SIZE")


def _machine() -> str:
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}"
    )


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
