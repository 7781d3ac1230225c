"""The list of all strategies that a configuration can name."""

import json
import warnings
from typing import Any

from .agents.installed import installed
from .agents.kind import Kind
from .agents.registry import find_kind, kinds
from .config.distributions import Constant, Distribution
from .errors import QtgError, StrategyWarning
from .terminal import Column, print_table


def print_strategies(as_json: bool) -> None:
    """Print every known kind, those of installed packages included."""
    rows = [_row(kind) for kind in every_kind()]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print_table(
        [
            Column("name", [row["name"] for row in rows]),
            Column("tier", [row["tier"] for row in rows]),
            Column("from", [row["from"] for row in rows]),
            Column("what it does", [row["doc"] or "-" for row in rows], folds=True),
            Column("parameters", [_params(row) for row in rows], folds=True),
        ]
    )


def every_kind() -> list[Kind]:
    """All kinds in the order of their registration; a package's that fails is warned of."""
    for name in installed():
        if name not in kinds():
            try:
                find_kind(name)
            except QtgError as error:
                warnings.warn(str(error), StrategyWarning, stacklevel=2)
    return list(kinds().values())


def _row(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "tier": kind.tier.name.lower(),
        "from": kind.origin,
        "doc": " ".join(kind.doc.split()),
        "params": {
            name: {"default": _plain(param.distribution), "allowed": param.range}
            for name, param in kind.params.items()
        },
    }


def _plain(default: Distribution) -> float | dict[str, Any]:
    return default.value if isinstance(default, Constant) else default.model_dump(exclude_none=True)


def _params(row: dict[str, Any]) -> str:
    return ", ".join(f"{n} = {_text(each['default'])}" for n, each in row["params"].items()) or "-"


def _text(default: float | dict[str, Any]) -> str:
    if not isinstance(default, dict):
        return f"{default:g}"
    if default["kind"] == "uniform":
        return f"{default['low']:g} to {default['high']:g}"
    values = [str(value) for name, value in default.items() if name != "kind"]
    return f"{default['kind']} {' '.join(values)}"
