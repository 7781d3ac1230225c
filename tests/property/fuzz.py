"""`python -m tests.property.fuzz`: a million messages through the kernels and the slow venue.

Exit 0 and one line of counts if they agree, 1 and the first difference if not.
"""

import argparse
import itertools
from collections import Counter

from qtg.schemas import SelfTradePrevention

from .differential import Pair, Setup
from .flow import Flow

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
    except AssertionError as difference:
        raise AssertionError(
            f"stream seed {seed}, {setup}, by message {pair.messages}:\n{difference}"
        ) from difference
    return pair.counts


def main() -> int:
    """Run the streams and report."""
    parser = argparse.ArgumentParser(description="kernels against the slow venue")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    for number, start in enumerate(range(0, asked.messages, STREAM)):
        setup = SETUPS[number % len(SETUPS)]
        try:
            n = min(STREAM, asked.messages - start)
            counts += fuzz_stream(setup, asked.seed + number, n)
        except AssertionError as difference:
            print(difference)
            return 1
    told = ", ".join(f"{kind} {count:,}" for kind, count in counts.most_common())
    print(f"{asked.messages:,} messages agree, seed {asked.seed}: {told}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
