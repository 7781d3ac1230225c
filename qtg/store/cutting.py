"""Taking a run that stopped back to rows that it had before."""

from collections.abc import Mapping
from pathlib import Path

from qtg.errors import StorageError
from qtg.schemas import STORED

from .run_info import Part, RunInfo, read_run


def cut_run(path: Path, rows: Mapping[str, int]) -> RunInfo:
    """What run.json is to say of a run that has the first `rows` of each table and goes on.

    Raises
    ------
    StorageError    not a run, a part is missing or damaged, or none ends at these rows
    """
    from .parts import check_part

    info = read_run(path)
    kept = [part for name in info.tables for part in _first(path, info, name, rows.get(name, 0))]
    for part in kept:
        check_part(path, part, info)
    info.manifest = kept
    info.tables = [name for name in info.tables if name in rows]
    info.status, info.reason, info.trace_hash, info.ticks = "running", None, None, None
    return info


def remove_unlisted(path: Path, info: RunInfo) -> None:
    """Remove the parts that run.json does not list, whole or not."""
    listed = {path / part.path for part in info.manifest}
    for name in STORED:
        for file in (path / name).glob("part-*.parquet*"):
            if file not in listed:
                file.unlink()


def _first(path: Path, info: RunInfo, name: str, rows: int) -> list[Part]:
    """The parts of a table that hold its first `rows`."""
    kept: list[Part] = []
    for part in info.manifest:
        if part.table == name and sum(each.rows for each in kept) < rows:
            kept.append(part)
    if (held := sum(each.rows for each in kept)) != rows:
        raise StorageError(
            f"{path} has no parts with just the first {rows:,} rows of {name}, but {held:,}; "
            "restore its run.json and parts from a copy"
        )
    return kept
