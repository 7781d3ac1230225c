"""A user's strategy sees, cancels and replaces what its agents have resting."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import qtg
from qtg.agents.resting import OwnBook, read_own, rows_of
from qtg.schemas import ExecType, MsgType, Reason, Side
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, events_of, lively

from .market import population, send
from .user import FIRST, answering

TWO = [SYMBOL, {"symbol": "B", "initial_price": "50.00", "tick_size": "0.05", "lot_size": 10}]


class Open(NamedTuple):
    """A resting order as events tell of it."""

    market: int
    agent: int
    side: int
    price: int
    qty: int


class Follower:
    """Keeps the resting orders of a run from nothing but its events."""

    def __init__(self) -> None:
        self.open: dict[tuple[int, int], Open] = {}  # by (environment, id)
        self.seen: set[int] = set()  # exec types

    def follow(self, events: list[dict[str, int]], symbols: int) -> None:
        for e in events:
            self.seen.add(e["exec_type"])
            env = e["market"] // symbols
            key = (env, e["order_id"])
            if e["exec_type"] == ExecType.NEW:
                self.open[key] = Open(
                    e["market"], e["agent"], e["side"], e["limit_price"], e["qty"]
                )
            elif e["exec_type"] == ExecType.TRADE:
                self._fill((env, e["contra_id"]), e["qty"])
                self._fill(key, e["qty"])
            elif e["exec_type"] in (ExecType.CANCELED, ExecType.EXPIRED):
                del self.open[key]
            elif e["exec_type"] == ExecType.REPLACED:
                self.open[key] = self.open[key]._replace(price=e["limit_price"], qty=e["leaves"])

    def _fill(self, key: tuple[int, int], qty: int) -> None:
        order = self.open[key]
        self.open[key] = order._replace(qty=order.qty - qty)
        if self.open[key].qty == 0:
            del self.open[key]

    def of(self, env: int, agents: list[int]) -> list[tuple[int, Open]]:
        """(id, order) of these agents, ascending."""
        mine = [(key[1], o) for key, o in self.open.items() if key[0] == env and o.agent in agents]
        return sorted(mine)


def shown(ctx: qtg.StrategyContext) -> list[tuple[int, Open]]:
    """What a context shows, as the follower tells it."""
    own = ctx.resting
    rows = zip(
        own.order_id.tolist(),
        (ctx.env * len(ctx.symbols) + own.symbol).tolist(),
        ctx.agent[own.row].tolist(),
        own.side.tolist(),
        np.rint(own.price * 10_000).astype(int).tolist(),
        own.qty.tolist(),
        strict=True,
    )
    return [(order_id, Open(*order)) for order_id, *order in rows]


def wander(ctx: qtg.StrategyContext) -> Any:
    """Places, moves and takes back orders at random, near the market."""
    n = len(ctx.agent)
    own = ctx.resting
    dice = np.random.default_rng([ctx.tick, ctx.env_id])
    fate = dice.random(len(own.order_id))
    drop, move, cut = fate < 0.2, (fate >= 0.2) & (fate < 0.5), fate > 0.8
    symbol = dice.integers(0, len(ctx.symbols), n)
    side = dice.choice([-1, 1], n)
    price = ctx.mid[symbol] * (1 + dice.normal(0, 0.002, n))
    return [
        ctx.cancel(own.order_id[drop]),
        None,
        ctx.replace(own.order_id[move], price=ctx.mid[own.symbol[move]] * 0.999, qty=7),
        ctx.replace(own.order_id[cut], qty=np.maximum(own.qty[cut] // 2, 1)),
        ctx.orders(np.arange(n), symbol, side=side, qty=dice.integers(1, 20, n), price=price),
    ]


def wandering(**changes: Any) -> qtg.Config:
    config = lively(changes)
    mine = population("mine", 8, cash=50_000, latency={"kind": "uniform", "low": 0, "high": 3})
    return config.with_(smart=[*config.smart, mine])


@pytest.mark.compiled
@pytest.mark.parametrize("matching", ["price_time", "shuffled"])
def test_resting_is_what_the_events_of_a_lively_run_leave(matching: str) -> None:
    follower, seen = Follower(), []

    def look(ctx: qtg.StrategyContext) -> Any:
        seen.append((ctx.env, ctx.agent.tolist(), shown(ctx)))
        return wander(ctx)

    qtg.strategy("mine")(look)
    config = wandering(**{"venue.matching": matching, "warmup.ticks": 3})
    sim = Simulation(config, envs=[4, 9])
    sizes = []
    for _ in range(50):
        sim.step()
        events = events_of(sim)
        due = [e for e in events if e["exec_type"] == ExecType.EXPIRED]  # before strategies look
        follower.follow(due, 2)
        for env, agents, orders in seen:
            assert orders == follower.of(env, agents)
            sizes.append(len(orders))
        seen.clear()
        follower.follow(events[len(due) :], 2)
    assert max(sizes) > 20
    assert follower.seen == set(ExecType)


@pytest.mark.compiled
def test_amendments_are_the_same_alone_in_a_batch_and_on_threads() -> None:
    qtg.strategy("mine")(wander)
    alone = [Simulation(wandering(), envs=[env]).run(40).trace_hash for env in (0, 5)]
    batch = Simulation(wandering(), envs=[0, 5], threads=2).run(40)
    assert batch.trace_hashes == alone
    assert len(set(alone)) == 2


def test_orders_of_others_and_of_other_kinds_are_not_shown() -> None:
    seen: list[Any] = []

    def look(ctx: qtg.StrategyContext) -> Any:
        seen.append(ctx.resting)
        if ctx.tick == 1:
            return ctx.orders([2, 1], [1, 0], side=[1, -1], qty=[20, 3], price=[49.5, 101.0])
        return None

    market = answering(look, symbols=TWO)
    send(market.sim, side=Side.BUY, price=PRICE - 500, qty=5)
    market.step()
    market.step()
    assert [len(column) for column in seen[0]] == [0] * 6
    own = seen[1]
    assert own.row.tolist() == [2, 1]
    assert own.symbol.tolist() == [1, 0]
    assert own.side.tolist() == [1, -1]
    assert own.price.tolist() == [49.5, 101.0]
    assert own.qty.tolist() == [20, 3]
    assert own.order_id.tolist() == sorted(own.order_id.tolist())
    dtypes = [column.dtype.name for column in own]
    assert dtypes == ["int64", "int32", "int32", "int8", "float64", "int64"]


def test_orders_that_wait_in_a_call_are_shown_and_those_at_market_have_no_price() -> None:
    venue = qtg.Venue(markets=2)
    venue.begin_call()
    at_market = qtg.OrdType.MARKET
    rows = [  # (agent, market, order type, side, price, qty)
        (0, 1, at_market, 1, 0, 4),  # the pool
        (0, 1, qtg.OrdType.LIMIT, 1, 500, 4),
        (5, 1, at_market, -1, 0, 7),
        (0, 0, at_market, -1, 0, 4),
        (9, 1, at_market, 1, 0, 2),
        (5, 0, qtg.OrdType.LIMIT, 1, 700, 3),
        (6, 0, qtg.OrdType.LIMIT, 1, 700, 3),
        (-1, 0, qtg.OrdType.LIMIT, 1, 700, 3),
    ]
    names = ("agent", "market", "ord_type", "side", "price", "qty")
    venue.submit(dict(zip(names, np.array(rows).T)))
    exchange: Any = SimpleNamespace(venue=venue, terms=SimpleNamespace(symbols=2))
    own = OwnBook(lambda: read_own(exchange, 0, rows_of(np.array([9, 5]), 10))).shown()
    assert own.order_id.tolist() == [3, 5, 6]
    assert own.row.tolist() == [1, 0, 1]
    assert own.symbol.tolist() == [1, 1, 0]
    assert own.side.tolist() == [-1, 1, 1]
    assert np.isnan(own.price).tolist() == [True, True, False]
    assert own.price[2] == 0.07
    assert own.qty.tolist() == [7, 2, 3]
    assert not any(column.flags.writeable for column in own)


def once_resting(then: Any, **fields: Any) -> Any:
    """A market in which three agents rest a bid of 10 at 99, and `then` answers from tick 2 on."""

    def answer(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick == 1:
            return ctx.orders([0, 1, 2], [0, 0, 0], side=1, qty=10, price=99.0)
        return then(ctx)

    market = answering(answer, **fields)
    market.step()
    return market


def test_a_cancel_frees_what_was_reserved() -> None:
    seen = once_resting(lambda ctx: ctx.cancel(ctx.resting.order_id[:2]), cash=5_000)
    reserved = seen.sim.exchange.ledger.accounts.reserved
    assert reserved[FIRST : FIRST + 3].tolist() == [990 * 10_000] * 3
    sent = seen.step()
    assert [(m.msg_type, m.agent) for m in sent] == [
        (MsgType.CANCEL, FIRST),
        (MsgType.CANCEL, FIRST + 1),
    ]
    told = [(e["exec_type"], e["reason"], e["agent"], e["qty"]) for e in events_of(seen.sim)]
    assert told == [
        (ExecType.CANCELED, Reason.REQUESTED, FIRST, 10),
        (ExecType.CANCELED, Reason.REQUESTED, FIRST + 1, 10),
    ]
    assert reserved[FIRST : FIRST + 3].tolist() == [0, 0, 990 * 10_000]


def test_a_replace_keeps_what_it_does_not_name() -> None:
    def move(ctx: qtg.StrategyContext) -> Any:
        a, b, c = ctx.resting.order_id
        return [
            ctx.replace(a, price=98.005),
            ctx.replace([b], qty=4),
            ctx.replace(c, price=97, qty=2),
        ]

    seen = once_resting(move)
    sent = seen.step()
    assert [(m.msg_type, m.price, m.qty) for m in sent] == [
        (MsgType.REPLACE, 980_000, 10),
        (MsgType.REPLACE, 990_000, 4),
        (MsgType.REPLACE, 970_000, 2),
    ]
    book = seen.sim.book("A").orders()
    assert sorted(zip(book["agent"], book["price"], book["qty"])) == [
        (FIRST, 980_000, 10),
        (FIRST + 1, 990_000, 4),
        (FIRST + 2, 970_000, 2),
    ]


def test_a_sell_order_is_moved_up_to_the_grid() -> None:
    def quote(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick == 1:
            return ctx.orders([0], [1], side=-1, qty=10, price=51.0)
        return ctx.replace(ctx.resting.order_id, price=51.01)

    seen = answering(quote, symbols=TWO)
    seen.step()
    assert [m.price for m in seen.step()] == [510_500]


def test_a_cancel_arrives_after_its_latency_and_may_come_too_late() -> None:
    looks: list[int] = []

    def hurry(ctx: qtg.StrategyContext) -> Any:
        looks.append(len(ctx.resting.order_id))
        return ctx.cancel(ctx.resting.order_id[:2]) if ctx.tick == 4 else None

    seen = once_resting(hurry, latency=2, latency__enabled=True)
    for _ in range(3):
        seen.step()
    assert looks == [0, 0, 3], "orders are shown once they have arrived"
    send(seen.sim, side=Side.SELL, price=990_000, qty=10)
    seen.step()
    seen.step()
    assert [(e["exec_type"], e["reason"], e["agent"]) for e in events_of(seen.sim)] == [
        (ExecType.REJECTED, Reason.UNKNOWN_ORDER, FIRST),
        (ExecType.CANCELED, Reason.REQUESTED, FIRST + 1),
    ]
    assert looks == [0, 0, 3, 3, 2]


def test_a_replace_needs_cash_for_the_new_order_beside_the_old() -> None:
    seen = once_resting(lambda ctx: ctx.replace(ctx.resting.order_id, price=99.5), cash=1_900)
    seen.step()
    told = {(e["exec_type"], e["reason"]) for e in events_of(seen.sim)}
    assert told == {(ExecType.REJECTED, Reason.INSUFFICIENT_CASH)}


def test_those_who_do_not_act_cancel_nothing() -> None:
    def answer(ctx: qtg.StrategyContext) -> Any:
        n = np.arange(len(ctx.agent))
        return [ctx.cancel(ctx.resting.order_id), ctx.orders(n, 0 * n, side=1, qty=1, price=1.0)]

    seen = answering(answer, 40, probability=0.5)
    seen.step()
    resting = set(seen.sim.book("A").orders()["agent"])
    sent = seen.step()
    cancels = {m.agent for m in sent if m.msg_type == MsgType.CANCEL}
    assert cancels == resting & {m.agent for m in sent if m.msg_type == MsgType.NEW}
    assert 0 < len(cancels) < len(resting)


def test_an_order_outside_of_its_symbols_can_be_cancelled_but_not_replaced() -> None:
    def answer(ctx: qtg.StrategyContext) -> Any:
        ids = ctx.resting.order_id
        return ctx.cancel(ids[:1]) if ctx.tick == 2 else ctx.replace(ids, qty=20)

    seen = answering(answer, symbols=TWO, population_symbols=["A"], every=1)
    for _ in range(2):
        send(seen.sim, agent=FIRST, market=1, side=Side.BUY, price=400_000, qty=10)
    seen.step()
    assert [m.msg_type for m in seen.step()] == [MsgType.CANCEL]
    with pytest.raises(qtg.StrategyError, match="tick 3, agent 6: may not trade B"):
        seen.step()


def test_resting_is_read_only_and_only_during_the_call() -> None:
    kept: list[qtg.StrategyContext] = []

    def keep(ctx: qtg.StrategyContext) -> Any:
        kept.append(ctx)
        return ctx.resting.price.fill(1.0) if ctx.tick == 3 else None

    seen = once_resting(keep)
    seen.step()
    with pytest.raises(qtg.StrategyError, match="during the call only"):
        _ = kept[0].resting
    with pytest.raises(qtg.StrategyError, match="failed at tick 3: ValueError: .*read-only"):
        seen.step()


def test_a_strategy_that_does_not_ask_does_not_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the books were read")

    monkeypatch.setattr("qtg.agents.user.read_own", fail)
    once_resting(lambda ctx: ctx.orders([0], [0], side=1, qty=1, price=98.0)).step()
    with pytest.raises(qtg.StrategyError, match="the books were read"):
        once_resting(lambda ctx: ctx.cancel(ctx.resting.order_id)).step()


BAD: dict[str, tuple[Any, str]] = {
    "an id that nobody has": (
        lambda ctx: ctx.cancel([2, 99]),
        "order_id is 99, which none of its agents has resting; take ids from ctx.resting",
    ),
    "another agent's id": (
        lambda ctx: ctx.cancel(4),
        "order_id is 4, which none of its agents has resting",
    ),
    "an id that is no number": (lambda ctx: ctx.cancel([2, np.nan]), "order_id is nan"),
    "a negative id": (lambda ctx: ctx.replace(-1, qty=1), "order_id is -1"),
    "an id with a fraction": (lambda ctx: ctx.cancel(2.5), "order_id is 2.5"),
    "an id that overflows": (lambda ctx: ctx.cancel(np.uint64(2**63)), f"order_id is {2**63}"),
    "a mask": (
        lambda ctx: ctx.cancel(ctx.resting.qty > 5),
        "order_id is a mask; give ctx.resting.order_id[mask]",
    ),
    "text": (lambda ctx: ctx.cancel(["all"]), "column 'order_id' must hold numbers"),
    "ids in two dimensions": (
        lambda ctx: ctx.cancel(ctx.resting.order_id[None]),
        "column 'order_id' has shape (1, 3)",
    ),
    "a price that is no number": (
        lambda ctx: ctx.replace([1, 2, 3], price=[98, np.nan, 98]),
        "agent 7: price is nan, which cannot be ordered",
    ),
    "a price that overflows": (
        lambda ctx: ctx.replace([3], price=1e300),
        "agent 8: price is 1e+300",
    ),
    "half a share": (lambda ctx: ctx.replace([2], qty=0.5), "agent 7: qty is 0.5"),
    "a quantity that is no number": (lambda ctx: ctx.replace([3], qty=np.nan), "qty is nan"),
    "a quantity that overflows": (lambda ctx: ctx.replace([3], qty=1e19), "qty is 1e+19"),
    "a quantity that no int64 holds": (
        lambda ctx: ctx.replace([3], qty=10**30),
        "agent 8: qty is 1e+30, which cannot be ordered",
    ),
    "a quantity that no float holds": (lambda ctx: ctx.replace([3], qty=10**400), "qty is inf"),
    "a mask of rows": (
        lambda ctx: ctx.orders(row=[True, False], symbol=0, side=1, qty=1),
        "row is a mask; give np.flatnonzero(mask)",
    ),
    "columns that do not broadcast": (
        lambda ctx: ctx.replace([2, 3], price=[98.0, 98.0, 98.0]),
        "failed at tick 2: ValueError",
    ),
    "columns of unequal length": (
        lambda ctx: {"order_id": [2, 3], "qty": [1]},
        "column 'qty' has shape (1,), but order_id has (2,)",
    ),
    "an unknown column": (
        lambda ctx: {"order_id": [2], "side": [1]},
        "unknown column 'side'; the columns are order_id, price, qty",
    ),
    "neither price nor quantity": (
        lambda ctx: ctx.replace([2]),
        "ctx.replace needs a price, a qty or both",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_in_one_sentence(case: str) -> None:
    answer, sentence = BAD[case]
    seen = answering(
        lambda ctx: (
            answer(ctx)
            if ctx.tick == 2
            else ctx.orders([0, 1, 2], [0, 0, 0], side=1, qty=10, price=99.0)
        )
    )
    send(seen.sim, side=Side.BUY, price=PRICE - 500, qty=5)
    seen.step()
    ids = seen.sim.book("A").orders().sort("order_id")
    assert (ids["order_id"].to_list(), ids["agent"][3]) == ([1, 2, 3, 4], 2)
    with pytest.raises(qtg.StrategyError) as caught:
        seen.step()
    message = str(caught.value)
    assert message.startswith("strategy 'mine'")
    assert "tick 2" in message
    assert sentence in message
    assert "\n" not in message


@pytest.mark.parametrize(("qty", "reason"), [(0, Reason.BAD_QTY), (5, Reason.OFF_LOT)])
def test_what_the_market_does_not_take_is_a_rejected_event(qty: int, reason: Reason) -> None:
    lots = [{**SYMBOL, "lot_size": 10}]
    seen = once_resting(lambda ctx: ctx.replace(ctx.resting.order_id, qty=qty), symbols=lots)
    seen.step()
    assert {(e["exec_type"], e["reason"]) for e in events_of(seen.sim)} == {
        (ExecType.REJECTED, reason)
    }
