"""Changing single settings of a configuration held as plain tables and lists."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from .problem import SettingError, shown
from .spelling import did_you_mean

# Tables whose names the user makes up.
OPEN_TABLES = frozenset({"params", "populations", "settings"})


def plain(model: BaseModel) -> dict[str, Any]:
    """A configuration as dicts, tuples and plain values, with None for what is left out."""
    return model.model_dump()


def apply_change(settings: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path; a list's entries go by number, `smart.0.count`, or by the
    kind or symbol that only one of them has, `smart.market_maker.count`.

    A table is merged into the table that is there, so that what it does not mention stays; one
    with a `kind` (a distribution) takes the place of what was there.

    Raises
    ------
    SettingError    there is no such setting
    """
    *above, last = path.split(".")
    table: Any = settings
    for depth, name in enumerate(above):
        table = _enter(table, name, ".".join(above[: depth + 1]))
    _set(table, last, _as_plain(value), path)


def leaf_paths(settings: Any, above: str = "") -> Iterator[str]:
    """The dotted path of every table, list and value."""
    pairs = settings.items() if isinstance(settings, Mapping) else enumerate(settings)
    for name, value in pairs:
        path = f"{above}.{name}" if above else str(name)
        yield path
        if isinstance(value, (Mapping, list, tuple)):
            yield from leaf_paths(value, path)


def _enter(table: Any, name: str, path: str) -> Any:
    """The table or list called `name`, made changeable in its place."""
    key = _key(table, name, path)
    inside = table.get(key) if isinstance(table, dict) else table[key]
    if inside is None:
        inside = {}
    if isinstance(inside, (tuple, list)):
        inside = list(inside)
    elif isinstance(inside, Mapping):
        inside = dict(inside)
    else:
        raise SettingError(path, f"is {shown(inside)}, which has no parts; set it as a whole")
    table[key] = inside
    return inside


def _set(table: Any, name: str, value: Any, path: str) -> None:
    key = _key(table, name, path)
    there = table.get(key) if isinstance(table, dict) else table[key]
    merges = isinstance(value, Mapping) and isinstance(there, Mapping) and "kind" not in value
    if not merges:
        table[key] = value
        return
    table[key] = dict(there or {})
    for each, its in value.items():
        _set(table[key], str(each), its, f"{path}.{each}")


def _key(table: Any, name: str, path: str) -> str | int:
    """`name` as the key of a table or the number of a list's entry, if there is such a one."""
    above = path.rpartition(".")[0]
    if isinstance(table, list):
        if name.isdecimal() and int(name) < len(table):
            return int(name)
        return _named_entry(table, name, path)
    is_open = above.rpartition(".")[2] in OPEN_TABLES or not table
    if name not in table and not is_open:
        raise SettingError(path, f"no such setting; {did_you_mean(name, table)}")
    return name


def _named_entry(table: list[Any], name: str, path: str) -> int:
    """The number of the one entry that is of kind `name`, or is the symbol."""
    named = [
        number
        for number, entry in enumerate(table)
        if isinstance(entry, Mapping) and name in (entry.get("kind"), entry.get("symbol"))
    ]
    if len(named) == 1:
        return named[0]
    above = path.rpartition(".")[0]
    if named:
        numbers = " and ".join(f"{above}.{number}" for number in named)
        raise SettingError(path, f"{numbers} are of this kind; name one by its number")
    there = f"0 to {len(table) - 1}" if table else "none"
    raise SettingError(path, f"no such entry; {above} has {there}")


def _as_plain(value: Any) -> Any:
    return plain(value) if isinstance(value, BaseModel) else value
