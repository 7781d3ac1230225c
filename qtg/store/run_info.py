"""run.json: what a run is, how it ended, and which parts of it are committed."""

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any

from qtg.errors import StorageError
from qtg.schemas import SCHEMA_VERSION

from .files import read_described, write_atomically

FORMAT = "qtg-run"
FORMAT_VERSION = 1
FILE_NAME = "run.json"
PACKAGES = ("numpy", "numba", "polars", "duckdb", "pyarrow")


@dataclass(frozen=True)
class Part:
    """A committed Parquet file; `path` is relative to the run directory, `crc32c` is the checksum
    of its bytes, which runs of earlier builds do not have."""

    table: str
    path: str
    rows: int
    first_tick: int | None
    last_tick: int | None
    bytes: int
    crc32c: int | None = None

    @property
    def number(self) -> int:
        """Its place among the parts of its table."""
        return int(PurePosixPath(self.path).stem.rpartition("-")[2])


@dataclass
class RunInfo:
    """What `run.json` holds."""

    config: dict[str, Any]
    seed: int
    fingerprint: str
    symbols: list[str]
    kinds: list[str]
    versions: dict[str, str]
    created: str
    status: str = "running"
    reason: str | None = None
    trace_hash: str | None = None
    ticks: int | None = None
    tables: list[str] = field(default_factory=list)
    manifest: list[Part] = field(default_factory=list)
    benched: list[dict[str, Any]] = field(default_factory=list)
    violations: dict[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    def end(
        self, status: str, reason: str | None, trace_hash: str | None, ticks: int | None
    ) -> None:
        """Record how the run ended; a failure that is already on record stays."""
        if self.status == "running":
            self.status, self.reason = status, reason
            self.trace_hash, self.ticks = trace_hash, ticks

    def save(self, directory: Path, durable: bool = True) -> None:
        """Write run.json so that a reader always finds a whole one."""
        write_atomically(directory / FILE_NAME, json.dumps(asdict(self), indent=1), durable)

    def footer(self, table: str) -> dict[str, str]:
        """What each part carries in its Parquet footer."""
        return {
            "qtg.table": table,
            "qtg.schema_version": str(self.schema_version),
            "qtg.seed": str(self.seed),
            "qtg.fingerprint": self.fingerprint,
        }


def new_run(
    config: dict[str, Any], seed: int, fingerprint: str, symbols: list[str], kinds: list[str]
) -> RunInfo:
    """Describe a run that starts now.

    Raises
    ------
    StorageError    a symbol or kind appears twice, or the config cannot be written as JSON
    """
    for what, names in (("symbol", symbols), ("kind", kinds)):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise StorageError(f"{what} {min(twice)!r} appears more than once")
    try:
        config = json.loads(json.dumps(config))
    except (TypeError, ValueError) as error:
        raise StorageError(f"the config cannot be written as JSON: {error}") from None
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return RunInfo(config, int(seed), fingerprint, list(symbols), list(kinds), versions(), created)


def versions() -> dict[str, str]:
    """Versions of qtg, Python and the packages that decide what a run contains."""
    from qtg import __version__

    found = {"qtg": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def read_run(directory: Path) -> RunInfo:
    """Read run.json.

    Raises
    ------
    StorageError    not a run directory, not readable, or written by another version of qtg
    """
    file = directory / FILE_NAME
    stored = read_json(directory)
    for what, ours in (("format_version", FORMAT_VERSION), ("schema_version", SCHEMA_VERSION)):
        if stored.get(what) != ours:
            raise StorageError(
                f"{file} has {what} {stored.get(what)}, this qtg reads {ours}; "
                f"open it with qtg {stored.get('versions', {}).get('qtg', 'of that time')}"
            )
    try:
        parts = [_part(file, **part) for part in stored["manifest"]]
        known = {each.name for each in fields(RunInfo)}
        return RunInfo(**{k: v for k, v in stored.items() if k in known} | {"manifest": parts})
    except (KeyError, TypeError) as error:
        raise StorageError(f"{file} is incomplete: {error}; restore it from a copy") from None


def _part(file: Path, **entry: Any) -> Part:
    part = Part(**entry)
    if PurePosixPath(part.path).parent != PurePosixPath(part.table):
        raise StorageError(f"{file} is damaged: {part.path} is no part of {part.table}")
    return part


def read_json(directory: Path) -> dict[str, Any]:
    """What is in run.json, of whatever version.

    Raises
    ------
    StorageError    not a run directory, or not readable
    """
    return read_described(directory, FILE_NAME, FORMAT, "a run directory")
