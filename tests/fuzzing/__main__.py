"""`python -m tests.fuzzing tape`: ten million damaged tapes, or an hour of them.

Whatever a file holds, only a `QtgError` with one line may come out, soon, and without much memory;
and a file whose checksums are right no more never says anything else than before. Exit 0 and the
counts, or 1 and the first file that breaks this, which is kept.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from .campaign import TARGETS, Campaign, Found, run_all

SENTENCES = 30


def report(asked: argparse.Namespace, found: Found, seconds: float) -> str:
    """What a campaign found, as it stands in docs/evidence."""
    noun, blind = TARGETS[asked.reader].noun, found.inputs - found.informed
    each = f", {asked.processes} processes" if asked.processes > 1 else ""
    lines = [
        f"damaged {noun}, {found.inputs:,} of seed {asked.seed}: nothing but named errors of one "
        "line, and none misread",
        f"{datetime.now(UTC):%Y-%m-%d}, {seconds:,.0f} s{each}, Python {sys.version.split()[0]}",
        f"longest {found.longest * 1e3:,.0f} ms, memory grew by {found.grown / 2**20:,.0f} MiB",
        "",
        "damage",
        f"  {blind:>12,}  blind: bits, cuts, pieces moved, doubled, gone or new",
        f"  {found.informed:>12,}  informed: other contents with right checksums",
        *_table("outcomes", found.outcomes),
        *_table("of those that could be read, further", found.beyond),
        *_table(f"the {len(found.said):,} things that were said, without numbers", found.said),
    ]
    return "\n".join(lines)


def _table(title: str, counts: Counter[str]) -> Iterator[str]:
    if not counts:
        return
    yield from ("", title)
    shown = counts.most_common(SENTENCES)
    for name, n in shown:
        yield f"  {n:>12,}  {name}"
    rest = sum(counts.values()) - sum(n for _, n in shown)
    if rest:
        yield f"  {rest:>12,}  {len(counts) - SENTENCES:,} others"


def main() -> int:
    """Run a campaign and report."""
    parser = argparse.ArgumentParser(description="damaged files through a reader")
    parser.add_argument("reader", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=3_600.0, help="of each process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    campaign = Campaign(asked.reader, asked.seed, asked.inputs, asked.seconds)
    start = time.monotonic()
    try:
        found = run_all(campaign, asked.processes)
    except AssertionError as wrong:
        print(wrong)
        return 1
    print(report(asked, found, time.monotonic() - start))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
