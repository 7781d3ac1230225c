"""One run under a profile: fail, recover, check, go on, to its end."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..config import Config
from ..errors import ConfigError, CorruptData, StorageError
from ..recovery import Recovered, recover
from ..run import open_sink
from ..simulation import Simulation
from ..store import RunWriter
from ..wal.disk import RealDisk
from ..wal.run_log import RunLog
from . import checks
from .clock import ManualClock
from .counts import Flow
from .damage import Damaged, damage
from .disk import FailingDisk, Killed
from .draws import Draws
from .inbound import Gateway
from .killing import DeadlyStopwatch, Death, bytes_in_recovery, death_in
from .market import accounts_of, chaos_config
from .network import LossyNetwork
from .profile import Profile
from .traffic import Message, TrafficSource
from .twin import Twin, offer

_ATTEMPTS = 100  # to recover, or to begin; more would be a disk that never works
_LIVES = 1_000  # in which a run does not get further


class Wrong(Exception):
    """Something does not hold that must."""


class NoProgress(ConfigError):
    """A profile under which a run never ends."""


class Round:
    """A market, its twin, and everything that goes wrong between them.

    Parameters
    ----------
    profile : Profile
    config : Config          of the market, without the profile's accounts and log
    seed : int               of the market and of everything that goes wrong
    place : path             the run directory
    ticks : int, optional    instead of the profile's

    Attributes
    ----------
    flow : Flow              where the orders from outside went
    done : Counter           what was injected
    counts : Counter         what recoveries did, and what was checked
    tick : int               of the market, as far as it got
    """

    def __init__(
        self, profile: Profile, config: Config, seed: int, place: Path, ticks: int | None = None
    ) -> None:
        self.flow, self.done, self.counts = Flow.zero(), Counter[str](), Counter[str]()
        self._config = chaos_config(config, profile, seed, ticks)
        self._profile, self._draws, self._place = profile, Draws(seed), place
        self._twin = Twin(self._config, self.flow)
        self._gateway = self._make_gateway()
        self._disk = FailingDisk(RealDisk(place), profile.storage, self._draws, self.done)
        self._taken: list[Message] = []  # let in, in order
        self._life = 0
        self._safe = (0, 0)  # inputs and ticks that were acknowledged
        self._sim: Simulation
        self._sink: RunWriter
        self._log: RunLog
        self._watch: DeadlyStopwatch

    @property
    def tick(self) -> int:
        """Of the market, as far as it got."""
        return self._twin.sim.tick

    def run(self) -> None:
        """From the first tick to the last.

        Raises
        ------
        Wrong         something does not hold; its text says what
        NoProgress    it dies so often that it does not get further
        """
        try:
            self._begin()
            furthest, since = self.tick, 0
            while not self._live():
                furthest, since = (self.tick, 0) if self.tick > furthest else (furthest, since + 1)
                if since == _LIVES:
                    raise self._stuck()
            self._check_end()
        except (Wrong, NoProgress):
            raise
        except Exception as error:
            raise Wrong(f"{type(error).__name__}: {error}") from error

    def _stuck(self) -> NoProgress:
        profile = self._profile
        return NoProgress(
            f"profile {profile.name!r}: with seed {self._draws.seed} the run was recovered "
            f"{_LIVES:,} times and did not get past tick {self.tick:,}; lower crashes.kill "
            f"({profile.crashes.kill:g}) or storage.flush_every ({profile.storage.flush_every:,})"
        )

    def _make_gateway(self) -> Gateway:
        profile, draws, tick_ns = self._profile, self._draws, self._config.tick_ns
        sim = self._twin.sim
        source = TrafficSource(profile.traffic, draws, sim, accounts_of(sim, profile), self.done)
        network = LossyNetwork(profile.network, draws, tick_ns, self.flow, self.done)
        clock = ManualClock()
        return Gateway(
            profile.inbound, source, network, clock, tick_ns, draws, self.flow, self.done
        )

    def _begin(self) -> None:
        """Start the run, as often as the disk makes it necessary."""
        for _ in range(_ATTEMPTS):
            sim, failures = Simulation(self._config), self._disk.failures
            sink = open_sink(self._config, self._place, overwrite=True)
            assert isinstance(sink, RunWriter)
            sim.publisher.attach(sim, sink)
            try:
                log = RunLog.begin(sim, sink, self._disk)
            except StorageError:
                sink.fail("its log could not be begun")
                self._disk.crash(False, self._life)
                self._expect(self._disk.failures > failures, "the log did not begin")
                self.counts["begun again"] += 1
            else:
                self._take_over(sim, sink, log)
                return
        raise Wrong(f"the run did not begin in {_ATTEMPTS} attempts")

    def _take_over(self, sim: Simulation, sink: RunWriter, log: RunLog) -> None:
        sim.watch = self._watch = DeadlyStopwatch()
        self._sim, self._sink, self._log = sim, sink, log

    def _live(self) -> bool:
        """Go on until the end, or until something happens; whether it is the end."""
        failures, pure, power = self._disk.failures, False, False
        try:
            while self._sim.tick < self._sim.last_tick:
                self._step()
            self._sim.publisher.finish(self._sim)
            self._sink.close(trace_hash=self._sim.trace_hash, ticks=self._sim.tick)
            self._log.finish()
            return True
        except Killed:
            self.done["kills"] += 1
            power = self._draws.happens(self._profile.crashes.power, "power", self._life)
            self.done["power lost with it"] += power
            pure = not power and self._disk.kill_after is None
        except StorageError as error:
            self._expect(self._disk.failures > failures, f"the log ended by itself: {error}")
        self._crash(power)
        return self._recover(pure)

    def _step(self) -> None:
        """One tick, with the orders that are not in the market yet."""
        sim, storage = self._sim, self._profile.storage
        tick = sim.tick + 1
        messages = self._messages(tick)
        death = death_in(self._profile.crashes, self._draws, tick, self._life, len(messages))
        self._offer(messages, death or Death())
        self._watch.laps = -1 if death is None else death.lap
        try:
            sim.step()
        except Killed:
            self.done[f"kills in {self._watch.phase.name.lower()}"] += 1
            raise
        self._expect_nothing(checks.same_market(sim, self._twin))
        self.counts["trace hashes compared"] += 1
        if death is not None and death.nbytes >= 0:
            self.done["kills while it wrote"] += 1
            self._disk.kill_after = death.nbytes
            self._log.commit()
            raise Killed
        if tick % storage.flush_every == 0:
            self._log.commit()

    def _messages(self, tick: int) -> list[Message]:
        """What the market takes in a tick; its twin has taken it before."""
        messages = self._gateway.taken(tick)
        if self._twin.sim.tick < tick:
            before = self.flow.refused.orders
            self._twin.advance(messages)
            self._taken += [each for each in messages if not each.malformed]
            refused = self.flow.refused.orders - before
            expected = sum(each.malformed for each in messages)
            self._expect(refused == expected, f"{refused} orders were refused, not {expected}")
        return messages

    def _offer(self, messages: list[Message], death: Death) -> None:
        """Send the orders of a tick, but for those that the log had after a crash."""
        sim = self._sim
        there = sim.inputs.waiting
        for number, message in enumerate(messages):
            if death.order == number:
                self._kill_between_orders()
            if not message.malformed and there:
                there -= 1
                continue
            inside = offer(sim, message)
            self._expect(inside != message.malformed, f"order {message.number} met another door")
        if death.order == len(messages):
            self._kill_between_orders()

    def _kill_between_orders(self) -> None:
        self.done["kills between orders"] += 1
        raise Killed

    def _crash(self, power: bool) -> None:
        """Nothing of the process is left but its files."""
        self._log.update()
        self._safe = (
            max(self._safe[0], self._log.acknowledged),
            max(self._safe[1], self._log.committed),
        )
        self._log.log.fail("the process was killed")
        self._log.close()
        self._disk.crash(power, self._life)
        self._sink.fail("the process was killed")
        self._life += 1

    def _recover(self, may_be_damaged: bool) -> bool:
        """Recover and check; whether the run had ended."""
        harm: Damaged | None = None
        crashes = self._profile.crashes
        if may_be_damaged:
            harm = damage(self._place, crashes, self._draws, self._life, self.done)
        found = self._found(harm)
        with_harm = "damaged" if harm is not None else "whole"
        self.counts[f"recoveries of {with_harm} runs"] += 1
        report = found.report
        self.counts["ticks made again"] += report.replayed
        self.counts["torn ends dropped"] += report.torn is not None
        self.counts["snapshots passed over"] += len(report.skipped)
        wrong = checks.after_recovery(found.sim, self._twin, report, self._safe)
        if wrong and found.log is not None:
            found.close()
        self._expect_nothing(wrong)
        self.counts["recovered markets checked"] += 1
        if report.complete:
            return True
        assert found.sink is not None
        assert found.log is not None
        self._take_over(found.sim, found.sink, found.log)
        return False

    def _found(self, harm: Damaged | None) -> Recovered:
        """Recover, as often as the disk makes it necessary."""
        if harm is not None:
            return self._without_failures(lambda: self._found_in_harm(harm))
        for attempt in range(_ATTEMPTS):
            number, failures = self._life * _ATTEMPTS + attempt, self._disk.failures
            self._disk.kill_after = bytes_in_recovery(self._profile.crashes, self._draws, number)
            try:
                found = self._recovered()
                self._disk.kill_after = None
                return found
            except Killed:
                self.done["kills while it recovered"] += 1
            except StorageError:
                if self._disk.failures == failures:
                    raise
            self._disk.crash(False, self._life)
        raise Wrong(f"the run did not recover in {_ATTEMPTS} attempts")

    def _found_in_harm(self, harm: Damaged) -> Recovered:
        """As an operator would: without what is damaged, or else with a copy of the file."""
        try:
            found = self._recovered()
            self.counts["damage harmless"] += 1
            return found
        except CorruptData as error:
            self.counts["damage found"] += 1
            last = error.sequence
        except StorageError:
            self.counts["damage found"] += 1
            last = None
        if last is not None and last > 1:
            try:
                found = self._recovered(last - 1)
            except (StorageError, ConfigError):
                pass
            else:
                self.counts["went on without"] += 1
                given_up = max(self._safe[0] - found.report.inputs, 0)
                self.counts["acknowledged inputs sent again"] += given_up
                inputs, tick = self._safe
                self._safe = (min(inputs, found.report.inputs), min(tick, found.report.tick))
                return found
        harm.undo()
        self.counts["restored from a copy"] += 1
        return self._recovered()

    def _recovered(self, until: int | None = None) -> Recovered:
        return recover(self._place, resume=True, until=until, disk=self._disk)

    def _without_failures(self, work: Callable[[], Recovered]) -> Recovered:
        self._disk.calm = True
        try:
            return work()
        finally:
            self._disk.calm = False

    def _check_end(self) -> None:
        """Inputs are conserved; log and tables have everything once."""
        for message in self._gateway.rest():
            self.flow.left.add(message)
        sim, twin = self._sim, self._twin
        for wrong in (
            checks.same_market(sim, twin),
            checks.invariants_hold(sim),
            checks.invariants_hold(twin.sim),
            checks.inputs_are_conserved(self.flow, sim),
            checks.log_is_complete(self._place, self._taken, len(self._config.symbols)),
            checks.tables_are_whole(self._place, twin),
        ):
            self._expect_nothing(wrong)
            self.counts["checks at the end"] += 1
        self.counts["invariants checked"] += sim.checker.checks + twin.sim.checker.checks

    def _expect(self, holds: bool, wrong: str) -> None:
        if not holds:
            raise Wrong(wrong)

    def _expect_nothing(self, wrong: str | None) -> None:
        if wrong is not None:
            raise Wrong(wrong)

    def close(self) -> None:
        """Give back what a round that went wrong still holds."""
        if hasattr(self, "_log"):
            self._log.log.fail("the round is over")
            self._log.close()
            self._sink.fail("the round is over")
        self._disk.crash(False, self._life)
