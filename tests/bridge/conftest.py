"""Nothing here may hang: whoever does is shown with every thread's stack, and the run ends."""

import faulthandler
from collections.abc import Iterator

import pytest

LONGEST = 600.0  # seconds that a test may take, compiling every kernel included


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
