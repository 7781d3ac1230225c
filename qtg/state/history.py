"""Snapshots that are kept while a run goes on, with what came from outside since."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, SnapshotError
from ..inputs import Input
from .capture import Snapshot, capture
from .file import write_snapshot

if TYPE_CHECKING:
    from ..simulation import Simulation


class History:
    """The last snapshots of a run, taken at the end of every so many-th tick and now.

    Parameters
    ----------
    sim : Simulation
    every : int              ticks between two
    last : int               how many are kept
    folder : path, optional  where they are written; without it they are in memory
    """

    def __init__(
        self, sim: Simulation, every: int, last: int, folder: str | Path | None = None
    ) -> None:
        for name, value in (("every", every), ("last", last)):
            if value < 1:
                raise ConfigError(f"keep_snapshots: `{name}` must be at least 1, got {value}")
        self._every, self._last = every, last
        self._folder = None if folder is None else Path(folder)
        self._kept: deque[tuple[int, int, Snapshot | Path]] = deque()  # tick, last input
        self._inputs: deque[Input] = deque()
        self._take(sim)
        sim.add_hook(self._hook)
        sim.inputs.taps.append(self._tap)

    @property
    def ticks(self) -> list[int]:
        """Ticks of the snapshots."""
        return [tick for tick, _, _ in self._kept]

    def at(self, sim: Simulation, tick: int) -> Simulation:
        """A simulation as `sim` was at the end of a tick: from the snapshot before it, with the
        same inputs.

        Raises
        ------
        SnapshotError    the tick lies before the first snapshot, or in the future
        """
        before = [each for each in self._kept if each[0] <= tick]
        if not before or tick > sim.tick:
            kept = ", ".join(map(str, self.ticks))
            raise SnapshotError(
                f"tick {tick} is not there; ticks {self.ticks[0]} to {sim.tick} are "
                f"(snapshots of {kept})"
            )
        _, sequence, snapshot = before[-1]
        child = type(sim).restore(snapshot, threads=sim.exchange.venue.threads)
        later = [each for each in self._inputs if each.sequence > sequence]
        while child.tick < tick:
            for each in later:
                if each.tick == child.tick + 1:
                    child.inputs.add(each.tick, each.kind, each.columns)
            child.step()
        return child

    def stop(self, sim: Simulation) -> None:
        """Keep no more."""
        sim.hooks.remove(self._hook)
        sim.inputs.taps.remove(self._tap)

    def _tap(self, new: Input) -> None:
        self._inputs.append(new)

    def _hook(self, sim: Simulation) -> None:
        if sim.tick % self._every == 0:
            self._take(sim)

    def _take(self, sim: Simulation) -> None:
        snapshot: Snapshot | Path = capture(sim)
        if self._folder is None:
            snapshot = snapshot.kept()  # type: ignore[union-attr]
        else:
            path = self._folder / f"tick-{sim.tick:09d}.snap"
            write_snapshot(path, snapshot)  # type: ignore[arg-type]
            snapshot = path
        self._kept.append((sim.tick, sim.inputs.sequence, snapshot))
        while len(self._kept) > self._last:
            self._forget(self._kept.popleft()[2])
        while self._inputs and self._inputs[0].sequence <= self._kept[0][1]:
            self._inputs.popleft()

    @staticmethod
    def _forget(snapshot: Snapshot | Path) -> None:
        if isinstance(snapshot, Path):
            snapshot.unlink(missing_ok=True)
