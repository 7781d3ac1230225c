"""Large tables are shared among threads; the results do not depend on it."""

import multiprocessing
import os

import numpy as np
import pytest

from qtg import quant, threads
from qtg.quant import indicator

from .cases import CASES, Case, bars, same


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("holes", [0.0, 0.01])
def test_three_threads_give_what_one_gives(
    case: Case, holes: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    columns = bars(rng, (90, 61), holes)
    inputs = [columns[name] for name in case.inputs]
    parameters = case.draw(rng)
    alone = case.indicator(*inputs, *parameters)
    monkeypatch.setattr(indicator, "MANY", 1)
    monkeypatch.setattr(indicator, "processors", lambda: 3)
    assert indicator.parts(90, 61) == [(0, 16), (16, 40), (40, 61)]
    same(case.indicator(*inputs, *parameters), alone)


@pytest.mark.parametrize(
    ("bars", "markets", "processors", "expected"),
    [
        (10_000, 10, 8, [(0, 10)]),  # little to do
        (1_000_000, 1, 8, [(0, 1)]),  # one series is one thread's
        (100_000, 100, 1, [(0, 100)]),
        (100_000, 100, 2, [(0, 48), (48, 100)]),
        (100_000, 33, 8, [(0, 16), (16, 33)]),
    ],
)
def test_parts_cover_every_market_once(
    bars: int,
    markets: int,
    processors: int,
    expected: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(indicator, "processors", lambda: processors)
    assert indicator.parts(bars, markets) == expected


def test_what_a_thread_raises_is_raised() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        threads.at_once([fail, int])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    table = np.ones((20_000, 64))
    quant.sma(table, 3)
    child = multiprocessing.get_context("fork").Process(target=quant.sma, args=(table, 3))
    child.start()
    child.join(60)
    assert child.exitcode == 0
