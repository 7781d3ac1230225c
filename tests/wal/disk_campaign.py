"""Logs on simulated disks that fail: `python -m tests.wal.disk_campaign --seeds 100000`.

Each seed is a log that is written, crashes, is read and reopened, up to four times. Whatever the
disk did, no record may be read that was not written, and none in another place. An honest disk may
never cost an acknowledged record, nor be taken for a damaged one. A lying disk may only cost one if
nothing that is left can tell.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime

from qtg.config.durability import Fsync
from qtg.errors import ConfigError, CorruptData, StorageError
from qtg.store.directory import LOG
from qtg.wal.format import MARK, RecordKind, mark_bytes
from qtg.wal.log import Log
from qtg.wal.reading import Contents, read_log
from qtg.wal.reopening import reopen
from qtg.wal.simulated_disk import SimulatedDisk

FINGERPRINT = "fingerprint"
KINDS = (RecordKind.INPUT, RecordKind.TICK, RecordKind.SNAPSHOT)
ROUNDS = 4
PROFILES: dict[str, dict[str, float]] = {
    "power lost": {},
    "process killed": {},
    "failed fsync": {"fsync": 0.1},
    "full disk": {"full": 0.1},
    "lost writes": {"lost": 0.1},
    "misdirected writes": {"misdirected": 0.1},
    "rotten bits": {"rot": 0.5},
    "all at once": {"fsync": 0.03, "full": 0.03, "lost": 0.03, "misdirected": 0.03, "rot": 0.2},
}
LIES = ("lost", "misdirected", "rot")
OUTCOMES = (
    "read to its end",
    "torn end dropped",
    "log ended by the disk",
    "damage found",
    "went on without",
    "nothing left",
    "acknowledged, lost, and nothing left to tell",
)


class Life:
    """One log on one disk, with everything that was ever written to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.profile = self.random.choice(list(PROFILES))
        sector = self.random.choice((16, 64, 512))
        self.disk = SimulatedDisk(seed, PROFILES[self.profile], sector)
        self.fsync = self.random.choice((Fsync.GROUP, Fsync.GROUP, Fsync.ALWAYS, Fsync.OFF))
        self.segment_bytes = self.random.choice((300, 1_000, 1 << 20))
        self.written: dict[int, tuple[int, bytes]] = {}
        self.acknowledged = 0
        self.kept_from = 1
        self.cut = False
        self.counts: Counter[str] = Counter({self.profile: 1})

    @property
    def lied(self) -> bool:
        return any(self.disk.done[lie] for lie in LIES)

    def run(self) -> Counter[str]:
        contents: Contents | None = None
        for _ in range(self.random.randint(1, ROUNDS)):
            log = None
            try:
                log = self.open(contents)
                self.write(log)
            except (StorageError, OSError):
                self.counts["log ended by the disk"] += 1
            if log is not None:
                self.acknowledged = max(self.acknowledged, log.durable)
            self.crash()
            contents = self.read()
            if contents is None and self.lied:
                break
        self.counts += self.disk.done
        return self.counts

    def open(self, contents: Contents | None) -> Log:
        durability = {"fsync": self.fsync.name.lower()}
        told = {"fingerprint": FINGERPRINT, "config": {"durability": durability}}
        header = json.dumps(told).encode()
        settings = {"fsync": self.fsync, "segment_bytes": self.segment_bytes}
        if contents is None:
            self.written.clear()
            return Log(self.disk, FINGERPRINT, header, **settings)
        for lost in [each for each in self.written if each > contents.last]:
            del self.written[lost]  # never acknowledged: their numbers are given again
        return reopen(self.disk, contents, header, **settings)

    def write(self, log: Log) -> None:
        for _ in range(self.random.randint(0, 40)):
            self.acknowledged = max(self.acknowledged, log.durable)
            action = self.random.random()
            if action < 0.75:
                kind, payload = self.random.choice(KINDS), self.payload()
                expected = log.sequence + 1
                self.written[expected] = (int(kind), payload)
                assert log.append(kind, payload) == expected, "numbers have no gaps"
            elif action < 0.9:
                log.flush()
            elif action < 0.97:
                last = log.sequence
                assert log.commit() >= last, "committed is durable"
            else:
                log.commit()
                self.kept_from = max(self.kept_from, self.random.randint(1, log.durable))
                log.compact(self.kept_from)
        if self.random.random() < 0.1:
            last = log.sequence
            log.close()
            assert log.durable >= last, "what was closed is durable"

    def payload(self) -> bytes:
        size = self.random.choice((0, 1, 8, 40, 100, 600))
        return bytes(size) if self.random.random() < 0.3 else self.random.randbytes(size)

    def crash(self) -> None:
        if self.profile == "process killed" or self.random.random() < 0.2:
            self.disk.kill_process()
        else:
            self.disk.lose_power()
            self.cut = True

    def read(self) -> Contents | None:
        try:
            contents = read_log(self.disk)
        except CorruptData as error:
            return self.damaged(error)
        if contents is None:
            assert self.lied or not self.acknowledged, "an acknowledged log is gone"
            self.counts["nothing left"] += 1
            return None
        self.compare(contents)
        self.counts["read to its end"] += 1
        if contents.torn:
            self.counts["torn end dropped"] += 1
            assert contents.torn.segment == self.last_segment(), "a segment follows a torn end"
        if contents.last < self.acknowledged:
            assert self.lied, "acknowledged records are gone"
            assert self.mark() <= contents.last, "the mark knew that records are gone"
            self.counts["acknowledged, lost, and nothing left to tell"] += 1
            self.acknowledged = contents.last
        return contents

    def damaged(self, error: CorruptData) -> Contents | None:
        is_last = error.file == self.last_segment()
        without_sync = self.fsync is Fsync.OFF and self.cut and is_last
        assert self.lied or without_sync, f"an honest disk was called damaged: {error}"
        self.counts["damage found"] += 1
        return self.go_on_without(error)

    def go_on_without(self, error: CorruptData) -> Contents | None:
        """As an operator would, with what is before the damage."""
        try:
            contents = read_log(self.disk, until=(error.sequence or 1) - 1)
        except (StorageError, ConfigError):
            return None
        assert contents is not None
        self.compare(contents)
        self.acknowledged = min(self.acknowledged, contents.last)
        self.counts["went on without"] += 1
        return contents

    def compare(self, contents: Contents) -> None:
        """Everything that was read was written, there and so, from what was kept on."""
        first = contents.records[0].sequence
        assert first <= self.kept_from, "records that were to be kept are gone"
        for expected, record in enumerate(contents.records, first):
            assert record.sequence == expected, "a record is missing or comes twice"
            if record.kind == RecordKind.HEADER:
                assert json.loads(record.payload)["fingerprint"] == FINGERPRINT
            else:
                assert self.written[expected] == (record.kind, record.payload), "misread"

    def last_segment(self) -> str:
        """Name of the last segment; empty if a lying disk left none."""
        names = (f"{LOG}/{name}" for name in self.disk.names(LOG) if name.endswith(".wal"))
        return max(names, default="")

    def mark(self) -> int:
        """What the mark says, read without the code that is tested."""
        try:
            data = self.disk.read(MARK)
        except FileNotFoundError:
            return 0
        said = int.from_bytes(data[20:28], "little")
        return said if data == mark_bytes(said, FINGERPRINT) else 0


def campaign(first: int, seeds: int, told: bool = False) -> Counter[str]:
    """Counts over seeds; raises AssertionError naming the first seed that went wrong."""
    counts: Counter[str] = Counter()
    for seed in range(first, first + seeds):
        life = Life(seed)
        try:
            counts += life.run()
        except Exception as error:
            raise AssertionError(f"seed {seed}, {life.profile}: {error!r}") from error
        if told and (seed - first + 1) % 10_000 == 0:
            print(f"{seed - first + 1:,} seeds", file=sys.stderr)
    return counts


def report(first: int, seeds: int, counts: Counter[str], seconds: float) -> str:
    """What a campaign found, as it stands in docs/evidence."""
    lines = [
        f"simulated disks, {seeds:,} seeds from {first} on: no record misread, and none that was",
        "acknowledged lost on a disk that keeps what it synced",
        f"{datetime.now(UTC):%Y-%m-%d}, {seconds:,.0f} s, Python {sys.version.split()[0]}",
        "",
        "logs by what the disk does",
        *(f"  {counts[name]:>9,}  {name}" for name in PROFILES),
        "",
        "faults",
        *(f"  {counts[name]:>9,}  {name}" for name in ("fsync", "full", *LIES)),
        "",
        "after each crash",
        *(f"  {counts[name]:>9,}  {name}" for name in OUTCOMES),
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="logs on simulated disks that fail")
    parser.add_argument("--seeds", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    start = time.perf_counter()
    try:
        counts = campaign(asked.seed, asked.seeds, told=True)
    except AssertionError as error:
        print(error)
        return 1
    print(report(asked.seed, asked.seeds, counts, time.perf_counter() - start))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
