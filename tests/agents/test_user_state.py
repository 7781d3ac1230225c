"""A NumPy function keeps columns from tick to tick, and snapshots keep them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.compiled import buy, sell
from qtg.simulation import Simulation
from qtg.stateful import kept
from tests.simulation.small import lively

START = {"average": np.nan, "waited": 2}


@qtg.strategy("keeper_numpy", params={"weight": 0.3, "patience": 3}, state=START)
def keep(ctx: qtg.StrategyContext) -> Any:
    """Trades with its own moving average now and then."""
    own, weight = ctx.state, ctx.params["weight"][:, None]
    own["average"] = np.where(np.isnan(own["average"]), ctx.mid, own["average"])
    own["average"] += weight * (ctx.mid - own["average"])
    own["waited"] += 1
    due = own["waited"] >= ctx.params["patience"][:, None]
    own["waited"][due] = 0
    row, symbol = np.nonzero(due)
    side = np.where(ctx.mid[symbol] > own["average"][row, symbol], 1, -1)
    return ctx.orders(row, symbol, side=side, qty=3, price=ctx.mid[symbol], lifetime=5)


@qtg.compiled_strategy("keeper_compiled", params={"weight": 0.3, "patience": 3}, state=START)
def keep_compiled(me: Any, market: Any, orders: Any) -> None:
    """The same, agent by agent and symbol by symbol."""
    if me.state.average != me.state.average:
        me.state.average = market.mid
    me.state.average += me.params.weight * (market.mid - me.state.average)
    me.state.waited += 1
    if me.state.waited >= me.params.patience:
        me.state.waited = 0.0
        if market.mid > me.state.average:
            buy(orders, 3, market.mid, 5)
        else:
            sell(orders, 3, market.mid, 5)


def config(kind: str, **more: Any) -> qtg.Config:
    base = lively({"storage.agents_every": 0})
    mine = {"kind": kind, "count": 4, "cash": 500_000, "shares": 200, **more}
    return base.with_(smart=[*base.smart, mine])


def patient(kind: str) -> qtg.Config:
    return config(kind, params={"patience": {"kind": "choice", "values": [2, 3, 7]}})


@pytest.mark.compiled
@pytest.mark.parametrize("envs", [(0,), (5, 2, 9)])
def test_it_keeps_what_a_compiled_one_keeps(envs: tuple[int, ...]) -> None:
    columns = Simulation(patient("keeper_numpy"), envs=envs).run(50)
    loop = Simulation(patient("keeper_compiled"), envs=envs).run(50)
    assert columns.trace_hashes == loop.trace_hashes
    plain = Simulation(config("keeper_numpy", count=0), envs=envs).run(50)
    assert plain.trace_hashes != columns.trace_hashes
    mine, theirs = columns.smart[-1]._kept, loop.smart[-1]._rows.state
    for name in START:
        assert np.array_equal(mine[name], theirs[name])
        assert mine[name].shape == (4 * len(envs), 2)


@pytest.mark.compiled
def test_it_goes_on_from_a_snapshot_as_if_nothing_had_happened(tmp_path: Path) -> None:
    envs = (3, 1)
    straight = Simulation(patient("keeper_numpy"), envs=envs).run(50)
    sim = Simulation(patient("keeper_numpy"), envs=envs)
    for ticks in (0, 11, 14, 2):
        sim.run(ticks).snapshot(tmp_path / "s")
        sim = Simulation.restore(tmp_path / "s").fork()
    assert sim.run(23).trace_hashes == straight.trace_hashes


def test_a_fork_and_its_origin_do_not_share_them() -> None:
    sim = Simulation(config("keeper_numpy")).run(15)
    before = sim.smart[-1]._kept["waited"].copy()
    sim.fork().run(1)
    assert np.array_equal(sim.smart[-1]._kept["waited"], before)


def test_a_state_of_other_columns_is_refused() -> None:
    group = Simulation(config("keeper_numpy")).smart[-1]
    for damage, says in (
        (lambda its: its.pop("waited"), "has no waited"),
        (lambda its: its.update(average=its["average"][:1]), "state 'average' of strategy"),
        (lambda its: its.update(average=its["waited"].astype(int)), "of type int64"),
    ):
        state = kept(group.state())
        damage(state["_kept"])
        with pytest.raises(qtg.SnapshotError, match=says):
            group.restore(state)


def run_with(function: Any, state: dict[str, float]) -> None:
    qtg.strategy("keeper_wrong", state=state)(function)
    Simulation(config("keeper_wrong")).run(12)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda ctx: ctx.state["wait"], "no column 'wait'; did you mean 'waited'"),
        (lambda ctx: ctx.state.__setitem__("new", 1), r"state={'new': 0.0}"),
        (lambda ctx: ctx.state.__setitem__("waited", np.zeros(3)), r"broadcast to \(4, 2\)"),
        (lambda ctx: ctx.state.__setitem__("waited", "long"), r"broadcast to \(4, 2\)"),
    ],
)
def test_what_cannot_be_kept_is_told_at_once(function: Any, says: str) -> None:
    with pytest.raises(qtg.StrategyError, match=says):
        run_with(function, {"waited": 0})


def test_without_a_state_nothing_is_kept() -> None:
    def look(ctx: qtg.StrategyContext) -> None:
        assert dict(ctx.state) == {}
        assert "waited" not in ctx.state
        _ = ctx.state["waited"]

    with pytest.raises(qtg.StrategyError, match="none are named; name it where"):
        run_with(look, {})


@pytest.mark.parametrize(
    ("state", "says"),
    [({"a b": 0}, "'a b' is no name"), ({"a": "0"}, "'a' of `state` starts with a str")],
)
@pytest.mark.parametrize("register", [qtg.strategy, qtg.compiled_strategy])
def test_columns_have_names_and_start_with_numbers(register: Any, state: Any, says: str) -> None:
    with pytest.raises(qtg.ConfigError, match=says):
        register("keeper_bad", state=state)(lambda *_: None)


def test_a_class_keeps_what_it_likes_in_itself() -> None:
    class Own(qtg.Strategy):
        def on_tick(self, ctx: Any) -> None:
            return None

    with pytest.raises(qtg.ConfigError, match="`state` is for functions; a class has itself"):
        qtg.strategy("keeper_class", state={"a": 0})(Own)
