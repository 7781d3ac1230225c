"""What a recovery says of itself."""

from dataclasses import asdict, dataclass
from typing import Any

from .reading import TornEnd


@dataclass(frozen=True)
class Recovery:
    """What a recovery found, kept and dropped.

    Attributes
    ----------
    path : str
    complete : bool               the log says that the run ended
    tick, trace_hash : int, str   the last committed tick, and its hash, as the log has it too
    last_tick : int               at which the run ends
    inputs : int                  number of the last input; waiting : int, those for the next tick
    snapshot : int or None        tick of the snapshot that was used; None is the start
    skipped : list                (tick, why) of newer snapshots that could not be used
    replayed : int                ticks that were made again
    first, last : int             records of the log that were read
    durable : int                 record up to which something shows that the log was durable
    torn : TornEnd or None        the end of the log that is not whole, and was dropped
    left_out : int                records that were left out on request
    """

    path: str
    complete: bool
    tick: int
    last_tick: int
    trace_hash: str
    inputs: int
    waiting: int
    snapshot: int | None
    skipped: list[tuple[int, str]]
    replayed: int
    first: int
    last: int
    durable: int
    torn: TornEnd | None
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        torn = None if self.torn is None else self.torn._asdict()
        return {**asdict(self), "torn": torn, "skipped": [list(each) for each in self.skipped]}

    def lines(self) -> list[tuple[str, str]]:
        """What was kept, what was not and why: a word and a sentence each."""
        found = [("run", self.path), ("recovered", self._recovered()), ("from", self._from())]
        found += [
            ("not used", f"the snapshot of tick {tick:,}: {why}") for tick, why in self.skipped
        ]
        found.append(("kept", self._kept()))
        if self.torn is not None:
            found.append(("dropped", self._dropped(self.torn)))
        if self.left_out:
            found.append(
                ("left out", f"{self.left_out:,} whole records behind record {self.last:,}")
            )
        return found

    def _recovered(self) -> str:
        state = "the whole run" if self.complete else "to the last committed tick"
        return f"{state}: tick {self.tick:,} of {self.last_tick:,}, trace hash {self.trace_hash}"

    def _from(self) -> str:
        base = "the start" if self.snapshot is None else f"the snapshot of tick {self.snapshot:,}"
        return f"{base}; {self.replayed:,} ticks made again, each with the trace hash of the log"

    def _kept(self) -> str:
        waiting = f", {self.waiting:,} of them for tick {self.tick + 1:,}" if self.waiting else ""
        records = f"records {self.first:,} to {self.last:,} of the log"
        return f"{self.inputs:,} inputs{waiting}; {records}"

    def _dropped(self, torn: TornEnd) -> str:
        behind = f", with {torn.whole:,} whole records behind it" if torn.whole else ""
        return (
            f"the end of {torn.segment} from byte {torn.offset:,} on ({torn.nbytes:,} bytes): "
            f"record {torn.sequence:,} is not whole ({torn.why}){behind}; nothing shows that any "
            "of it was acknowledged"
        )
