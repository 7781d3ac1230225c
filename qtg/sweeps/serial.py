"""Runs of a sweep in this process, one after the other."""

from ..progress import silent_progress
from .plan import Job
from .row import RowStream
from .runner import Runner, Setup


def serial_rows(setup: Setup, jobs: tuple[Job, ...]) -> RowStream:
    """The row of each job, in order."""
    runner = None
    for job in jobs:
        runner = runner or Runner(setup, "serial", progress=silent_progress)
        yield runner.run(job)
