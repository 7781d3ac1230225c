"""What the tests of agents share."""

from collections.abc import Iterator

import pytest

from qtg.agents import registry


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Kinds that a test registers are forgotten after it."""
    before = dict(registry._KINDS)
    yield
    registry._KINDS.clear()
    registry._KINDS.update(before)
