"""Short selling rule by rule: who may, how much, at which margin, and what must come back."""

from typing import Any

import pytest

import qtg
from qtg.errors import InvariantError
from qtg.kernels.lending import count_open
from qtg.schemas import Account, BorrowEvent, ExecType, MsgType, OrdType, Reason, Side
from qtg.simulation import Simulation
from tests.reference.rules import Message

from .small import FIRST, IDLE, PRICE, STEP, SYMBOL, quiet, start, tick

MAY = {**IDLE, "short_selling": True}
OTHER = FIRST + 4  # first of those who may not
BASE: dict[str, Any] = {
    "smart": [MAY, {**IDLE, "cash": 1_000_000}],
    "symbols": [{**SYMBOL, "shares_outstanding": 2_800}],  # 800 held by agents, 2,000 left
    "short_selling": {"borrow_pool": 0.1, "max_short": 150, "recall_ticks": 2},
}
SELL = Message(agent=FIRST, side=Side.SELL, price=PRICE, qty=100)
BUY = Message(agent=OTHER, side=Side.BUY, price=PRICE, qty=100)


def market(changes: dict[str, Any] | None = None) -> Simulation:
    """Four agents who may sell short and four who may not; 200 shares can be borrowed."""
    return start(quiet({**BASE, **(changes or {})}))


def reason_of(sim: Simulation, message: Message) -> Reason:
    return Reason(tick(sim, message)[0]["reason"])


def short_of(sim: Simulation, agent: int = FIRST, qty: int = 50) -> Simulation:
    """Let an agent sell `qty` more shares than it has, to somebody who buys them."""
    tick(sim, SELL._replace(agent=agent, qty=100 + qty), BUY._replace(qty=100 + qty))
    assert sim.exchange.ledger.positions.qty[agent, 0] == -qty
    return sim


def told(sim: Simulation) -> list[tuple[int, int, int, int]]:
    """(agent, event, quantity, due tick) of this tick's recalls and buy-ins."""
    notices = sim.exchange.lending.notices()
    columns = (notices.agent, notices.event, notices.qty, notices.due_tick)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# -- reasons


def test_only_populations_that_may_can_sell_what_they_do_not_have() -> None:
    assert reason_of(market(), SELL._replace(qty=101)) == Reason.NONE
    theirs = SELL._replace(agent=OTHER, qty=101)
    assert reason_of(market(), theirs) == Reason.INSUFFICIENT_SHARES
    assert reason_of(market(), theirs._replace(qty=100)) == Reason.NONE


def test_nobody_can_be_short_more_than_the_limit() -> None:
    assert reason_of(market(), SELL._replace(qty=251)) == Reason.SHORT_LIMIT
    assert reason_of(market(), SELL._replace(qty=250)) == Reason.NONE


def test_live_sells_count_as_if_they_had_traded() -> None:
    sim = market()
    assert reason_of(sim, SELL._replace(qty=180)) == Reason.NONE
    assert reason_of(sim, SELL._replace(qty=71)) == Reason.SHORT_LIMIT
    assert reason_of(sim, SELL._replace(qty=70)) == Reason.NONE
    assert sim.exchange.ledger.holdings.located[0] == 150
    assert sim.exchange.ledger.holdings.short[0] == 0


def test_a_market_lends_no_more_than_its_pool() -> None:
    sim = market()
    assert reason_of(sim, SELL._replace(qty=250)) == Reason.NONE
    other = SELL._replace(agent=FIRST + 1)
    assert reason_of(sim, other._replace(qty=151)) == Reason.NO_BORROW  # 150 + 51 of 200
    assert reason_of(sim, other._replace(qty=150)) == Reason.NONE
    assert sim.exchange.ledger.holdings.located[0] == 200


def test_a_cancelled_sell_gives_back_what_it_had_located() -> None:
    sim = market()
    order_id = tick(sim, SELL._replace(qty=250))[0]["order_id"]
    cancel = Message(MsgType.CANCEL, agent=FIRST, order_id=order_id)
    assert tick(sim, cancel)[0]["exec_type"] == ExecType.CANCELED
    assert sim.exchange.ledger.holdings.located[0] == 0
    assert reason_of(sim, SELL._replace(agent=FIRST + 1, qty=250)) == Reason.NONE


def test_a_short_needs_its_margin_in_free_cash() -> None:
    """10,000 in cash carry 200 shares at 100 with a margin of one half; the limit is out of the way."""
    wide = {**BASE["short_selling"], "max_short": 1_000, "borrow_pool": 1.0}
    assert reason_of(market({"short_selling": wide}), SELL._replace(qty=301)) == (
        Reason.INSUFFICIENT_MARGIN
    )
    sim = market({"short_selling": wide})
    assert reason_of(sim, SELL._replace(qty=300)) == Reason.NONE
    assert reason_of(sim, SELL._replace(qty=1)) == Reason.INSUFFICIENT_MARGIN


def test_a_cheap_short_is_valued_at_the_last_price_and_brings_in_less() -> None:
    """At 90 a share needs 50 of margin and 10 that its sale falls short of its value."""
    wide = {**BASE["short_selling"], "max_short": 1_000, "borrow_pool": 1.0}
    cheap = SELL._replace(price=PRICE * 9 // 10)
    most = 100 + 10_000 // 60
    for qty, reason in ((most + 1, Reason.INSUFFICIENT_MARGIN), (most, Reason.NONE)):
        assert reason_of(market({"short_selling": wide}), cheap._replace(qty=qty)) == reason


def test_proceeds_of_a_short_cannot_be_spent_below_its_margin() -> None:
    sim = short_of(market({"symbols": [*BASE["symbols"], {**SYMBOL, "symbol": "B"}]}))
    # 10,000 and proceeds of 15,000; 50 short shares bind 7,500
    buy = Message(agent=FIRST, market=1, price=PRICE)
    assert reason_of(sim, buy._replace(qty=176)) == Reason.INSUFFICIENT_MARGIN
    assert reason_of(sim, buy._replace(qty=175)) == Reason.NONE


def test_covering_needs_no_margin() -> None:
    sim = short_of(market({"short_selling": {**BASE["short_selling"], "maintenance_margin": 0}}))
    ledger = sim.exchange.ledger
    taken = ledger.accounts.cash[FIRST] - 50 * PRICE
    ledger.accounts.cash[FIRST] -= taken
    ledger.accounts.cash[OTHER] += taken
    buy = Message(agent=FIRST, price=PRICE - 5 * STEP)
    assert reason_of(sim, buy._replace(qty=51)) == Reason.INSUFFICIENT_CASH
    assert reason_of(sim, buy._replace(qty=50)) == Reason.NONE


# -- the ledger


def test_cost_of_a_short_is_what_it_brought_in_and_profit_comes_with_the_cover() -> None:
    sim = short_of(market(), qty=50)
    positions = sim.exchange.ledger.positions
    assert positions.cost[FIRST, 0] == -50 * PRICE
    assert positions.realized[FIRST, 0] == 0
    low = PRICE - 10 * STEP
    tick(
        sim,
        BUY._replace(agent=FIRST, price=low, qty=80),
        SELL._replace(agent=OTHER, price=low, qty=80),
    )
    assert positions.qty[FIRST, 0] == 30
    assert positions.realized[FIRST, 0] == 50 * 10 * STEP
    assert positions.cost[FIRST, 0] == 30 * low


def test_fees_are_paid_to_the_pool_in_whole_units_and_nothing_is_lost() -> None:
    sim = short_of(market({"short_selling": {**BASE["short_selling"], "fee_bps": 50}}))
    accounts, exposures = sim.exchange.ledger.accounts, sim.exchange.ledger.exposures
    sim.run(1_000)
    per_tick = 50 * PRICE * 50 // 10_000  # of the yearly fee
    year = round(sim.config.ticks_per_year)
    paid = int(accounts.borrow_fees[FIRST])
    assert paid == per_tick * 1_000 // year > 30
    assert paid * year + exposures.accrued[FIRST, 0] == per_tick * 1_000
    assert accounts.borrow_fees[Account.POOL] == -paid


def test_a_fee_that_cannot_be_paid_stays_owed() -> None:
    dear = {**BASE["short_selling"], "fee_bps": 100_000, "maintenance_margin": 0.0}
    sim = short_of(market({"short_selling": dear, "tick_ms": 86_400_000, "storage.candles": []}))
    accounts = sim.exchange.ledger.accounts
    taken = int(accounts.cash[FIRST]) - 7
    accounts.cash[FIRST] -= taken
    accounts.cash[OTHER] += taken
    sim.step()
    assert accounts.cash[FIRST] == 0
    assert sim.exchange.ledger.exposures.accrued[FIRST, 0] > 0
    assert sim.run(5).exchange.ledger.accounts.borrow_fees[FIRST] == 7


# -- recalls and buy-ins


def recalled_market() -> Simulation:
    """Two agents short 60 and 30; then a buyer takes 1,500 of the pool's 2,000 shares."""
    sim = market({"background.count": 0})
    short_of(sim, FIRST, 60)
    short_of(sim, FIRST + 1, 30)
    return sim


def take(sim: Simulation, shares: int) -> None:
    """Move shares from the pool to an agent, as if it had bought them."""
    ledger = sim.exchange.ledger
    ledger.positions.qty[Account.POOL, 0] -= shares
    ledger.positions.qty[OTHER + 1, 0] += shares
    ledger.positions.cost[OTHER + 1, 0] += shares
    ledger.holdings.held[0] += shares


def test_a_pool_that_shrinks_recalls_the_excess_pro_rata() -> None:
    sim = recalled_market()
    take(sim, 1_310)  # 600 are left, and 60 of them can be lent
    sim.step()
    due = sim.tick + 2
    assert told(sim) == [
        (FIRST, BorrowEvent.RECALL, 20, due),
        (FIRST + 1, BorrowEvent.RECALL, 10, due),
    ]
    assert told(sim.step()) == []


def test_positions_that_a_fee_or_notice_can_be_about_are_counted() -> None:
    sim = market()
    lending, ledger = sim.exchange.lending, sim.exchange.ledger
    row, owed = lending.rows[1], lending.terms.ticks_per_year
    for column, least in (
        (ledger.positions.qty, -1),
        (ledger.exposures.recalled, 1),
        (ledger.exposures.accrued, owed),
    ):
        assert count_open(ledger, lending.terms, lending.rows) == 0
        before, column[row, 0] = column[row, 0], least
        assert count_open(ledger, lending.terms, lending.rows) == 1
        column[row, 0] = before
    ledger.exposures.accrued[row, 0] = owed - 1
    assert count_open(ledger, lending.terms, lending.rows) == 0


def test_no_recall_while_the_pool_covers_what_is_short() -> None:
    sim = recalled_market()
    take(sim, 1_010)  # 90 can be lent
    assert told(sim.step()) == []


def test_a_recall_is_lifted_when_there_are_enough_shares_again() -> None:
    sim = recalled_market()
    take(sim, 1_310)
    sim.step()
    take(sim, -300)
    assert told(sim.step()) == [
        (FIRST, BorrowEvent.LIFTED, 20, 0),
        (FIRST + 1, BorrowEvent.LIFTED, 10, 0),
    ]
    assert told(sim.run(3)) == []


def test_what_is_still_recalled_when_due_is_bought_in() -> None:
    sim = recalled_market()
    tick(sim, SELL._replace(agent=OTHER, price=PRICE + STEP, qty=15))
    take(sim, 1_310)
    sim.step()
    assert sim.step().counts.trades == 0
    sim.step()
    assert [row[:3] for row in told(sim)] == [
        (FIRST, BorrowEvent.BUY_IN, 20),
        (FIRST + 1, BorrowEvent.BUY_IN, 10),
    ]
    qty = sim.exchange.ledger.positions.qty
    assert sorted(qty[FIRST : FIRST + 2, 0].tolist()) in ([-45, -30], [-60, -15])
    later = told(sim.step())  # the rest, less what the market can lend of the 15 sold
    assert sum(row[2] for row in later if row[1] == BorrowEvent.LIFTED) == 1
    assert sum(row[2] for row in later if row[1] == BorrowEvent.BUY_IN) == 14


def test_who_covers_in_time_is_not_bought_in() -> None:
    sim = recalled_market()
    take(sim, 1_310)
    sim.step()
    for agent, qty in ((FIRST, 20), (FIRST + 1, 10)):
        tick(
            sim,
            SELL._replace(agent=OTHER, qty=qty),
            BUY._replace(agent=agent, qty=qty),
        )
    assert told(sim.run(3)) == []
    assert sim.exchange.ledger.exposures.recalled.sum() == 0


def test_a_buy_in_takes_the_agents_own_sell_out_of_the_way() -> None:
    sim = recalled_market()
    tick(sim, SELL._replace(agent=FIRST, price=PRICE + STEP, qty=20))
    tick(sim, SELL._replace(agent=OTHER, price=PRICE + 2 * STEP, qty=60))
    take(sim, 1_310)
    sim.run(3)
    qty = sim.exchange.ledger.positions.qty
    assert qty[FIRST, 0] == -40
    assert sim.exchange.ledger.positions.reserved[FIRST, 0] == 0


def test_a_buy_in_cannot_be_refused_because_of_a_resting_buy() -> None:
    sim = recalled_market()
    tick(sim, BUY._replace(agent=FIRST, price=STEP, qty=60))
    tick(sim, SELL._replace(agent=OTHER, price=PRICE + STEP, qty=60))
    take(sim, 1_310)
    sim.run(3)
    assert sim.exchange.ledger.positions.qty[FIRST, 0] == -40


def test_a_buy_in_spends_no_more_than_there_is() -> None:
    sim = recalled_market()
    tick(sim, SELL._replace(agent=OTHER, price=PRICE, qty=60))
    take(sim, 1_310)
    accounts = sim.exchange.ledger.accounts
    taken = int(accounts.cash[FIRST]) - 5 * PRICE
    accounts.cash[FIRST] -= taken
    accounts.cash[OTHER + 1] += taken
    sim.run(3)
    assert sim.exchange.ledger.positions.qty[FIRST, 0] == -56  # at the protection price, 105
    assert accounts.cash[FIRST] == PRICE


def test_a_short_that_equity_does_not_carry_is_bought_in_at_once() -> None:
    """50 short at 100 with 25,000 in cash; at 400 equity is 5,000 of 20,000: a quarter."""
    sim = short_of(market())
    ask = PRICE * 4
    tick(
        sim,
        BUY._replace(agent=OTHER, price=ask, qty=1),
        SELL._replace(agent=OTHER + 1, price=ask, qty=60),
    )
    assert told(sim) == []
    sim.step()
    # equity carries 5,000 / 0.3 = 16,666.67 of the 20,000 that are short: 8.3 shares are too many
    assert told(sim) == [(FIRST, BorrowEvent.MARGIN_CALL, 9, 0)]
    assert sim.exchange.ledger.positions.qty[FIRST, 0] == -41
    assert told(sim.step()) == []


def test_recalls_and_buy_ins_are_stored_with_their_orders() -> None:
    from qtg.result import result_of
    from qtg.run import open_sink

    config = quiet({**BASE, "storage.orders": True})
    sink = open_sink(config, None)
    sim = start(config, sink=sink)
    short_of(sim, FIRST, 60)
    tick(sim, SELL._replace(agent=OTHER, price=PRICE + STEP, qty=60))
    take(sim, 1_800)  # of 140 that are left 14 can be lent
    sim.run(3)
    sim.publisher.finish(sim)
    sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    run = result_of(sink)
    assert run.borrows["event"].to_list() == ["recall", "buy_in"]
    bought = run.sql(
        "select t.qty, t.buyer_id from borrows b join trades t on t.buy_order_id = b.order_id"
    )
    assert bought.rows() == [(46, FIRST)]
    assert run.agents.filter(run.agents["agent"] == FIRST)["shares"].to_list()[-1] == -14


def test_a_run_without_short_selling_has_no_table_of_borrows() -> None:
    run = qtg.simulate(quiet(ticks=2), progress=False)
    assert "borrows" not in run.tables
    with pytest.raises(qtg.StorageError, match="short_selling = true"):
        run.table("borrows")


# -- nothing is lost


@pytest.mark.parametrize("column", ["short", "located"])
def test_a_market_that_miscounts_is_told(column: str) -> None:
    sim = short_of(market())
    getattr(sim.exchange.ledger.holdings, column)[0] += 1
    with pytest.raises(InvariantError, match=f"50 shares are {column}, but 51 are counted"):
        sim.step()


def test_a_market_order_can_sell_short() -> None:
    sim = market()
    tick(sim, BUY._replace(qty=150))
    tick(sim, SELL._replace(ord_type=OrdType.MARKET, price=0, qty=150))
    assert sim.exchange.ledger.positions.qty[FIRST, 0] == -50
