"""Runs of a sweep in processes that outlive each other.

`concurrent.futures` gives up all that is left when one process is killed. Here each process has
a pipe of its own, gets one job at a time, and is replaced when it ends: only the job that it had
has failed.
"""

import pickle
import signal
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from ..errors import ConfigError, SweepError
from .one_thread import for_children
from .plan import Job
from .row import FAILED, Row, RowStream
from .runner import Setup
from .worker import READY, work

_PATIENCE = 5.0  # seconds for processes to end when they are told to
_MOST_FALSE_STARTS = 3  # processes in a row that end before they are ready


def process_rows(setup: Setup, jobs: tuple[Job, ...], workers: int) -> RowStream:
    """The row of each job, as they come; ended early, it ends its processes.

    Raises
    ------
    SweepError    processes cannot start
    """
    pool = _Pool(pickle.dumps(setup), jobs, workers)
    try:
        yield from pool.rows()
    finally:
        pool.end()


class _Worker:
    """A process, the pipe to it, and the job that it has."""

    def __init__(self, setup: bytes) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.job: Job | None = None
        self.ready = False
        self.process: BaseProcess = context.Process(
            target=work, args=(theirs, setup), name="qtg-sweep", daemon=True
        )
        with for_children(), _deaf_to_interrupts():
            self.process.start()
        theirs.close()

    def give(self, job: Job) -> None:
        self.job = job
        with suppress(OSError):  # it has just ended, which its end of the pipe will tell
            self.pipe.send(job)

    def why(self) -> str:
        """Why it ended."""
        self.process.join(_PATIENCE)
        code = self.process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                name = signal.Signals(-code).name
                memory = ", perhaps for want of memory" if name == "SIGKILL" else ""
                return f"its process was ended by {name}{memory}"
        return f"its process ended with exit code {code}"


class _Pool:
    def __init__(self, setup: bytes, jobs: tuple[Job, ...], workers: int) -> None:
        self._setup = setup
        self._waiting = deque(jobs)
        self._false_starts = 0
        self._workers: list[_Worker] = []
        self._wanted = workers

    def rows(self) -> RowStream:
        """The row of each job, as they come."""
        while self._waiting or any(each.job for each in self._workers):
            self._fill_up()
            pipes = {each.pipe: each for each in self._workers}
            for pipe in connection.wait(list(pipes)):
                row = self._hear(pipes[pipe])  # type: ignore[index]
                if row is not None:
                    yield row

    def end(self) -> None:
        """End all processes."""
        for each in self._workers:
            each.pipe.close()
            each.process.terminate()
        for each in self._workers:
            each.process.join(_PATIENCE)
            if each.process.is_alive():
                each.process.kill()
                each.process.join()
            each.process.close()
        self._workers.clear()

    def _fill_up(self) -> None:
        """As many processes as there is work for."""
        busy = sum(each.job is not None for each in self._workers)
        while len(self._workers) < min(self._wanted, len(self._waiting) + busy):
            self._workers.append(_Worker(self._setup))

    def _hear(self, worker: _Worker) -> Row | None:
        """What a process says; its row, if a job is over."""
        try:
            said: Any = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        row: Row | None = None
        if isinstance(said, str) and said != READY:
            raise SweepError(f"the processes of the sweep cannot start: {said}")
        if said == READY:
            worker.ready, self._false_starts = True, 0
        else:
            row, worker.job = said, None
        if self._waiting:
            worker.give(self._waiting.popleft())
        return row

    def _bury(self, worker: _Worker) -> Row | None:
        """What became of the job of a process that is no more."""
        self._workers.remove(worker)
        worker.pipe.close()
        why = worker.why()
        worker.process.close()
        if not worker.ready:
            self._false_starts += 1
            if self._false_starts == _MOST_FALSE_STARTS:
                raise SweepError(
                    f"the processes of the sweep cannot start: {why} while it started; a script "
                    "that calls sweep needs `if __name__ == '__main__':` around the call"
                )
        if worker.job is None:
            return None
        return Row(worker.job.run_id, worker.job.fingerprint, FAILED, f"{why} during this run")


def check_travels(measure: Any) -> None:
    """Check that a measure can be sent to a process that is started anew.

    Raises
    ------
    ConfigError    it cannot
    """
    try:
        pickle.dumps(measure)
        nowhere = not hasattr(sys.modules["__main__"], "__file__")
        if nowhere and getattr(measure, "__module__", "") == "__main__":
            raise TypeError("it is in no file")
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"measure cannot be sent to other processes ({error}); make it a function of a module, "
            "name it as 'file.py:function', or use executor='serial'"
        ) from None


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A process that is started meanwhile does not hear Ctrl-C: this one ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would unblock what is blocked here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
