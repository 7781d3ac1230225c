"""Damaged snapshots: whole or refused; one that can be read is poured into a market."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from qtg.simulation import Simulation
from qtg.state import Snapshot, capture, read_snapshot, write_snapshot
from qtg.state.file import KIND, _read
from tests.simulation.small import quiet

from .blind import Draw, blind
from .frames import Frames, informed, replaced, sealed, sealed_oddly, split, starts_of
from .target import Case, Target
from .values import odd

NAME = "damaged.snap"
BIG_EVERY = 64


def small_state() -> dict[str, Any]:
    """Nested values and arrays of every sort that a state has."""
    pair = np.dtype([("id", "<i8"), ("price", "<i4")], align=True)
    return {
        "tick": 7,
        "texts": ["a", None, True, 0.5],
        "deep": {"rows": np.arange(6).reshape(2, 3), "none": np.zeros(0, np.int32)},
        "flags": [np.array([True, False]), np.array(1.5), np.array(["a", "bc"])],
        "pairs": np.zeros(3, pair),
    }


class Snapshots(Target):
    """A small tree of values for most of them, and a real market; one in 64 read from a file."""

    noun = "snapshots"
    beyond_every = 1

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        sim = Simulation(quiet())
        sim.submit({"agent": [2, 3], "side": [-1, 1], "price": [1_000_000] * 2, "qty": [5, 3]})
        sim.run(2)
        small = Snapshot(sim.config, (0,), 7, sim.trace_hashes, small_state())
        before = [replace(small, tick=6), capture(sim).kept()]
        self._others = [self._written(snapshot) for snapshot in before]
        self._truths, self.wholes = [], []
        for snapshot in (small, capture(sim.step()).kept()):
            self.wholes.append(self._written(snapshot))
            self._truths.append(_shown(read_snapshot(self._path)))
        self._frames = [split(whole) for whole in self.wholes]
        self._places = [starts_of(frames) for frames in self._frames]
        self._last: Snapshot | None = None

    def _written(self, snapshot: Snapshot) -> bytes:
        write_snapshot(self._path, snapshot)
        return self._path.read_bytes()

    def damaged(self, number: int, draw: Draw) -> Case:
        source = int(number % BIG_EVERY == 0)
        if draw(2):
            data = self.wholes[source]
            for _ in range(1 + draw(3)):
                if draw(16):
                    data = blind(data, draw, self._places[source])
                else:
                    data = self._misdirected(source, draw)
            return Case(source, data, False)
        frames = self._frames[source]
        for _ in range(1 + draw(3)):
            frames = _informed(frames, draw)
        data = sealed(frames, KIND, salt=0) if draw(16) else sealed_oddly(frames, draw, KIND)
        return Case(source, data, True)

    def _misdirected(self, source: int, draw: Draw) -> bytes:
        """A frame, or all from one on, of the snapshot of the tick before."""
        whole, other = self.wholes[source], self._others[source]
        places, others = self._places[source], starts_of(split(other))
        k = 1 + draw(len(places) - 2)
        if draw(2):
            return whole[: places[k]] + other[others[k] :]
        return whole[: places[k]] + other[others[k] : others[k + 1]] + whole[places[k + 1] :]

    def read(self, case: Case, found: list[Any]) -> None:
        if len(case.data) % 64:
            self._last = _read(io.BytesIO(case.data), len(case.data), NAME)
        else:
            self._path.write_bytes(case.data)
            self._last = read_snapshot(self._path)
        if not case.informed:
            found += _shown(self._last)

    def agrees(self, case: Case, found: list[Any], complete: bool) -> bool:
        return found == (self._truths[case.source] if complete else [])

    def is_run(self, case: Case) -> bool:
        return case.source == 1

    def beyond(self, case: Case) -> str:
        assert self._last is not None
        Simulation.restore(self._last).run(2)
        return "restored, and went on"

    def keep(self, case: Case, place: Path) -> None:
        place.with_suffix(".snap").write_bytes(case.data)


def _informed(frames: Frames, draw: Draw) -> Frames:
    if not frames or draw(4):
        return informed(frames, draw)
    kind, payload = frames[0]
    return replaced(frames, 0, kind, odd(payload, draw))


def _shown(snapshot: Snapshot) -> list[Any]:
    """A snapshot in comparable form."""
    told = [snapshot.envs, snapshot.tick, snapshot.trace_hashes, snapshot.config.fingerprint()]
    return [*told, _plain(snapshot.state)]


def _plain(state: Any) -> Any:
    if isinstance(state, np.ndarray):
        return str(state.dtype), state.shape, state.tobytes()
    if isinstance(state, dict):
        return {name: _plain(part) for name, part in state.items()}
    return [_plain(part) for part in state] if isinstance(state, list) else state
