"""What a tape says about its run: enough to build the run again, and to read the other frames."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from qtg.config import Config
from qtg.errors import ConfigError, CorruptData, StorageError, one_line
from qtg.inputs import InputKind
from qtg.schemas import SCHEMA_VERSION
from qtg.schemas.arrow import enum_of
from qtg.store.run_info import versions

from .batches import column_types
from .layout import COLUMNS_OF, Mark

if TYPE_CHECKING:
    from qtg.simulation import Simulation

MOST_ENVS = 1 << 16
MOST = 1 << 62  # ticks, inputs, events


@cache
def _tables() -> dict[str, list[list[str]]]:
    return {
        name: [[column, str(dtype), unit] for column, dtype, unit in column_types(table)]
        for name, table in COLUMNS_OF.items()
    }


@cache
def _codes() -> dict[str, dict[str, int]]:
    units = {unit for table in COLUMNS_OF.values() for _, _, unit in column_types(table)}
    enums: dict[str, type[IntEnum]] = {"InputKind": InputKind}
    enums |= {unit: enum for unit in units if (enum := enum_of(unit)) is not None}
    return {name: {each.name: int(each) for each in enum} for name, enum in sorted(enums.items())}


@dataclass(frozen=True)
class Header:
    """What the first frame of a tape holds, as JSON.

    Attributes
    ----------
    config : dict            all settings of the run
    fingerprint : str        of the configuration
    seed, start_ns, tick_ns, warmup_ticks : int    as configured, for readers that know no settings
    symbols, kinds : list of str    names behind the codes
    envs : list of int       environment ids
    keeps_events : bool      whether the tape has EVENTS frames
    tick, sequence : int     where the tape starts: ticks that are over, last input before
    hashes : list of str     trace hash of each environment there, 16 hex digits
    events : list of int     events of each environment so far there
    versions : dict          of qtg and the packages that decide what a run contains
    tables : dict            name, type and unit of the columns of each kind of batch
    codes : dict             what the codes in them stand for
    """

    config: dict[str, Any]
    fingerprint: str
    seed: int
    start_ns: int
    tick_ns: int
    warmup_ticks: int
    symbols: list[str]
    kinds: list[str]
    envs: list[int]
    keeps_events: bool
    tick: int
    sequence: int
    hashes: list[str]
    events: list[int]
    versions: dict[str, str] = field(default_factory=versions)
    tables: dict[str, list[list[str]]] = field(default_factory=_tables)
    codes: dict[str, dict[str, int]] = field(default_factory=_codes)
    schema_version: int = SCHEMA_VERSION

    @property
    def mark(self) -> Mark:
        """The state from which the tape goes on."""
        return Mark(self.tick, tuple(int(each, 16) for each in self.hashes), tuple(self.events))

    def to_bytes(self) -> bytes:
        """The payload of a HEADER frame."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True).encode()

    def time_ns(self, tick: int) -> int:
        """Market time of a tick [ns since 1970, UTC]."""
        return self.start_ns + (tick - 1) * self.tick_ns


def header_of(sim: Simulation, events: bool = False) -> Header:
    """The header of a tape that starts at the present tick of `sim`."""
    config = sim.config
    return Header(
        config=config.model_dump(mode="json"),
        fingerprint=config.fingerprint(),
        seed=config.seed,
        start_ns=config.start_ns,
        tick_ns=config.tick_ns,
        warmup_ticks=config.warmup.ticks,
        symbols=list(sim.symbols),
        kinds=list(sim.kinds),
        envs=[int(env) for env in sim.exchange.venue.envs],
        keeps_events=events,
        tick=sim.tick,
        sequence=sim.inputs.sequence,
        hashes=sim.trace_hashes,
        events=sim.publisher.event_count.tolist(),
    )


def read_header(payload: bytes, name: str, offset: int) -> Header:
    """The header in the first frame of the file `name`.

    Raises
    ------
    StorageError    another schema version, or another layout of the columns
    CorruptData     it is no header
    """
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        raise CorruptData("the header is not JSON", name, offset) from None
    if not isinstance(told, dict):
        raise CorruptData("the header is no JSON object", name, offset)
    version = told.get("schema_version")
    for what, known in (
        (f"schema version {one_line(version)}", version == SCHEMA_VERSION),
        ("another layout of columns", told.get("tables") == _tables()),
        ("codes that are unknown here", _known_codes(told.get("codes"))),
    ):
        if not known:
            raise StorageError(_other_version(name, what, told))
    wrong = _wrong(told)
    if wrong:
        raise CorruptData(f"its header has no usable {wrong}", name, offset)
    known = {each.name for each in fields(Header)}
    return Header(**{key: value for key, value in told.items() if key in known})


def config_of(header: Header, name: str) -> Config:
    """The run's configuration.

    Raises
    ------
    ConfigError     it names strategies that are not registered, or settings that do not fit
    StorageError    it is not the one that the run had
    """
    try:
        config = Config(**header.config)
    except ConfigError as error:
        hint = "register the run's own strategies first (--strategies FILE.py)"
        what = f"the configuration in {name} cannot be used: {one_line(error, 500)}"
        raise ConfigError(f"{what}; {hint}") from None
    except TypeError as error:
        what = f"the configuration in {name} cannot be used: {one_line(error, 500)}"
        raise StorageError(what) from None
    if config.fingerprint() != header.fingerprint:
        raise StorageError(
            f"the configuration in {name} does not match its fingerprint; "
            f"replay it with qtg {one_line(header.versions.get('qtg', 'of that time'))}"
        )
    return config


def _other_version(name: str, what: str, told: dict[str, Any]) -> str:
    versions = told.get("versions")
    of_old = versions.get("qtg") if isinstance(versions, dict) else None
    return (
        f"{name} has {what}, this qtg reads schema version {SCHEMA_VERSION}; "
        f"open it with qtg {one_line(of_old or 'of that time')}"
    )


def _known_codes(codes: Any) -> bool:
    """Whether all codes of a tape mean the same here; there may be more here."""
    if not isinstance(codes, dict) or not all(isinstance(each, dict) for each in codes.values()):
        return False
    ours = _codes()
    return all(each.items() <= ours.get(name, {}).items() for name, each in codes.items())


def _wrong(told: dict[str, Any]) -> str:
    """The first field that is not what a header needs, or nothing."""
    for each in fields(Header):
        if not _FITS[str(each.type).partition("[str, ")[0]](told.get(each.name)):
            return each.name
    envs, hashes, events = told["envs"], told["hashes"], told["events"]
    if not 0 < len(envs) == len(hashes) == len(events) <= MOST_ENVS:
        return "envs"
    if not all(_HASH.fullmatch(one) for one in hashes):
        return "hashes"
    counts = (told["tick"], told["sequence"], told["tick_ns"] - 1, *events)
    if min(counts) < 0 or max(counts) > MOST:
        return "tick"
    if told["keeps_events"] and len(envs) > 1:
        return "keeps_events"
    return "" if told["symbols"] else "symbols"


def _whole(value: Any) -> bool:
    """Whether it is an integer of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(fits(one) for one in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


_HASH = re.compile("[0-9a-f]{16}")
_FITS: dict[str, Callable[[Any], bool]] = {  # by the annotation of a field
    "int": _whole,
    "bool": lambda value: isinstance(value, bool),
    "str": _text,
    "list[str]": _list_of(_text),
    "list[int]": _list_of(_whole),
    "dict": lambda value: isinstance(value, dict),
}
