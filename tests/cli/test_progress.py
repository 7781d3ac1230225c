"""Progress: a bar on a terminal, few lines elsewhere, one sentence after Ctrl-C."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

import qtg
from qtg import progress
from qtg.simulation import Simulation
from tests.cli.command import Command

ROOT = Path(__file__).parents[2]
CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(
    width: int, *arguments: str, interrupt_at: str = "", limit: float = 120
) -> tuple[int, list[str]]:
    """Run a command on a terminal of such a width: exit code and what was ever on a line."""
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job would ignore it
        os.chdir(ROOT)
        environment = {**os.environ, "TERM": "xterm-256color"}
        environment.pop("COLUMNS", None)
        os.execve(sys.executable, [sys.executable, "-m", "qtg", *arguments], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    said, end = b"", time.monotonic() + limit
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            said += os.read(terminal, 65_536)
        except OSError:  # how a terminal says that its last user has left
            break
        if interrupt_at and re.search(interrupt_at.encode(), said):
            os.write(terminal, b"\x03")
            interrupt_at = ""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return code, re.split(r"[\r\n]+", CODES.sub("", said.decode()))


@pytest.mark.parametrize(
    ("width", "rates"),
    [(120, "ticks/s  .*orders/s  .*trades"), (80, "ticks/s  .*orders/s"), (60, "ticks/s")],
)
def test_a_terminal_gets_a_bar_with_rate_and_time_left(
    width: int, rates: str, tmp_path: Path
) -> None:
    options = ("--ticks", "20000", "--out", str(tmp_path / "run"))
    code, lines = on_a_terminal(
        width, "simulate", "quick_test", *options, interrupt_at="1[0-9]{3}/"
    )
    assert code == 130, lines[-30:]
    bars = [line.rstrip() for line in lines if "/20050" in line]
    assert bars
    for line in bars:
        assert len(line) <= width, line
        assert "…" not in line
    pattern = rf"quick_test ━*[╸╺]?━* +\d+/20050 [\d,]+ {rates} +\d:\d\d:\d\d"
    assert re.fullmatch(pattern, bars[-1]), bars[-1]


def test_ctrl_c_ends_with_one_sentence_and_leaves_a_run(tmp_path: Path) -> None:
    place = tmp_path / "run"
    options = ("--ticks", "2000000", "--out", str(place))
    code, lines = on_a_terminal(80, "simulate", "quick_test", *options, interrupt_at="[0-9]{4}/")
    assert code == 130, lines[-30:]
    said = [line for line in lines if line.startswith("qtg:")]
    assert said == ["qtg: interrupted; what was committed so far stays readable"]
    assert not any("Traceback" in line for line in lines)
    run = qtg.open_run(place)
    assert run.status == "failed"
    assert run.metrics.height >= 1_000


def test_ctrl_c_is_held_back_to_the_end_of_a_tick(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NumPy swallows what is raised inside its look-ups, as this `step` swallows it."""
    step = Simulation.step

    def deaf_step(sim: Simulation) -> Simulation:
        if sim.tick == 30:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        return step(sim)

    monkeypatch.setattr(Simulation, "step", deaf_step)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
    message = command.fails(130, "simulate", "quick_test", "--ticks", 20, "--out", "mine")
    assert message == "interrupted; what was committed so far stays readable"
    run = qtg.open_run("mine")
    assert (run.status, run.metrics.height) == ("failed", 31), "the tick was finished"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_pipe_gets_few_lines(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("simulate", "quick_test", "--ticks", 20).err == "", "a short run says nothing"
    monkeypatch.setattr(progress, "_SILENCE", 0.0)
    lines = command("simulate", "quick_test", "--ticks", 20, "--seed", 1).err.splitlines()
    assert len(lines) == 69, "after every tick but the last"
    assert re.fullmatch(
        r"qtg: quick_test: tick 69 of 70, [\d,]+ ticks/s, [\d.]+[kMG]? orders/s, \d+ trades, "
        r"0:00:00 left",
        lines[-1],
    )


def test_a_pipe_is_told_of_the_compiler(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "kernels_compiled", lambda: False)
    answer = command("simulate", "quick_test", "--ticks", 2, "--json")
    assert answer.err == "qtg: compiling kernels, first run only (about a minute)\n"
    assert answer.out.startswith("{")


def test_a_library_call_says_nothing_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_SILENCE", 0.0)
    qtg.simulate(qtg.Config.preset("quick_test", ticks=3))
    assert capsys.readouterr() == ("", "")
