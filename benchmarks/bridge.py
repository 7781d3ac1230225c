"""The bridge: one client's wait for an acknowledgement, and orders per second in batches."""

import numpy as np

from qtg.bench.bridge import BridgeRun, prepare


class Bridge:
    """A quick_test market; `rate` is its ticks per second, 0 paused, None full speed."""

    params = (0, 10.0, None)
    param_names = ("rate",)
    timeout = 300

    def _latency(self, rate: float | None, quantile: float) -> float:
        probe = prepare(rate, BridgeRun.submit)
        values = [probe.sample() for _ in range(2_000)]
        if probe.wrong():
            raise AssertionError(probe.wrong())
        return float(np.quantile(values, quantile))

    def track_submit_p50(self, rate: float | None) -> float:
        return self._latency(rate, 0.5)

    def track_submit_p99(self, rate: float | None) -> float:
        return self._latency(rate, 0.99)

    track_submit_p50.unit = "us"
    track_submit_p99.unit = "us"


class Throughput:
    """Orders in batches, the market at full speed."""

    timeout = 300

    def track_orders_per_second(self) -> float:
        probe = prepare(None, BridgeRun.rate)
        return float(np.median([probe.sample() for _ in range(7)]))

    track_orders_per_second.unit = "orders/s"
