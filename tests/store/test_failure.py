"""A disk that fills up or refuses: the run stops with the reason, committed parts stay readable."""

import errno
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from qtg.errors import StorageError
from qtg.result import open_run
from qtg.schemas import Candles, Trades
from qtg.store import RunWriter, parts

from .tables import RUN, counted_trades, random_table


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, after: int, number: int = errno.ENOSPC) -> None:
    """Let every write fail once `after` row groups are written."""
    written: list[int] = []
    write = parts.PartWriter.write

    def limited(self: Any, rows: Any) -> None:
        if len(written) >= after:
            raise OSError(number, os.strerror(number))
        written.append(1)
        write(self, rows)

    monkeypatch.setattr(parts.PartWriter, "write", limited)


def write_until_it_fails(sink: RunWriter, steps: int = 1_000) -> str:
    buffer = sink.table(Trades)
    try:
        for step in range(steps):
            buffer.extend(counted_trades(step * 100, 100))
    except StorageError as error:
        return str(error)
    pytest.fail("nothing was raised")


def write_and_raise(place: Path, error: BaseException) -> None:
    def use() -> None:
        with RunWriter(place, **RUN) as sink:
            sink.table(Trades).extend(counted_trades(0, 10))
            raise error

    with pytest.raises(type(error)):
        use()


def test_a_full_disk_stops_the_run_and_keeps_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(monkeypatch, after=5)
    sink = RunWriter(tmp_path / "run", **RUN, row_group=100, part_rows=200)
    message = write_until_it_fails(sink)
    assert "writing trades to" in message
    assert "No space left on device" in message
    sink.fail("the simulation stopped")
    run = open_run(tmp_path / "run")
    assert run.status == "failed"
    assert "No space left on device" in run.info()["reason"]
    assert run.trades["trade_id"].to_list() == list(range(400))  # two parts; the third is gone
    assert not list((tmp_path / "run").glob("**/*.tmp"))


def test_nothing_is_written_after_a_failure_even_if_it_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = parts.PartWriter.write

    def fail_on_the_second(self: Any, rows: Any) -> None:
        if rows.trade_id[0] == 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, rows)

    monkeypatch.setattr(parts.PartWriter, "write", fail_on_the_second)
    sink = RunWriter(tmp_path / "run", **RUN, row_group=100, part_rows=100)
    write_until_it_fails(sink)
    sink.fail("the simulation stopped")
    assert open_run(tmp_path / "run").trades["trade_id"].to_list() == list(range(100))


def test_run_json_says_failed_even_if_nobody_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(monkeypatch, after=0, number=errno.EACCES)
    sink = RunWriter(tmp_path / "run", **RUN, row_group=100)
    sink.table(Trades).extend(counted_trades(0, 100))
    sink._writer.queue.join()
    assert open_run(tmp_path / "run").info()["reason"].endswith("failed: Permission denied")
    sink.fail("done")


@pytest.mark.parametrize("call", ["flush", "close", "table", "reserve"])
def test_the_failure_shows_on_the_next_call_whatever_it_is(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(monkeypatch, after=0)
    sink = RunWriter(tmp_path / "run", **RUN, row_group=100)
    buffer = sink.table(Trades)
    columns, _ = buffer.reserve(100)
    for ours, theirs in zip(columns, counted_trades(0, 100), strict=True):
        ours[:100] = theirs
    buffer.commit(100)
    sink._writer.queue.join()
    calls = {
        "flush": sink.flush,
        "close": sink.close,
        "table": lambda: sink.table(Candles),
        "reserve": lambda: buffer.reserve(1),
    }
    with pytest.raises(StorageError, match=r"No space left on device.*stays readable"):
        calls[call]()
    sink.fail("done")
    assert open_run(tmp_path / "run").status == "failed"


def test_a_file_that_cannot_be_finished_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(parts, "put_in_place", refuse)
    sink = RunWriter(tmp_path / "run", **RUN)
    sink.table(Trades).extend(counted_trades(0, 10))
    with pytest.raises(StorageError, match="Input/output error"):
        sink.close()
    assert open_run(tmp_path / "run").status == "failed"
    assert not list((tmp_path / "run").glob("**/*.tmp"))


def test_a_code_without_a_name_is_named_as_the_reason(tmp_path: Path) -> None:
    rows = counted_trades(0, 10)
    rows.symbol[4] = 77
    sink = RunWriter(tmp_path / "run", **RUN)
    sink.table(Trades).extend(rows)
    with pytest.raises(StorageError, match="column symbol, row 4: 77 is no symbol"):
        sink.flush()
    sink.fail("done")


def test_a_real_limit_on_file_size_is_survived(tmp_path: Path) -> None:
    """The system refuses to write more than 64 KiB to a file, as a full disk would."""
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from qtg.errors import StorageError
        from qtg.schemas import Candles, Trades
        from qtg.store import RunWriter
        from tests.store.tables import RUN, random_table
        from tests.store.tables import counted_trades

        sink = RunWriter(sys.argv[1], **RUN, row_group=1000, part_rows=10**9)
        trades, candles = sink.table(Trades), sink.table(Candles)
        trades.extend(counted_trades(0, 500))
        sink.flush()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))
        try:
            for step in range(1000):
                candles.extend(random_table(Candles, 1000, seed=step))
        except StorageError as error:
            print(error)
            sink.fail(str(error))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "writing candles to" in done.stdout
    assert "File too large" in done.stdout
    assert done.stderr == ""
    run = open_run(tmp_path / "run")
    assert run.status == "failed"
    assert run.trades.height == 500


def test_leaving_the_block_with_an_exception_records_it(tmp_path: Path) -> None:
    write_and_raise(tmp_path / "run", ZeroDivisionError("by zero"))
    run = open_run(tmp_path / "run")
    assert (run.status, run.info()["reason"]) == ("failed", "ZeroDivisionError: by zero")
    assert run.trades.height == 10


def test_an_interrupt_by_the_user_is_the_reason(tmp_path: Path) -> None:
    write_and_raise(tmp_path / "run", KeyboardInterrupt())
    run = open_run(tmp_path / "run")
    assert run.info()["reason"] == "KeyboardInterrupt"
    assert run.trades.height == 10


def test_a_run_that_ended_takes_no_more_rows(tmp_path: Path) -> None:
    sink = RunWriter(tmp_path / "run", **RUN)
    buffer = sink.table(Trades)
    sink.close(trace_hash="ab", ticks=1)
    with pytest.raises(StorageError, match="the run has ended"):
        buffer.reserve(1)
    sink.close()
    sink.fail("too late")
    assert open_run(tmp_path / "run").status == "complete"


def test_a_dropped_run_ends_its_thread(tmp_path: Path) -> None:
    import gc

    sink = RunWriter(tmp_path / "run", **RUN)
    sink.table(Candles).extend(random_table(Candles, 5))
    sink.flush()
    del sink
    gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name == "qtg-writer-run"]
