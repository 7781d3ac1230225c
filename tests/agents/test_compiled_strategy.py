"""A user's own kind as a function that numba compiles."""

import math
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.compiled import MOST_ORDERS, buy, cancel, compiled_strategy, replace, sell, uniform
from qtg.schemas import MsgType, OrdType, Side, TimeInForce
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, quiet

from .market import Outgoing, market, population, send
from .user import FIRST, HUNTER, hunt_columns, hunters_trade

TWO = [SYMBOL, {"symbol": "B", "initial_price": "50.00", "tick_size": "0.05", "lot_size": 10}]


def compiled(decide: Any, count: int = 3, **fields: Any) -> Outgoing:
    """A market with agents whose compiled function this is."""
    declared = {"params": fields.pop("defaults", None), "state": fields.pop("state", None)}
    options = {key: fields.pop(key) for key in list(fields) if "__" in key or key == "symbols"}
    if "population_symbols" in fields:
        fields["symbols"] = fields.pop("population_symbols")
    compiled_strategy("mine", **declared)(decide)
    return market(population("mine", count, **fields), **options)


def sent_by(seen: Outgoing) -> list[tuple[int, ...]]:
    return [(m.agent, m.market, m.side, m.price, m.qty) for m in seen.step()]


def test_a_registered_function_trades() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        if not math.isnan(market.ask):
            buy(orders, me.params.size, market.ask)

    seen = compiled(decide, defaults={"size": 7})
    send(seen.sim, side=Side.SELL, price=PRICE, qty=50)
    seen.step()
    assert sent_by(seen) == [(FIRST + i, 0, Side.BUY, PRICE, 7) for i in range(3)]


def test_it_sees_the_market_and_its_account() -> None:
    """What it sees goes into its state, which the test reads."""
    names = [
        "tick",
        "symbol",
        "bid",
        "ask",
        "mid",
        "last",
        "fair_value",
        "volume",
        "tick_size",
        "lot_size",
        "news",
        "cash",
        "shares",
        "position",
        "bid_id",
        "bid_price",
        "bid_qty",
        "ask_id",
    ]

    def decide(me: Any, market: Any, orders: Any) -> None:
        me.state.tick, me.state.symbol = market.tick, market.symbol
        me.state.bid, me.state.ask, me.state.mid = market.bid, market.ask, market.mid
        me.state.last, me.state.fair_value = market.last, market.fair_value
        me.state.volume, me.state.tick_size = market.volume, market.tick_size
        me.state.lot_size, me.state.news = market.lot_size, market.news
        me.state.cash, me.state.shares, me.state.position = me.cash, me.shares, me.position
        me.state.bid_id, me.state.bid_price = me.bid.order_id, me.bid.price
        me.state.bid_qty, me.state.ask_id = me.bid.qty, me.ask.order_id
        if market.tick == 1 and market.symbol == 1:
            buy(orders, 20, 49.97)
            sell(orders, 30)

    state = dict.fromkeys(names, -1.0)
    seen = compiled(decide, 1, state=state, symbols=TWO, cash=5_000, shares=100)
    send(seen.sim, side=Side.BUY, price=PRICE - 200, qty=5)
    seen.step()
    rows = seen.sim.smart[-1]._rows.state  # type: ignore[attr-defined]
    first = dict(zip(names, rows[0, 0].tolist()))
    assert math.isnan(first["bid"])
    assert (first["mid"], first["last"], first["fair_value"]) == (100.0, 100.0, 100.0)
    assert (first["cash"], first["shares"], first["bid_id"]) == (5_000.0, 100.0, 0.0)
    seen.step()
    a, b = (dict(zip(names, rows[0, symbol].tolist())) for symbol in (0, 1))
    assert (a["tick"], a["symbol"], a["bid"], a["tick_size"], a["lot_size"]) == (
        2,
        0,
        99.98,
        0.01,
        1,
    )
    assert (b["symbol"], b["tick_size"], b["lot_size"], b["position"]) == (1, 0.05, 10, 100)
    assert (b["bid_price"], b["bid_qty"], b["ask_id"]) == (49.95, 20, 0)
    assert b["bid_id"] > 0
    assert a["cash"] == 5_000 - 20 * 49.95


def test_prices_are_put_on_the_grid_as_those_of_a_numpy_function() -> None:
    prices = [99.996, 100.004, 100.0, 100.1, 0.001, 99.9999999]

    def decide(me: Any, market: Any, orders: Any) -> None:
        buy(orders, 1, me.params.price)
        sell(orders, 1, me.params.price)

    for price in prices:
        seen = compiled(decide, 1, defaults={"price": price})
        found = [m[3] for m in sent_by(seen)]

        def same(ctx: qtg.StrategyContext) -> Any:
            return ctx.orders([0, 0], [0, 0], side=[1, -1], qty=1, price=ctx.params["price"][0])

        qtg.strategy("mine", params={"price": price})(same)
        assert found == [m.price for m in market(population("mine", 1)).step()]


def test_without_a_price_it_is_a_market_order_and_a_lifetime_makes_it_expire() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        buy(orders, 4, 90.0, 6)
        sell(orders, 5)

    seen = compiled(decide, 1, latency=2, latency__enabled=True)
    limit, at_market = seen.step()
    assert (limit.ord_type, limit.tif, limit.expire_tick) == (OrdType.LIMIT, TimeInForce.GTT, 9)
    assert (at_market.ord_type, at_market.side, at_market.qty) == (OrdType.MARKET, -1, 5)
    assert {m.latency_ticks for _, m in seen.sent} == {2}


def test_resting_orders_are_moved_and_cancelled() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        if market.tick == 1:
            buy(orders, 10, 90.0)
            sell(orders, 20, 110.0)
        elif market.tick == 2:
            replace(orders, me.bid, me.bid.price + 1.004)
            replace(orders, me.ask, 109.001, 5)
        elif market.tick == 3:
            cancel(orders, me.bid)

    seen = compiled(decide, 1, shares=100)
    seen.step()
    kinds = [(m.msg_type, m.price, m.qty) for m in seen.step()]
    assert kinds == [(MsgType.REPLACE, 910_000, 10), (MsgType.REPLACE, 1_090_100, 5)]
    assert [m.msg_type for m in seen.step()] == [MsgType.CANCEL]
    book = seen.sim.book("A").orders()
    assert book.select("side", "price", "qty").rows() == [(-1, 1_090_100, 5)]


def test_state_is_kept_per_agent_and_symbol() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        me.state.seen += 1 + market.symbol
        if me.state.seen > me.state.first:
            buy(orders, 10 * me.state.seen, 10.0)

    seen = compiled(decide, 2, symbols=TWO, state={"seen": 0, "first": 2})
    assert sent_by(seen) == []
    assert [(m[0] - FIRST, m[1], m[4]) for m in sent_by(seen)] == [(0, 1, 40), (1, 1, 40)]
    assert [m[4] for m in sent_by(seen)] == [30, 60, 30, 60]


def test_only_its_symbols_are_asked_for() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        buy(orders, 10, 10.0)

    seen = compiled(decide, 2, symbols=TWO, population_symbols=["B"])
    assert {m[1] for m in sent_by(seen)} == {1}


def test_uniform_numbers_are_those_of_a_numpy_function() -> None:
    def decide(me: Any, market: Any, orders: Any) -> None:
        me.state.u = uniform(me, 3)

    seen = compiled(decide, 4, state={"u": 0.0})
    contexts: list[Any] = []
    qtg.strategy("other")(lambda ctx: contexts.append(ctx.uniform(3)))
    also = market(population("other", 4))
    for each in (seen, also):
        each.step()
        each.step()
    rows = seen.sim.smart[-1]._rows.state  # type: ignore[attr-defined]
    assert rows["u"][:, 0].tolist() == contexts[1].tolist()


def hunt(me: Any, market: Any, orders: Any) -> None:
    """Bargain hunters, as in tests/agents/test_agent_objects.py."""
    size, edge = me.params.size, me.params.edge
    if market.ask < market.fair_value * (1 - edge) and me.cash >= market.ask * size:
        buy(orders, size, market.ask, 3)
    elif market.bid > market.fair_value * (1 + edge) and me.shares >= size:
        sell(orders, size, market.bid, 3)


def test_it_trades_as_the_same_function_over_columns_does() -> None:
    compiled_strategy("mine", params=HUNTER)(hunt)
    here = hunters_trade()
    qtg.strategy("mine", params=HUNTER)(hunt_columns)
    assert hunters_trade() == here


def test_the_outbox_grows_while_it_decides() -> None:
    """The loop stops where the room ends and goes on; nothing is sent twice."""

    def decide(me: Any, market: Any, orders: Any) -> None:
        me.state.calls += 1
        for i in range(5):
            buy(orders, 10 * (1 + i), 10.0)

    seen = compiled(decide, 40, symbols=TWO, state={"calls": 0})
    sent = sent_by(seen)
    assert [m[4] for m in sent] == [10 * (1 + i) for i in range(5)] * 80
    assert [m[:2] for m in sent[::5]] == [(FIRST + i, m) for i in range(40) for m in (0, 1)]
    rows = seen.sim.smart[-1]._rows.state  # type: ignore[attr-defined]
    assert (rows["calls"] == 1).all()


@pytest.mark.parametrize("form", ["compiled", "columns"])
def test_those_who_come_after_it_find_room_in_the_outbox(form: str) -> None:
    """Built-in kinds write without asking for room: what they may send is always left free."""
    if form == "compiled":

        def decide(me: Any, market: Any, orders: Any) -> None:
            for _ in range(4):
                buy(orders, 1, 10.0)

        compiled_strategy("mine")(decide)
    else:
        rows = np.repeat(np.arange(250), 4)
        qtg.strategy("mine")(lambda ctx: ctx.orders(rows, 0 * rows, side=1, qty=1, price=10.0))
    noise = population("noise_trader", 40, cash=10**6)
    seen = market(population("mine", 250), noise)
    for _ in range(3):
        assert len(seen.step()) > 1_000
        assert len(seen.sim.exchange.outbox.orders) >= 1_000 + 40


def faulty(me: Any, market: Any, orders: Any) -> None:
    """Does one thing wrong, which `case` tells."""
    case = me.params.case
    if case == 0:
        buy(orders, 1, market.bid if me.agent == 7 else 90.0)
    elif case == 1:
        sell(orders, 1, market.mid / np.float64(7 - me.agent))
    elif case == 2:
        buy(orders, 0.5, 90.0)
    elif case == 3:
        sell(orders, -4)
    elif case == 4:
        buy(orders, 1, 90.0, 0)
    elif case == 5:
        cancel(orders, me.ask)
    elif case == 6:
        for _ in range(MOST_ORDERS + 1):
            buy(orders, 1, 90.0)
    elif me.agent == 7:
        raise ValueError("enough")


BAD = {
    "a price that is no number": "agent 7: price is nan, which cannot be ordered",
    "a division by nothing": "agent 7: price is inf, which cannot be ordered",
    "half a share": "agent 6: qty is 0.5, which cannot be ordered",
    "a negative quantity": "agent 6: qty is -4.0, which cannot be ordered",
    "a lifetime of nothing": "agent 6: lifetime is 0.0, which cannot be ordered",
    "an order that is not there": "agent 6: there is no order to amend; look at me.bid.order_id",
    "too many orders": "agent 6: a call may send 8 orders; send the others in the next tick",
    "an exception": "failed at tick 1: ValueError: enough",
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_names_strategy_tick_and_agent(case: str) -> None:
    defaults = {"case": list(BAD).index(case)}
    seen = compiled(faulty, defaults=defaults)
    with pytest.raises(qtg.StrategyError) as caught:
        seen.step()
    message = str(caught.value)
    assert message.startswith("strategy 'mine'")
    assert "at tick 1" in message
    assert BAD[case] in message
    with pytest.warns(qtg.StrategyWarning, match="its agents are benched"):
        assert compiled(faulty, defaults=defaults, on_error="bench").step() == []


def misspelt(me: Any, market: Any, orders: Any) -> None:
    buy(orders, me.cassh, 90.0)


def makes_an_array(me: Any, market: Any, orders: Any) -> None:
    buy(orders, np.zeros(3)[0], 90.0)


def unknown_parameter(me: Any, market: Any, orders: Any) -> None:
    buy(orders, me.params.sise, 90.0)


def two_arguments(me: Any, market: Any) -> None:
    return None


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("decide", "sentence"),
    [
        (misspelt, "Unknown attribute 'cassh'"),
        (makes_an_array, "zeros"),
        (unknown_parameter, "sise"),
    ],
)
def test_what_does_not_compile_is_told_before_the_run(decide: Any, sentence: str) -> None:
    with pytest.raises(qtg.StrategyError) as caught:
        compiled(decide)
    message = str(caught.value)
    assert message.startswith("strategy 'mine' does not compile: ")
    assert sentence in message
    assert "test_compiled_strategy.py" in message
    assert message.endswith("and no arrays, lists or text")
    assert "\n" not in message
    assert len(message) < 600


def test_names_must_be_names() -> None:
    with pytest.raises(qtg.ConfigError, match="two_arguments must take three arguments: me, mark"):
        compiled_strategy("mine")(two_arguments)  # type: ignore[arg-type]
    for wrong in ({"params": {"half spread": 1}}, {"state": {"2nd": 0}}):
        with pytest.raises(qtg.ConfigError, match="is no name; use letters and _"):
            compiled_strategy("mine", **wrong)


@pytest.mark.compiled
def test_a_call_that_took_too_long_is_told_once_it_is_over() -> None:
    def slow(me: Any, market: Any, orders: Any) -> None:
        for i in range(20_000_000):
            me.state.x += math.sqrt(i + me.state.x)

    seen = compiled(slow, 1, state={"x": 0.0}, time_budget_ms=20)
    with pytest.raises(qtg.StrategyError, match="longer than its time budget of 20 ms"):
        seen.step()


def test_nobody_is_a_population_too() -> None:
    seen = compiled(hunt, 0, defaults={"size": 1, "edge": 1})
    assert seen.step() == []
    assert Simulation(quiet({"smart": []})).run(1).tick == 1
