"""Snapshots of 100,000 agents: to a synced file, back, and forks in memory."""

from qtg.bench.state import KeptRun


class Snapshots:
    """Ten symbols, settled, kernels compiled."""

    def setup(self) -> None:
        self.run = KeptRun()

    def time_snapshot(self) -> None:
        self.run.snapshot()

    def time_restore(self) -> None:
        self.run.restore()

    def time_fork(self) -> None:
        self.run.fork()

    def track_bytes(self) -> int:
        return self.run.nbytes

    track_bytes.unit = "bytes"
