"""What a run of 100,000 agents holds in memory, in a process of its own."""

from qtg.bench.memory import MB, held_by_run

TICKS = 3_000
SETTLED = 2_000  # from this tick on memory should stay


class Memory:
    """The demo market streaming to disk."""

    timeout = 600

    def setup(self) -> None:
        self.held = held_by_run(TICKS)

    def track_peak(self) -> float:
        return self.held["peak"] / MB

    def track_growth(self) -> float:
        resident = self.held["resident"]
        later = [size for tick, size in resident.items() if tick >= SETTLED]
        return (max(later) - resident[SETTLED]) / MB

    track_peak.unit = "MB"
    track_growth.unit = "MB"
