"""Kernels that cannot be kept on disk are compiled and used all the same; a user is told once."""

import os
import re
import resource
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from qtg import warmup
from qtg.errors import CacheWarning, StorageError
from qtg.kernels import _jit
from tests.cli.command import Command

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the JIT is off")

KERNELS = """
from qtg.kernels._jit import cache_problem, kernel

@kernel
def twice(x):
    return 2 * x

@kernel
def four_times(x):
    return twice(twice(x))

print(twice(3), four_times(2.5))
print(cache_problem())
print(sum(four_times.stats.cache_hits.values()))
"""


def compile_in(
    folder: Path, tmp_path: Path, before: Callable[[], None] | None = None, *options: str
) -> subprocess.CompletedProcess[str]:
    """Compile two kernels in a new process that keeps them below a folder."""
    script = tmp_path / "kernels_of_a_test.py"
    script.write_text(KERNELS)
    return subprocess.run(
        [sys.executable, *options, str(script)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)},
        preexec_fn=before,
        capture_output=True,
        text=True,
    )


def told(done: subprocess.CompletedProcess[str]) -> tuple[str, str, int]:
    """Results, what was wrong with the cache, and what came from it."""
    assert done.returncode == 0, done.stderr
    results, problem, hits = done.stdout.splitlines()
    return results, problem, int(hits)


def full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_what_can_be_kept_is_kept_and_nothing_is_said(tmp_path: Path) -> None:
    first, second = (compile_in(tmp_path / "cache", tmp_path) for _ in range(2))
    assert told(first) == ("6 10.0", "", 0)
    assert told(second) == ("6 10.0", "", 1)
    assert first.stderr == second.stderr == ""


def test_a_full_disk_does_not_stop_a_kernel(tmp_path: Path) -> None:
    done = compile_in(tmp_path / "cache", tmp_path, full_disk)
    results, problem, _ = told(done)
    assert results == "6 10.0"
    assert problem.startswith(f"compiled kernels cannot be kept in {tmp_path / 'cache'}/kernels-")
    assert "(File too large)" in problem
    assert "NUMBA_CACHE_DIR" in problem
    assert "Traceback" not in done.stderr
    assert done.stderr.count("CacheWarning: compiled kernels") == 1, "once, not for every kernel"
    assert list((tmp_path / "cache").rglob("*.tmp.*")) == []
    assert told(compile_in(tmp_path / "cache", tmp_path)) == ("6 10.0", "", 0)


@pytest.mark.parametrize("place", ["/proc/qtg", "a file"])
def test_a_folder_that_cannot_be_made_does_not_stop_a_kernel(place: str, tmp_path: Path) -> None:
    folder = Path(place)
    if place == "a file":
        folder = tmp_path / "file"
        folder.write_text("")
    done = compile_in(folder, tmp_path)
    results, problem, hits = told(done)
    assert (results, hits) == ("6 10.0", 0)
    assert str(folder) in problem
    assert done.stderr.count("CacheWarning") == 1
    assert not (tmp_path / "__pycache__").exists(), "numba's own places carry no stamp"


def test_the_warning_can_be_made_an_error_with_a_name(tmp_path: Path) -> None:
    warning = "error:compiled kernels cannot be kept"
    done = compile_in(Path("/proc/qtg"), tmp_path, None, "-W", warning)
    assert done.returncode == 1
    assert "qtg.errors.CacheWarning: compiled kernels cannot be kept in /proc/qtg" in done.stderr


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"\x80\x05half", None])
def test_a_damaged_cache_is_written_anew(suffix: str, damage: bytes | None, tmp_path: Path) -> None:
    compile_in(tmp_path / "cache", tmp_path)
    files = list((tmp_path / "cache").rglob(f"*four_times*.{suffix}"))
    assert len(files) == 1
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    first = compile_in(tmp_path / "cache", tmp_path)
    assert told(first) == ("6 10.0", "", 0)
    assert first.stderr == ""
    assert told(compile_in(tmp_path / "cache", tmp_path)) == ("6 10.0", "", 1)


def test_a_command_says_it_in_one_line_and_goes_on(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def presets() -> tuple[str, ...]:
        warnings.warn("compiled kernels cannot be kept in /x", CacheWarning, stacklevel=1)
        return ("quick_test",)

    monkeypatch.setattr("qtg.config.preset_names", presets)
    answer = command("presets", "--json")
    assert (answer.code, answer.err) == (0, "qtg: compiled kernels cannot be kept in /x\n")
    assert '"quick_test"' in answer.out


def test_warmup_fails_if_nothing_is_kept(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_nothing() -> None:
        _jit._tell_once(OSError(28, "No space left on device"))

    monkeypatch.setattr(_jit, "_problems", [])
    monkeypatch.setattr(warmup, "_run_everything", compile_nothing)
    message = command.fails(1, "warmup")
    assert re.fullmatch(
        r"compiled kernels cannot be kept in \S+ \(No space left on device\); every start compiles "
        r"them again until there is space, or NUMBA_CACHE_DIR names another folder",
        message,
    )
    with pytest.raises(StorageError, match="cannot be kept"):
        warmup.compile_kernels()


def test_another_process_takes_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[int] = []

    class Watched(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            shares.append(super().wait(timeout))
            return shares[-1]

    monkeypatch.setattr(warmup, "kernels_compiled", lambda: False)
    monkeypatch.setattr(warmup, "processors", lambda: 1)
    monkeypatch.setattr(subprocess, "Popen", Watched)
    warmup.compile_kernels()
    assert shares == []
    monkeypatch.setattr(warmup, "processors", lambda: 2)
    warmup.compile_kernels()
    assert set(shares) == {0}
