"""Storage benchmarks: what it takes to ask a stored run a question."""

import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from qtg.config import Config
from qtg.result import open_run
from qtg.run import open_sink
from qtg.schemas import Trades, allocate

from .registry import Benchmark, Probe

ROWS = 10_000_000
BLOCK = 1_000_000
VWAP = """
select symbol, date_trunc('minute', time) as minute, sum(price * qty) / sum(qty) as vwap
from trades group by all order by all
"""


class StoredTrades:
    """A run directory of random trades in ten symbols, a million a simulated hour."""

    def __init__(self, rows: int = ROWS) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.place = Path(self._folder.name) / "run"
        self.rows = rows
        config = Config.preset("demo")
        start = perf_counter()
        with open_sink(config, self.place) as sink:
            buffer = sink.table(Trades)
            for first in range(0, rows, BLOCK):
                buffer.extend(_trades(config, first, min(BLOCK, rows - first)))
            sink.close(trace_hash="0" * 16, ticks=0)
        self.rows_per_second = rows / (perf_counter() - start)
        self.run = open_run(self.place)

    def vwap(self) -> float:
        """Seconds for the volume-weighted average price by symbol and minute."""
        start = perf_counter()
        self.bars = self.run.sql(VWAP).height
        return perf_counter() - start

    def wrong(self) -> str:
        """Why the last answer cannot be right, or nothing."""
        minutes = -(-self.rows * 60 // BLOCK)
        return "" if self.bars == 10 * minutes else f"{self.bars} rows for {minutes} minutes"


def _trades(config: Config, first: int, n: int) -> Trades:
    draw = np.random.default_rng(first)
    trades = allocate(Trades, n)
    row = np.arange(first, first + n)
    trades.time[:] = config.start_ns + row * (3600 * 10**9 // BLOCK)
    trades.trade_id[:] = row + 1
    trades.symbol[:] = draw.integers(0, len(config.symbols), n)
    trades.side[:] = draw.choice((-1, 1), n)
    trades.price[:] = 1_000_000 + 100 * draw.integers(-500, 500, n)
    trades.qty[:] = draw.integers(1, 500, n)
    for name in ("buyer_id", "seller_id", "buy_order_id", "sell_order_id"):
        getattr(trades, name)[:] = draw.integers(1, 10_000, n)
    return trades


def _prepare_vwap() -> Probe:
    stored = StoredTrades()
    stored.vwap()
    return Probe(stored.vwap, stored.wrong, f"{ROWS:,} trades, DuckDB over Parquet")


def _prepare_write() -> Probe:
    return Probe(lambda: StoredTrades(BLOCK).rows_per_second, note=f"{BLOCK:,} trades a sample")


BENCHMARKS = (
    Benchmark("storage.vwap", "average price by symbol and minute", "s", _prepare_vwap, repeats=7),
    Benchmark("storage.write", "trades to Parquet, committed", "rows/s", _prepare_write, repeats=5),
)
