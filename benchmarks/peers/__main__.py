"""`python -m benchmarks.peers`: qtg against other engines on the same workloads."""

import argparse
import sys

from qtg.bench.machine import load_average, this_machine
from qtg.bench.workloads import NAMES

from .compare import compare_all, engines
from .environment import install
from .table import print_json, print_table


def main() -> int:
    """Compare and print; 1 if qtg gave a wrong answer, 2 for bad arguments."""
    options = _parse()
    try:
        chosen = engines(options.only)
    except KeyError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if options.install:
        for peer in dict.fromkeys(peer for peer, _, _ in chosen):
            _say(f"{peer.distribution}: {install(peer) or 'installed'}")
    before, rows = load_average(), []
    for row in compare_all(options.workload or NAMES, chosen, options.repeat):
        rows.append(row)
        _say(f"{row.workload} {row.engine}: {row.problem or f'qtg/peer {row.ratio:.1f}'}")
    show = print_json if options.json else print_table
    show(rows, this_machine(), (before, load_average()), sys.stdout)
    return int(any(row.qtg_wrong for row in rows))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--repeat", type=int, default=7, help="turns, each qtg then the peer")
    parser.add_argument("--only", action="append", default=[], help="a peer or an engine")
    parser.add_argument("--workload", action="append", choices=NAMES, help="by default all")
    parser.add_argument("--install", action="store_true", help="install the peers first")
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error(f"--repeat must be at least 1, not {options.repeat}")
    return options


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
