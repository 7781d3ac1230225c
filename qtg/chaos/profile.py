"""What goes wrong in a chaos run, and how often: named profiles, or one from a file."""

from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Self

from ..config.base import Model, setting
from ..config.shelf import SUFFIX, Shelf
from ..config.toml import read_toml
from ..config.types import ByName, Real, Whole
from ..errors import ConfigError

PROFILES = Shelf("chaos", "chaos profile")


class Overflow(IntEnum):
    """What becomes of an order that finds the inbound queue full."""

    DROP_OLDEST = 0  # the one that has waited longest goes
    DROP_NEWEST = 1  # it goes itself, and nobody is told
    REJECT = 2  # it goes itself, and its sender is told


def chance(doc: str) -> Any:
    """A setting that is a chance, 0 unless given."""
    return setting(doc, "share", default=0.0, ge=0, le=1)


class Traffic(Model):
    """What comes from outside: orders of accounts that do nothing else, news, regimes."""

    accounts: Whole = setting("accounts that send", "agents", default=8, ge=1, le=100_000)
    per_tick: Whole = setting("inputs sent in a tick", "inputs", default=4, ge=0, le=10_000)
    malformed: Real = chance("an order is one that no account could have sent")
    cancel: Real = chance("instead of a new order, one that rests is to be cancelled")
    replace: Real = chance("instead of a new order, one that rests is to be replaced")
    news: Real = chance("instead of an order, something becomes known")
    regime: Real = chance("instead of an order, background trading goes over to another regime")


class Network(Model):
    """What happens to an input on its way."""

    drop: Real = chance("it is lost")
    duplicate: Real = chance("it comes twice")
    reorder: Real = chance("it comes after those that were sent after it in that tick")
    late: Real = chance("it comes ticks later")
    late_ticks: Whole = setting("how much later at most", "ticks", default=5, ge=1, le=10_000)
    jitter_ms: Real = setting(
        "longest time by which orders come later, each by its own", "ms", default=0.0, ge=0, le=1e6
    )


class Inbound(Model):
    """The queue in front of the market, and how fast the market takes orders from it."""

    capacity: Whole = setting("orders that wait at most", "orders", default=64, ge=1, le=1 << 20)
    overflow: Annotated[Overflow, ByName()] = setting(
        "who goes when one more comes: drop_oldest, drop_newest, reject",
        default=Overflow.DROP_NEWEST,
    )
    service_ms: Real = setting("time to take one", "ms", default=1.0, gt=0, le=1e6)
    spike: Real = chance("a tick begins with a pause in which nothing is taken")
    spike_ms: Real = setting("length of the pause", "ms", default=5_000.0, ge=0, le=1e9)


class Storage(Model):
    """The log, and what its disk refuses or forgets."""

    flush_every: Whole = setting(
        "the log is made durable in every so many-th tick", "ticks", default=4, ge=1, le=10_000
    )
    snapshot_every: Whole = setting("ticks between snapshots", "ticks", default=50, ge=1)
    segment_bytes: Whole = setting("size of a segment", "bytes", default=16_384, ge=4_096)
    failed_fsync: Real = chance("a sync fails")
    disk_full: Real = chance("a write finds no room")


class Crashes(Model):
    """How often the process dies, and what that does to its files."""

    kill: Real = setting("chance to be killed in a tick", "share", default=0.0, ge=0, le=0.5)
    power: Real = chance("what was not synced is lost as well, from some byte on")
    in_recovery: Real = chance("it is killed again while it recovers")
    truncate: Real = chance("after a crash, a segment or snapshot is cut at some byte")
    corrupt: Real = chance("after a crash, a bit of a segment or snapshot is wrong")


class Profile(Model):
    """Everything that goes wrong in a chaos run."""

    name: str = setting("its name", default="own")
    ticks: Whole = setting("length of a round", "ticks", default=400, ge=1, le=1_000_000)
    traffic: Traffic = setting("orders from outside", default=Traffic())
    network: Network = setting("their way", default=Network())
    inbound: Inbound = setting("the queue that they come to", default=Inbound())
    storage: Storage = setting("the log and its disk", default=Storage())
    crashes: Crashes = setting("the process", default=Crashes())

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """A profile by its name, or from a TOML file.

        Raises
        ------
        ConfigError    no such profile or file, or a setting that makes no sense
        """
        name = str(source)
        if name.endswith(SUFFIX):
            told, _ = read_toml(Path(name))
            return cls.model_validate({"name": Path(name).stem, **told})
        if name not in PROFILES.names():
            raise ConfigError(
                f"no chaos profile {name!r}; {PROFILES.hint(name)}, or give a .toml file"
            )
        text = PROFILES.text(name)
        told, _ = read_toml(text)
        return cls.model_validate({"name": name, **told})


def profile_names() -> tuple[str, ...]:
    """The profiles that come with qtg.

    >>> profile_names()
    ('bad-disk', 'crashes', 'everything', 'gentle', 'lossy-network')
    """
    return PROFILES.names()
