"""Position, sector and drawdown limits, each given and each not."""

from typing import Any

from qtg.schemas import MsgType, Reason, Side
from qtg.simulation import Simulation
from tests.reference.rules import Message

from .small import FIRST, IDLE, PRICE, SYMBOL, quiet, start, tick

BUY = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=50)
SELL = BUY._replace(side=Side.SELL)
OTHER = FIRST + 1


def limited(changes: dict[str, Any] | None = None, **limits: Any) -> Simulation:
    """Accounts with 10,000 in cash and 100 shares at 100."""
    return start(quiet({"limits": limits, **(changes or {})}))


def reason_of(sim: Simulation, message: Message) -> Reason:
    return Reason(tick(sim, message)[0]["reason"])


def test_a_position_beyond_the_limit_is_refused() -> None:
    assert reason_of(limited(position=149), BUY) == Reason.POSITION_LIMIT
    assert reason_of(limited(position=150), BUY) == Reason.NONE


def test_live_orders_count_as_if_they_had_traded() -> None:
    sim = limited(position=150)
    order_id = tick(sim, BUY._replace(price=PRICE // 2, qty=30))[0]["order_id"]
    assert reason_of(sim, BUY._replace(qty=21)) == Reason.POSITION_LIMIT
    assert reason_of(sim, BUY._replace(qty=20)) == Reason.NONE
    tick(sim, Message(MsgType.CANCEL, agent=FIRST, order_id=order_id))
    assert reason_of(sim, BUY._replace(qty=30)) == Reason.NONE


def test_what_reduces_a_position_passes_also_above_the_limit() -> None:
    sim = limited(position=10)
    assert reason_of(sim, SELL) == Reason.NONE
    assert reason_of(sim, BUY._replace(qty=1)) == Reason.POSITION_LIMIT


def test_a_short_counts_as_a_position() -> None:
    shorts = {"rules": "realistic", "smart": [{**IDLE, "short_selling": True}]}
    sim = limited(shorts, position=100)
    assert reason_of(sim, SELL._replace(qty=201)) == Reason.POSITION_LIMIT
    assert reason_of(sim, SELL._replace(qty=200)) == Reason.NONE


def test_a_sector_takes_no_more_than_its_part_of_equity() -> None:
    """Equity is 30,000: 10,000 in cash, 10,000 in each of A and B."""
    same = {"symbols": [{**SYMBOL, "sector": "tech"}, {**SYMBOL, "symbol": "B", "sector": "tech"}]}
    assert reason_of(limited(same, sector=0.8), BUY._replace(qty=41)) == Reason.SECTOR_LIMIT
    assert reason_of(limited(same, sector=0.8), BUY._replace(qty=40)) == Reason.NONE
    apart = {"symbols": [SYMBOL, {**SYMBOL, "symbol": "B", "sector": "energy"}]}
    assert reason_of(limited(apart, sector=0.8), BUY._replace(qty=100)) == Reason.NONE


def test_orders_in_the_sectors_other_symbols_count_too() -> None:
    same = {"symbols": [SYMBOL, {**SYMBOL, "symbol": "B"}]}
    sim = limited(same, sector=0.8)
    assert reason_of(sim, BUY._replace(market=1, price=PRICE // 2, qty=30)) == Reason.NONE
    assert reason_of(sim, BUY._replace(qty=11)) == Reason.SECTOR_LIMIT
    assert reason_of(sim, BUY._replace(qty=10)) == Reason.NONE


def test_who_has_lost_too_much_may_only_reduce() -> None:
    """From 20,000 at a price of 100 to 19,000 at 90: a loss of a twentieth."""
    for limit, reason in ((0.04, Reason.DRAWDOWN_LIMIT), (0.06, Reason.NONE)):
        sim = limited(drawdown=limit).step()
        low = PRICE * 9 // 10
        tick(sim, BUY._replace(price=low, qty=1, agent=OTHER), SELL._replace(price=low, qty=1))
        assert sim.exchange.ledger.accounts.peak_equity[FIRST] == 20_000 * 10_000
        assert reason_of(sim, BUY._replace(price=low, qty=5)) == reason
        assert reason_of(sim, SELL) == Reason.NONE


def test_without_limits_nothing_is_kept_for_them() -> None:
    sim = limited().run(3)
    assert sim.exchange.ledger.exposures.open_buys.size == 0
    assert not sim.exchange.ledger.accounts.peak_equity.any()
