"""A strategy of your own that fails, or takes too long, stops the run or is benched."""

import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.agents.budget import OutOfTime, call_within
from qtg.agents.population import check_populations
from qtg.schemas import ExecType, MsgType, Side
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, events_of, lively, quiet

from .market import config_of, population, send
from .user import FIRST, answering


def fails_at(tick: int, answer: Any = None) -> Any:
    """A strategy that answers until it fails."""

    def act(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick >= tick:
            raise RuntimeError("enough")
        return answer(ctx) if answer else None

    return act


def bid_low(ctx: qtg.StrategyContext) -> Any:
    rows = np.arange(len(ctx.agent))
    return ctx.orders(rows, 0 * rows, side=1, qty=10, price=90 + 0.01 * ctx.tick)


def test_the_line_that_failed_is_named() -> None:
    seen = answering(fails_at(1))
    with pytest.raises(qtg.StrategyError, match=r"RuntimeError: enough \(test_failure_policy.py, "):
        seen.step()


def test_benched_agents_do_nothing_and_rest_nothing() -> None:
    seen = answering(fails_at(3, bid_low), on_error="bench")
    seen.step()
    seen.step()
    assert len(seen.sim.book("A").orders()) == 6
    with pytest.warns(qtg.StrategyWarning, match="its agents are benched") as told:
        sent = seen.step()
    assert [(m.msg_type, m.agent) for m in sent] == [
        (MsgType.CANCEL, FIRST + i) for i in (0, 1, 2, 0, 1, 2)
    ]
    assert sum("benched" in str(each.message) for each in told) == 1
    assert len(seen.sim.book("A").orders()) == 0
    reserved = seen.sim.exchange.ledger.accounts.reserved
    assert reserved[FIRST:].tolist() == [0, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [seen.step() for _ in range(5)] == [[]] * 5
    (benched,) = seen.sim.benched
    assert benched[:4] == ("mine", 0, 3, 3)
    assert benched.reason.startswith("strategy 'mine' failed at tick 3: RuntimeError: enough")


def test_orders_on_their_way_are_cancelled_when_they_arrive() -> None:
    latency = {"kind": "choice", "values": [0, 3]}
    seen = answering(
        fails_at(6, bid_low), 40, on_error="bench", latency=latency, latency__enabled=True
    )
    with pytest.warns(qtg.StrategyWarning):
        seen.sim.run(6)
    assert len(seen.sim.book("A").orders()) > 0, "some were still on their way"
    for _ in range(4):
        seen.step()
    assert len(seen.sim.book("A").orders()) == 0
    events = [e for _ in range(5) for e in (seen.sim.step(), events_of(seen.sim))[1]]
    assert events == []


def test_what_it_sent_in_the_tick_of_its_failure_is_dropped() -> None:
    def half(ctx: qtg.StrategyContext) -> Any:
        allowed = ctx.orders([0], [0], side=1, qty=10, price=90.0)
        return [allowed, ctx.orders([1], [1], side=1, qty=10, price=40.0)]

    two = [SYMBOL, {"symbol": "B", "initial_price": "50.00"}]
    seen = answering(half, on_error="bench", symbols=two, population_symbols=["A"])
    with pytest.warns(qtg.StrategyWarning, match="may not trade B"):
        assert seen.step() == []


def test_the_others_go_on() -> None:
    seen = answering(fails_at(1), on_error="bench")
    with pytest.warns(qtg.StrategyWarning):
        seen.step()
    send(seen.sim, side=Side.BUY, price=PRICE, qty=5)
    send(seen.sim, side=Side.SELL, price=PRICE, qty=5, agent=3)
    seen.step()
    assert [e["qty"] for e in events_of(seen.sim) if e["exec_type"] == ExecType.TRADE] == [5]


def test_an_environment_is_benched_alone() -> None:
    def act(ctx: qtg.StrategyContext) -> Any:
        if ctx.env_id == 7 and ctx.tick > 4:
            raise RuntimeError("enough")
        return bid_low(ctx)

    qtg.strategy("mine")(act)
    mine = population("mine", 3, on_error="bench")
    config = lively()
    config = config.with_(smart=[*config.smart, mine], warmup={"ticks": 0})
    with pytest.warns(qtg.StrategyWarning):
        alone = [Simulation(config, envs=[env]).run(20).trace_hash for env in (3, 7)]
    with pytest.warns(qtg.StrategyWarning):
        batch = Simulation(config, envs=[3, 7]).run(20)
    assert batch.trace_hashes == alone
    assert [(each.env, each.tick) for each in batch.benched] == [(7, 5)]


@pytest.mark.parametrize("stored", [True, False])
def test_a_run_says_who_was_benched(stored: bool, tmp_path: Path) -> None:
    qtg.strategy("mine")(fails_at(20))
    config = lively()
    config = config.with_(smart=[*config.smart, population("mine", 2, on_error="bench")])
    with pytest.warns(qtg.StrategyWarning):
        run = qtg.simulate(config, tmp_path / "run" if stored else None, progress=False)
    if not stored:
        run = run.save(tmp_path / "saved")
    (benched,) = run.info()["benched"]
    assert run.status == "complete"
    assert (benched["kind"], benched["agents"], benched["tick"]) == ("mine", 2, 20)
    assert "RuntimeError: enough" in benched["reason"]
    assert run.metrics["tick"].to_list() == list(range(1, 71))


def loop_forever(ctx: Any) -> None:
    while True:
        pass


def sleep_forever(ctx: Any) -> None:
    time.sleep(1e6)


def wait_forever(ctx: Any) -> None:
    threading.Event().wait()


def swallow(ctx: Any) -> None:
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


@pytest.mark.compiled  # under a tracer an interruption may come late
@pytest.mark.parametrize("act", [loop_forever, sleep_forever, wait_forever, swallow])
def test_a_call_that_never_returns_is_interrupted(act: Any) -> None:
    seen = answering(act, time_budget_ms=50)
    with pytest.raises(qtg.StrategyError) as caught:
        seen.step()
    assert str(caught.value) == (
        "strategy 'mine' at tick 1 took longer than its time budget of 50 ms; make it faster or "
        "raise time_budget_ms"
    )


@pytest.mark.compiled
@pytest.mark.parametrize("act", [loop_forever, swallow])
def test_it_is_interrupted_outside_of_the_main_thread_too(act: Any) -> None:
    caught: list[BaseException] = []

    def run() -> None:
        try:
            call_within(0.05, act, None)
        except OutOfTime as error:
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert len(caught) == 1


@pytest.mark.compiled
@pytest.mark.parametrize("in_thread", [False, True])
def test_calls_in_time_are_left_alone(in_thread: bool) -> None:
    """Thousands of calls that end about when their time does: each returns or runs out of time."""
    ends: list[str] = []

    def spin(seconds: float) -> str:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            pass
        return "done"

    def run() -> None:
        for i in range(400):
            try:
                ends.append(call_within(0.0005, spin, 0.0005 * (0.8 + i / 1000)))
            except OutOfTime:
                ends.append("out of time")
        for _ in range(1000):
            pass
        ends.append("end")

    thread = threading.Thread(target=run)
    (thread.start(), thread.join()) if in_thread else run()
    assert len(ends) == 401
    assert set(ends) <= {"done", "out of time", "end"}


def test_an_answer_that_comes_too_late_is_refused() -> None:
    def slow(ctx: Any) -> None:
        until = time.perf_counter() + 0.06
        while time.perf_counter() < until:
            try:
                while time.perf_counter() < until:
                    pass
            except BaseException:
                continue

    seen = answering(slow, time_budget_ms=20, on_error="bench")
    with pytest.warns(qtg.StrategyWarning, match="time budget of 20 ms"):
        seen.step()


def test_the_clock_of_an_earlier_alarm_goes_on() -> None:
    import signal

    rung: list[int] = []
    theirs = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        assert call_within(10.0, int, "3") == 3
        time.sleep(0.1)
    finally:
        signal.signal(signal.SIGALRM, theirs)
    assert rung == [signal.SIGALRM]


def test_a_time_budget_changes_nothing_for_those_in_time() -> None:
    qtg.strategy("mine")(bid_low)
    config = quiet({"smart": [population("mine", 3)]})
    slow = quiet({"smart": [population("mine", 3, time_budget_ms=60_000)]})
    assert Simulation(config).run(5).trace_hash == Simulation(slow).run(5).trace_hash


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"on_error": "bench"}, "smart.0.on_error: is for strategies of your own, and noise_trad"),
        ({"time_budget_ms": 5}, "smart.0.time_budget_ms: is for strategies of your own"),
    ],
)
def test_built_in_kinds_do_not_fail(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(qtg.ConfigError, match=sentence):
        check_populations(config_of(population("noise_trader", **fields)))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"on_error": "benhc"},
            "smart.0.on_error: no failure policy 'benhc'; did you mean 'bench'",
        ),
        ({"time_budget_ms": 0}, "smart.0.time_budget_ms: must be more than 0, got 0"),
    ],
)
def test_a_policy_that_does_not_exist_is_named(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(qtg.ConfigError, match=sentence):
        config_of(population("mine", **fields))
