"""Where a run's tables go: a run directory (`RunWriter`) or memory (`MemorySink`).

    buffer      rows of one table on their way to a sink
    sink        what the tick writes to; `MemorySink`
    run_writer  `RunWriter`: the sink that streams to a run directory
    writer      the thread behind it
    parts       one Parquet file: write it, check it
    run_info    run.json: what a run is and which parts are committed
    directory   making and clearing a run directory
    lock        one writer at a time
    source      the reading side of both sinks
    lens        DuckDB over a source

None of these imports polars, pyarrow or duckdb before it needs them.
"""

from .buffer import TableBuffer
from .memory import MemorySink
from .run_writer import RunWriter
from .sink import Sink

__all__ = ["MemorySink", "RunWriter", "Sink", "TableBuffer"]
