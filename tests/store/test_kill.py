"""A run that is killed at any moment opens up to its last committed part."""

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from qtg.errors import StorageError
from qtg.result import open_run
from qtg.schemas import Trades
from qtg.store import RunWriter

from .tables import RUN, counted_trades

WRITER = textwrap.dedent(
    """
    import sys
    from qtg.schemas import Candles, Trades
    from qtg.store import RunWriter
    from tests.store.tables import RUN, counted_trades, random_table

    sink = RunWriter(sys.argv[1], **RUN, row_group=500, part_rows=2_000, commit_seconds=0.03)
    trades, candles = sink.table(Trades), sink.table(Candles)
    print("ready", flush=True)
    for step in range(1_000_000):
        trades.extend(counted_trades(step * 100, 100))
        candles.extend(random_table(Candles, 1, seed=step))
    """
)


@pytest.mark.parametrize("attempt", range(6))
def test_a_killed_run_opens_up_to_its_last_part(attempt: int, tmp_path: Path) -> None:
    place = tmp_path / "run"
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place)], cwd=root, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process, process.stdout:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(random.Random(attempt).uniform(0.0, 1.5))
        process.send_signal(signal.SIGKILL)
    run = open_run(place)
    assert run.status == "running/interrupted"
    rows = run.trades.height
    assert rows == run.info()["rows"]["trades"]
    assert run.trades["trade_id"].to_list() == list(range(rows))
    assert run.trades["qty"].to_list() == counted_trades(0, rows).qty.tolist()
    assert run.sql("select count(*) from candles").item() == run.candles.height
    if attempt == 5:
        _can_be_replaced(place)


def _can_be_replaced(place: Path) -> None:
    with pytest.raises(StorageError, match="already holds a run"):
        RunWriter(place, **RUN)
    with RunWriter(place, **RUN, overwrite=True) as sink:
        sink.table(Trades).extend(counted_trades(0, 3))
        sink.close()
    assert open_run(place).trades.height == 3
    assert not list(place.glob("**/*.tmp"))


def test_a_process_that_ends_without_closing_leaves_whole_files(tmp_path: Path) -> None:
    ending = WRITER.replace("1_000_000", "50") + "\nsink.info.seed"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ending, str(tmp_path / "run")], cwd=root, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    run = open_run(tmp_path / "run")
    assert run.status == "running/interrupted"
    assert run.trades["trade_id"].to_list() == list(range(run.trades.height))
    assert not list((tmp_path / "run").glob("**/*.tmp"))
