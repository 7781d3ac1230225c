"""One writer of a run directory at a time."""

import os
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import pytest

from qtg.errors import StorageError
from qtg.result import open_run
from qtg.schemas import Trades
from qtg.store import RunWriter
from qtg.store.lock import LOCK, RunLock

from .tables import RUN, counted_trades

fcntl = pytest.importorskip("fcntl")

ROOT = Path(__file__).parents[2]
WAITS = "import sys; print('ready', flush=True); sys.stdin.read()"
WRITER = f"""
import sys
from qtg.store import RunWriter
from tests.store.tables import RUN
sink = RunWriter(sys.argv[1], **RUN)
{WAITS}
"""
RACER = """
import sys
from qtg.errors import StorageError
from qtg.store import RunWriter
from tests.store.tables import RUN
print("ready", flush=True)
sys.stdin.readline()
try:
    sink = RunWriter(sys.argv[1], **RUN)
    print("wrote", flush=True)
    sys.stdin.read()
    sink.close()
except StorageError as error:
    print(error, flush=True)
"""


def process(script: str, place: Path) -> "subprocess.Popen[str]":
    """Another process, once it has said that it is ready."""
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(place)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    return other


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_running_run_is_left_alone(tmp_path: Path, overwrite: bool) -> None:
    place = tmp_path / "run"
    with RunWriter(place, **RUN) as sink:
        sink.table(Trades).extend(counted_trades(0, 10))
        sink.flush()
        says = f"written by process {os.getpid()}; wait" if overwrite else "already holds a run"
        with pytest.raises(StorageError, match=says):
            RunWriter(place, **RUN, overwrite=overwrite)
        sink.table(Trades).extend(counted_trades(10, 10))
        sink.close()
    assert open_run(place).trades.height == 20
    assert not (place / LOCK).exists()
    RunWriter(place, **RUN, overwrite=True).close()


def test_the_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    with process(WRITER, tmp_path) as other:
        with pytest.raises(StorageError, match=f"is being written by process {other.pid}; "):
            RunWriter(tmp_path, **RUN, overwrite=True)
        other.kill()
    assert (tmp_path / LOCK).read_text() == f"{other.pid}\n", "what is left keeps nobody out"
    RunWriter(tmp_path, **RUN, overwrite=True).close()
    assert not (tmp_path / LOCK).exists()


def test_of_several_that_begin_at_once_one_does(tmp_path: Path) -> None:
    racers = [process(RACER, tmp_path / "run") for _ in range(4)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = [racer.stdout.readline() for racer in racers if racer.stdout is not None]
    for racer in racers:
        with racer:
            assert racer.stdin is not None
    assert said.count("wrote\n") == 1, said
    refused = [each for each in said if each != "wrote\n"]
    assert all("being written by" in each or "already holds" in each for each in refused), said
    assert open_run(tmp_path / "run").status == "complete"


def test_a_forked_process_holds_nothing(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    (told, tell), (wait, end) = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of threads; the child uses none
        child = os.fork()
    if child == 0:
        os.close(end)
        try:
            RunLock(tmp_path)
            os.write(tell, b"took it\n")
        except StorageError as error:
            os.write(tell, f"{error}\n".encode())
        os.read(wait, 1)
        os._exit(0)
    with os.fdopen(told) as file:
        assert f"written by process {os.getpid()};" in file.readline()
    lock.forget()  # as when the process is killed; the child lives on
    RunLock(tmp_path).release()
    os.close(end)
    os.waitpid(child, 0)
    os.close(tell)
    os.close(wait)


def test_the_last_holder_gives_it_back(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.hold().release()
    with pytest.raises(StorageError, match="being written"):
        RunLock(tmp_path)
    lock.release()
    RunLock(tmp_path).release()


def test_a_dropped_lock_is_given_back(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    del lock
    RunLock(tmp_path).release()


def test_a_lock_that_was_removed_meanwhile_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder gives it back between our opening of the file and our lock on it."""
    first = RunLock(tmp_path)
    flock = fcntl.flock

    def late(handle: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        first.release()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    second = RunLock(tmp_path)
    with pytest.raises(StorageError, match="being written"):
        RunLock(tmp_path)
    second.release()


def test_without_a_number_it_is_another_process(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        (tmp_path / LOCK).write_bytes(b"\xff\xfe")
        with pytest.raises(StorageError, match="being written by another process; wait"):
            RunLock(tmp_path)


def test_a_file_system_without_locks_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with RunLock(tmp_path), caplog.at_level("WARNING"):
        RunLock(tmp_path).release()
    assert "cannot be locked" in caplog.text


def test_a_refused_directory_gets_no_lock(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(StorageError, match="not a qtg run"):
        RunWriter(tmp_path, **RUN)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
