"""`calibrate`: from a tape of real trades to a market that trades like it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qtg.errors import ConfigError

from .market import first_guess, let_volatility_move, tell_directly
from .measures import Measures, Session, measure, session_of, taken_orders
from .quotes import QuoteTape, read_quotes
from .result import Calibration
from .samples import SETTLING, simulate_sessions
from .search import Found, most_tries, search, searched_statistics, told_knobs
from .tape import GAP_SECONDS, RealTape, read_tape, sessions_of

if TYPE_CHECKING:
    from qtg.config import Config

Progress = Callable[[int], AbstractContextManager[Callable[[], Any]]]

SESSION_SECONDS = 2_000  # of a simulated session, if that takes 2,000 to 4,000 ticks
HELD_OUT = 3  # seeds that the search has not seen


class Effort(NamedTuple):
    """How long the search takes."""

    copies: int  # of the market, simulated together
    rounds: int  # steps of the search
    least_ticks: int
    most_ticks: int


FULL = Effort(copies=32, rounds=4, least_ticks=2_000, most_ticks=4_000)
QUICK = Effort(copies=16, rounds=3, least_ticks=600, most_ticks=1_200)


def calibrate(
    trades: Any,
    *,
    quotes: Any = None,
    symbol: str | None = None,
    seed: int = 0,
    ticks: int | None = None,
    quick: bool = False,
    gap_seconds: float = GAP_SECONDS,
    progress: Progress | None = None,
) -> Calibration:
    """Fit a market of one symbol to the trades of a real one.

    Parameters
    ----------
    trades : path of a Parquet or CSV file, or a frame
        columns `time` (date and time, or whole ns, us, ms or s since 1970), `price`, `qty` (or
        `size`, `volume`, `quantity`), optionally `side` (+1 or buy, -1 or sell: the aggressor's)
        and `symbol`; without sides, signs are told by the quotes or the tick rule
    quotes : likewise, optional    columns `time`, `bid`, `ask`
    symbol : str, optional         which one, if there are several
    seed : int                     of the simulated markets; written into the configuration
    ticks : int, optional          length of each simulated market
    quick : bool                   a shorter, rougher search
    gap_seconds : float            without a trade for longer than this, the market was closed
    progress : callable, optional  given the number of steps, a context manager that gives what to
                                   call after each

    Returns
    -------
    Calibration    the configuration, and a table of real beside fitted statistics

    Raises
    ------
    TapeError      the trades or quotes cannot be used: which column or row, and what to change
    ConfigError    an argument is out of range

    Source
    ------
    The method of simulated moments; see `qtg.calibration.search`.
    """
    _check(ticks, gap_seconds)
    path = Path(trades) if isinstance(trades, (str, Path)) else None
    tape = read_tape(trades, symbol)
    given = None if quotes is None else read_quotes(quotes, tape.symbol)
    sessions = real_sessions(tape, None if given is None else given.quotes, gap_seconds)
    real = measure(sessions, tape.tick_size, tape.lot_size)
    orders = [taken_orders(each) for each in sessions]
    direct = tell_directly(orders, real, tape.tick_size, tape.lot_size)
    guess = first_guess(direct, tape, path.stem if path else "calibrated", seed)
    effort = QUICK if quick else FULL
    trial = guess.with_(ticks=ticks or _length(effort, guess.tick_ms))
    found, held_out = _fitted(trial, real, tape, given is not None, effort, progress or _silent)
    return Calibration(
        config=found.config.with_(ticks=guess.ticks),
        real=real,
        fitted=held_out,
        source=path.name if path else "a frame of trades",
        trades=len(tape.trades.time),
        sessions=len(sessions),
        span=(int(tape.trades.time[0]), int(tape.trades.time[-1])),
        signs="sides" if tape.sided else "quotes" if given else "tick rule",
        tried=found.tried,
        loss=found.loss,
        notes=(*tape.notes, *(given.notes if given else ())),
    )


def _check(ticks: int | None, gap_seconds: float) -> None:
    if ticks is not None and ticks < 100:
        raise ConfigError(f"ticks must be at least 100 to measure anything, got {ticks}")
    if not gap_seconds > 0:
        raise ConfigError(f"gap_seconds must be above 0, got {gap_seconds}")


def _fitted(
    trial: Config,
    real: Measures,
    tape: RealTape,
    quoted: bool,
    effort: Effort,
    progress: Progress,
) -> tuple[Found, tuple[Measures, ...]]:
    """The best market that a search from `trial` finds, with moving volatility, and its measures
    at seeds that the search has not seen."""
    seconds = trial.ticks * trial.tick_ms / 1_000
    statistics = searched_statistics(real, seconds, effort.copies)
    per_market = trial.warmup.ticks + SETTLING + trial.ticks
    steps = per_market * (most_tries(told_knobs(statistics), effort.rounds) + HELD_OUT)
    with progress(steps) as advance:
        simulated = _Simulated(tape, quoted, effort.copies, advance)
        found = search(trial, real, statistics, simulated, effort.rounds)
        found = found._replace(config=let_volatility_move(found.config))
        seeds = _other_seeds(trial.seed)
        return found, tuple(simulated(found.config.with_(seed=each)) for each in seeds)


def real_sessions(
    tape: RealTape, quotes: QuoteTape | None = None, gap_seconds: float = GAP_SECONDS
) -> list[Session]:
    """The sessions of a tape that hold at least two moments."""
    parts = sessions_of(tape.trades, gap_seconds)
    return [session_of(part, quotes) for part in parts if part.time[-1] > part.time[0]]


class _Simulated:
    """Runs a market and measures it as the real tape was."""

    def __init__(
        self, tape: RealTape, quoted: bool, copies: int, advance: Callable[[], Any]
    ) -> None:
        self._tape, self._quoted, self._copies, self._advance = tape, quoted, copies, advance

    def __call__(self, config: Config) -> Measures:
        tape = self._tape
        sessions = simulate_sessions(
            config,
            self._copies,
            sided=tape.sided,
            quoted=self._quoted,
            resolution=tape.resolution,
            advance=self._advance,
        )
        return measure(sessions, tape.tick_size, tape.lot_size)


def _length(effort: Effort, tick_ms: int) -> int:
    return min(max(SESSION_SECONDS * 1_000 // tick_ms, effort.least_ticks), effort.most_ticks)


def _other_seeds(seed: int) -> list[int]:
    """Seeds of the held-out markets, none of them the search's."""
    return [(seed + 1 + each) % 2**63 for each in range(HELD_OUT)]


def _silent(steps: int) -> AbstractContextManager[Callable[[], Any]]:
    return nullcontext(lambda: None)
