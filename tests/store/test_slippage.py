"""Slippage of a run's orders against a plain walk over its events; the cost of a book walk."""

from collections import defaultdict

import numpy as np
import pytest

import qtg
from qtg.errors import OrderError, StorageError
from tests.simulation.small import lively


@pytest.fixture(scope="module")
def run() -> "qtg.Result":
    config = lively({"storage.orders": True, "venue.protection_bps": 500}, ticks=40)
    return qtg.simulate(config, progress=False)


def test_every_filled_order_has_its_shortfall(run: "qtg.Result") -> None:
    arrived, fills = {}, defaultdict(list)
    for event in run.orders.iter_rows(named=True):
        if event["exec_type"] == "new":
            arrived[event["order_id"]] = event
        elif event["exec_type"] == "trade":
            fills[event["order_id"]].append((event, True))
            fills[event["contra_id"]].append((event, False))
    mids = {
        (row["tick"], row["symbol"]): (row["bid"] + row["ask"]) / 2
        for row in run.quotes.iter_rows(named=True)
        if row["bid"] is not None and row["ask"] is not None
    }
    table = run.slippage()
    assert table["order_id"].to_list() == sorted(fills)
    assert table.height > 100
    without = 0
    for row in table.iter_rows(named=True):
        order, mine = arrived[row["order_id"]], fills[row["order_id"]]
        filled = sum(event["qty"] for event, _ in mine)
        price = sum(event["qty"] * event["price"] for event, _ in mine) / filled
        assert (row["filled"], row["fills"]) == (filled, len(mine))
        assert row["taken"] == sum(event["qty"] for event, takes in mine if takes)
        assert row["levels"] == len({event["price"] for event, _ in mine})
        assert row["last_tick"] == max(event["tick"] for event, _ in mine)
        assert (row["agent"], row["side"]) == (order["agent"], order["side"])
        assert row["price"] == pytest.approx(price, abs=1e-9)
        mid = mids.get((order["tick"] - 1, order["symbol"]))
        if mid is None:
            without += 1
            assert row["arrival_mid"] is None
            assert row["shortfall_bps"] is None
            continue
        sign = 1 if order["side"] == "buy" else -1
        assert row["shortfall_bps"] == pytest.approx(sign * (price / mid - 1) * 1e4, abs=1e-6)
    assert without < table.height / 2
    takers = table.filter(table["taken"] == table["filled"])
    assert takers["shortfall_bps"].drop_nulls().mean() > 0, "who takes pays the spread"


def test_a_run_without_orders_says_what_to_store() -> None:
    short = qtg.simulate(lively(ticks=3), progress=False)
    with pytest.raises(StorageError, match=r"'orders'.*storage\.orders = true"):
        short.slippage()


def test_the_cost_of_an_order_is_what_it_then_pays() -> None:
    draw = np.random.default_rng(5)
    for _ in range(50):
        venue = qtg.Venue()
        prices = 10_000 + np.concatenate([-draw.integers(1, 50, 30), draw.integers(1, 50, 30)])
        venue.submit(
            {"side": [1] * 30 + [-1] * 30, "price": prices, "qty": draw.integers(1, 9, 60)}
        )
        side, qty = int(draw.choice([-1, 1])), int(draw.integers(1, 250))
        cost = venue.book().cost(side, qty)
        mid = (venue.book().best(1) + venue.book().best(-1)) / 2  # type: ignore[operator]
        events = venue.submit({"ord_type": [qtg.OrdType.MARKET], "side": [side], "qty": [qty]})
        traded = events.exec_type == qtg.ExecType.TRADE
        paid, shares = events.price[traded] @ events.qty[traded], events.qty[traded].sum()
        assert (cost.filled, cost.levels) == (shares, len(np.unique(events.price[traded])))
        assert cost.price == pytest.approx(paid / shares / 1e4)
        assert cost.slippage_bps == pytest.approx(side * (paid / shares / mid - 1) * 1e4)


def test_a_book_that_cannot_fill_says_so() -> None:
    venue = qtg.Venue()
    nothing = venue.book().cost(1, 5)
    assert (nothing.filled, nothing.levels) == (0, 0)
    assert np.isnan(nothing.price)
    assert np.isnan(nothing.slippage_bps)
    for side, qty in ((0, 5), (1, 0)):
        with pytest.raises(OrderError, match="must be"):
            venue.book().cost(side, qty)
