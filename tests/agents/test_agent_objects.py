"""A user's own kind as a Python object per agent."""

import warnings
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.schemas import MsgType, OrdType, Side
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, quiet

from .market import CHANCE, Outgoing, market, population, send
from .user import FIRST, HUNTER, hunt_columns, hunters_trade

TWO = [SYMBOL, {"symbol": "B", "initial_price": "50.00", "tick_size": "0.05", "lot_size": 10}]


def objects(act: Any, count: int = 3, **fields: Any) -> Outgoing:
    """A market with agents of a class whose `on_tick(self, ctx)` is `act`."""
    start = fields.pop("on_start", lambda self, ctx: None)
    body = {"on_tick": act, "on_start": start, "params": fields.pop("defaults", {})}
    if "history" in fields:
        body["history"] = fields.pop("history")
    options = {key: fields.pop(key) for key in list(fields) if "__" in key or key == "symbols"}
    qtg.strategy("mine")(type("Mine", (qtg.Strategy,), body))
    return market(population("mine", count, **fields), **options)


def test_every_agent_is_an_object_of_its_own() -> None:
    class Counter(qtg.Strategy):
        params: ClassVar[Any] = {"size": qtg.Param(5, low=1)}

        def on_start(self, ctx: qtg.AgentContext) -> None:
            self.seen = 0
            self.started = ctx.tick

        def on_tick(self, ctx: qtg.AgentContext) -> Any:
            self.seen += 1
            if ctx.agent == FIRST + 1:
                return None
            return ctx.buy("A", self.params["size"] + self.seen, price=90.0)

    qtg.strategy("mine")(Counter)
    spread = {"kind": "choice", "values": [10, 20]}
    seen = market(population("mine", 3, params={"size": spread}))
    first, second = seen.step(), seen.step()
    assert [m.agent for m in first] == [FIRST, FIRST + 2]
    assert {m.qty for m in first} <= {11, 21}
    assert [m.qty for m in second] == [m.qty + 1 for m in first]
    assert {m.price for m in first} == {900_000}


def test_it_sees_the_market_and_its_account() -> None:
    seen_by: list[dict[str, Any]] = []

    def look(self: Any, ctx: qtg.AgentContext) -> Any:
        seen_by.append(
            {
                "tick": ctx.tick,
                "cash": ctx.cash,
                "position": ctx.position("A"),
                "shares": ctx.shares("A"),
                "bid": ctx.bid("A"),
                "ask": ctx.ask("B"),
                "mid": ctx.mid("B"),
                "price": ctx.price("B"),
                "fair_value": ctx.fair_value("B"),
                "tick_size": ctx.tick_size("B"),
                "volume": ctx.volume("A"),
                "sentiment": ctx.sentiment("A"),
                "news": ctx.news("A"),
                "resting": ctx.resting,
            }
        )
        return ctx.sell("A", 30, price=110.0) if ctx.tick == 1 else None

    seen = objects(look, 1, symbols=TWO, cash=5_000, shares=100)
    send(seen.sim, side=Side.BUY, price=PRICE - 200, qty=5)
    seen.step()
    seen.step()
    first, second = seen_by
    assert np.isnan(first["ask"])
    assert first["resting"] == ()
    expected = {"tick": 1, "cash": 5_000.0, "position": 100, "shares": 100, "mid": 50.0}
    assert {key: first[key] for key in expected} == expected
    expected = {"position": 100, "shares": 70, "bid": 99.98, "price": 50.0, "fair_value": 50.0}
    assert {key: second[key] for key in expected} == expected
    assert (second["tick_size"], second["volume"], second["news"]) == (0.05, 0, 0.0)
    (order,) = second["resting"]
    assert order[1:] == ("A", -1, 110.0, 30)


def test_answers_are_sent_in_their_order_whatever_they_are() -> None:
    def act(self: Any, ctx: qtg.AgentContext) -> Any:
        if ctx.tick == 1:
            return ctx.buy("A", 10, price=90.0)
        (own,) = ctx.resting
        yield ctx.sell("A", 1)
        yield ctx.cancel(own) if ctx.agent == FIRST else ctx.replace(own, qty=4)
        yield None
        yield ctx.buy("A", 2, price=91.007, lifetime=3)
        yield ctx.buy("A", 3, price=92.0)

    def first_alone(self: Any, ctx: qtg.AgentContext) -> Any:
        return [ctx.buy("A", 10, price=90.0)] if ctx.tick == 1 else act(self, ctx)

    seen = objects(first_alone, 2, shares=10)
    seen.step()
    sent = [(m.agent, m.msg_type, m.ord_type, m.price, m.qty) for m in seen.step()]
    new, limit, at_market = MsgType.NEW, OrdType.LIMIT, OrdType.MARKET
    expected = []
    for agent, amend in ((FIRST, (MsgType.CANCEL, limit, 0, 0)), (FIRST + 1, None)):
        expected += [
            (agent, new, at_market, 0, 1),
            (agent, *(amend or (MsgType.REPLACE, limit, 900_000, 4))),
            (agent, new, limit, 910_000, 2),
            (agent, new, limit, 920_000, 3),
        ]
    assert sent == expected


def test_history_shows_the_last_mids_oldest_first() -> None:
    shown: list[list[float]] = []
    mids: list[float] = []

    def look(self: Any, ctx: qtg.AgentContext) -> None:
        shown.append(ctx.history("A").tolist())
        mids.append(ctx.mid("A"))
        assert ctx.history("A", 2).tolist() == shown[-1][-2:]
        assert ctx.history("A", 0).tolist() == []

    seen = objects(look, 1, history=3)
    for tick in range(5):
        send(seen.sim, side=Side.BUY, price=PRICE - 1_000 + 100 * tick, qty=5)
        send(seen.sim, side=Side.SELL, price=PRICE + 1_000, qty=5, agent=3)
        seen.step()
    assert shown == [mids[:1], mids[:2], mids[:3], mids[1:4], mids[2:5]]
    assert len(set(mids)) > 2


def test_random_numbers_are_the_same_in_every_rerun_and_differ_otherwise() -> None:
    rolls: list[Any] = []

    def roll(self: Any, ctx: qtg.AgentContext) -> None:
        rolls.append((ctx.rng.random(), ctx.rng.random(), ctx.uniform(3)))

    qtg.strategy("mine")(type("Mine", (qtg.Strategy,), {"on_tick": roll}))
    for seed in (1, 1, 2):
        Simulation(quiet({"smart": [population("mine", 4)]}, seed=seed)).run(3)
    first, again, other = rolls[:12], rolls[12:24], rolls[24:]
    assert first == again
    assert len({number for each in (*first, *other) for number in each}) == 72
    uniforms: list[float] = []

    def also(ctx: qtg.StrategyContext) -> None:
        uniforms.extend(ctx.uniform(3).tolist())

    qtg.strategy("mine")(also)
    Simulation(quiet({"smart": [population("mine", 4)]}, seed=1)).run(3)
    assert [each[2] for each in first] == uniforms


def test_agents_who_do_not_act_are_not_asked() -> None:
    asked: list[tuple[int, int]] = []

    def note(self: Any, ctx: qtg.AgentContext) -> None:
        asked.append((ctx.tick, ctx.agent))

    seen = objects(note, 50, probability=0.3, every=2)
    for _ in range(60):
        seen.step()
    assert stats.binomtest(len(asked), 1_500, 0.3).pvalue > CHANCE
    assert {tick % 2 for tick, _ in asked} == {0}


def test_it_trades_as_the_same_function_over_columns_does() -> None:
    """Bargain hunters, written twice: the runs are equal to the last event."""

    @qtg.strategy("mine")
    class Hunter(qtg.Strategy):
        params: ClassVar[Any] = HUNTER

        def on_tick(self, ctx: qtg.AgentContext) -> Any:
            size, edge = self.params["size"], self.params["edge"]
            for symbol in ctx.symbols:
                fair, ask, bid = ctx.fair_value(symbol), ctx.ask(symbol), ctx.bid(symbol)
                if ask < fair * (1 - edge) and ctx.cash >= ask * size:
                    yield ctx.buy(symbol, size, price=ask, lifetime=3)
                elif bid > fair * (1 + edge) and ctx.shares(symbol) >= size:
                    yield ctx.sell(symbol, size, price=bid, lifetime=3)

    here = hunters_trade()
    qtg.strategy("mine", params=HUNTER)(hunt_columns)
    assert hunters_trade() == here


BAD: dict[str, tuple[Any, str]] = {
    "an exception": (lambda self, ctx: 1 / 0, "failed at tick 1, agent 6: ZeroDivisionError"),
    "something else": (
        lambda self, ctx: 17,
        "on_tick must return what ctx.buy, ctx.sell, ctx.cancel or ctx.replace gave, a list of "
        "these or None, not int",
    ),
    "something else in a list": (lambda self, ctx: [None, 17], "or None, not int"),
    "text": (lambda self, ctx: "buy", "or None, not str"),
    "an order that is not returned": (
        lambda self, ctx: [ctx.buy("A", 1), ctx.sell("A", 1)][0],
        "on_tick made 2 orders but returned 1; return all of them, in a list",
    ),
    "an unknown symbol": (lambda self, ctx: ctx.bid("AA"), "no symbol 'AA'; did you mean 'A'?"),
    "a symbol by number": (lambda self, ctx: ctx.buy([0], 5), "no symbol [0]; "),
    "too much history": (
        lambda self, ctx: ctx.history("A", 500),
        "history of 500 ticks, but 100 are kept; set `history = 500`",
    ),
    "another agent's order": (
        lambda self, ctx: ctx.cancel(1),
        "order_id is 1, which is not among its ctx.resting",
    ),
    "nothing to replace": (lambda self, ctx: ctx.replace(1), "needs a price, a qty or both"),
    "text for a quantity": (lambda self, ctx: ctx.buy("A", "5"), "qty must be a number, not str"),
    "nothing for a quantity": (lambda self, ctx: ctx.buy("A", None), "qty must be a number, not"),
    "a list for a price": (lambda self, ctx: ctx.buy("A", 5, [1.0]), "price must be a number"),
    "a price that is no number": (
        lambda self, ctx: ctx.buy("A", 5, np.nan),
        "tick 1, agent 6: price is nan, which cannot be ordered",
    ),
    "half a share": (lambda self, ctx: ctx.buy("A", 0.5), "agent 6: qty is 0.5"),
    "a lifetime of nothing": (
        lambda self, ctx: ctx.sell("A", 1, 1.0, lifetime=0),
        "lifetime is 0",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_names_strategy_tick_and_agent(case: str) -> None:
    act, sentence = BAD[case]
    with pytest.raises(qtg.StrategyError) as caught:
        objects(act).step()
    message = str(caught.value)
    assert message.startswith("strategy 'mine'")
    assert "tick 1, agent 6" in message
    assert sentence in message
    assert "\n" not in message


def test_a_failing_start_is_named() -> None:
    def start(self: Any, ctx: Any) -> None:
        raise KeyError("window")

    with pytest.raises(qtg.StrategyError, match="failed at tick 1, agent 6: KeyError: 'window'"):
        objects(lambda self, ctx: None, on_start=start).step()


def test_one_call_has_the_time_budget() -> None:
    def loop(self: Any, ctx: Any) -> None:
        while ctx.agent == FIRST + 2:
            pass

    with pytest.raises(qtg.StrategyError, match="at tick 1, agent 8 took longer than its time"):
        objects(loop, time_budget_ms=50).step()


def test_classes_that_are_no_strategies_are_refused() -> None:
    class Other:
        pass

    class Empty(qtg.Strategy):
        pass

    class Fine(qtg.Strategy):
        def on_tick(self, ctx: Any) -> None:
            return None

    for own in (Other, Empty):
        with pytest.raises(qtg.ConfigError, match="must be a subclass of qtg.Strategy with an on_"):
            qtg.strategy("mine")(own)  # type: ignore[type-var]
    with pytest.raises(qtg.ConfigError, match="give `params` in the class"):
        qtg.strategy("mine", params={"size": 3})(Fine)


def test_many_objects_are_warned_of() -> None:
    with pytest.warns(qtg.StrategyWarning, match=r"a Python object for each of 1,001 agents"):
        objects(lambda self, ctx: None, 1_001, cash=1, shares=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        objects(lambda self, ctx: None, 1_000, cash=1, shares=0)
