"""Batches side by side, each on a thread of its own, as one batch.

Environments know nothing of each other, so a batch of many can be cut into batches of fewer, and a
row does in its part what it would do in the whole. Kernels let go of Python's lock (ADR 4), so the
parts really run at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from gymnasium import Space

from qtg.schemas import I64

from ..contract import Contract
from ..errors import ConfigError
from ..number_checks import check_counts
from .batch import F32, U64, Batch, Flags, Outcome

T = TypeVar("T")


class DividedBatch:
    """The rows of several batches, one after the other; a `Batch` (see `qtg.gym.batch`).

    Parameters
    ----------
    parts : sequence of Batch    of the same kind and settings
    """

    def __init__(self, parts: Sequence[Batch]) -> None:
        self.parts = tuple(parts)
        first = self.parts[0]
        self.observation_space: Space[Any] = first.observation_space
        self.action_space: Space[Any] = first.action_space
        self._ends = np.cumsum([0, *(part.num_envs for part in self.parts)])
        self.num_envs = int(self._ends[-1])
        self._rows = [slice(a, b) for a, b in pairwise(self._ends.tolist())]
        self._threads = ThreadPoolExecutor(len(parts) - 1, thread_name_prefix="qtg-gym")

    @property
    def contract(self) -> Contract:
        """What each number of an observation is, if the parts say so."""
        found: Contract = self.parts[0].contract  # type: ignore[attr-defined]
        return found

    def begin(self, rows: I64, seeds: U64) -> None:
        for p, mine in self._owners(rows):
            self.parts[p].begin(rows[mine] - self._ends[p], seeds[mine])

    def step(self, actions: np.ndarray) -> Outcome:
        outcomes = self._at_once(lambda part, rows: part.step(actions[rows]))
        return Outcome._make(map(np.concatenate, zip(*outcomes, strict=True)))

    def observe(self, out: F32, rows: I64 | None = None) -> None:
        if rows is None:
            self._at_once(lambda part, its: part.observe(out[its]))
            return
        for p, mine in self._owners(rows):
            seen = np.empty((np.count_nonzero(mine), *out.shape[1:]), out.dtype)
            self.parts[p].observe(seen, rows[mine] - self._ends[p])
            out[mine] = seen

    def info(self) -> dict[str, np.ndarray]:
        told = [part.info() for part in self.parts]
        return {name: np.concatenate([each[name] for each in told]) for name in told[0]}

    def close(self) -> None:
        for part in self.parts:
            part.close()
        self._threads.shutdown()

    def _owners(self, rows: I64) -> Iterator[tuple[int, Flags]]:
        """Parts that have any of these rows, and which."""
        owner = np.searchsorted(self._ends, rows, side="right") - 1
        for p in np.unique(owner):
            yield int(p), owner == p

    def _at_once(self, work: Callable[[Batch, slice], T]) -> list[T]:
        """Do it to all parts; all are done with it when an error is raised."""
        first, *others = zip(self.parts, self._rows, strict=True)
        sent = [self._threads.submit(work, *each) for each in others]
        try:
            done = work(*first)
        finally:
            errors = [each.exception() for each in sent]
        for error in filter(None, errors):
            raise error
        return [done, *(each.result() for each in sent)]


def divided(make: Callable[[int], Batch], num_envs: int, threads: int) -> Batch:
    """A batch of `num_envs`, in as many parts as threads; `make` makes one of so many.

    Raises
    ------
    ConfigError    threads is not a count, or there are more than environments
    """
    check_counts("environments", num_envs=num_envs, threads=threads)
    if threads > num_envs:
        raise ConfigError(f"{threads} threads for {num_envs} environments; give at most as many")
    if threads == 1:
        return make(num_envs)
    least, more = divmod(num_envs, threads)
    return DividedBatch([make(least + (p < more)) for p in range(threads)])
