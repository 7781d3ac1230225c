"""How long things take: HDR histograms, a name each.

A histogram of HdrHistogram keeps counts at two significant digits up to ten minutes, so a
quantile is within 1% of the value it stands for, however long the run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from .extra import load

Count = Annotated[int, Field(ge=0, lt=1 << 63)]  # checked where it comes from a file
SHORTEST_NS = 1
LONGEST_NS = 600_000_000_000
DIGITS = 2
QUANTILES = (0.5, 0.95, 0.99)
# Bounds of the buckets that Prometheus is shown: 1, 2 and 5 of each decade.
BUCKETS_NS = tuple(
    step * 10**decade for decade in range(4, 11) for step in (1, 2, 5) if decade < 10 or step == 1
)


@dataclass(frozen=True)
class Latency:
    """What there is to know of one histogram."""

    count: Count
    sum_ns: Count
    p50_ns: Count
    p95_ns: Count
    p99_ns: Count
    max_ns: Count


class Latencies:
    """Histograms by name; made when first recorded to.

    Not for several threads at once: `Monitor` guards it.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._new = load("measuring latencies", "hdrh.histogram").HdrHistogram
        self._histograms: dict[str, Any] = {}
        self._sums: dict[str, int] = {}
        for name in names:
            self._histogram(name)

    def record(self, name: str, values: Sequence[int]) -> None:
        """Add durations [ns]."""
        add = self._histogram(name).record_value
        for value in values:
            add(min(value, LONGEST_NS))
        self._sums[name] += sum(values)

    def summary(self) -> dict[str, Latency]:
        """Counts and quantiles of everything that was recorded."""
        return {name: self._latency(name) for name in self._histograms}

    def buckets(self, name: str) -> list[tuple[float, int]]:
        """(bound [s], how many took no longer), as Prometheus wants them; the last is infinite."""
        histogram = self._histograms[name]
        upto = np.cumsum(np.ctypeslib.as_array(histogram.counts))
        counts = [int(upto[histogram.get_counts_array_index(bound)]) for bound in BUCKETS_NS]
        return [
            *((bound / 1e9, n) for bound, n in zip(BUCKETS_NS, counts, strict=True)),
            (float("inf"), int(histogram.total_count)),
        ]

    def _histogram(self, name: str) -> Any:
        if name not in self._histograms:
            self._histograms[name] = self._new(SHORTEST_NS, LONGEST_NS, DIGITS)
            self._sums[name] = 0
        return self._histograms[name]

    def _latency(self, name: str) -> Latency:
        histogram = self._histograms[name]
        if not histogram.total_count:
            return Latency(0, 0, 0, 0, 0, 0)
        at = histogram.get_percentile_to_value_dict([100 * q for q in QUANTILES])
        p50, p95, p99 = (int(at[100 * q]) for q in QUANTILES)
        return Latency(
            int(histogram.total_count), self._sums[name], p50, p95, p99, int(histogram.max_value)
        )
