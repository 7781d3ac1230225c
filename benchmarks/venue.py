"""The venue alone: one batch through `Venue.submit`, one market, one thread, all event columns."""

from statistics import median

from qtg.bench.venue import VenueRun
from qtg.bench.workloads import NAMES, Workload, load

Workloads = dict[str, Workload]


def _workloads(self: object) -> Workloads:
    """Made once, in a process of their own, so that what making them costs is not measured."""
    return {name: load(name) for name in NAMES}


class Submit:
    """Workloads W1, W2, W3 (qtg/bench/workloads.py); every batch meets an empty book."""

    params = NAMES
    param_names = ("workload",)
    number = 1  # one batch a sample, because the book must be emptied between two
    warmup_time = 0  # `VenueRun` is warm
    repeat = (5, 21, 5.0)

    setup_cache = _workloads

    def setup(self, workloads: Workloads, workload: str) -> None:
        self.run = VenueRun(workloads[workload])
        self.run.empty()

    def time_submit(self, workloads: Workloads, workload: str) -> None:
        self.run.submit()

    def track_messages_per_second(self, workloads: Workloads, workload: str) -> float:
        rates = [self.run.rate() for _ in range(21)]
        if self.run.wrong():
            raise AssertionError(f"{workload}: {self.run.wrong()}")
        return median(rates)

    track_messages_per_second.unit = "messages/s"

    def track_bytes_held(self, workloads: Workloads, workload: str) -> int:
        self.run.submit()
        return self.run.venue.nbytes()

    track_bytes_held.unit = "bytes"


class Memory:
    """Peak memory of the process; set-up and imports are counted, as asv does."""

    params = NAMES
    param_names = ("workload",)

    setup_cache = _workloads

    def setup(self, workloads: Workloads, workload: str) -> None:
        self.run = VenueRun(workloads[workload])

    def peakmem_submit(self, workloads: Workloads, workload: str) -> None:
        self.run.once()
