"""Market makers: two quotes around fair value, moved against their inventory."""

from typing import Any

import pytest

from qtg.schemas import ExecType, MsgType, Reason, Side, TimeInForce
from tests.reference.rules import Message
from tests.simulation.small import PRICE, STEP, events_of

from .market import Outgoing, market, population, send

# Half a tick beside the grid, so that no rounding error of a float can move a quote.
PARAMS = {"half_spread": 0.00105, "skew": 0.01, "inventory": 100, "size": 50}
MAKER = 6  # the row after the four idle accounts


def maker(params: dict[str, float] | None = None, **fields: Any) -> Outgoing:
    options = {key: fields.pop(key) for key in list(fields) if "__" in key or key == "symbols"}
    group = population("market_maker", shares=500, params={**PARAMS, **(params or {})}, **fields)
    return market(group, **options)


def quotes(seen: Outgoing) -> tuple[int | None, int | None]:
    """Best bid and ask of the book."""
    book = seen.sim.book("A")
    return book.best(Side.BUY), book.best(Side.SELL)


def test_the_first_quotes_seed_the_spread() -> None:
    seen = maker()
    sent = seen.step()
    assert [(m.msg_type, m.side, m.price, m.qty, m.tif) for m in sent] == [
        (MsgType.NEW, Side.BUY, PRICE - 11 * STEP, 50, TimeInForce.GTC),
        (MsgType.NEW, Side.SELL, PRICE + 11 * STEP, 50, TimeInForce.GTC),
    ]
    assert quotes(seen) == (998_900, 1_001_100)


def test_quotes_that_are_right_are_left_alone() -> None:
    seen = maker()
    seen.step()
    assert [seen.step() for _ in range(5)] == [[]] * 5


@pytest.mark.parametrize(
    ("bought", "center"),
    [(100, 990_000), (50, 995_000), (-10, 1_001_000), (300, 970_000), (900, 970_000)],
)
def test_quotes_move_by_replace_against_the_inventory(bought: int, center: int) -> None:
    seen = maker()
    seen.step()
    before = seen.sim.exchange.ledger.positions
    ids = before.bid_id[MAKER, 0], before.ask_id[MAKER, 0]
    before.qty[MAKER, 0] += bought
    before.qty[0, 0] -= bought
    seen.sim.exchange.ledger.holdings.held[0] += bought
    sent = seen.step()
    assert [(m.msg_type, m.order_id, m.price) for m in sent] == [
        (MsgType.REPLACE, ids[0], center - 1_100),
        (MsgType.REPLACE, ids[1], center + 1_100),
    ]
    assert quotes(seen) == (center - 1_100, center + 1_100)
    replaced = [e["order_id"] for e in events_of(seen.sim)]
    assert replaced == list(ids)
    assert {e["exec_type"] for e in events_of(seen.sim)} == {ExecType.REPLACED}


def test_quotes_follow_fair_value() -> None:
    seen = maker()
    seen.step()
    for value, bid, ask in (
        (1_001_500, 1_000_400, 1_002_600),
        (1_000_100, 999_000, 1_001_200),
        (900_000, 899_000, 901_000),
    ):
        seen.sim.economy.reprice(0, value)
        assert {m.msg_type for m in seen.step()} == {MsgType.REPLACE}
        assert quotes(seen) == (bid, ask)
    assert seen.sim.book("A").orders().height == 2


def test_a_bid_that_met_its_own_old_ask_is_back_in_the_next_tick() -> None:
    seen = maker()
    seen.step()
    seen.sim.economy.reprice(0, 1_100_000)
    seen.step()
    assert [e["reason"] for e in events_of(seen.sim)] == [0, Reason.SELF_TRADE, 0]
    (new,) = seen.step()
    assert (new.msg_type, new.side) == (MsgType.NEW, Side.BUY)
    assert quotes(seen) == (1_098_800, 1_101_200)


def test_prices_are_rounded_away_from_the_centre() -> None:
    coarse = {"symbol": "A", "initial_price": "100.00", "tick_size": "0.25"}
    seen = maker(symbols=[coarse])
    seen.step()
    assert quotes(seen) == (997_500, 1_002_500)


def test_the_quotes_never_meet() -> None:
    seen = maker({"half_spread": 0.0})
    seen.step()
    assert quotes(seen) == (PRICE, PRICE + STEP)


def test_a_quote_that_was_hit_is_filled_up_again() -> None:
    seen = maker()
    seen.step()
    order_id = int(seen.sim.exchange.ledger.positions.ask_id[MAKER, 0])
    send(seen.sim, side=Side.BUY, price=1_001_100, qty=20)
    assert [m.agent for m in seen.step()] == [2]
    held = 480
    assert seen.sim.exchange.ledger.positions.qty[MAKER, 0] == held
    sent = [m for m in seen.step() if m.side == Side.BUY and m.order_id == order_id]
    center = PRICE * (1 + 0.01 * 20 / 100)
    assert [(m.msg_type, m.qty, m.price) for m in sent] == [
        (MsgType.REPLACE, 50, round(center + 1_100))
    ]


def test_a_quote_that_was_taken_is_placed_anew() -> None:
    seen = maker({"skew": 0.0})
    seen.step()
    old = int(seen.sim.exchange.ledger.positions.bid_id[MAKER, 0])
    send(seen.sim, side=Side.SELL, price=998_900, qty=50)
    seen.step()
    (new,) = seen.step()
    assert (new.msg_type, new.side, new.price, new.qty) == (MsgType.NEW, Side.BUY, 998_900, 50)
    assert int(seen.sim.exchange.ledger.positions.bid_id[MAKER, 0]) > old


@pytest.mark.parametrize(("shares", "sides"), [(0, [1]), (30, [1, -1])])
def test_a_maker_sells_no_more_than_it_has(shares: int, sides: list[int]) -> None:
    group = population("market_maker", shares=shares, params=PARAMS)
    sent = market(group).step()
    assert [m.side for m in sent] == sides
    assert sent[-1].qty == (50 if shares == 0 else 30)


def test_a_maker_waits_until_its_quote_has_arrived() -> None:
    seen = maker(
        latency=3, latency__enabled=True, fair_value__process="gbm", fair_value__volatility=2.0
    )
    sent = {seen.sim.tick: len(found) for found in (seen.step() for _ in range(17))}
    acted = [tick for tick, n in sent.items() if n]
    assert len(acted) >= 4
    assert {(tick + MAKER) % 4 for tick in acted} == {0}
    assert seen.sim.book("A").orders().height == 2


def test_parameters_are_drawn_per_maker() -> None:
    spread = {"kind": "uniform", "low": 0.001, "high": 0.02}
    seen = market(population("market_maker", 30, params=PARAMS | {"half_spread": spread}))
    bids = {m.price for m in seen.step() if m.side == Side.BUY}
    assert len(bids) > 20
    assert min(bids) >= PRICE * 0.98 - STEP
    assert max(bids) <= PRICE * 0.999


def test_a_maker_quotes_every_symbol_it_may() -> None:
    names = [{"symbol": name, "initial_price": "100.00"} for name in "ABC"]
    seen = maker(symbols=names)
    sent: list[Message] = seen.step()
    assert [(m.market, m.side) for m in sent] == [(m, side) for m in range(3) for side in (1, -1)]
