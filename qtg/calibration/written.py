"""A calibrated configuration as a TOML file that explains itself."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from qtg.config import Config, Population, SymbolConfig
from qtg.config.changes import plain
from qtg.config.toml import write_toml

if TYPE_CHECKING:
    import polars as pl

_COMMENTS = {
    "symbols": "The tick and lot that the tape lies on, and its first price. The number of shares "
    "is not told by trades.",
    "smart": "One maker stands for all who quote. Its half_spread was searched for; the rest is "
    "so large that it never runs dry.",
    "background": "size: quantiles of the orders taken. activity and metaorders, which give signs "
    "their memory, were searched for; sentiment would be a second memory and is off. offset_ticks, "
    "lifetime_ticks and anchor are not told by trades.",
    "fair_value": "Searched for, from the volatility at the longest horizon on. How it moves "
    "(cascade) is as usual.",
}


def written(config: Config, summary: str, table: pl.DataFrame) -> str:
    """TOML of what differs from the defaults, with comments.

    Parameters
    ----------
    config : what was fitted
    summary : a line about the tape
    table : statistic, real, fitted, reached
    """
    said = f"Written by `qtg calibrate` from {summary}"
    lines = [*wrap(said, 98, initial_indent="# ", subsequent_indent="# "), "#"]
    for row in table.iter_rows(named=True):
        lines.append(f"# {row['statistic']}: {_compared(row)}")
    settings = _changed(plain(config), plain(Config()))
    for name, entry in (("symbols", SymbolConfig), ("smart", Population)):
        usual = {key: field.default for key, field in entry.model_fields.items()}
        settings[name] = [_changed(each, usual) for each in settings[name]]
    values = {k: v for k, v in settings.items() if not isinstance(v, (Mapping, list, tuple))}
    text = "\n".join(lines) + "\n\n" + write_toml(values)
    for name, part in settings.items():
        if name in values:
            continue
        comment = wrap(_COMMENTS.get(name, ""), 98, initial_indent="# ", subsequent_indent="# ")
        text += "\n".join(["", *comment, write_toml({name: part})])
    return text


def _compared(row: Mapping[str, Any]) -> str:
    if row["real"] is None or row["fitted"] is None:
        which = "real" if row["real"] is None else "fitted"
        return f"not measured, the {which} tape is too short"
    outcome = "" if row["reached"] else ": not reached"
    return f"real {row['real']:.4g}, fitted {row['fitted']:.4g}{outcome}"


def _changed(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs; a distribution (a table with a `kind`) and a list stay whole."""
    found = {}
    for name, value in settings.items():
        default = defaults.get(name)
        if value == default or value is None:
            continue
        if isinstance(value, Mapping) and isinstance(default, Mapping) and "kind" not in value:
            value = _changed(value, default)
        found[name] = value
    return found
