"""Asking ten million stored trades for average prices; writing a million."""

from statistics import median

from qtg.bench.storage import BLOCK, StoredTrades


class Query:
    """DuckDB over the Parquet parts of a run directory."""

    timeout = 300

    def setup(self) -> None:
        self.stored = StoredTrades()
        self.stored.vwap()

    def track_vwap(self) -> float:
        seconds = median(self.stored.vwap() for _ in range(7))
        if self.stored.wrong():
            raise AssertionError(self.stored.wrong())
        return seconds

    track_vwap.unit = "s"


class Write:
    """Trades to Parquet, committed."""

    def track_write(self) -> float:
        return median(StoredTrades(BLOCK).rows_per_second for _ in range(5))

    track_write.unit = "rows/s"
