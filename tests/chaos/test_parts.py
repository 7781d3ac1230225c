"""The parts of a chaos run, each against a slow account of its own."""

import errno
from collections import Counter, deque
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from qtg.chaos.clock import ManualClock
from qtg.chaos.counts import Flow
from qtg.chaos.disk import FailingDisk, Killed
from qtg.chaos.draws import Draws
from qtg.chaos.inbound import Gateway, InboundQueue
from qtg.chaos.market import chaos_config
from qtg.chaos.network import LossyNetwork
from qtg.chaos.profile import (
    Inbound,
    Network,
    Overflow,
    Profile,
    Storage,
    Traffic,
    profile_names,
)
from qtg.chaos.traffic import Message, TrafficSource
from qtg.chaos.twin import offer
from qtg.config import Config
from qtg.errors import ConfigError
from qtg.inputs import InputKind
from qtg.order_columns import as_orders
from qtg.schemas import MsgType, NewsKind
from qtg.simulation import Simulation
from qtg.wal.disk import RealDisk

TICK = 1_000_000_000


def message(number: int) -> Message:
    return Message(number, 0, as_orders({"qty": [number]}), False)


class Source:
    """So many orders a tick."""

    def __init__(self, per_tick: int) -> None:
        self._per_tick = per_tick

    def send(self, tick: int) -> list[Message]:
        first = (tick - 1) * self._per_tick + 1
        return [message(number) for number in range(first, first + self._per_tick)]


def gateway(
    network: Network, inbound: Inbound, seed: int = 1, per_tick: int = 10
) -> tuple[Gateway, Flow, Counter[str]]:
    flow, done, draws = Flow.zero(), Counter[str](), Draws(seed)
    way = LossyNetwork(network, draws, TICK, flow, done)
    source: object = Source(per_tick)
    return (
        Gateway(inbound, source, way, ManualClock(), TICK, draws, flow, done),  # type: ignore[arg-type]
        flow,
        done,
    )


def numbers(found: Gateway, ticks: int) -> list[int]:
    return [each.number for tick in range(1, ticks + 1) for each in found.taken(tick)]


def test_draws_depend_on_seed_and_place_alone() -> None:
    one, two = Draws(5), Draws(5)
    assert [one.word("a", n) for n in range(9)] == [two.word("a", n) for n in range(8, -1, -1)][
        ::-1
    ]
    assert one.word("a", 1) != one.word("b", 1) != Draws(6).word("b", 1)
    draws = np.array([one.unit("u", n) for n in range(4_000)])
    assert abs(draws.mean() - 0.5) < 0.02
    assert np.bincount([one.below(6, "dice", n) for n in range(6_000)]).min() > 850


@pytest.mark.parametrize("overflow", Overflow)
def test_a_full_queue_does_as_its_policy_says(overflow: Overflow) -> None:
    flow, rows = Flow.zero(), Draws(3)
    queue, slow, gone = InboundQueue(5, overflow, flow), deque[int](), []
    for number in range(1, 400):
        if rows.below(3, "take", number) == 0 and slow:
            assert queue.take().number == slow.popleft()
        fits = len(slow) < 5
        told = queue.put(message(number))
        if not fits and overflow == Overflow.DROP_OLDEST:
            gone.append(slow.popleft())
        if fits or overflow == Overflow.DROP_OLDEST:
            slow.append(number)
        else:
            gone.append(number)
        assert told == (fits or overflow != Overflow.REJECT), "only a rejected sender is told"
        assert [each.number for each in queue.rest()] == list(slow)
    tallies = (flow.dropped_oldest, flow.dropped_newest, flow.rejected)
    assert [each.orders for each in tallies] == [len(gone) * (overflow == n) for n in range(3)]
    assert tallies[overflow].shares == sum(gone) > 0
    assert queue.deepest == 5


def test_without_failures_every_order_comes_in_its_tick_and_in_order() -> None:
    found, flow, done = gateway(Network(), Inbound())
    assert numbers(found, 20) == list(range(1, 201))
    assert (flow.sent.orders, flow.lost.orders, dict(done)) == (200, 0, {})


def test_every_failure_of_the_network_is_counted() -> None:
    network = Network(drop=0.1, duplicate=0.1, reorder=0.1, late=0.1, late_ticks=3, jitter_ms=50)
    found, flow, done = gateway(network, Inbound())
    seen = Counter(numbers(found, 100) + [each.number for each in found.rest()])
    assert flow.sent.orders == 1_000
    assert flow.lost.orders == 1_000 - len(seen)
    assert flow.duplicated.orders == sum(count == 2 for count in seen.values())
    assert flow.duplicated.shares == sum(number for number, count in seen.items() if count == 2)
    assert all(70 < each < 140 for each in (flow.lost.orders, flow.duplicated.orders))
    assert min(done["inputs overtaken"], done["inputs late"]) > 70
    assert any(b < a for a, b in pairwise(numbers(found, 100)))


def test_it_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    network = Network(drop=0.1, reorder=0.2, late=0.2, jitter_ms=700)
    runs = [numbers(gateway(network, Inbound(), seed)[0], 30) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_pause_of_the_clock_fills_the_queue() -> None:
    calm = Inbound(capacity=10_000, service_ms=50)
    spiky = calm.model_copy(update={"spike": 0.2, "spike_ms": 2_500.0})
    found, flow, done = gateway(Network(), spiky)
    waited = [len(found.taken(tick)) for tick in range(1, 61)]
    assert done["latency spikes"] > 5
    assert waited.count(0) >= 2 * done["latency spikes"] - 5, "nothing is taken in a pause"
    assert sum(waited) + len(found.rest()) == flow.sent.orders == 600
    assert numbers(found, 60) == list(range(1, sum(waited) + 1)), "nobody overtakes in the queue"
    small, flow, _ = gateway(Network(), spiky.model_copy(update={"capacity": 8}))
    taken = len(numbers(small, 60))
    assert taken + flow.dropped_newest.orders + len(small.rest()) == 600
    assert flow.dropped_newest.orders > 0


def source_of(sim: Simulation, **chances: float) -> tuple[TrafficSource, Counter[str]]:
    done = Counter[str]()
    traffic = Traffic(per_tick=50, **chances)
    return TrafficSource(traffic, Draws(4), sim, sim.agents("guest"), done), done


@pytest.fixture(scope="module")
def busy() -> Simulation:
    """A market in which the accounts have orders resting."""
    profile = Profile(traffic=Traffic(accounts=5, news=0.1))
    sim = Simulation(
        chaos_config(Config.preset("quick_test", {"background.count": 50}), profile, 3)
    )
    source, _ = source_of(sim)
    for each in source.send(1) + source.send(2):
        assert (each.kind, each.columns.msg_type[0]) == (InputKind.ORDERS, MsgType.NEW)
        sim.submit(each.columns)
    return sim.run(1)


def test_requests_are_about_orders_that_rest(busy: Simulation) -> None:
    source, done = source_of(busy, cancel=0.3, replace=0.2)
    sent = source.send(9)
    rows = [each.columns for each in sent]
    assert [each.number for each in sent] == list(range(401, 451))
    orders = busy.exchange.venue.book_columns.orders
    for row in rows:
        if row.msg_type[0] != MsgType.NEW:
            at = np.flatnonzero(orders[row.market[0]].order_id == row.order_id[0])
            assert orders[row.market[0]].agent[at] == row.agent[0]
        if row.msg_type[0] == MsgType.REPLACE:
            assert min(row.price[0], row.qty[0]) > 0
    found = Counter(int(row.msg_type[0]) for row in rows)
    assert done == {"cancels sent": found[MsgType.CANCEL], "replaces sent": found[MsgType.REPLACE]}
    assert 8 <= found[MsgType.CANCEL] <= 24
    assert 3 <= found[MsgType.REPLACE] <= 17
    for one, other in zip(rows, (each.columns for each in source.send(9)), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_without_orders_that_rest_there_are_no_requests() -> None:
    profile = Profile(traffic=Traffic(accounts=5))
    sim = Simulation(chaos_config(Config.preset("quick_test"), profile, 3))
    source, done = source_of(sim, cancel=1.0)
    assert {int(each.columns.msg_type[0]) for each in source.send(1)} == {MsgType.NEW}
    assert not done


def test_news_and_regimes_come_from_outside_too(busy: Simulation) -> None:
    source, done = source_of(busy, news=0.3, regime=0.2)
    sent = source.send(1)
    kinds = Counter(each.kind for each in sent)
    assert done == {"news sent": kinds[InputKind.NEWS], "regimes sent": kinds[InputKind.REGIME]}
    assert min(kinds.values()) >= 3
    told = [each.columns for each in sent if each.kind == InputKind.NEWS]
    assert {int(each.kind[0]) for each in told} == {NewsKind.MACRO, NewsKind.EARNINGS}
    assert sum(each.shares for each in sent if each.kind != InputKind.ORDERS) == 0
    for each in sent:
        assert offer(busy, each)
    assert busy.inputs.waiting == 50


def test_missing_says_what_went_nowhere() -> None:
    flow = Flow.zero()
    flow.sent.add(message(7))
    assert (flow.missing().orders, flow.missing().shares) == (1, 7)
    flow.left.add(message(7))
    assert (flow.missing().orders, flow.missing().shares) == (0, 0)


def failing(place: Path, **chances: float) -> tuple[FailingDisk, Counter[str]]:
    done = Counter[str]()
    return FailingDisk(RealDisk(place), Storage(**chances), Draws(1), done), done


def test_a_disk_refuses_on_request(tmp_path: Path) -> None:
    disk, done = failing(tmp_path, disk_full=1.0)
    with pytest.raises(OSError, match="space") as full:
        disk.create("log/a").write(bytes(100))
    assert full.value.errno == errno.ENOSPC
    assert len(disk.read("log/a")) < 100
    disk, done = failing(tmp_path, failed_fsync=1.0)
    file = disk.create("log/b")
    file.write(bytes(100))
    with pytest.raises(OSError, match="error") as failed:
        file.sync()
    assert failed.value.errno == errno.EIO
    assert (disk.failures, dict(done)) == (1, {"failed fsync": 1})
    disk.calm = True
    file.sync()


def test_a_kill_stops_at_its_byte_and_power_takes_what_was_not_synced(tmp_path: Path) -> None:
    disk, _ = failing(tmp_path)
    file = disk.create("log/a")
    file.write(bytes(40))
    file.sync()
    disk.kill_after = 25
    file.write(bytes(20))
    with pytest.raises(Killed):
        file.write(bytes(20))
    assert len(disk.read("log/a")) == 65
    disk.crash(power=True, life=1)
    assert 40 <= len(disk.read("log/a")) < 65


def test_profiles_load_and_bad_ones_are_told(tmp_path: Path) -> None:
    for name in profile_names():
        assert Profile.load(name).name == name
    mine = tmp_path / "mine.toml"
    mine.write_text('ticks = 7\n[inbound]\noverflow = "reject"\n')
    assert Profile.load(mine).inbound.overflow == Overflow.REJECT
    with pytest.raises(ConfigError, match=r"no chaos profile 'evrything'.*everything"):
        Profile.load("evrything")  # codespell:ignore
    for text, told in (
        ("[network]\ndrop = 2", "network.drop"),
        ('[inbound]\noverflow = "maybe"', "inbound.overflow"),
        ("[crashes]\nkil = 1", "kil"),
    ):
        mine.write_text(text)
        with pytest.raises(ConfigError, match=told):
            Profile.load(mine)
