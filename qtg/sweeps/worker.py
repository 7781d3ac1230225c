"""A process that makes runs of a sweep for another one."""

import os
import pickle
import signal
import threading
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection

from .plan import Job

READY = "ready"


def work(pipe: "Connection[object, object]", setup: bytes) -> None:
    """Make the runs that come through the pipe until it closes; each is answered with its row."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        from .runner import Runner

        runner = Runner(pickle.loads(setup))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send(READY)
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        assert isinstance(job, Job)
        pipe.send(runner.run(job))
        runner.tidy()


def _end_with_parent() -> None:
    """A run whose row nobody would read is not made to its end."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
