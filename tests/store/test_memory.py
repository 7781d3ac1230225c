"""Memory stays bounded however long the run and however slow the disk."""

import subprocess
import sys
import textwrap
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from qtg.result import open_run
from qtg.schemas import Trades
from qtg.store import RunWriter, parts

from .tables import RUN, counted_trades


def test_a_slow_disk_makes_the_run_wait_instead_of_using_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = parts.PartWriter.write

    def slow(self: Any, rows: Any) -> None:
        time.sleep(0.02)
        write(self, rows)

    monkeypatch.setattr(parts.PartWriter, "write", slow)
    sink = RunWriter(tmp_path / "run", **RUN, row_group=20_000)
    buffer = sink.table(Trades)
    rows = counted_trades(0, 10_000)
    one_chunk = 30_000 * sum(column.itemsize for column in rows)
    tracemalloc.start()
    for _ in range(60):
        buffer.extend(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sink.close()
    assert peak < 6 * one_chunk  # one being filled, two waiting, one being written, and a margin
    assert open_run(tmp_path / "run").trades.height == 600_000


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from qtg.schemas import Trades
        from qtg.store import RunWriter
        from tests.store.tables import RUN, counted_trades

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        sink = RunWriter(sys.argv[1], **RUN, row_group=50_000, part_rows=200_000)
        buffer = sink.table(Trades)
        rows = counted_trades(0, 10_000)
        for step in range(400):
            buffer.extend(rows)
            if step == 100:
                sink.flush()
                early = resident()
        sink.flush()
        print(resident() - early)
        sink.close()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 30e6  # three million rows of 69 bytes are 200 MB
