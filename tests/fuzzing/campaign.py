"""Damage, read, judge, count; in one process or several."""

import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from .judging import count, further, judge, watched
from .logs import Logs
from .snapshots import Snapshots
from .tapes import Tapes
from .target import Case, Target

TARGETS: dict[str, type[Target]] = {"tape": Tapes, "snapshot": Snapshots, "log": Logs}
TOLD_EVERY = 500_000  # inputs
SPACE = 4 << 30  # bytes of address space beyond what there is at the start


@dataclass
class Found:
    """What a campaign found."""

    inputs: int = 0
    informed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)  # sentences of errors, without numbers
    beyond: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0  # seconds of processor time for one file
    grown: int = 0  # bytes by which the process grew

    def add(self, other: "Found") -> None:
        """Add what another process found."""
        self.inputs += other.inputs
        self.informed += other.informed
        self.outcomes += other.outcomes
        self.said += other.said
        self.beyond += other.beyond
        self.longest = max(self.longest, other.longest)
        self.grown = max(self.grown, other.grown)


@dataclass(frozen=True)
class Campaign:
    """Which files are damaged, and how many: those with the numbers `first`, `first + step`, ...

    `seconds` is the time after which a process stops; `keep` the folder for a file that shows
    something wrong.
    """

    reader: str
    seed: int = 0
    inputs: int = 10_000_000
    seconds: float = 3_600.0
    first: int = 0
    step: int = 1
    keep: Path = Path()

    def run(self) -> Found:
        """Raises AssertionError at the first file with which something is wrong."""
        folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        try:
            with np.errstate(all="ignore"), watched():
                return self._run(TARGETS[self.reader](folder))
        finally:
            shutil.rmtree(folder)

    def _run(self, target: Target) -> Found:
        found, runs = Found(), 0
        end, at_start = time.monotonic() + self.seconds, _most_memory()
        for number in range(self.first, self.inputs, self.step):
            if time.monotonic() > end:
                break
            case = case_of(target, self.seed, number)
            try:
                verdict = judge(target, case)
                if verdict.outcome == "read" and target.is_run(case):
                    runs += 1
                    if runs % target.beyond_every == 0:
                        count(found.beyond, further(target, case))
            except BaseException as error:
                raise self._wrong(target, number, case, error) from error
            found.inputs += 1
            found.informed += case.informed
            found.outcomes[verdict.outcome] += 1
            found.longest = max(found.longest, verdict.seconds)
            count(found.said, verdict.said)
            if found.inputs % TOLD_EVERY == 0:
                print(f"{found.inputs:,} {target.noun}", file=sys.stderr)
        found.grown = _most_memory() - at_start
        return found

    def _wrong(self, target: Target, number: int, case: Case, error: BaseException) -> Exception:
        place = self.keep / f"fuzz-{self.reader}-{self.seed}-{number}"
        target.keep(case, place)
        return AssertionError(f"input {number} of seed {self.seed}, kept as {place}: {error!r}")


def case_of(target: Target, seed: int, number: int) -> Case:
    """The damaged file of a number."""
    uniform = random.Random(seed * 1_000_003 + number).random
    return target.damaged(number, lambda n: int(uniform() * n))


def parts_of(campaign: Campaign, processes: int) -> list[Campaign]:
    """The same campaign, in so many parts."""
    return [replace(campaign, first=first, step=processes) for first in range(processes)]


def run_all(campaign: Campaign, processes: int) -> Found:
    """A campaign in so many processes; raises AssertionError as one of them does."""
    if processes == 1:
        return _limited(campaign)
    found = Found()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for part in pool.map(_limited, parts_of(campaign, processes)):
            found.add(part)
    return found


def _limited(campaign: Campaign) -> Found:
    """Run with little address space, so that an allocation by a wrong number fails instead of
    being granted and never used."""
    sizes = Path("/proc/self/statm")
    if sizes.exists():
        limit = int(sizes.read_text().split()[0]) * resource.getpagesize() + SPACE
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return campaign.run()


def _most_memory() -> int:
    """Most memory that this process has had [bytes]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
