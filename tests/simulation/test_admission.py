"""Every reason for which an order is refused before it travels."""

import subprocess
import sys
from pathlib import Path

import pytest

import qtg
from qtg.schemas import ExecInst, ExecType, MsgType, OrdType, Reason, Side, TimeInForce
from tests.reference.columns import as_columns
from tests.reference.rules import Message

from .small import FIRST, PRICE, STEP, SYMBOL, events_of, quiet, start, tick

BUY = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=10)
SELL = Message(agent=FIRST, side=Side.SELL, price=PRICE, qty=10)
GRID = {"symbols": [{**SYMBOL, "tick_size": "0.01", "lot_size": 5}]}

FORM = [
    (BUY._replace(msg_type=3), Reason.UNKNOWN_MSG_TYPE),
    (BUY._replace(agent=FIRST + 4), Reason.BAD_AGENT),
    (BUY._replace(agent=2**31 - 1), Reason.BAD_AGENT),
    (BUY._replace(latency_ticks=1), Reason.BAD_LATENCY),
    (BUY._replace(latency_ticks=-1), Reason.BAD_LATENCY),
    (BUY._replace(side=0), Reason.BAD_SIDE),
    (BUY._replace(ord_type=3), Reason.BAD_ORD_TYPE),
    (BUY._replace(tif=4), Reason.BAD_TIME_IN_FORCE),
    (
        BUY._replace(ord_type=OrdType.MARKET, tif=TimeInForce.GTT, expire_tick=9),
        Reason.BAD_TIME_IN_FORCE,
    ),
    (BUY._replace(tif=TimeInForce.GTT, expire_tick=1), Reason.BAD_EXPIRE_TICK),
    (BUY._replace(tif=TimeInForce.GTT, expire_tick=2**31), Reason.BAD_EXPIRE_TICK),
    (BUY._replace(tif=TimeInForce.IOC, exec_inst=ExecInst.POST_ONLY), Reason.BAD_EXEC_INST),
    (BUY._replace(exec_inst=2), Reason.BAD_EXEC_INST),
    (BUY._replace(price=0), Reason.BAD_PRICE),
    (BUY._replace(price=-PRICE), Reason.BAD_PRICE),
    (BUY._replace(price=2**62), Reason.BAD_PRICE),
    (BUY._replace(price=PRICE + 1), Reason.OFF_TICK),
    (BUY._replace(qty=0), Reason.BAD_QTY),
    (BUY._replace(qty=-5), Reason.BAD_QTY),
    (BUY._replace(qty=2**40 + 5), Reason.BAD_QTY),
    (BUY._replace(qty=7), Reason.OFF_LOT),
    (BUY._replace(ord_type=OrdType.MARKET, qty=7), Reason.OFF_LOT),
    (BUY._replace(msg_type=MsgType.REPLACE, order_id=1), Reason.UNKNOWN_ORDER),
    (BUY._replace(msg_type=MsgType.REPLACE, order_id=0), Reason.UNKNOWN_ORDER),
    (BUY._replace(msg_type=MsgType.REPLACE, order_id=-3), Reason.UNKNOWN_ORDER),
    # 10,000 in cash buy 100 shares at 100; everybody starts with 100 shares
    (BUY._replace(qty=105), Reason.INSUFFICIENT_CASH),
    (SELL._replace(qty=105), Reason.INSUFFICIENT_SHARES),
    (BUY._replace(price=2**40 * STEP, qty=2**20 * 5), Reason.NOTIONAL_TOO_LARGE),
    (SELL._replace(price=2**40 * STEP, qty=2**20 * 5), Reason.NOTIONAL_TOO_LARGE),
]


def named(reason: object) -> str:
    return reason.name if isinstance(reason, Reason) else ""


@pytest.mark.parametrize(("message", "reason"), FORM, ids=named)
def test_refusal_is_an_event_and_changes_no_account(message: Message, reason: Reason) -> None:
    sim = start(quiet(GRID))
    ledger = sim.exchange.ledger
    before = [column.copy() for table in ledger for column in table]
    events = tick(sim, message)
    assert [(e["exec_type"], e["reason"]) for e in events] == [(ExecType.REJECTED, reason)]
    (event,) = events
    assert (event["agent"], event["market"], event["side"]) == (message.agent, 0, message.side)
    assert (event["order_id"], event["qty"]) == (message.order_id, message.qty)
    assert (event["leaves"], event["contra_id"], event["contra_agent"]) == (0, 0, -1)
    after = [column for table in ledger for column in table]
    assert all((a == b).all() for a, b in zip(after, before, strict=True))
    assert sim.counts.rejected == 1
    assert sim.counts.orders == 0


@pytest.mark.parametrize("market", [-1, 1, 7, 2**31 - 1])
def test_an_unknown_market_is_refused(market: int) -> None:
    exchange = start(quiet()).exchange
    exchange.write_orders(as_columns([BUY._replace(market=market), BUY]))
    exchange.admit()
    assert exchange.n_events == 1
    assert exchange.events.reason[0] == Reason.UNKNOWN_MARKET
    assert exchange.events.market[0] == market
    assert int(exchange.queue.n.sum()) == 1


@pytest.mark.compiled
def test_an_order_for_an_unknown_market_does_no_harm_to_a_run(tmp_path: Path) -> None:
    """In a process of its own, because harm would be a write outside of the columns."""
    script = tmp_path / "unknown.py"
    script.write_text(
        "import qtg\n"
        "sim = qtg.Simulation(qtg.Config.preset('quick_test', seed=1))\n"
        "sim.run(3)\n"
        "for market in (-1, 2, 99, 2**31 - 1, -2**31):\n"
        "    sim.submit(dict(agent=[2], side=[1], market=[market], price=[100], qty=[1]))\n"
        "    sim.step()\n"
        "    assert sim.counts.rejected >= 1, market\n"
        "print(sim.publisher.event_count.tolist(), sim.tick)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" 8\n")


def test_accounts_of_the_pool_and_the_house_cannot_be_used() -> None:
    sim = start(quiet())
    for agent in (-1, 0, 1):
        with pytest.raises(qtg.OrderError, match="`agent` must be 2 to 5"):
            sim.submit(as_columns([BUY._replace(agent=agent)]))


def test_cash_is_set_aside_at_the_worst_price_and_the_worst_fee() -> None:
    sim = start(quiet({"venue.maker_fee_bps": 1.0, "venue.taker_fee_bps": 10.0}))
    accounts = sim.exchange.ledger.accounts
    assert tick(sim, BUY._replace(price=PRICE - STEP, qty=50))[0]["exec_type"] == ExecType.NEW
    # 99.99 and 10 bps of it, rounded up: 100.08999 -> 100.0900
    assert accounts.reserved[FIRST] == 50 * 1_000_900
    assert tick(sim, BUY._replace(qty=50))[0]["reason"] == Reason.INSUFFICIENT_CASH
    assert tick(sim, BUY._replace(qty=49))[0]["exec_type"] == ExecType.NEW
    assert accounts.reserved[FIRST] == 50 * 1_000_900 + 49 * 1_001_000


def test_a_cancelled_order_frees_what_it_had_set_aside() -> None:
    sim = start(quiet())
    order_id = tick(sim, BUY._replace(qty=100))[0]["order_id"]
    assert tick(sim, BUY)[0]["reason"] == Reason.INSUFFICIENT_CASH
    cancel = Message(MsgType.CANCEL, agent=FIRST, order_id=order_id)
    assert tick(sim, cancel)[0]["exec_type"] == ExecType.CANCELED
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 0
    assert tick(sim, BUY)[0]["exec_type"] == ExecType.NEW


def test_shares_that_rest_cannot_be_sold_twice() -> None:
    sim = start(quiet())
    assert tick(sim, SELL._replace(qty=95))[0]["exec_type"] == ExecType.NEW
    assert tick(sim, SELL)[0]["reason"] == Reason.INSUFFICIENT_SHARES
    assert tick(sim, SELL._replace(qty=5))[0]["exec_type"] == ExecType.NEW


def test_orders_of_one_batch_share_the_cash() -> None:
    sim = start(quiet())
    events = tick(sim, BUY._replace(qty=60), BUY._replace(qty=60), BUY._replace(qty=40))
    assert [(e["exec_type"], e["row"]) for e in events] == [
        (ExecType.REJECTED, 1),
        (ExecType.NEW, 0),
        (ExecType.NEW, 1),
    ]


def test_nobody_can_ask_for_more_shares_than_exist() -> None:
    few = {"symbols": [{**SYMBOL, "shares_outstanding": 450}]}
    sim = start(quiet(few))  # 400 are held, 50 are the pool's
    assert tick(sim, BUY._replace(qty=30))[0]["exec_type"] == ExecType.NEW
    other = BUY._replace(agent=FIRST + 1)
    assert tick(sim, other._replace(qty=21))[0]["reason"] == Reason.SHARES_OUTSTANDING
    assert tick(sim, other._replace(qty=20))[0]["exec_type"] == ExecType.NEW


def test_an_order_of_somebody_else_cannot_be_replaced() -> None:
    sim = start(quiet())
    order_id = tick(sim, BUY)[0]["order_id"]
    theirs = BUY._replace(msg_type=MsgType.REPLACE, agent=FIRST + 1, order_id=order_id)
    assert tick(sim, theirs)[0]["reason"] == Reason.NOT_OWNER
    assert tick(sim, theirs._replace(msg_type=MsgType.CANCEL))[0]["reason"] == Reason.NOT_OWNER
    assert tick(sim, theirs._replace(agent=FIRST))[0]["exec_type"] == ExecType.REPLACED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": PRICE + 1}, Reason.OFF_TICK),
        ({"price": 0}, Reason.BAD_PRICE),
        ({"qty": 0}, Reason.BAD_QTY),
        ({"qty": 91}, Reason.INSUFFICIENT_CASH),
    ],
)
def test_a_replace_is_checked_like_a_new_order(changes: dict[str, int], reason: Reason) -> None:
    sim = start(quiet())
    order_id = tick(sim, BUY)[0]["order_id"]
    change = BUY._replace(msg_type=MsgType.REPLACE, order_id=order_id, side=Side.SELL)
    (event,) = tick(sim, change._replace(**changes))
    assert (event["exec_type"], event["reason"]) == (ExecType.REJECTED, reason)
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 10 * PRICE
    assert sim.book("A").best(Side.BUY) == PRICE


def test_a_replace_moves_what_is_set_aside() -> None:
    sim = start(quiet())
    order_id = tick(sim, SELL._replace(price=PRICE + 5 * STEP))[0]["order_id"]
    change = SELL._replace(msg_type=MsgType.REPLACE, order_id=order_id, side=Side.BUY, qty=40)
    assert tick(sim, change)[0]["exec_type"] == ExecType.REPLACED
    ledger = sim.exchange.ledger
    assert ledger.positions.reserved[FIRST, 0] == 40
    assert ledger.accounts.reserved[FIRST] == 0


def test_an_order_that_the_book_refuses_frees_what_was_set_aside() -> None:
    sim = start(quiet())
    fok = BUY._replace(tif=TimeInForce.FOK)
    assert tick(sim, fok)[0]["reason"] == Reason.FOK_UNFILLABLE
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 0
    assert sim.exchange.ledger.holdings.open_buys[0] == 0


@pytest.mark.parametrize(("side", "worst"), [(Side.BUY, 1_050_000), (Side.SELL, 950_000)])
def test_a_market_order_sets_aside_its_protection_price(side: Side, worst: int) -> None:
    sim = start(quiet())  # 500 bps from the last price, 100.00
    sim.submit(as_columns([BUY._replace(ord_type=OrdType.MARKET, side=side, price=0, qty=50)]))
    seen = []
    due = sim.exchange.due
    sim.exchange.due = lambda: (seen.append(due()), seen[0])[1]  # type: ignore[method-assign]
    sim.step()
    arriving, _, _, n = seen[0]
    assert (n, arriving.price[0], arriving.ord_type[0]) == (1, worst, OrdType.PROTECTED)
    new, cancelled = events_of(sim)
    assert (new["exec_type"], new["limit_price"]) == (ExecType.NEW, worst)
    assert cancelled["reason"] == Reason.NO_LIQUIDITY
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 0
    assert sim.exchange.ledger.positions.reserved[FIRST, 0] == 0


@pytest.mark.parametrize("price", [5_000, 19_900, 1_005_000])
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_protection_is_a_share_of_any_price(price: int, side: Side) -> None:
    """ADR 2: moved away by `protection_bps` of it, rounded towards the best price."""
    cheap = {**SYMBOL, "initial_price": f"{price / 10_000:.2f}"}
    sim = start(quiet({"symbols": [cheap]}))
    events = tick(sim, BUY._replace(ord_type=OrdType.MARKET, side=side, price=0, qty=1))
    away = price * 500 // (10_000 * STEP) * STEP
    assert events[0]["limit_price"] == price + side * away
