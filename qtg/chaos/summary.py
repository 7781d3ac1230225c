"""What a chaos run says of itself."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from ..terminal import Column, print_table
from .counts import Flow

FILLING = 0.1  # of the time, in which caches and the allocator take what they will keep
FLAT = 0.05  # growth of memory after that, below which it is called flat
_NESTED = ("flow", "violations")
_BY_POLICY = ("dropped_oldest", "dropped_newest", "rejected")


@dataclass(frozen=True)
class Violation:
    """Something that must hold and did not.

    Attributes
    ----------
    seed, tick : int    that show it, in a run of one round
    what : str          did not hold
    """

    seed: int
    tick: int
    what: str


@dataclass
class ChaosSummary:
    """What was injected, what was lost by policy, what was checked.

    Attributes
    ----------
    profile, config, machine, date : str
    seed : int                  of the first round; each later one has the next
    rounds, ticks, seconds      made, and the time that they took
    flow : Flow                 where the orders from outside went
    injected : Counter          failures, by name
    counts : Counter            what recoveries did, and what was checked
    violations : list           the first, if there is any: the run ends with it
    memory : dict               bytes resident at the `start`, `after` a tenth of the time and
        at least one round, at the `end`
    """

    profile: str
    config: str
    seed: int
    machine: str
    date: str
    rounds: int = 0
    ticks: int = 0
    seconds: float = 0.0
    flow: Flow = field(default_factory=Flow.zero)
    injected: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)

    @property
    def recoveries(self) -> int:
        """How often a run was recovered."""
        return self.counts["recoveries of whole runs"] + self.counts["recoveries of damaged runs"]

    @property
    def growth(self) -> float | None:
        """Of memory after the first tenth of the time, as part of it; None after one round."""
        if self.rounds < 2 or not self.memory.get("after"):
            return None
        return self.memory["end"] / self.memory["after"] - 1.0

    @property
    def lost_by_policy(self) -> int:
        """Orders that the queue dropped or rejected."""
        return sum(getattr(self.flow, name).orders for name in _BY_POLICY)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        growth = self.growth
        told = {name: value for name, value in vars(self).items() if name not in _NESTED}
        return {
            **told,
            "flow": asdict(self.flow),
            "violations": [asdict(each) for each in self.violations],
            "recoveries": self.recoveries,
            "lost_by_policy": self.lost_by_policy,
            "memory_growth": growth,
            "memory_flat": None if growth is None else growth < FLAT,
        }

    def lines(self) -> list[tuple[str, str]]:
        """A name and what there is to say about it."""
        flow = [
            (f"inputs {name.replace('_', ' ')}", f"{its['orders']:,} of {its['shares']:,} shares")
            for name, its in asdict(self.flow).items()
        ]
        counted = [
            (name, f"{count:,}")
            for counts in (self.injected, self.counts)
            for name, count in sorted(counts.items())
            if count
        ]
        told = [
            ("chaos", f"{self.profile} on {self.config}, seed {self.seed}"),
            ("when and where", f"{self.date}, {self.machine}"),
            ("rounds", f"{self.rounds:,}, {self.ticks:,} ticks in {self.seconds:,.0f} s"),
            *flow,
            *counted,
            ("memory", self._memory()),
            ("violations", f"{len(self.violations)}"),
        ]
        shown = ((f"seed {each.seed}, tick {each.tick}", each.what) for each in self.violations)
        return [*told, *shown]

    def print(self, as_json: bool = False) -> None:
        """On stdout: a table, or JSON."""
        if as_json:
            print(json.dumps(self.as_dict(), indent=2))
            return
        names, texts = zip(*self.lines(), strict=True)
        print_table([Column("chaos", names), Column("what happened", texts, folds=True)])

    def _memory(self) -> str:
        if not self.memory:
            return "not known on this machine"
        mib = {name: f"{size / 2**20:,.0f}" for name, size in self.memory.items()}
        start, after, end = (mib[name] for name in ("start", "after", "end"))
        text = f"{start} MiB at the start, {after} after a tenth of the time, {end} at the end"
        if self.growth is None:
            return text
        verdict = "flat" if self.growth < FLAT else f"NOT flat, that is {FLAT:.0%} and less"
        return f"{text}: {self.growth:+.1%}, {verdict}"
