"""A stream on which the venues differ is made short, and the campaign tells it."""

import numpy as np
import pytest

from qtg.schemas import ExecType

from . import differential
from .differential import FIELDS, Setup
from .fuzz import fuzz_stream
from .shrinking import as_text, difference, sent, shrunk

pytestmark = pytest.mark.compiled

MESSAGES = 600


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that fills one share too many if it fills 13."""
    right = differential.as_table

    def table(events: object) -> np.ndarray:
        told: np.ndarray = right(events).copy()
        traded = told[:, FIELDS.index("exec_type")] == ExecType.TRADE
        told[traded & (told[:, FIELDS.index("qty")] == 13), FIELDS.index("qty")] += 1
        return told

    monkeypatch.setattr(differential, "as_table", table)


def test_only_what_a_difference_needs_is_left(wrong: None) -> None:
    stream = shrunk(Setup(), sent(Setup(), 3, MESSAGES))
    assert len(stream) == 2, as_text(stream)  # somebody rests, somebody trades
    assert difference(Setup(), stream) is not None
    for k in range(len(stream)):
        assert difference(Setup(), stream[:k] + stream[k + 1 :]) is None


def test_the_campaign_tells_the_short_stream(wrong: None) -> None:
    with pytest.raises(AssertionError, match="these 2 messages show it") as caught:
        fuzz_stream(Setup(), 3, MESSAGES)
    assert "'qty': 14" in str(caught.value)
    assert str(caught.value).count("batch ") >= 2


def test_venues_that_agree_leave_nothing() -> None:
    assert difference(Setup(), sent(Setup(), 3, MESSAGES)) is None
