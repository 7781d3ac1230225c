"""Orders that are tracked are tracked on after a restore, to the same rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.lifecycle import OrderLog
from qtg.schemas import OrdStatus
from qtg.simulation import Simulation
from qtg.stateful import kept
from qtg.venue import Venue
from tests.reference.columns import as_columns
from tests.reference.rules import Message

from .graph import differences
from .markets import MARKETS, own

SETTINGS: list[dict[str, Any]] = [{}, {"history": False}, {"ended": 20}, {"ended": 0}]


def tracked(envs: tuple[int, ...] = (0,), **settings: Any) -> Simulation:
    sim = Simulation(own(), envs=envs)
    sim.exchange.venue.track_orders(**settings)
    return sim


def same(a: OrderLog, b: OrderLog) -> None:
    """All that a log has to tell; without a history, the steps of the last call are scratch."""
    counts = [0, 1, 2, 3] if a._history else [0, 2, 3]
    assert a.tables.n[counts].tolist() == b.tables.n[counts].tolist()
    assert a.frame().equals(b.frame())
    assert not a._history or np.array_equal(a.steps, b.steps)
    assert all(np.array_equal(x, y) for x, y in zip(a.violations, b.violations, strict=True))
    assert vars(a).keys() == vars(b).keys()
    for name in ("_history", "_ended", "_markets"):
        assert getattr(a, name) == getattr(b, name)


@pytest.mark.compiled
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("envs", [(0,), (5, 2)])
def test_tracking_goes_on_as_if_nothing_had_happened(
    settings: dict[str, Any], envs: tuple[int, ...], tmp_path: Path
) -> None:
    straight, sim = tracked(envs, **settings).run(45), tracked(envs, **settings)
    for ticks in (0, 1, 19):
        sim.run(ticks).snapshot(tmp_path / "s")
        sim = Simulation.restore(tmp_path / "s")
    same(straight.run(0).exchange.venue.order_log, sim.run(25).exchange.venue.order_log)
    assert straight.trace_hashes == sim.trace_hashes
    assert straight.exchange.orders().equals(sim.exchange.orders())
    status = sim.exchange.venue.orders()["status"]
    assert status.n_unique() > (2 if settings.get("ended") != 0 else 0)
    if settings.get("history", True):
        ids = sim.exchange.venue.orders()["order_id"].to_list()
        histories = [
            [each.exchange.venue.order_history(one) for one in ids[::7]] for each in (straight, sim)
        ]
        assert all(a.equals(b) for a, b in zip(*histories, strict=True))
    else:
        with pytest.raises(qtg.ConfigError, match="keeps no history"):
            sim.exchange.venue.order_history(1)


@pytest.mark.compiled
def test_who_does_not_track_does_not_after_a_restore(tmp_path: Path) -> None:
    sim = Simulation(MARKETS["own"]()).run(5)
    sim.snapshot(tmp_path / "s")
    with pytest.raises(qtg.ConfigError, match="keeps no orders"):
        _ = Simulation.restore(tmp_path / "s").exchange.venue.order_log


@pytest.mark.compiled
def test_a_fork_tracks_for_itself_what_it_withdraws() -> None:
    sim = tracked().run(30)
    orders = sim.exchange.venue.orders()
    live = orders.filter(
        orders["status"].is_in(["new", "partially_filled"]) & (orders["agent"] > 1)
    )
    one = live.row(0, named=True)
    child = sim.fork(without_orders=[one["order_id"]])
    assert differences(sim, sim.fork()) == []
    last = child.exchange.venue.order_history(one["order_id"]).row(-1, named=True)
    assert (last["status"], last["reason"]) == ("canceled", "requested")
    assert sim.exchange.venue.orders().equals(orders), "the run itself has it still"
    child.run(10)
    assert child.exchange.venue.order_log.checked().n_orders > orders.height


def batch(seed: int, n: int = 40) -> Any:
    draw = np.random.default_rng(seed)
    return as_columns(
        [
            Message(
                agent=int(draw.integers(0, 6)),
                market=int(draw.integers(0, 4)),
                side=int(draw.choice([-1, 1])),
                price=int(100 + draw.integers(-8, 8)),
                qty=int(draw.integers(1, 9)),
                tif=int(draw.choice([0, 1, 2])),
                order_id=int(draw.integers(1, 60)),
                msg_type=int(draw.choice([0, 0, 0, 1, 2])),
            )
            for _ in range(n)
        ]
    )


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_bare_venue_goes_on_from_its_state(settings: dict[str, Any]) -> None:
    venues = [Venue(2, envs=(0, 3)) for _ in range(2)]
    straight, before = venues
    straight.track_orders(**settings)
    before.track_orders(**settings)
    for seed in range(6):
        for venue in venues:
            venue.submit(batch(seed), tick=seed + 1)
        after = Venue(2, envs=(0, 3))
        after.restore(kept(before.state()))
        same(straight.order_log, after.order_log)
        venues = [straight, after]
        before = after
    assert straight.order_log.n_orders > 10
    plain = Venue(2, envs=(0, 3))
    after.restore(kept(plain.state()))
    with pytest.raises(qtg.ConfigError, match="keeps no orders"):
        after.orders()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda log: log.pop("orders"), "has no orders"),
        (lambda log: log.pop("ended"), "has no ended"),
        (lambda log: log.update(history=2), "history is 2"),
        (lambda log: log.update(ended=-1), "ended is -1"),
        (lambda log: log.update(n=log["n"][:3]), "OrderLog.n has shape"),
        (lambda log: log.update(steps=log["steps"][1:]), "counts other steps"),
        (lambda log: log["n"].__setitem__(0, -1), "counts other orders"),
        (lambda log: log["n"].__setitem__(2, 1 << 60), "counts other violations"),
        (lambda log: log["orders"]["status"].__setitem__(0, 99), "orders.status"),
        (lambda log: log["orders"]["lifetime"].__setitem__(0, -1), "orders.lifetime"),
        (lambda log: log["orders"]["market"].__setitem__(0, 4), "orders.market"),
        (lambda log: log["orders"]["order_id"].__setitem__(0, 0), "orders.order_id"),
    ],
)
def test_a_damaged_state_is_refused(damage: Any, says: str) -> None:
    venue = Venue(2, envs=(0, 3))
    venue.track_orders()
    venue.submit(batch(1))
    state = kept(venue.state())
    damage(state["log"])
    with pytest.raises(qtg.SnapshotError, match=says):
        Venue(2, envs=(0, 3)).restore(state)


def test_status_of_a_restored_order_still_follows_the_table() -> None:
    venue = Venue()
    venue.track_orders()
    venue.submit({"side": [1], "price": [100], "qty": [5], "agent": [2]})
    after = Venue()
    after.restore(kept(venue.state()))
    after.submit({"side": [-1], "price": [100], "qty": [2], "agent": [3]})
    after.submit({"msg_type": [1], "order_id": [1], "agent": [2]})
    assert after.order_history(1)["status"].to_list() == ["new", "partially_filled", "canceled"]
    assert after.order_log.states.status[0] == OrdStatus.CANCELED
    assert venue.orders()["status"].to_list() == ["new"]
