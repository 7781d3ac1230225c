"""`TapeWriter`: listens to a simulation and writes what comes from outside to a tape."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, TypeVar, cast

from qtg.errors import ConfigError, StorageError
from qtg.frames import FrameWriter, checksum
from qtg.schemas import OrderEvents, allocate, taken
from qtg.store.files import reason_of

from .header import header_of
from .layout import KIND, VERSION, FrameKind, pack_events, pack_input, pack_mark, pack_withdrawn
from .live import copy_events

if TYPE_CHECKING:
    from qtg.inputs import Input
    from qtg.simulation import Simulation

T = TypeVar("T")


class TapeWriter:
    """Writes a tape of a simulation from now on; see `TapeWriter.attach`.

    Inputs are handed to the operating system before they can take effect, events and hashes at the
    end of each tick: a process that is killed loses no input, a machine that fails perhaps some.

    Parameters
    ----------
    sim : Simulation
    path : path             the file, usually with the ending .rpl
    events : bool           also write every event; for one environment only
    overwrite : bool        whether a file at `path` may be replaced

    Attributes
    ----------
    path : Path
    nbytes : int    written so far

    Raises
    ------
    ConfigError     events of a batch of environments
    StorageError    the file is there already, or cannot be written

    Examples
    --------
    >>> from qtg import Config, Simulation
    >>> sim = Simulation(Config.preset("quick_test", ticks=5, warmup={"ticks": 0}))
    >>> with TapeWriter.attach(sim, getfixture("tmp_path") / "run.rpl"):
    ...     _ = sim.set_regime("crisis")
    ...     sim.run(5).tick
    5
    """

    def __init__(
        self, sim: Simulation, path: str | Path, *, events: bool = False, overwrite: bool = False
    ) -> None:
        if events and len(sim.publisher.trace) != 1:
            raise ConfigError("events can be taped for one environment only, not for a batch")
        self.path = Path(path)
        self._sim, self._events = sim, events
        self._columns = allocate(OrderEvents, 0)
        self._last = sim.inputs.sequence  # of the last input on the tape that was not withdrawn
        self._failed: StorageError | None = None
        start = header_of(sim, events).to_bytes()
        self._stream = _opened(self.path, "wb" if overwrite else "xb")
        try:
            salt = checksum(start)
            self._frames = self._write(lambda: FrameWriter(self._stream, KIND, VERSION, salt=salt))
            self._append(FrameKind.HEADER, start)
            self._write(self._stream.flush)
        except StorageError:
            self._close_file()
            raise
        sim.inputs.taps.append(self._hear)
        sim.add_hook(self._end_tick)
        self._open = True

    @classmethod
    def attach(
        cls, sim: Simulation, path: str | Path, *, events: bool = False, overwrite: bool = False
    ) -> Self:
        """Write a tape of `sim` from now on. Only a tape that starts before the first tick can be
        replayed by itself; any other needs the simulation as it stood then."""
        return cls(sim, path, events=events, overwrite=overwrite)

    @property
    def nbytes(self) -> int:
        """Bytes written so far."""
        return self._frames.nbytes

    def close(self, *, complete: bool = True) -> None:
        """Stop listening and close the file; `complete` says on the tape that the run ended."""
        if not self._open:
            return
        self._open = False
        self._sim.inputs.taps.remove(self._hear)
        self._sim.hooks.remove(self._end_tick)
        try:
            if complete and self._failed is None:
                self._withdraw()
                self._append(FrameKind.END, self._mark())
                self._write(self._stream.flush)
        finally:
            self._close_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(complete=kind is None)

    def _close_file(self) -> None:
        with suppress(OSError):
            self._stream.close()

    def _hear(self, new: Input) -> None:
        self._withdraw()
        self._append(FrameKind.INPUT, pack_input(new))
        self._write(self._stream.flush)
        self._last = new.sequence

    def _withdraw(self) -> None:
        """Take back an input that somebody who was told after us refused."""
        if self._last > self._sim.inputs.sequence:
            self._append(FrameKind.WITHDRAWN, pack_withdrawn(self._last))
            self._last = self._sim.inputs.sequence

    def _end_tick(self, sim: Simulation) -> None:
        self._withdraw()
        if self._events:
            self._write_events(sim)
        self._append(FrameKind.TICK, self._mark())
        self._write(self._stream.flush)

    def _write_events(self, sim: Simulation) -> None:
        n = sim.exchange.n_events
        if not n:
            return
        if n > len(self._columns.tick):
            self._columns = allocate(OrderEvents, 2 * n)
        copy_events(sim, self._columns)
        self._append(FrameKind.EVENTS, pack_events(sim.tick, taken(self._columns, slice(0, n))))

    def _mark(self) -> bytes:
        of = self._sim.publisher
        return pack_mark(self._sim.tick, of.trace.tolist(), of.event_count.tolist())

    def _append(self, kind: FrameKind, payload: bytes) -> None:
        self._write(lambda: self._frames.append(kind, payload))

    def _write(self, work: Callable[[], T]) -> T:
        """Do something to the file; after a failure nothing is written behind it."""
        if self._failed is not None:
            raise self._failed
        try:
            return work()
        except OSError as error:
            self._failed = StorageError(f"the tape {self.path} cannot go on: {_mend(error)}")
            raise self._failed from None


def check_place(path: str | Path, run: str | Path | None = None, overwrite: bool = False) -> None:
    """Whether a tape could be written to `path`, before anything else of a run is made.

    Parameters
    ----------
    path : path
    run : path, optional    the run directory, which need not be there yet
    overwrite : bool        whether a file at `path` may be replaced; it is not touched

    Raises
    ------
    StorageError    the file is there already, or cannot be written
    """
    place = Path(path)
    if run is not None:
        directory = Path(run).resolve()
        if place.resolve() == directory:
            raise StorageError(
                f"{place} is to be the run directory; choose another place for the tape"
            )
        if place.resolve().parent == directory and not directory.exists():
            return  # made with the run
    new = not place.exists()
    _opened(place, "xb" if new or not overwrite else "ab").close()
    if new:
        place.unlink()


def _opened(path: Path, mode: str) -> BinaryIO:
    try:
        return cast(BinaryIO, path.open(mode))
    except FileExistsError:
        raise StorageError(
            f"{path} exists; choose another place or overwrite it (overwrite=True)"
        ) from None
    except OSError as error:
        raise StorageError(f"no tape can be written to {path}: {_mend(error)}") from None


def _mend(error: OSError) -> str:
    return f"{reason_of(error)}; choose another place"
