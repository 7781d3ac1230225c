"""A batch on several threads is the batch on one."""

import threading
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import qtg
from qtg.gym.divided import DividedBatch

from .test_doors import same

SHORT = {"steps": 6, "starts": 2, "config": {"background.count": 40, "warmup.ticks": 10}}


def alike(ours: Any, theirs: Any) -> bool:
    """Whether all that a reset or step returned is the same."""
    return all(same(a, b) for a, b in zip(ours, theirs, strict=True))


def make(name: str, envs: int, threads: int, **settings: Any) -> Any:
    return gymnasium.make_vec(
        name, envs, "vector_entry_point", threads=threads, **settings
    ).unwrapped


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("qtg/Execution-v0", {**SHORT, "parent": 60, "size": 30}),
        ("qtg/MarketMaking-v0", SHORT),
        ("qtg/AvellanedaStoikov-v0", {"horizon": 0.03}),
    ],
)
def test_rows_do_what_they_do_in_one_batch(
    name: str, settings: dict[str, Any], mode: AutoresetMode
) -> None:
    """Everything that a step returns, with episodes that end at different times, and with
    environments that do not fall evenly on the threads."""
    whole, parts = (make(name, 7, t, autoreset_mode=mode, **settings) for t in (1, 3))
    assert isinstance(parts.batch, DividedBatch)
    assert [part.num_envs for part in parts.batch.parts] == [3, 2, 2]
    seeds = [11, 5, 7, 7, 2, 9, 40]
    assert alike(parts.reset(seed=seeds), whole.reset(seed=seeds))
    whole.action_space.seed(3)
    for step in range(17):
        actions = whole.action_space.sample()
        assert alike(parts.step(actions), whole.step(actions)), step
    mask = np.array([0, 1, 0, 0, 1, 1, 0], bool)
    options = {"reset_mask": mask}
    assert alike(parts.reset(options=options), whole.reset(options=options))
    assert parts.batch.contract == whole.batch.contract


def test_an_error_in_a_part_is_told_when_all_are_done() -> None:
    """The slowest part has made its step before anybody hears of the error."""
    env = make("qtg/AvellanedaStoikov-v0", 4, 2)
    env.reset(seed=1)
    first, second = env.batch.parts
    done, step = threading.Event(), first.step

    def fails(actions: np.ndarray) -> None:
        raise qtg.ConfigError("this part fails")

    def slow(actions: np.ndarray) -> Any:
        threading.Event().wait(0.2)
        done.set()
        return step(actions)

    for part, other in ((first, second), (second, first)):
        done.clear()
        part.step, other.step = fails, slow
        with pytest.raises(qtg.ConfigError, match="this part fails"):
            env.batch.step(np.zeros((4, 2)))
        assert done.is_set()


@pytest.mark.parametrize(
    ("threads", "message"),
    [
        (0, "threads is 0; pass a whole number of at least 1"),
        (True, "threads is True; pass a whole number"),
        (5, "5 threads for 4 environments; give at most as many"),
    ],
)
def test_threads_that_make_no_sense(threads: Any, message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        make("qtg/AvellanedaStoikov-v0", 4, threads)


def test_threads_end_with_the_environment() -> None:
    env = make("qtg/AvellanedaStoikov-v0", 4, 2)
    env.reset(seed=1)
    env.step(np.zeros((4, 2), np.float32))
    mine = env.batch._threads._threads
    assert all(each.is_alive() for each in mine)
    env.close()
    assert not any(each.is_alive() for each in mine)
