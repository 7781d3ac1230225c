"""Every order of a run goes through the table of its life, whatever the market does."""

from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.lifecycle import OrderLog
from qtg.schemas import (
    Events,
    ExecInst,
    ExecType,
    LifecycleRule,
    MsgType,
    OrderEvents,
    OrdStatus,
    OrdType,
    TimeInForce,
)
from qtg.simulation import Simulation
from qtg.tape.live import events_of
from tests.property.lifecycle import compare, found
from tests.reference.columns import as_columns, as_dicts
from tests.reference.lifecycle import SlowLifecycle
from tests.reference.rules import Message
from tests.sizes import sized

from .small import FIRST, lively, quiet, start

TICKS = sized(30, 6)
MODES: dict[str, dict[str, Any]] = {
    "price_time": {"venue.matching": "price_time", "venue.self_trade": "cancel_resting"},
    "shuffled": {"venue.matching": "shuffled", "venue.self_trade": "cancel_both"},
    "auction": {"venue.matching": "auction"},
    "opening": {"venue.opening_auction": True, "check_every": 0},
    "halts": {"halts": {"band_bps": 3, "window_ticks": 20, "halt_ticks": 4}},
    "shorts": {"rules": "realistic", "smart.0.short_selling": True},
    "limits": {"limits.position": 60, "limits.drawdown": 0.01},
}


class Noise:
    """Random messages from outside; some name orders that are on their way, done or not there."""

    def __init__(self, sim: Simulation, seed: int) -> None:
        self.sim, self.random = sim, Random(seed)

    def messages(self, n: int) -> list[Message]:
        return [self._message() for _ in range(n)]

    def _message(self) -> Message:
        draw, exchange = self.random, self.sim.exchange
        next_id = int(exchange.venue.next_id[0])
        market = draw.randrange(exchange.terms.symbols + 1) - (draw.random() < 0.02)
        mid = int(exchange.view.mid[market % exchange.terms.symbols])
        return Message(
            msg_type=draw.choice([MsgType.NEW] * 4 + [MsgType.CANCEL, MsgType.REPLACE, 3]),
            ord_type=draw.choice([OrdType.LIMIT] * 4 + [OrdType.MARKET, OrdType.PROTECTED]),
            tif=draw.choice(list(TimeInForce)),
            exec_inst=draw.choice([ExecInst.NONE] * 3 + [ExecInst.POST_ONLY]),
            side=draw.choice((1, -1)),
            market=market,
            agent=draw.randint(FIRST, exchange.n_agents),
            latency_ticks=draw.choice((0, 1, 3, 999)),
            price=mid // 100 * 100 + 100 * draw.randint(-20, 20),
            qty=draw.choice((1, 5, 30, 0)),
            order_id=draw.choice((0, draw.randint(1, next_id + 20))),
            expire_tick=self.sim.tick + draw.randint(1, 20),
        )


@pytest.mark.parametrize("mode", MODES)
def test_no_order_of_a_run_does_what_none_can(mode: str) -> None:
    sim = start(lively(MODES[mode]))
    exchange, noise = sim.exchange, Noise(sim, seed=len(mode))
    exchange.venue.track_orders()
    slow, everything, stored = SlowLifecycle(), OrderLog(history=True), OrderLog()
    for _ in range(TICKS):
        sim.submit(as_columns(noise.messages(20)))
        sim.step()
        events = Events(*(column[: exchange.n_events] for column in exchange.events))
        everything.fold(events, sim.tick)
        slow.read(as_dicts(events), sim.tick)
        for _ in stored.fold_stored(events_of(sim)):
            pass
    assert found(stored.violations) == []
    assert found(exchange.venue.order_log.violations) == []
    assert found(everything.violations) == slow.impossible == []
    compare(everything, slow)
    # The venue's own log knows each order's time in force, and not what admission refused.
    mine, theirs = exchange.venue.orders(), everything.frame()
    assert mine.drop("time_in_force").equals(theirs.drop("time_in_force"))
    # What is stored knows it too.
    assert stored.frame().equals(mine)
    assert {"ioc", "gtt"} <= set(mine["time_in_force"])
    issued = exchange.orders()["order_id"].to_list()
    assert sorted(issued) == list(range(1, int(exchange.venue.next_id[0])))


def test_stored_events_tell_what_a_time_in_force_forbids() -> None:
    sim = start(lively(MODES["price_time"]))
    noise, stored = Noise(sim, seed=5), []
    for _ in range(TICKS):
        sim.submit(as_columns(noise.messages(30)))
        stored.append(events_of(sim.step()))
    events = OrderEvents(*map(np.concatenate, zip(*stored, strict=True)))
    ended = (events.exec_type == ExecType.CANCELED) & (events.time_in_force == TimeInForce.IOC)
    fills = (events.exec_type == ExecType.TRADE) & (events.exec_inst == ExecInst.NONE)
    for where, column, value, rule in (
        (ended, "exec_type", ExecType.EXPIRED, LifecycleRule.TRANSITION),
        (fills, "exec_inst", ExecInst.POST_ONLY, LifecycleRule.TAKING),
    ):
        at = int(np.flatnonzero(where)[0])
        spoilt = OrderEvents(*(each.copy() for each in events))
        getattr(spoilt, column)[at] = value
        wrong = qtg.lifecycle_violations(spoilt)
        assert (int(wrong.at[0]), int(wrong.rule[0])) == (at, rule)


def test_an_order_is_pending_until_it_reaches_its_market() -> None:
    sim = start(quiet({"latency.enabled": True}))
    sim.exchange.venue.track_orders()
    order = Message(agent=FIRST, price=990_000, qty=5, latency_ticks=2)
    sim.submit(as_columns([order]))
    told = []
    for _ in range(4):
        sim.step()
        told.append(sim.exchange.orders().select("order_id", "status", "price", "leaves").row(0))
    assert [row[1] for row in told] == ["pending_new", "pending_new", "new", "new"]
    assert {(row[0], row[2], row[3]) for row in told} == {(1, 990_000, 5)}


def test_a_refused_new_order_has_no_id_whatever_its_row_said() -> None:
    sim = start(quiet())
    sim.submit(as_columns([Message(agent=FIRST, price=990_000, qty=-1, order_id=77)]))
    sim.step()
    assert sim.exchange.events.order_id[0] == 0


@pytest.fixture(scope="module")
def run() -> qtg.Result:
    changes = {"storage.orders": True, "venue.protection_bps": 500}
    return qtg.simulate(lively(changes, ticks=sized(60, 5)), progress=False)


def test_a_run_tells_where_its_orders_stand(run: qtg.Result) -> None:
    slow = SlowLifecycle()
    for chunk in run.chunks("orders"):
        columns = chunk._asdict() | {"market": chunk.symbol}
        names = [name for name in Events._fields if name != "row"]
        for row in zip(chunk.tick.tolist(), *(columns[name].tolist() for name in names)):
            slow.read([dict(zip(names, row[1:])) | {"row": -1}], row[0])
    status = run.order_status
    assert slow.impossible == []
    assert status.height == len(slow.orders)
    for row, ((_, order_id), order) in zip(status.rows(named=True), slow.orders.items()):
        assert (row["order_id"], row["status"]) == (order_id, order.status.name.lower())
        assert (row["qty"], row["cum_qty"], row["leaves"]) == (
            *(order.order_qty, order.cum_qty, order.leaves),
        )
        if order.fills:
            assert row["avg_price"] == pytest.approx(float(order.paid / order.cum_qty) / 10_000)
    assert run.lifecycle_violations().height == 0
    assert status["cum_qty"].sum() == 2 * run.trades["qty"].sum()


def test_events_show_the_status_of_their_orders(run: qtg.Result) -> None:
    stored, shown = run.table("orders"), run.orders
    assert shown.columns == [
        *(*stored.columns, "status", "cum_qty", "contra_status", "contra_cum_qty"),
    ]
    assert shown.select(stored.columns).equals(stored)
    is_trade = pl.col("exec_type").cast(pl.String) == "trade"
    assert shown.filter(is_trade)["contra_status"].null_count() == 0
    assert shown.filter(~is_trade)["contra_status"].drop_nulls().len() == 0
    refused = shown.filter(pl.col("status").is_null())
    assert set(refused["exec_type"].cast(pl.String)) <= {"rejected"}
    ends = shown.group_by("order_id").last().filter(pl.col("order_id") > 0)
    last = ends.join(run.order_status, on="order_id", suffix="_now")
    assert last.filter(pl.col("leaves_now") == 0).height > 0


def test_a_history_is_what_the_events_of_one_order_say(run: qtg.Result) -> None:
    most = run.order_status.sort("fills", descending=True)
    for order in most.head(5).rows(named=True):
        steps = run.order_history(order["order_id"])
        assert steps["status"][-1] == order["status"]
        assert steps["cum_qty"][-1] == order["cum_qty"]
        about = (pl.col("order_id") == order["order_id"]) | (
            pl.col("contra_id") == order["order_id"]
        )
        events = run.orders.filter(about)
        assert steps["tick"].to_list() == events["tick"].to_list()
        assert steps["price"][0] == events["limit_price"][0]
    assert run.order_history(10**12).height == 0


def test_a_run_with_a_part_missing_says_which_order_makes_no_sense(tmp_path: Any) -> None:
    from qtg.order_status import order_status, orders_with_status, run_violations

    class Cut:
        """A run whose first events are lost."""

        def __init__(self, whole: qtg.Result) -> None:
            self.whole = whole

        def chunks(self, name: str) -> Any:
            for chunk in self.whole.chunks(name):
                yield type(chunk)(*(column[200:] for column in chunk))

        def table(self, name: str) -> pl.DataFrame:
            return self.whole.table(name).slice(200)

    config = lively({"storage.orders": True}, ticks=sized(30, 5))
    cut: Any = Cut(qtg.simulate(config, progress=False))
    with pytest.raises(qtg.LifecycleError, match=r"order \d+ is PENDING_NEW and cannot be"):
        order_status(cut)
    bad = run_violations(cut)
    assert bad.height > 0
    assert bad["status"].cast(pl.String).unique().to_list() == [OrdStatus.PENDING_NEW.name.lower()]
    shown = orders_with_status(cut)
    assert shown.height == cut.table("orders").height
    first = shown.row(bad["sequence"][0] - 1, named=True)
    assert None in (first["status"], first["contra_status"])
