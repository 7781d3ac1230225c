"""Start-up, each sample in a fresh interpreter."""

import tempfile
from statistics import median

from qtg.bench.startup import FIRST_BATCH, FIRST_TICK, IMPORT, fresh_ms


def _median_ms(code: str) -> float:
    return median(fresh_ms(code) for _ in range(5))


class Startup:
    """What a user waits for before anything happens; the interpreter's own start not counted."""

    timeout = 300

    def track_import(self) -> float:
        fresh_ms(IMPORT)  # bytecode
        return _median_ms(IMPORT)

    def track_first_batch(self) -> float:
        fresh_ms(FIRST_BATCH)  # kernels into the cache
        return _median_ms(FIRST_BATCH)

    def track_first_tick(self) -> float:
        fresh_ms(FIRST_TICK)
        return _median_ms(FIRST_TICK)

    def track_first_batch_compiling(self) -> float:
        with tempfile.TemporaryDirectory() as empty:
            return fresh_ms(FIRST_BATCH, NUMBA_CACHE_DIR=empty)

    track_import.unit = "ms"
    track_first_tick.unit = "ms"
    track_first_batch.unit = "ms"
    track_first_batch_compiling.unit = "ms"
