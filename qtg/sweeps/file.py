"""A sweep written down as TOML.

    config = "quick_test"              # preset or file
    seeds = 5                          # how many, or a list
    measure = "measures.py:liquidity"  # and `strategies`, `out`: as arguments of `sweep`

    [settings]                         # what all runs have
    ticks = 500

    [grid]                             # or [[points]], or [sample] with its ranges
    background.activity = [0.1, 0.3]

Paths are relative to the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import Config, did_you_mean, preset_names
from ..config.problem import SettingError, shown
from ..config.toml import read_toml
from ..errors import ConfigError
from ..loading import load_strategies
from .draws import draw_points
from .grid import Grid
from .plan import Seeds

_GRIDS = ("grid", "points", "sample")
_KEYS = ("config", "settings", "seeds", *_GRIDS, "measure", "strategies", "out")
_SAMPLE = ("n", "how", "seed", "ranges")


@dataclass(frozen=True)
class SweepFile:
    """What `sweep` is to be given."""

    config: Config
    grid: Grid | None
    seeds: Seeds
    measure: str | None
    strategies: tuple[Path, ...]
    out: Path


def read_sweep(path: str | Path) -> SweepFile:
    """Read the file of a sweep, and `QTG_` variables as every command does.

    Raises
    ------
    ConfigError    it cannot be read, or something in it does not fit
    """
    path = Path(path)
    told, name = read_toml(path)
    for key in told:
        if key not in _KEYS:
            raise ConfigError(f"{name}: no such key {key!r}; {did_you_mean(key, _KEYS)}")
    try:
        strategies = tuple(path.parent / each for each in _texts(told, "strategies"))
        for each in strategies:
            load_strategies(each)
        return SweepFile(
            config=_config(path, told),
            grid=_grid(told),
            seeds=_seeds(told.get("seeds", 1)),
            measure=_measure(path, _text(told, "measure")),
            strategies=strategies,
            out=_out(path, _text(told, "out")),
        )
    except SettingError as error:
        raise SettingError(error.path, error.text, error.source or name) from None
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None


def _config(path: Path, told: dict[str, Any]) -> Config:
    source = _text(told, "config")
    if source is None:
        raise ConfigError("config is missing; give a preset or the path of a .toml file")
    settings = told.get("settings", {})
    if not isinstance(settings, Mapping):
        raise ConfigError(f"settings must be a table, got {shown(settings)}")
    found = source if source in preset_names() else path.parent / source
    if not isinstance(found, str) and found.suffix != ".toml":
        found = source  # a misspelt preset, which is told better as such
    return Config.load(found, settings)


def _grid(told: dict[str, Any]) -> Grid | None:
    given = [key for key in _GRIDS if key in told]
    if len(given) > 1:
        raise ConfigError(f"{given[0]} and {given[1]} are both given; leave one of them out")
    if not given:
        return None
    if given[0] != "sample":
        return told[given[0]]  # type: ignore[no-any-return]
    sample = told["sample"]
    if not isinstance(sample, Mapping):
        raise ConfigError(f"sample must be a table, got {shown(sample)}")
    for key in sample:
        if key not in _SAMPLE:
            raise ConfigError(f"sample: no such key {key!r}; {did_you_mean(key, _SAMPLE)}")
    if "n" not in sample:
        raise ConfigError("sample: n is missing; give the number of points")
    others = {key: sample[key] for key in ("how", "seed") if key in sample}
    return draw_points(dict(_ranges(sample.get("ranges", {}))), sample["n"], **others)


def _ranges(tables: Any, above: str = "") -> list[tuple[str, Any]]:
    """Ranges by dotted path, however they are nested."""
    if not isinstance(tables, Mapping):
        raise ConfigError(f"sample: ranges must be a table, got {shown(tables)}")
    found: list[tuple[str, Any]] = []
    for name, value in tables.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, Mapping) and not {"low", "high"} & set(value):
            found += _ranges(value, path)
        else:
            found.append((path, value))
    return found


def _seeds(given: Any) -> Seeds:
    if isinstance(given, bool) or not isinstance(given, (int, list)):
        raise ConfigError(f"seeds must be a number or a list of seeds, got {shown(given)}")
    return given


def _measure(path: Path, measure: str | None) -> str | None:
    place, _, name = (measure or "").rpartition(":")
    return f"{path.parent / place}:{name}" if place.endswith(".py") else measure


def _out(path: Path, out: str | None) -> Path:
    return Path("sweeps") / path.stem if out is None else path.parent / out


def _text(told: dict[str, Any], key: str) -> str | None:
    value = told.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{key} must be text, got {shown(value)}")
    return value


def _texts(told: dict[str, Any], key: str) -> list[str]:
    values = told.get(key, [])
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ConfigError(f"{key} must be a list of paths, got {shown(values)}")
    return values
