"""A user's own kind: a NumPy function over the rows of its agents, and what it may get wrong."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.schemas import ExecType, MsgType, OrdType, Side, TimeInForce
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, events_of, lively, quiet

from .market import CHANCE, market, population, send
from .user import FIRST, Answer, answering

TWO = [SYMBOL, {"symbol": "B", "initial_price": "50.00", "tick_size": "0.05", "lot_size": 10}]


def test_a_registered_function_trades() -> None:
    def buy(ctx: qtg.StrategyContext) -> Any:
        if np.isnan(ctx.ask[0]):
            return None
        return ctx.orders(np.arange(3), 0, side=1, qty=ctx.params["size"], price=ctx.ask[0])

    seen = answering(buy, defaults={"size": 7})
    send(seen.sim, side=Side.SELL, price=PRICE, qty=50)
    assert [m.agent for m in seen.step()] == [2]
    assert [(m.agent, m.side, m.price, m.qty) for m in seen.step()] == [
        (FIRST + i, Side.BUY, PRICE, 7) for i in range(3)
    ]
    trades = [e for e in events_of(seen.sim) if e["exec_type"] == ExecType.TRADE]
    assert [(e["agent"], e["contra_agent"], e["qty"]) for e in trades] == [
        (FIRST + i, 2, 7) for i in range(3)
    ]


def test_the_function_sees_the_market_at_the_start_of_the_tick() -> None:
    contexts: list[qtg.StrategyContext] = []
    seen = answering(contexts.append, symbols=TWO, cash=5_000, shares=100, every=1)
    send(seen.sim, side=Side.BUY, price=PRICE - 200, qty=5)
    seen.step()
    send(seen.sim, side=Side.SELL, price=PRICE - 200, qty=3, agent=3)
    seen.step()
    seen.step()
    first, second, third = contexts
    assert [ctx.tick for ctx in contexts] == [1, 2, 3]
    assert first.symbols == ("A", "B")
    assert first.agent.tolist() == [FIRST, FIRST + 1, FIRST + 2]
    assert np.isnan(first.bid).all()
    assert np.isnan(first.ask).all()
    assert first.mid.tolist() == first.last.tolist() == first.fair_value.tolist() == [100, 50]
    assert first.tick_size.tolist() == [0.01, 0.05]
    assert first.cash.tolist() == [5_000] * 3
    assert first.shares.tolist() == [[100, 100]] * 3
    assert second.bid.tolist()[0] == 99.98
    assert (second.volume.tolist(), third.volume.tolist()) == ([0, 0], [3, 0])
    assert third.last.tolist() == [99.98, 50]


def test_cash_and_shares_that_are_reserved_are_not_shown() -> None:
    contexts: list[qtg.StrategyContext] = []

    def rest(ctx: qtg.StrategyContext) -> Any:
        contexts.append(ctx)
        if ctx.tick > 1:
            return None
        return ctx.orders([0, 1], [0, 0], side=[1, -1], qty=[10, 30], price=[90.0, 110.0])

    seen = answering(rest, cash=5_000, shares=100)
    seen.step()
    seen.step()
    assert contexts[1].cash.tolist() == [4_100, 5_000, 5_000]
    assert contexts[1].shares[:, 0].tolist() == [100, 70, 100]


def test_what_a_function_does_to_its_arrays_stays_with_it() -> None:
    def vandal(ctx: qtg.StrategyContext) -> None:
        for array in (ctx.cash, ctx.shares, ctx.bid, ctx.last, ctx.volume, ctx.mid):
            array[:] = 1

    calm, seen = market(population("noise_trader", 3)), answering(vandal)
    for each in (calm, seen):
        for _ in range(3):
            each.step()
    ledgers = [each.sim.exchange.ledger for each in (calm, seen)]
    assert ledgers[1].accounts.cash[FIRST:].tolist() == [10**10] * 3
    assert seen.sim.exchange.view.last.tolist() == [PRICE]


def test_prices_are_put_on_the_grid_away_from_trading() -> None:
    def quote(ctx: qtg.StrategyContext) -> Any:
        prices = [99.996, 100.004, 100.0, 100.1, 50.04, 50.01]
        sides = [1, -1, 1, -1, 1, -1]
        return ctx.orders([0] * 6, [0, 0, 0, 0, 1, 1], side=sides, qty=10, price=prices)

    sent = answering(quote, symbols=TWO).step()
    assert [m.price for m in sent] == [999_900, 1_000_100, PRICE, 1_001_000, 500_000, 500_500]


def test_without_a_price_it_is_a_market_order_and_a_lifetime_makes_it_expire() -> None:
    def both(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick == 1:
            return ctx.orders([0], [0], side=1, qty=4, price=90, lifetime=6)
        return ctx.orders([1], [0], side=1, qty=4)

    seen = answering(both, latency=2, latency__enabled=True)
    (limit,), (at_market,) = seen.step(), seen.step()
    assert (limit.ord_type, limit.tif, limit.expire_tick) == (
        OrdType.LIMIT,
        TimeInForce.GTT,
        1 + 2 + 6,
    )
    assert (at_market.ord_type, at_market.tif) == (OrdType.MARKET, TimeInForce.GTC)
    assert {m.latency_ticks for _, m in seen.sent} == {2}
    assert {m.msg_type for _, m in seen.sent} == {MsgType.NEW}


def test_a_function_is_called_in_every_so_many_th_tick_and_not_in_the_warm_up() -> None:
    contexts: list[qtg.StrategyContext] = []
    seen = answering(contexts.append, every=4, warmup__ticks=5)
    for _ in range(14):
        seen.step()
    assert [ctx.tick for ctx in contexts] == [8, 12]


def test_orders_of_agents_who_do_not_act_are_left_out() -> None:
    def everybody(ctx: qtg.StrategyContext) -> Any:
        n = len(ctx.agent)
        return ctx.orders(np.arange(n), np.zeros(n, int), side=1, qty=1, price=1.0)

    seen = answering(everybody, 50, probability=0.3)
    sent = [seen.step() for _ in range(60)]
    counts = [len(each) for each in sent]
    assert stats.binomtest(sum(counts), 3_000, 0.3).pvalue > CHANCE
    assert len({tuple(m.agent for m in each) for each in sent}) == 60
    assert len({m.agent for each in sent for m in each}) == 50


def test_an_order_outside_of_its_symbols_is_an_error() -> None:
    def stray(ctx: qtg.StrategyContext) -> Any:
        symbol = 0 if ctx.tick == 1 else 1
        return ctx.orders([2], [symbol], side=1, qty=10, price=1.0)

    seen = answering(stray, symbols=TWO, population_symbols=["A"])
    assert len(seen.step()) == 1
    with pytest.raises(qtg.StrategyError, match="tick 2, agent 8: may not trade B"):
        seen.step()


def test_parameters_are_drawn_per_agent_and_passed_by_name() -> None:
    contexts: list[qtg.StrategyContext] = []
    spread = {"kind": "uniform", "low": 1, "high": 2}
    defaults = {"edge": 0.5, "size": 10}
    answering(contexts.append, 50, defaults=defaults, params={"edge": spread}).step()
    params = contexts[0].params
    assert params["size"].tolist() == [10.0] * 50
    assert len(set(params["edge"].tolist())) == 50
    assert 1 <= params["edge"].min() < 1.2 < 1.8 < params["edge"].max() <= 2


def test_uniform_numbers_are_the_same_in_every_rerun_and_differ_otherwise() -> None:
    rolls: list[list[float]] = []

    def roll(ctx: qtg.StrategyContext) -> None:
        rolls.append(ctx.uniform().tolist())
        rolls.append(ctx.uniform(1).tolist())

    qtg.strategy("mine")(roll)
    for seed in (1, 1, 2):
        Simulation(quiet({"smart": [population("mine", 4)]}, seed=seed)).run(2)
    first, again, other = rolls[:4], rolls[4:8], rolls[8:]
    assert first == again
    numbers = [number for each in (*first, *other) for number in each]
    assert len(set(numbers)) == 32
    assert all(0 <= number < 1 for number in numbers)


def test_two_populations_of_one_kind_are_asked_apart() -> None:
    contexts: list[qtg.StrategyContext] = []
    qtg.strategy("mine")(contexts.append)
    market(population("mine", 2), population("mine", 3)).step()
    assert [len(ctx.agent) for ctx in contexts] == [2, 3]


def test_a_refused_order_is_an_event_and_not_an_error() -> None:
    seen = answering(lambda ctx: ctx.orders([0], [0], side=1, qty=10**6, price=100.0))
    seen.step()
    assert [e["exec_type"] for e in events_of(seen.sim)] == [ExecType.REJECTED]


def test_more_orders_than_agents_are_welcome() -> None:
    seen = answering(lambda ctx: ctx.orders(np.zeros(500, int), 0 * np.arange(500), side=1,
                                            qty=1, price=1.0))  # fmt: skip
    assert len(seen.step()) == 500
    assert seen.sim.book("A").orders().height == 500


BAD: dict[str, tuple[Answer, str]] = {
    "a price that is no number": (
        lambda ctx: ctx.orders([0, 1], [0, 0], side=1, qty=1, price=[1.0, np.nan]),
        "agent 7: price is nan",
    ),
    "an infinite price": (
        lambda ctx: ctx.orders([2], [0], side=1, qty=1, price=np.inf),
        "agent 8: price is inf",
    ),
    "a price that overflows": (
        lambda ctx: ctx.orders([2], [0], side=1, qty=1, price=1e300),
        "agent 8: price is 1e+300",
    ),
    "a negative price": (
        lambda ctx: ctx.orders([0], [0], side=1, qty=1, price=-1.0),
        "agent 6: price is -1.0",
    ),
    "a quantity that is no number": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=np.nan),
        "agent 7: qty is nan",
    ),
    "a quantity that overflows": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=1e19),
        "agent 7: qty is 1e+19",
    ),
    "a quantity that overflows as an integer": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=np.uint64(2**63)),
        "agent 7: qty is 9223372036854775808",
    ),
    "half a share": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=0.5),
        "agent 7: qty is 0.5",
    ),
    "a negative quantity": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=-4),
        "agent 7: qty is -4",
    ),
    "a side that does not exist": (
        lambda ctx: ctx.orders([1], [0], side=2, qty=1),
        "agent 7: side is 2",
    ),
    "a row that does not exist": (
        lambda ctx: ctx.orders([0, 3], [0, 0], side=1, qty=1),
        "row 3: row is 3",
    ),
    "an agent number for a row": (
        lambda ctx: ctx.orders(ctx.agent, 0 * ctx.agent, side=1, qty=1),
        "row 6: row is 6",
    ),
    "a row that is no number": (
        lambda ctx: ctx.orders([np.nan], [0], side=1, qty=1),
        "row nan: row is nan",
    ),
    "a symbol that does not exist": (
        lambda ctx: ctx.orders([1], [1], side=1, qty=1),
        "agent 7: symbol is 1",
    ),
    "a lifetime of nothing": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=1, price=1, lifetime=0),
        "agent 7: lifetime is 0",
    ),
    "columns of unequal length": (
        lambda ctx: {"row": [0, 1], "symbol": [0], "side": [1, 1], "qty": [1, 1]},
        "column 'symbol' has shape (1,), but row has (2,)",
    ),
    "columns that do not broadcast": (
        lambda ctx: ctx.orders([0, 1], [0, 0, 0], side=1, qty=1),
        "failed at tick 1: ValueError",
    ),
    "a missing column": (
        lambda ctx: {"row": [0], "symbol": [0], "side": [1]},
        "must return ctx.orders(...) or None, ctx.cancel(...), ctx.replace(...) or a list of these, "
        "not dict",
    ),
    "an unknown column": (
        lambda ctx: {**ctx.orders([0], [0], side=1, qty=1), "prize": [1]},
        "returned an unknown column 'prize'; the columns are row, symbol",
    ),
    "something else": (lambda ctx: 17, "must return ctx.orders(...) or None"),
    "something else in a list": (lambda ctx: [None, 17], "or a list of these, not int"),
    "an exception": (lambda ctx: 1 / 0, "failed at tick 1: ZeroDivisionError: division by zero"),
    "text for a quantity": (
        lambda ctx: ctx.orders([1], [0], side=1, qty=["many"]),
        "qty",
    ),
    "nothing for a price": (
        lambda ctx: {"row": [0], "symbol": [0], "side": [1], "qty": [1], "price": [None]},
        "price",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_names_strategy_tick_and_agent(case: str) -> None:
    answer, sentence = BAD[case]
    seen = answering(answer)
    with pytest.raises(qtg.StrategyError) as caught:
        seen.step()
    message = str(caught.value)
    assert "'mine'" in message
    assert "tick 1" in message
    assert sentence in message
    assert "\n" not in message


def test_an_error_in_the_function_keeps_its_cause() -> None:
    seen = answering(lambda ctx: [][1])
    with pytest.raises(qtg.StrategyError) as caught:
        seen.step()
    assert isinstance(caught.value.__cause__, IndexError)


def test_built_in_kinds_keep_their_names() -> None:
    with pytest.raises(qtg.ConfigError, match="'noise_trader' is a built-in strategy"):
        qtg.strategy("noise_trader")(lambda ctx: None)
    assert qtg.kinds()["noise_trader"].decide is None


@pytest.mark.compiled
def test_a_failing_strategy_leaves_what_was_committed(tmp_path: Any) -> None:
    def fail_late(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick == 40:
            raise RuntimeError("enough")
        return None

    qtg.strategy("mine")(fail_late)
    config = lively()
    config = config.with_(smart=[*config.smart, population("mine")])
    with pytest.raises(qtg.StrategyError, match="'mine' failed at tick 40: RuntimeError: enough"):
        qtg.simulate(config, tmp_path / "run", progress=False)
    run = qtg.open_run(tmp_path / "run")
    assert run.status == "failed"
    assert "enough" in run.info()["reason"]
    assert run.metrics["tick"].to_list() == list(range(1, 40))
