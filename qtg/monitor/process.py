"""Memory and processor time of this process."""

from dataclasses import dataclass
from time import monotonic

from .extra import load


@dataclass(frozen=True)
class Usage:
    """What the process takes."""

    rss_bytes: int  # resident memory
    cpu_seconds: float  # user and system time since the process began
    cpu_percent: float  # of one processor, since the last look
    threads: int


class Process:
    """Looks at this process."""

    def __init__(self) -> None:
        self._process = load("measuring memory", "psutil").Process()
        self._at, self._cpu = monotonic(), self._seconds()

    def usage(self) -> Usage:
        """What it takes now."""
        now, cpu = monotonic(), self._seconds()
        passed = max(now - self._at, 1e-9)
        share = 100 * (cpu - self._cpu) / passed
        self._at, self._cpu = now, cpu
        rss, threads = self._process.memory_info().rss, self._process.num_threads()
        return Usage(int(rss), round(cpu, 3), round(share, 1), int(threads))

    def _seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
