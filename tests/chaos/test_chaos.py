"""Markets around which everything fails lose nothing; and where something is lost, it is told."""

from pathlib import Path
from typing import Any

import pytest

from qtg.chaos import ChaosSummary, Profile, run_chaos
from qtg.chaos.market import accounts_of
from qtg.chaos.round import Round
from qtg.chaos.traffic import Message
from qtg.config import Config
from qtg.errors import ConfigError
from qtg.inputs import Input, InputKind, Inputs, news
from qtg.simulation import Simulation
from qtg.wal.run_log import RunLog

pytestmark = pytest.mark.compiled

SMALL = Config.preset("quick_test", {"background.count": 200, "warmup.ticks": 5})
# Each kind of failure comes several times in a few ticks.
DENSE = Profile.load("everything").model_copy(
    update={
        "crashes": Profile.load("everything").crashes.model_copy(
            update={"kill": 0.12, "truncate": 0.4, "corrupt": 0.6, "power": 0.3}
        ),
        "storage": Profile.load("everything").storage.model_copy(
            update={"snapshot_every": 15, "disk_full": 0.02, "failed_fsync": 0.02}
        ),
    }
)


def chaos(ticks: int = 40, seed: int = 5, **options: Any) -> ChaosSummary:
    return run_chaos(DENSE, SMALL, seed=seed, ticks=ticks, **options)


@pytest.fixture(scope="module")
def found() -> ChaosSummary:
    return chaos()


def test_nothing_is_lost_and_everything_is_counted(found: ChaosSummary) -> None:
    assert found.violations == []
    flow = found.flow
    assert (flow.missing().orders, flow.missing().shares) == (0, 0)
    assert flow.sent.orders == 45 * 8
    assert flow.taken.orders > 200
    assert found.recoveries == found.counts["recovered markets checked"] > 5
    assert found.injected["kills"] + found.injected["disk full"] + found.injected["failed fsync"]
    assert found.injected["file cut"] + found.injected["bit flipped"] == (
        found.counts["damage found"] + found.counts["damage harmless"]
    )
    assert found.counts["trace hashes compared"] >= 45


def test_every_kind_of_input_goes_the_same_way(tmp_path: Path) -> None:
    profile = DENSE.model_copy(
        update={
            "traffic": DENSE.traffic.model_copy(
                update={"cancel": 0.25, "replace": 0.15, "news": 0.05, "regime": 0.05}
            )
        }
    )
    one = Round(profile, SMALL, 2, tmp_path / "run", 40)
    venue = one._twin.sim.exchange.venue
    venue.track_orders()
    one.run()
    one.close()
    kinds = {each.kind for each in one._taken}
    assert kinds == {InputKind.ORDERS, InputKind.NEWS, InputKind.REGIME}
    for name in ("cancels", "replaces", "news", "regimes"):
        assert one.done[f"{name} sent"] > 5, name
    orders = venue.orders()
    mine = orders.filter(orders["agent"].is_in(accounts_of(one._twin.sim, profile).tolist()))
    ended = mine["reason"].value_counts()
    assert ended.filter(ended["reason"] == "requested")["count"].item() > 10, "cancels take effect"
    events = [venue.order_history(one)["event"].to_list() for one in mine["order_id"]]
    assert any("replaced" in steps for steps in events)
    assert (one.flow.missing().orders, one.flow.missing().shares) == (0, 0)
    assert one.counts["recovered markets checked"] > 3


def test_news_that_becomes_a_regime_in_the_log_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from qtg.chaos import checks

    monkeypatch.setattr(checks, "_inputs", lambda *_: iter([Input(1, 1, InputKind.REGIME, None)]))
    row = message_of_news()
    assert "is not what was sent" in str(checks.log_is_complete(Path(), [row], 1))


def message_of_news() -> Message:
    config = SMALL.with_({"news.enabled": True})
    return Message(1, 0, news(config, "macro", sentiment=0.5), kind=InputKind.NEWS)


def test_a_run_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtg.chaos.round._LIVES", 15)
    storage = DENSE.storage.model_copy(update={"flush_every": 10_000, "snapshot_every": 10_000})
    crashes = Profile().crashes.model_copy(update={"kill": 0.5})
    deadly = DENSE.model_copy(update={"storage": storage, "crashes": crashes, "name": "deadly"})
    says = r"'deadly': with seed 5 the run was recovered 15 times .* tick \d+; lower crashes.kill"
    with pytest.raises(ConfigError, match=says):
        run_chaos(deadly, SMALL, seed=5, ticks=60)


def test_a_seed_shows_the_same_again(found: ChaosSummary) -> None:
    again = chaos()
    for name in ("flow", "injected", "counts"):
        assert getattr(again, name) == getattr(found, name), name


def test_a_recovery_that_forgets_an_order_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    hear = RunLog._hear

    def forgetful(log: RunLog, new: Any) -> None:
        if new.sequence % 7:
            hear(log, new)

    monkeypatch.setattr(RunLog, "_hear", forgetful)
    (wrong,) = chaos().violations
    assert 1 <= wrong.tick <= 45


def test_a_log_that_acknowledges_too_early_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    update = RunLog.update

    def hasty(log: RunLog) -> None:
        update(log)
        log.acknowledged, log.committed = log._last, log._sim.tick

    monkeypatch.setattr(RunLog, "update", hasty)
    (wrong,) = chaos().violations
    assert "acknowledged" in wrong.what or "committed" in wrong.what


def test_a_snapshot_that_forgets_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    restore = Simulation.restore.__func__  # type: ignore[attr-defined]

    def poorer(cls: Any, *given: Any, **options: Any) -> Simulation:
        sim: Simulation = restore(cls, *given, **options)
        sim.exchange.ledger.accounts.cash[-1] -= 1
        return sim

    monkeypatch.setattr(Simulation, "restore", classmethod(poorer))
    (wrong,) = chaos(60).violations
    assert "INV-" in wrong.what or "hash" in wrong.what


def test_an_input_that_takes_effect_twice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Inputs.begin

    def twice(inputs: Inputs) -> None:
        begin(inputs)
        if inputs.sequence % 5 == 0 and inputs.taps:  # only where a log listens
            inputs.orders = inputs.orders * 2

    monkeypatch.setattr(Inputs, "begin", twice)
    (wrong,) = chaos().violations
    assert "trace hash" in wrong.what


def test_an_order_that_nobody_counts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from qtg.chaos.inbound import InboundQueue

    def silent(queue: InboundQueue, message: Any) -> bool:
        if message.number % 50:
            queue._waiting.append(message)
        return True

    monkeypatch.setattr(InboundQueue, "put", silent)
    (wrong,) = chaos(20).violations
    assert "went nowhere" in wrong.what


def test_rounds_follow_each_other_until_the_time_is_over() -> None:
    told: list[str] = []
    found = run_chaos("gentle", SMALL, seed=1, ticks=10, minutes=5 / 60, told=told.append)
    assert found.violations == []
    assert found.rounds > 1
    assert found.ticks == 15 * found.rounds
    assert found.growth is not None
    assert told


def test_a_round_gives_its_files_back(tmp_path: Path) -> None:
    one = Round(DENSE, SMALL, 5, tmp_path / "run", 10)
    one.run()
    one.close()
    held = [link.resolve() for link in Path("/proc/self/fd").glob("*")]
    assert not [path for path in held if tmp_path in path.parents]
