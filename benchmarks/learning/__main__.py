"""`python -m benchmarks.learning`: steps of learning environments, qtg beside a peer."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from qtg.bench.machine import load_average, load_text, this_machine

from ..peers.environment import install, python_for
from ..peers.process import EngineFailed, Worker
from .sides import CROWDBOOK, SIDES

MODULE = "benchmarks.learning.worker"


@dataclass(frozen=True)
class Row:
    """A peer beside qtg, with so many markets each."""

    side: str
    envs: int
    version: str = ""
    rate: float | None = None  # environment steps/s, median
    orders: float | None = None  # background orders of a step
    qtg_rate: float | None = None
    qtg_orders: float | None = None
    ratio: float | None = None  # median of qtg's background orders/s by the peer's, turn by turn
    problem: str = ""


def compare(side: str, envs: int, repeats: int) -> Row:
    """qtg, peer, qtg, peer, ... after a repetition of each that is not counted."""
    python = python_for(SIDES[side].peer)
    if python is None:
        return Row(side, envs, problem="not installed; run python -m benchmarks.learning --install")
    try:
        with (
            Worker(Path(sys.executable), "qtg", str(envs), MODULE) as ours,
            Worker(python, side, str(envs), MODULE) as theirs,
        ):
            ours.wait_ready()
            version = theirs.wait_ready()
            pairs = [(ours.once(), theirs.once()) for _ in range(repeats + 1)][1:]
            mine, its = (
                (float(each.ask("turn")) * envs, float(each.ask("orders")))
                for each in (ours, theirs)
            )
    except EngineFailed as error:
        return Row(side, envs, problem=str(error))
    speeds = [(mine[0] / one, its[0] / two) for one, two in pairs]
    return Row(
        side,
        envs,
        version,
        rate=median(two for _, two in speeds),
        orders=its[1],
        qtg_rate=median(one for one, _ in speeds),
        qtg_orders=mine[1],
        ratio=median(one * mine[1] / (two * its[1]) for one, two in speeds),
    )


def table(rows: list[Row]) -> Iterator[str]:
    """Lines for people."""
    yield (
        f"{'peer':<14} {'version':<8} {'threads':<16} {'markets':>8} {'steps/s':>11} {'orders':>7} "
        f"{'qtg steps/s':>12} {'orders':>7} {'ratio':>6}"
    )
    for row in rows:
        start = f"{row.side:<14} {row.version:<8} {SIDES[row.side].threads:<16} {row.envs:>8,}"
        if row.problem:
            yield f"{start}  {row.problem}"
            continue
        yield (
            f"{start} {row.rate:>11,.0f} {row.orders:>7.1f} {row.qtg_rate:>12,.0f} "
            f"{row.qtg_orders:>7.1f} {row.ratio:>6.1f}"
        )


def main() -> int:
    """Compare and print; 1 if the peer cannot be compared with."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--repeat", type=int, default=9, help="turns, each qtg then the peer")
    parser.add_argument(
        "--envs", type=int, action="append", help="markets; by default 1, 64, 1,024"
    )
    parser.add_argument("--install", action="store_true", help="install the peer first")
    options = parser.parse_args()
    if options.repeat < 1 or min(options.envs or [1]) < 1:
        parser.error("--repeat and --envs must be at least 1")
    if options.install and (problem := install(CROWDBOOK)):
        print(f"{CROWDBOOK.distribution}: {problem}", file=sys.stderr)
    before = load_average()
    rows = []
    for envs in options.envs or [1, 64, 1_024]:
        for side in SIDES:
            if side == "qtg" or (envs == 1 and side == "crowdbook-all"):
                continue
            rows.append(compare(side, envs, options.repeat))
            print(f"{side} {envs}: {rows[-1].problem or 'done'}", file=sys.stderr, flush=True)
    machine, loads = this_machine(), (before, load_average())
    if options.json:
        told = {"machine": asdict(machine), "load": loads, "rows": [asdict(row) for row in rows]}
        print(json.dumps(told, indent=2))
    else:
        print("\n".join(table(rows)))
        print(f"{machine.cpu}, {machine.cores} cores, load {load_text(loads)}; medians; the ratio")
        print("is of background orders a second, turn by turn")
    return int(any(row.problem for row in rows))


if __name__ == "__main__":
    sys.exit(main())
