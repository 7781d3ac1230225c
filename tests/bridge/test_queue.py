"""The command queue against lists: order, bounds, the line before it, and what is taken back."""

import threading
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtg
from qtg.bridge.command import Command, Stage
from qtg.bridge.queue import CommandQueue

from .small import raised, together

STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "wait", "take", "withdraw"]), st.integers(0, 10)), max_size=60
)


@given(STEPS, st.integers(1, 4), st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_queue_does_what_two_lists_do(steps, capacity: int, drain: bool) -> None:
    queue, queued, line, refused = CommandQueue(capacity), [], [], 0
    known: list[Command] = []

    def advance() -> None:
        while line and len(queued) < capacity:
            queued.append(line.pop(0))

    for step, number in steps:
        if step in ("put", "wait"):
            known.append(new := Command(step, None))
            if len(queued) < capacity:
                queue.put(new, step == "wait")
                queued.append(new)
            elif step == "wait":
                queue.put(new, True)
                line.append(new)
            else:
                with pytest.raises(qtg.BridgeFull, match="wait"):
                    queue.put(new, False)
                refused += 1
        elif step == "take":
            assert queue.take() is (queued.pop(0) if queued else None)
            advance()
        elif known:
            command = known[number % len(known)]
            expected = (
                Stage.QUEUED if command in queued else Stage.IN_LINE if command in line else None
            )
            stage = queue.withdraw(command)
            assert stage == expected if expected else stage not in (Stage.QUEUED, Stage.IN_LINE)
            for one in (queued, line):
                if command in one:
                    one.remove(command)
            advance()
        assert (len(queue), queue.line, queue.refused) == (len(queued), len(line), refused)
    assert queue.close(lambda: qtg.BridgeStopped("over"), drain) == (
        line if drain else queued + line
    )
    with pytest.raises(qtg.BridgeStopped, match="over"):
        queue.put(Command("late", None), True)
    for command in queued if drain else []:
        assert queue.take() is command
    assert queue.take() is None


def test_nobody_overtakes_the_line() -> None:
    queue = CommandQueue(1)
    first, second, third = (Command(name, None) for name in ("first", "second", "third"))
    queue.put(first, False)
    queue.put(second, True)
    assert queue.take() is first
    with pytest.raises(qtg.BridgeFull):
        queue.put(third, False)
    assert queue.take() is second


def test_who_takes_sleeps_until_there_is_something() -> None:
    queue = CommandQueue(4)
    before = time.monotonic()
    queue.sleep(0.05)
    assert time.monotonic() - before >= 0.045
    new = Command("late", None)
    threading.Timer(0.05, queue.put, (new, False)).start()
    queue.sleep(30.0)
    assert queue.take() is new
    threading.Timer(0.05, queue.close, (lambda: qtg.BridgeStopped("over"),)).start()
    queue.sleep()
    queue.sleep()  # a closed queue never sleeps


@pytest.mark.parametrize("seed", range(4))
def test_many_senders_lose_nothing_and_keep_their_order(seed: int) -> None:
    queue, senders, each = CommandQueue(3), 6, 300
    taken: list[str] = []

    def send(sender: int) -> None:
        random = Random(seed * 100 + sender)
        for k in range(each):
            command = Command(f"{sender}:{k}", None)
            queue.put(command, True)
            if random.random() < 0.3:
                time.sleep(random.random() * 1e-4)
            assert command.wait(30.0)

    def take() -> None:
        while len(taken) < senders * each:
            command = queue.take()
            if command is None:
                queue.sleep(30.0)
                continue
            taken.append(command.name)
            command.resolve(None)

    assert not raised(together(take, *(lambda s=s: send(s) for s in range(senders))))
    for sender in range(senders):
        mine = [int(name.split(":")[1]) for name in taken if name.startswith(f"{sender}:")]
        assert mine == list(range(each))
    assert queue.deepest <= 3
    assert len(queue) == queue.line == 0


def test_sleeping_and_ringing_at_the_same_moment_loses_no_wake_up() -> None:
    queue, n = CommandQueue(1), 3_000

    def send() -> None:
        for _ in range(n):
            command = Command("x", None)
            queue.put(command, True)
            assert command.wait(30.0)

    def take() -> None:
        done = 0
        while done < n:
            if (command := queue.take()) is None:
                queue.sleep(1e-5)
            else:
                command.resolve(None)
                done += 1

    assert not together(send, take)


def test_a_ring_in_the_moment_of_the_time_out_is_not_kept_for_later() -> None:
    queue = CommandQueue(2)

    class Alarm:
        """Times out just when somebody rings."""

        real = queue._alarm

        def acquire(self, timeout: float | None = None) -> bool:
            if timeout is None:
                return self.real.acquire()
            queue.put(Command("now", None), False)
            return False

        def release(self) -> None:
            self.real.release()

    queue._alarm = Alarm()  # type: ignore[assignment]
    queue.sleep(0.1)
    assert queue._alarm.real.locked()
    assert not queue._asleep


def test_a_queue_needs_room() -> None:
    with pytest.raises(qtg.ConfigError, match="at least 1"):
        CommandQueue(0)
