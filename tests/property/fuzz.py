"""`python -m tests.property.fuzz`: a million messages through the kernels and the slow venue.

Exit 0 and counts if they agree, 1 and the first difference, on a short stream, if not.
"""

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

from qtg.schemas import SelfTradePrevention

from .differential import Pair, Setup
from .flow import Flow
from .shrinking import as_text, difference, sent, shrunk

STREAM = 50_000  # messages of one stream; then fresh venues with the next setup and seed
CHECK_EVERY = 40  # batches between two looks into the books

SETUPS = [
    Setup(
        self_trade=self_trade,
        pool_trades_itself=pool_trades_itself,
        protection_bps=protection_bps,
        envs=envs,
    )
    for envs, protection_bps, pool_trades_itself, self_trade in itertools.product(
        (1, 2), (0, 150), (False, True), SelfTradePrevention
    )
]


def fuzz_stream(setup: Setup, seed: int, messages: int) -> Counter[str]:
    """Counts of events by type; raises AssertionError at the first difference."""
    pair = Pair(setup)
    try:
        for number, (batch, tick) in enumerate(Flow(pair.slow, seed).batches(messages)):
            pair.submit(batch, tick)
            if number % CHECK_EVERY == 0:
                pair.check_books()
        pair.check_books()
    except Exception as found:
        raise AssertionError(
            f"stream seed {seed}, {setup}, by message {pair.messages}:\n"
            f"{type(found).__name__}: {found}\n{_shortest(setup, seed, messages)}"
        ) from found
    return pair.counts


def _shortest(setup: Setup, seed: int, messages: int) -> str:
    """The stream with all messages removed that the difference does not need."""
    stream = shrunk(setup, sent(setup, seed, messages))
    found = difference(setup, stream)
    if found is None:
        return "the messages alone do not show it"
    return f"these {len(stream)} messages show it:\n{as_text(stream)}\n{found.what}"


def _numbered(task: tuple[int, int, int]) -> Counter[str]:
    number, seed, messages = task
    return fuzz_stream(SETUPS[number % len(SETUPS)], seed + number, messages)


def campaign(messages: int, seed: int, processes: int = 1) -> Iterator[Counter[str]]:
    """Counts of events of each stream; raises AssertionError at the first difference."""
    tasks = [
        (number, seed, min(STREAM, messages - start))
        for number, start in enumerate(range(0, messages, STREAM))
    ]
    if processes == 1:
        yield from map(_numbered, tasks)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_numbered, tasks)
        except AssertionError:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def report(asked: argparse.Namespace, counts: Counter[str], seconds: float) -> str:
    """What was compared, as it stands in docs/evidence."""
    streams = -(-asked.messages // STREAM)
    lines = [
        f"commands to kernels and slow venue, {asked.messages:,} messages: all events and books "
        "are equal",
        f"{datetime.now(UTC):%Y-%m-%d}, {seconds:,.0f} s, Python {sys.version.split()[0]}",
        f"{streams:,} streams of {STREAM:,}, seeds from {asked.seed} on, "
        f"{min(streams, len(SETUPS))} setups of the venue in turn",
        "",
        "events",
        *(f"  {count:>12,}  {kind}" for kind, count in counts.most_common()),
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the streams and report."""
    parser = argparse.ArgumentParser(description="kernels against the slow venue")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    try:
        for number, found in enumerate(campaign(asked.messages, asked.seed, asked.processes), 1):
            counts += found
            if number % 20 == 0:
                print(f"{number * STREAM:,} messages", file=sys.stderr)
    except AssertionError as wrong:
        print(wrong)
        return 1
    print(report(asked, counts, time.perf_counter() - start))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
