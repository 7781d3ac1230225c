"""Runs qtg and a peer in turns and sets their figures side by side."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from qtg.bench.workloads import Workload, generate, load

from .catalog import PEERS, Peer, engines_of
from .engine import Answer, Engine
from .environment import python_for
from .process import EngineFailed, Worker


@dataclass(frozen=True)
class Row:
    """One engine on one workload."""

    workload: str
    engine: str
    version: str = ""
    batching: str = ""
    messages: int = 0
    rate: float | None = None  # messages/s, median
    qtg_rate: float | None = None  # messages/s, median, taken in turns with `rate`
    ratio: float | None = None  # median of qtg's speed over the peer's, turn by turn
    best_ratio: float | None = None  # of both engines' fastest turns: says more on a busy machine
    wrong: tuple[str, ...] = ()  # figures of the peer that differ from the right answer
    unknown: tuple[str, ...] = ()  # figures that the peer cannot tell
    qtg_wrong: tuple[str, ...] = ()
    problem: str = ""  # why there are no figures


def engines(only: Sequence[str] = ()) -> list[tuple[Peer, str, type[Engine]]]:
    """Peers' engines; `only` names peers (all their engines) or single engines."""
    every = [(peer, name, kind) for peer in PEERS for name, kind in engines_of(peer).items()]
    if not only:
        return every
    known = {name for peer, engine, _ in every for name in (peer.name, peer.distribution, engine)}
    unknown = sorted(set(only) - known)
    if unknown:
        raise KeyError(f"there is no peer {unknown[0]!r}; there are {', '.join(sorted(known))}")
    return [
        (peer, name, kind)
        for peer, name, kind in every
        if {peer.name, peer.distribution, name} & set(only)
    ]


def compare_all(
    workloads: Sequence[str], chosen: list[tuple[Peer, str, type[Engine]]], repeats: int
) -> Iterator[Row]:
    """One row for each engine and workload, as they come."""
    for name in workloads:
        for peer, engine, kind in chosen:
            workload = load(name) if kind.messages is None else generate(name, kind.messages)
            yield _compare(workload, peer, engine, kind, repeats)


def _compare(workload: Workload, peer: Peer, engine: str, kind: type[Engine], repeats: int) -> Row:
    python = python_for(peer)
    if python is None:
        problem = "not installed; run python -m benchmarks.peers --install"
        return Row(workload.name, engine, problem=problem)
    with tempfile.TemporaryDirectory() as folder:
        columns = Path(folder) / "columns.npz"
        np.savez(columns, **workload.messages._asdict())
        try:
            return in_turns(workload, (python, engine, kind), columns, repeats)
        except EngineFailed as error:
            return Row(workload.name, engine, problem=str(error))


def in_turns(
    workload: Workload, peer: tuple[Path, str, type[Engine]], columns: Path, repeats: int
) -> Row:
    """qtg, peer, qtg, peer, ... after one repetition of each that is not counted."""
    python, engine, kind = peer
    n = len(workload.messages.kind)
    with (
        Worker(Path(sys.executable), "qtg", columns) as ours,
        Worker(python, engine, columns) as theirs,
    ):
        ours.wait_ready()
        version = theirs.wait_ready()
        pairs = [(ours.once(), theirs.once()) for _ in range(repeats + 1)][1:]
        wrong, unknown = check(workload, theirs.answer())
        qtg_wrong, _ = check(workload, ours.answer())
    return Row(
        workload=workload.name,
        engine=engine,
        version=version,
        batching=kind.batching,
        messages=n,
        rate=median(n / seconds for _, seconds in pairs),
        qtg_rate=median(n / seconds for seconds, _ in pairs),
        ratio=median(theirs / ours for ours, theirs in pairs),
        best_ratio=min(theirs for _, theirs in pairs) / min(ours for ours, _ in pairs),
        wrong=wrong,
        unknown=unknown,
        qtg_wrong=qtg_wrong,
    )


def check(workload: Workload, answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Figures that differ from the workload's right answer, and figures that were not given."""
    right = {key: value for key, value in workload.answer._asdict().items() if value is not None}
    wrong = tuple(key for key, value in right.items() if answer.get(key, value) != value)
    return wrong, tuple(key for key in right if key not in answer)
