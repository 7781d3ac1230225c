"""When ticks are due, by a clock that the test moves."""

import pytest

import qtg
from qtg.bridge.command import Command
from qtg.bridge.pace import Pace, checked_rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def asked(pace: Pace, ticks: int) -> Command:
    command = Command("tick", ticks=ticks)
    assert command.job is not None
    pace.add(command, command.job)
    return command


def test_a_paused_run_makes_what_was_asked_for() -> None:
    pace = Pace(Clock())
    assert pace.wait(0) is None
    first, second = asked(pace, 2), asked(pace, 1)
    for tick in (1, 2, 3):
        assert pace.wait(tick - 1) == 0.0
        pace.ticked(tick)
    assert (first.result(), second.result(), pace.wait(3), pace.busy) == (2, 3, None, False)


def test_a_rate_is_kept_and_late_ticks_are_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.run(rate=4.0, until=None)
    assert pace.wait(0) == 0.0
    pace.ticked(1)
    assert pace.wait(1) == 0.25
    clock.now = 0.2
    assert pace.wait(1) == pytest.approx(0.05)
    clock.now = 0.3
    assert pace.wait(1) == 0.0
    pace.ticked(2)
    assert pace.wait(2) == pytest.approx(0.2), "due at 0.5, not at 0.55"
    clock.now = 9.0
    pace.ticked(3)
    clock.now = 9.1
    assert pace.wait(3) == 0.0
    pace.ticked(4)
    assert pace.wait(4) == pytest.approx(0.15), "34 ticks are late, one is made up for"


def test_a_run_ends_where_it_was_told_to() -> None:
    pace = Pace(Clock())
    pace.run(None, until=2)
    assert pace.wait(1) == 0.0
    assert pace.wait(2) is None
    assert not pace.running


def test_ticks_of_a_run_count_for_who_waits_for_some() -> None:
    pace = Pace(Clock())
    pace.run(None, None)
    command = asked(pace, 2)
    pace.ticked(8)
    pace.ticked(9)
    assert command.result() == 9
    assert pace.wait(9) == 0.0


def test_a_pause_tells_who_waits_how_far_it_came() -> None:
    pace = Pace(Clock())
    command = asked(pace, 5)
    pace.ticked(1)
    pace.pause()
    with pytest.raises(qtg.BridgeError, match="paused after 1 of 5"):
        command.result()
    assert pace.wait(1) is None


def test_who_gave_up_gets_no_more_ticks() -> None:
    pace = Pace(Clock())
    command = asked(pace, 5)
    pace.ticked(1)
    assert command.job is not None
    command.job.given_up = True
    assert pace.wait(1) is None


@pytest.mark.parametrize("rate", [0, -1.0, float("inf"), float("nan")])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(qtg.ConfigError, match="rate"):
        checked_rate(rate)
