"""The execution desk: child orders by schedule, one at a time, within cash and shares."""

from typing import Any

import numpy as np
import pytest

from qtg import quant
from qtg.schemas import ExecType, Side, TimeInForce
from tests.reference.rules import Message
from tests.simulation.small import PRICE, STEP, events_of
from tests.sizes import sized

from .market import Outgoing, market, population, send
from .moving import MAKERS, NOISE, SYMBOLS, TICKS, WINDOWS, Moving, config_of, traders, uniform

COMPILED = pytest.mark.compiled
LENGTH = 20  # of a TWAP or VWAP order [ticks]
LOTS = [each.get("lot_size", 1) for each in SYMBOLS]


class Worked:
    """A moving market with one executor population, and what it sent."""

    def __init__(self, style: str, count: int = 6, size: Any = None, **fields: Any) -> None:
        execution = {"style": style, "ticks": LENGTH, "participation": 0.13}
        params = {"size": size or uniform(400, 900), "lifetime": 1, "start": uniform(0, 25)}
        group = traders(
            "vwap_executor", count, execution=execution, params=params, shares=2_000, **fields
        )
        # Quotes a tick apart: nobody is between them with less than a child order.
        narrow = {**MAKERS, "params": {**MAKERS["params"], "half_spread": 0.0}}
        still = {"process": "constant"}
        self.seen = Moving(config_of(smart=[narrow, NOISE, group], fair_value=still))
        self.out = Outgoing(self.seen.sim)
        self.ticks = sized(150, 66)
        self.seen.run(self.ticks)

    def parents(self) -> list[tuple[int, int, int, int]]:
        """(row, symbol, first tick, signed quantity) of every order given to the desk."""
        found = []
        for i in range(len(self.seen.members.agent)):
            p = self.seen.params(i)
            for symbol, lot in enumerate(LOTS):
                qty = abs(int(p["size"])) // lot * lot
                found.append((i, symbol, 1 + int(p["start"]), qty if p["size"] > 0 else -qty))
        return found

    def children(self, i: int, symbol: int) -> np.ndarray:
        """int64 (ticks,): signed quantity sent in each tick."""
        agent = int(self.seen.members.agent[i])
        out = np.zeros(self.ticks, np.int64)
        for tick, m in self.out.sent:
            if (m.agent, m.market) == (agent, symbol):
                out[tick - 1] += m.side * m.qty
        return out


def in_lots(schedule: np.ndarray, lot: int) -> np.ndarray:
    """A schedule of children in whole lots: what is short of one waits."""
    return np.diff(np.cumsum(schedule) // lot * lot, prepend=0)


@pytest.mark.parametrize("direction", [1, -1])
def test_twap_children_are_those_of_the_schedule(direction: int) -> None:
    low, high = sorted((direction * 400, direction * 900))
    worked = Worked("twap", size=uniform(low, high))
    for i, symbol, first, qty in worked.parents():
        expected = np.zeros(worked.ticks, np.int64)
        schedule = in_lots(quant.twap_schedule(abs(qty), LENGTH), LOTS[symbol])
        expected[first - 1 : first - 1 + LENGTH] = direction * schedule
        np.testing.assert_array_equal(worked.children(i, symbol), expected)


def test_pov_children_are_those_of_the_schedule() -> None:
    worked = Worked("pov")
    finished = 0
    for i, symbol, first, qty in worked.parents():
        volume = worked.seen.volume[first:, symbol]  # from the first tick after the order on
        schedule = in_lots(quant.pov_schedule(qty, volume.astype(float), 0.13), LOTS[symbol])
        expected = np.concatenate([np.zeros(first, np.int64), schedule])
        np.testing.assert_array_equal(worked.children(i, symbol), expected)
        finished += int(schedule.sum()) == qty
    assert finished >= 1, "some orders ended"
    assert finished < len(worked.parents()) or not sized(0, 1)


def test_vwap_children_follow_the_volume_and_end_on_time() -> None:
    worked = Worked("vwap")
    for i, symbol, first, qty in worked.parents():
        volume = worked.seen.volume[:, symbol].astype(float)  # row t - 1: traded in tick t - 1
        done, expected = 0, np.zeros(worked.ticks, np.int64)
        for age in range(1, LENGTH + 1):
            tick = first + age - 1
            traded = volume[first:tick].sum()
            to_come = volume[:tick].mean() * (LENGTH - age)
            share = traded / (traded + to_come) if traded + to_come > 0 else age / LENGTH
            due = round(share * qty) if age < LENGTH else qty
            child = max(due - done, 0) // LOTS[symbol] * LOTS[symbol]
            expected[tick - 1] = child
            done += child
        assert done == qty
        np.testing.assert_array_equal(worked.children(i, symbol), expected)


def test_vwap_is_the_executors_own_style() -> None:
    group = population("vwap_executor", params={"size": 100, "start": 0, "lifetime": 1})
    plain = market(group)
    named = market({**group, "execution": {"style": "vwap", "ticks": 60}})
    other = market({**group, "execution": {"style": "immediate"}})
    sent = [[seen.step() for _ in range(20)] for seen in (plain, named, other)]
    assert sent[0] == sent[1]
    assert sent[0] != sent[2]


# Two rich accounts that send nothing by themselves, and orders of theirs.
RICH = population("noise_trader", 2, probability=0.0, cash=1e9, shares=100_000)
SELLER, BUYER, TRADER = 6, 7, 8


def offered(
    group: dict[str, Any], qty: int = 50_000, price: int = PRICE, **changes: Any
) -> Outgoing:
    """A market in which the seller offers `qty` at `price` from the first tick on."""
    seen = market(RICH, group, **changes)
    send(seen.sim, agent=SELLER, side=Side.SELL, price=price, qty=qty)
    seen.step()
    return seen


def executor(style: str, size: float, ticks: int = 40, **fields: Any) -> dict[str, Any]:
    """An executor that starts in tick 2 with a child in every tick."""
    params = {"size": size, "start": 1, "lifetime": 1, **fields.pop("params", {})}
    execution = {"style": style, "ticks": ticks}
    return population("vwap_executor", params=params, execution=execution, **fields)


def held(seen: Outgoing) -> int:
    """Shares of the trader."""
    return int(seen.sim.exchange.ledger.positions.qty[TRADER, 0])


@pytest.mark.parametrize(
    ("burst", "least", "most"), [(range(32, 42), 240, 300), (range(60, 70), 180, 220)]
)
def test_vwap_is_early_when_the_market_is(burst: range, least: int, most: int) -> None:
    group = executor("vwap", 400, shares=0, params={"start": 30})
    seen = offered(group, symbols=[{"symbol": "A", "initial_price": "100.00"}])
    path = []
    for tick in range(2, 71):
        send(seen.sim, agent=BUYER, side=Side.BUY, price=PRICE, qty=500 if tick in burst else 50)
        seen.step()
        path.append(held(seen))
    assert path[28] == 0, "it begins in tick 31"
    assert path[-1] == 400, "and ends in tick 70"
    assert path[-2] < 400
    assert least <= path[48] <= most, "half way; what comes later nobody knows"


def test_immediate_sends_all_at_once() -> None:
    seen = offered(executor("immediate", 700, shares=0))
    (order,) = seen.step()
    assert (order.agent, order.side, order.qty, order.price) == (TRADER, Side.BUY, 700, PRICE)
    assert held(seen) == 700
    assert [seen.step() for _ in range(5)] == [[]] * 5, "and is done"


def test_what_expired_is_sent_again() -> None:
    seen = offered(executor("immediate", 100, shares=0, params={"lifetime": 3}), qty=30)
    (first,) = seen.step()
    assert (first.qty, first.tif, first.expire_tick) == (100, TimeInForce.GTT, 2 + 3)
    assert held(seen) == 30
    assert [seen.step() for _ in range(2)] == [[], []], "it waits for the rest"
    (again,) = seen.step()
    assert (again.qty, again.price) == (70, PRICE), "at the last price, as nobody offers"
    send(seen.sim, agent=SELLER, side=Side.SELL, price=PRICE, qty=70)
    seen.step()
    assert held(seen) == 100
    assert [seen.step() for _ in range(5)] == [[]] * 5


def test_a_twap_order_that_met_nobody_catches_up() -> None:
    seen = offered(executor("twap", 100, ticks=10, shares=0), qty=1, price=2 * PRICE)
    asked = [sum(m.qty for m in seen.step()) for _ in range(12)]
    price = [seen.sent[-1][1].price]
    assert price == [2 * PRICE], "it pays the best price there is"
    assert asked[0] == 10
    assert asked[1:9] == [20 - 1 + 10 * k for k in range(8)]
    assert asked[9:] == [99, 99, 99], "after its time all that is left"


@pytest.mark.parametrize(
    "style", ["vwap", *(pytest.param(s, marks=COMPILED) for s in ("immediate", "twap", "pov"))]
)
def test_a_child_waits_for_the_one_before(style: str) -> None:
    execution = {"style": style, "ticks": 7, "participation": 0.2}
    group = traders(
        "trend_follower",
        10,
        execution=execution,
        latency=uniform(0, 3),
        params={**WINDOWS, "lifetime": uniform(1, 6)},
    )
    seen = Moving(config_of(group, latency__enabled=True, latency__default_ticks=0))
    out = Outgoing(seen.sim)
    seen.run()
    row_of = {int(agent): i for i, agent in enumerate(seen.members.agent)}
    until: dict[tuple[int, int], int] = {}
    sent = [(tick, m) for tick, m in out.sent if m.agent in row_of]
    assert len(sent) > sized(300, 30)
    for tick, m in sent:
        i = row_of[m.agent]
        assert tick >= until.get((m.agent, m.market), 0)
        until[m.agent, m.market] = m.expire_tick
        latency = int(seen.members.latency[i])
        assert m.latency_ticks == latency
        assert m.expire_tick == tick + latency + int(seen.params(i)["lifetime"])
        # It leads towards the target, not past it, in whole lots.
        had = int(seen.held[tick - 1, m.agent, m.market])
        gap = int(seen.target[tick - 1, i, m.market]) - had
        assert 0 < m.qty <= m.side * gap
        assert m.qty % LOTS[m.market] == 0
        if style == "immediate":
            assert m.qty == m.side * gap


def refused(out: Outgoing, agents: set[int]) -> list[dict[str, int]]:
    """Rejections of the last tick."""
    return [
        event
        for event in events_of(out.sim)
        if event["exec_type"] == ExecType.REJECTED and event["agent"] in agents
    ]


@pytest.mark.parametrize("style", ["immediate", "twap"])
@pytest.mark.parametrize("fee", [pytest.param(0.0, marks=COMPILED), 30.0])
def test_nothing_is_sent_beyond_cash_and_shares(style: str, fee: float) -> None:
    group = traders(
        "trend_follower",
        20,
        execution={"style": style, "ticks": 5},
        cash=uniform(1_000, 30_000),
        shares=uniform(0, 150),
        params={**WINDOWS, "lifetime": 2},
    )
    seen = Moving(config_of(group, venue__taker_fee_bps=fee, venue__maker_fee_bps=fee))
    out = Outgoing(seen.sim)
    agents = set(seen.members.agent.tolist())
    short_of_cash = 0
    for _ in range(TICKS):
        n = len(out.sent)
        seen.run(1)
        assert refused(out, agents) == []
        spent: dict[int, int] = {}
        for tick, m in out.sent[n:]:
            if m.agent not in agents:
                continue
            i = m.agent - min(agents)
            gap = abs(
                int(seen.target[tick - 1, i, m.market] - seen.held[tick - 1, m.agent, m.market])
            )
            short_of_cash += m.side == Side.BUY and m.qty < gap
            if m.side == Side.BUY:
                spent[m.agent] = spent.get(m.agent, 0) + m.price * m.qty
            else:
                assert m.qty <= seen.held[tick - 1, m.agent, m.market]
        assert all(spent[a] <= seen.free_cash[-1, a] for a in spent)
    assert short_of_cash, "some had too little"


def test_all_cash_can_be_spent_when_there_are_fees() -> None:
    """What is affordable counts the fee: an order that admission must refuse would come forever."""
    group = executor("immediate", 200, cash=10_000, shares=0)
    seen = offered(group, venue__taker_fee_bps=10.0)
    (order,) = seen.step()
    assert refused(seen, {TRADER}) == []
    assert order.qty == 99, "100 shares at 100.00 cost 10.00 more than 10,000.00"
    assert held(seen) == 99


def test_cash_is_spent_once() -> None:
    """Orders of one tick share the cash of their trader."""
    names = [{"symbol": name, "initial_price": "100.00"} for name in "AB"]
    seen = offered(executor("immediate", 80, cash=10_000, shares=0), symbols=names)
    sent = seen.step()
    assert refused(seen, {TRADER}) == []
    assert [(m.market, m.qty) for m in sent] == [(0, 80), (1, 20)]


def test_shares_are_sold_down_to_none() -> None:
    seen = market(RICH, executor("immediate", -500, shares=120))
    send(seen.sim, agent=BUYER, side=Side.BUY, price=PRICE - STEP, qty=1_000)
    seen.step()
    (order,) = seen.step()
    assert (order.side, order.qty, order.price) == (Side.SELL, 120, PRICE - STEP)
    assert held(seen) == 0
    assert [seen.step() for _ in range(3)] == [[]] * 3


def test_what_other_orders_have_set_aside_is_left() -> None:
    """An account may also get orders from outside."""
    for size, side, price, free in (
        (-120, Side.SELL, 2 * PRICE, 20),
        (100, Side.BUY, PRICE // 2, 50),
    ):
        seen = offered(executor("immediate", size, shares=120, cash=10_000))
        send(seen.sim, agent=TRADER, side=side, price=price, qty=100)
        seen.sim.smart[-1].desk.busy_until[:] = 4  # type: ignore[attr-defined]
        seen.step()
        seen.step()
        (order,) = seen.step()
        assert (order.side, order.qty) == (side, free)
        assert refused(seen, {TRADER}) == []


def test_a_change_of_mind_turns_the_order_round() -> None:
    """A parent that is given up half way counts from the position it had reached."""
    params = {"window": 3, "oversold": 30, "overbought": 70, "size": 100, "lifetime": 1}
    execution = {"style": "twap", "ticks": 10}
    group = population("rsi_momentum", params=params, execution=execution, shares=200)
    seen = market(RICH, group, bar_ticks=1)
    for agent, side, price in ((SELLER, -1, PRICE), (BUYER, 1, PRICE - 2 * STEP)):
        send(seen.sim, agent=agent, side=side, price=price, qty=40_000)
    seen.step()
    desk: Any = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    desk.stance[0, 0], desk.target[0, 0], desk.start_tick[0, 0] = 1, 300, 2
    seen.sim.smart[-1].rows.working[:] = 1  # type: ignore[attr-defined]
    bought = [sum(m.side * m.qty for m in seen.step()) for _ in range(4)]
    assert bought == [10] * 4
    desk.stance[0, 0], desk.target[0, 0] = -1, 100
    desk.start_tick[0, 0], desk.start_qty[0, 0] = seen.sim.tick + 1, 240
    sold = [sum(m.side * m.qty for m in seen.step()) for _ in range(11)]
    assert sold == [-14] * 10 + [0]


@pytest.mark.parametrize(("has", "start", "sent"), [(200, 90, -100), (60, 110, 40), (100, 90, 0)])
def test_a_position_past_its_target_comes_back_to_it(has: int, start: int, sent: int) -> None:
    """The child of a parent that was given up may fill later, beyond what is wanted by then."""
    group = population("news_trader", params={"lifetime": 1}, shares=has)  # there is no news
    seen = market(RICH, group)
    for agent, side, price in ((SELLER, -1, PRICE), (BUYER, 1, PRICE - STEP)):
        send(seen.sim, agent=agent, side=side, price=price, qty=40_000)
    seen.step()
    desk: Any = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    desk.target[0, 0], desk.start_qty[0, 0] = 100, start
    seen.sim.smart[-1].rows.working[:] = 1  # type: ignore[attr-defined]
    assert sum(m.side * m.qty for m in seen.step()) == sent
    assert held(seen) == 100
    assert [seen.step() for _ in range(3)] == [[]] * 3


def test_latency_counts_before_a_lifetime() -> None:
    group = executor("immediate", 50, shares=0, latency=2, params={"lifetime": 3})
    seen = offered(group, qty=20, latency__enabled=True, latency__default_ticks=0)
    (order,) = seen.step()
    assert (order.latency_ticks, order.expire_tick) == (2, 2 + 2 + 3)
    sent: list[list[Message]] = [seen.step() for _ in range(5)]
    assert sent[:4] == [[]] * 4
    assert [m.qty for m in sent[4]] == [30]
