"""Price bands, trading halts and reopening auctions."""

from typing import Any

import pytest

import qtg
from qtg.halts import Halts
from qtg.schemas import BorrowEvent, ExecType, MsgType, OrdType, Reason, Side, TimeInForce
from qtg.simulation import Simulation
from qtg.venue import Venue
from tests.reference.rules import Message
from tests.sizes import sized

from .small import FIRST, PRICE, SYMBOL, lively, quiet, start, tick
from .test_borrowing import FEES, LATENCY, WILD, follow
from .test_short_selling import BASE, OTHER, market, short_of, take

HALTS = {"band_bps": 500, "window_ticks": 10, "halt_ticks": 3}
BUY = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=10)
SELL = Message(agent=FIRST + 1, side=Side.SELL, price=PRICE, qty=10)
HIGH = PRICE * 106 // 100
TWO = {"symbols": [SYMBOL, {**SYMBOL, "symbol": "B"}]}


def banded(changes: dict[str, Any] | None = None) -> Simulation:
    """One stock at 100 that may move by 5%; a halt lasts three ticks."""
    return start(quiet({"halts": HALTS, **(changes or {})}))


def trade_at(sim: Simulation, price: int, market: int = 0) -> list[dict[str, int]]:
    trade = (BUY._replace(price=price, qty=1), SELL._replace(price=price, qty=1))
    return tick(sim, *(message._replace(market=market) for message in trade))


def halted_market(changes: dict[str, Any] | None = None) -> Simulation:
    sim = banded(changes)
    sim.run(4)
    trade_at(sim, HIGH)
    assert sim.counts.halted == 1
    return sim


@pytest.mark.parametrize(("percent", "halted"), [(95, 0), (94, 1), (105, 0), (106, 1)])
def test_a_price_outside_its_band_halts_the_market(percent: int, halted: int) -> None:
    sim = banded()
    sim.run(3)
    trade_at(sim, PRICE * percent // 100)
    assert sim.counts.halted == halted
    assert sim.exchange.venue.gathering.tolist() == [bool(halted)]


def test_nothing_halts_without_bands() -> None:
    sim = start(quiet())
    sim.run(3)
    trade_at(sim, 2 * PRICE)
    assert sim.counts.halted == 0


def test_the_reference_is_the_mean_of_the_window() -> None:
    """Nine ticks at 100 and one at 104: 105.40 lies within 5% of 100.4, 105.50 does not."""
    for price, halted in ((1_054_000, 0), (1_055_000, 1)):
        sim = banded()
        sim.run(12)
        trade_at(sim, 1_040_000)
        assert sim.exchange.halts.reference()[0] == 1_004_000
        trade_at(sim, price)
        assert sim.counts.halted == halted


def test_orders_gather_and_trade_at_one_price_when_the_halt_is_over() -> None:
    sim = halted_market()
    high = BUY._replace(price=PRICE + 300, agent=FIRST + 2)
    assert [e["exec_type"] for e in tick(sim, high, SELL)] == [ExecType.NEW, ExecType.NEW]
    low = SELL._replace(price=PRICE - 500, agent=FIRST + 3, qty=4)
    assert [e["exec_type"] for e in tick(sim, low)] == [ExecType.NEW]
    events = tick(sim)
    trades = [e for e in events if e["exec_type"] == ExecType.TRADE]
    assert {e["price"] for e in trades} == {PRICE + 300}
    assert sum(e["qty"] for e in trades) == 10
    assert sim.counts.halted == 0
    # the mean begins again with the reopening price
    assert sim.exchange.halts.reference()[0] == PRICE + 300


def test_cancels_work_in_a_halt_and_what_a_call_does_not_take_is_refused() -> None:
    sim = halted_market()
    order_id = tick(sim, BUY)[0]["order_id"]
    cancel = Message(MsgType.CANCEL, agent=FIRST, order_id=order_id)
    assert tick(sim, cancel)[0]["exec_type"] == ExecType.CANCELED
    fok = BUY._replace(tif=TimeInForce.FOK)
    assert tick(sim, fok)[0]["reason"] == Reason.BAD_TIME_IN_FORCE
    assert tick(sim, fok)[0]["reason"] == Reason.FOK_UNFILLABLE  # it trades again


def test_a_market_order_waits_for_the_auction_and_ends_with_it() -> None:
    sim = halted_market()
    events = tick(sim, BUY._replace(ord_type=OrdType.MARKET, price=0))
    assert [e["exec_type"] for e in events] == [ExecType.NEW]
    assert tick(sim) == []
    (event,) = tick(sim)
    assert (event["exec_type"], event["reason"]) == (ExecType.CANCELED, Reason.NO_LIQUIDITY)


def test_other_markets_trade_on() -> None:
    sim = halted_market(TWO)
    events = trade_at(sim, PRICE, market=1)
    assert [e["exec_type"] for e in events] == [ExecType.NEW, ExecType.NEW, ExecType.TRADE]
    assert sim.exchange.venue.gathering.tolist() == [True, False]


def test_nothing_halts_in_the_warm_up_or_before_the_opening() -> None:
    sim = banded({"warmup.ticks": 6})
    sim.run(3)
    trade_at(sim, HIGH)
    assert sim.counts.halted == 0
    sim = banded({"venue.opening_auction": True, "warmup.ticks": 4}).run(3)
    trade_at(sim, HIGH)
    assert sim.exchange.venue.book_columns.markets.last_price[0] == HIGH  # the opening price
    assert sim.step().counts.halted == 0


def test_a_buy_in_waits_for_the_halt_to_end() -> None:
    sim = short_of(market({"halts": HALTS}), FIRST, 60)
    take(sim, 1_800)
    trade_at(sim, PRICE * 110 // 100)
    ask = SELL._replace(agent=OTHER, price=PRICE * 110 // 100, qty=60)
    tick(sim, ask)
    while sim.counts.halted:
        assert BorrowEvent.BUY_IN not in sim.exchange.lending.notices().event
        sim.step()
    sim.step()
    assert BorrowEvent.BUY_IN in sim.exchange.lending.notices().event
    assert BASE["short_selling"]["recall_ticks"] < HALTS["halt_ticks"] + 1


# -- against the slow bands


@pytest.mark.parametrize("mode", ["price_time", "shuffled", "auction"])
def test_halts_equal_the_slow_ones_with_shorts_and_fees(mode: str) -> None:
    ticks = sized(200, 40)
    rules = {"halts": {"band_bps": 200, "window_ticks": 20, "halt_ticks": 5}}
    watched = follow(FEES | LATENCY | WILD | rules | {"venue.matching": mode}, ticks, seed=3)
    assert len(watched.halts.ended) > ticks // 10
    assert sum(reopening > 0 for *_, reopening in watched.halts.ended) > ticks // 20


@pytest.mark.parametrize("price", [1, 7, 2**31 - 1, 2**31, 2**45 + 3, 2**62 - 1])
def test_means_are_exact_for_any_price(price: int) -> None:
    venue = Venue(markets=2)
    halts = Halts(qtg.Config(halts={"band_bps": 1, "window_ticks": 3}), venue)
    seen = [price, max(price - 5, 1), price, price, max(price // 2, 1)]
    for each in seen:
        venue.book_columns.markets.last_price[0] = each
        halts.watch(active=False)
    assert halts.reference().tolist() == [sum(seen[-3:]) // 3, 0]


# -- what is stored


def test_halts_are_stored() -> None:
    from qtg.result import result_of
    from qtg.run import open_sink

    config = quiet({"halts": HALTS, **TWO})
    sink = open_sink(config, None)
    sim = start(config, sink=sink)
    sim.run(4)
    trade_at(sim, HIGH)
    trade_at(sim, HIGH, market=1)
    trade_at(sim, PRICE)
    sim.step()
    sim.publisher.finish(sim)
    sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    run = result_of(sink)
    columns = ("symbol", "start_tick", "tick", "reference", "price", "reopening")
    assert run.halts.select(columns).rows() == [
        ("A", 6, 8, 100.0, 106.0, 100.0),
        ("B", 7, 8, 100.0, 106.0, None),  # the run ended first
    ]
    assert run.metrics["halted"].to_list() == [0, 0, 0, 0, 1, 2, 2, 1]


def test_a_run_without_bands_has_no_table_of_halts() -> None:
    run = qtg.simulate(quiet(ticks=2), progress=False)
    assert "halts" not in run.tables
    with pytest.raises(qtg.StorageError, match=r"set halts.band_bps = 500 and run again"):
        run.table("halts")


@pytest.mark.compiled
def test_halts_of_a_lively_market_are_those_that_its_metrics_count() -> None:
    config = lively({"halts": {"band_bps": 3, "window_ticks": 20, "halt_ticks": 4}})
    run = qtg.simulate(config, progress=False)
    lasted = run.halts.filter(run.halts["reopening"].is_not_null())
    assert lasted.height > 3
    assert (lasted["tick"] - lasted["start_tick"] == 3).all()
    inside = run.sql(
        "select count(*) from trades t join halts h on t.symbol = h.symbol "
        "and t.tick >= h.start_tick and t.tick < h.tick"
    ).item()
    assert inside == 0
    assert run.metrics["halted"].max() <= len(config.symbols)  # type: ignore[operator]
