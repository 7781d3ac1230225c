"""`python -m tests.bridge.campaign`: many runs with eight clients, each made again from its tape.

Exit 0 and one line of counts if all are equal, 1 and the first that is not, with its seed. A seed
fixes what each client does, but not in which order they come: that is the tape's to tell.
"""

import argparse
import tempfile
from pathlib import Path

import qtg
from qtg.errors import ReplayError
from qtg.tape import TapeWriter, replay_tape

from .small import busy
from .test_replay import crowd


def run_one(seed: int, tape: Path) -> qtg.Simulation:
    """A run with eight clients, on a tape."""
    sim = busy(seed=seed)
    with TapeWriter.attach(sim, tape), qtg.Bridge(sim) as bridge:
        errors = crowd(bridge, 100 * seed, 25)
        bridge.client().tick(3)
    if errors:
        raise errors[0]
    return sim


def main() -> int:
    """Run the seeds and report."""
    parser = argparse.ArgumentParser(description="runs of eight clients against their tapes")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    ticks = inputs = trades = 0
    for seed in range(asked.seed, asked.seed + asked.runs):
        with tempfile.TemporaryDirectory() as folder:
            tape = Path(folder) / "run.rpl"
            sim = run_one(seed, tape)
            try:
                again = replay_tape(tape)
            except ReplayError as error:
                print(f"seed {seed}: {error}")
                return 1
        if (again.tick, again.trace_hash) != (sim.tick, sim.trace_hash):
            print(f"seed {seed}: {again.trace_hash} at tick {again.tick}, run {sim.trace_hash}")
            return 1
        ticks, inputs = ticks + sim.tick, inputs + sim.inputs.sequence
        trades += sim.publisher.trades
    print(
        f"{asked.runs:,} runs of eight clients replay to the same hash, seeds from {asked.seed}: "
        f"{ticks:,} ticks, {inputs:,} inputs, {trades:,} trades"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
