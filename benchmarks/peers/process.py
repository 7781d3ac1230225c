"""The near side of a worker process."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from .engine import Answer

ROOT = Path(__file__).resolve().parents[2]


class EngineFailed(Exception):
    """The engine could not be started or did not get through the workload."""


class Worker:
    """An engine in its own process; use it as a context manager."""

    def __init__(
        self, python: Path, engine: str, given: Path | str, module: str = "benchmarks.peers.worker"
    ) -> None:
        self.process = subprocess.Popen(
            [str(python), "-m", module, engine, str(given)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_ready(self) -> str:
        """Until the engine is set up; its version."""
        return str(self._read()["version"])

    def once(self) -> float:
        """Seconds of one repetition."""
        return float(self.ask("once"))

    def answer(self) -> Answer:
        """What the engine made of the workload."""
        return {key: int(value) for key, value in self.ask("answer").items()}

    def ask(self, request: str) -> Any:
        """What it answers to a line."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{request}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died; what it said last is read below
        return self._read()

    def _read(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise EngineFailed(f"its process ended with status {self.process.wait()}")
        reply = json.loads(line)
        if isinstance(reply, dict) and "error" in reply:
            raise EngineFailed(reply["error"])
        return reply
