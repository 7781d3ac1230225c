"""What must hold for every damaged file, and what became of one."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

import pyarrow as pa

from qtg.errors import QtgError

from .target import Case, Target

SLOW = 5.0  # seconds of processor time for one file
SLOW_RUN = 120.0  # for a run, which may compile kernels
ROOM = 64 << 20  # bytes that Arrow may hold at any time
LONGEST = 1_000  # characters of an error
_NO_DIGITS = str.maketrans("", "", "0123456789,")
_TOLD_APART = 72  # characters
_MOST = 5_000  # sentences that are told apart


class Verdict(NamedTuple):
    """What became of a damaged file."""

    outcome: str  # "read", or the class of the error
    said: str  # the error's sentence, without numbers
    seconds: float  # of processor time


def judge(target: Target, case: Case) -> Verdict:
    """Read a case, within `watched`; raises AssertionError where something is wrong, and whatever
    comes out that is no QtgError."""
    found: list[Any] = []
    said: QtgError | None = None
    signal.setitimer(signal.ITIMER_PROF, SLOW)
    start = time.process_time()
    try:
        target.read(case, found)
    except QtgError as error:
        said = error
    seconds = time.process_time() - start
    signal.setitimer(signal.ITIMER_PROF, 0)
    if not case.informed:
        assert target.agrees(case, found, said is None), "misread"
    assert pa.default_memory_pool().max_memory() < ROOM, "much memory"
    if said is None:
        return Verdict("read", "", seconds)
    return Verdict(type(said).__name__, sentence_of(said), seconds)


def further(target: Target, case: Case) -> str:
    """Make the run that a case is of; what became of it, raising as `judge` does."""
    signal.setitimer(signal.ITIMER_PROF, SLOW_RUN)
    try:
        return target.beyond(case)
    except QtgError as error:
        return f"{type(error).__name__}: {sentence_of(error)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def sentence_of(error: QtgError) -> str:
    """What an error says, without numbers, as far as errors are told apart."""
    text = str(error)
    assert text.isprintable(), f"an error is one line, not {text!r}"
    assert 0 < len(text) < LONGEST, f"{len(text)} characters"
    if " is damaged at byte " in text:
        text = text.partition(": ")[2]
    return text.translate(_NO_DIGITS)[:_TOLD_APART]


@contextmanager
def watched() -> Iterator[None]:
    """Within it, what takes too much of the processor's time is interrupted."""
    before = signal.signal(signal.SIGPROF, _too_slow)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _too_slow(_: int, __: FrameType | None) -> None:
    raise AssertionError("took too much of the processor's time")


def count(said: Counter[str], sentence: str) -> None:
    """Count a sentence, if there is room for it."""
    if sentence:
        said[sentence if sentence in said or len(said) < _MOST else "others"] += 1
