"""The contract of an observation: what each of its numbers is, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qtg.kernels import scene

from .errors import ConfigError, one_line
from .features import Feature, Norm

VERSION = 1  # of the contracts; rises when what a name means changes

FORMULAS = {  # operation code -> formula of columns x, y and z
    scene.VALUE: "x",
    scene.LOG_RATIO: "log(x / y)",
    scene.DIFFERENCE: "x - y",
    scene.RATIO: "x / y",
    scene.IMBALANCE: "(x - y) / (x + y)",
    scene.SHARE: "x / (x + y)",
    scene.RELATIVE: "(x - y) / z",
}


@dataclass(frozen=True)
class Contract:
    """What an observation is: a model that was trained on one contract fits no other.

    Attributes
    ----------
    version : int
    features : tuple of dict    each with `name`, `start_index`, `end_index`, `normalization`,
        `norm_params`, `bounds`, `formula`, `columns` and `undefined`: what the number is where the
        formula has no value (a division by 0, an indicator that has not begun)
    environment : dict          where it is observed: `id`, and the settings by which numbers and
        actions are measured; empty if that is not known
    """

    version: int
    features: tuple[dict[str, Any], ...]
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int]:
        """Of an observation."""
        return (len(self.features),)

    def as_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {
            "version": self.version,
            "shape": list(self.shape),
            "features": [dict(each) for each in self.features],
            **({"environment": dict(self.environment)} if self.environment else {}),
        }

    def to_json(self) -> str:
        """JSON, for people too."""
        return json.dumps(self.as_dict(), indent=2)

    def save(self, path: str | Path) -> None:
        """Write it to a file."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Contract:
        """Read a file that `save` wrote.

        Raises
        ------
        ConfigError    it is none, or of a version that this qtg does not know
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(f"there is no observation contract at {path}") from None
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {one_line(error.strerror)}") from None
        except ValueError as error:
            raise ConfigError(f"{path} is no observation contract: {one_line(error)}") from None
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: str, name: str = "the text") -> Contract:
        """A contract that `to_json` wrote; `name` is what messages call it.

        Raises
        ------
        ConfigError    it is none, or of a version that this qtg does not know
        """
        try:
            read = json.loads(text)
            if type(read["version"]) is not int:
                raise TypeError("its version is no whole number")
            found = cls(read["version"], tuple(read["features"]), read.get("environment", {}))
            whole = read["shape"] == list(found.shape) and isinstance(found.environment, dict)
            if found.version == VERSION:
                found.plan()
        except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
            raise ConfigError(
                f"{name} is no observation contract: {one_line(repr(error))}"
            ) from None
        if found.version != VERSION:
            raise ConfigError(
                f"{name} is of contract version {found.version}; this qtg has {VERSION}"
            )
        if not whole or not found.features:
            raise ConfigError(f"{name} is no observation contract: shape and features differ")
        return found

    @classmethod
    def of(cls, features: Sequence[Feature]) -> Contract:
        """The contract of these features."""
        entries = (_entry(at, each) for at, each in enumerate(features))
        return cls(VERSION, tuple(entries))

    def plan(self) -> list[Feature]:
        """The features again."""
        return [_feature(at, each) for at, each in enumerate(self.features)]

    def difference(self, other: Contract) -> str:
        """The first thing in which the observations of two contracts differ, as "what is ... here
        and ... there"; empty if there is none. Names of symbols do not count."""
        if self.version != other.version:
            return f"the version is {self.version} here and {other.version} there"
        if self.shape != other.shape:
            return f"the shape is {list(self.shape)} here and {list(other.shape)} there"
        for at, (mine, its) in enumerate(zip(self._plain(), other._plain(), strict=True)):
            for key in mine:
                if mine[key] != its.get(key):
                    return f"{key} of feature {at} is {mine[key]!r} here and {its.get(key)!r} there"
        for key in _LOOKS:
            one, two = self.environment.get(key), other.environment.get(key)
            if one is not None and two is not None and one != two:
                return f"{key} is {one!r} here and {two!r} there"
        return ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are observed, in the order in which they first appear."""
        columns = [name for each in self.features for name in each["columns"]]
        found = [name.rpartition(".")[0] for name in columns if "." in name]
        return tuple(dict.fromkeys(found))

    def renamed(self, symbols: Sequence[str]) -> Contract:
        """The same observations of other symbols, one for each.

        Raises
        ------
        ConfigError    there are more or fewer of them
        """
        if len(symbols) != len(self.symbols):
            n, listed = len(self.symbols), ", ".join(self.symbols)
            raise ConfigError(
                f"observations of {n} symbol{'s' * (n != 1)}, as {listed}, cannot be of "
                f"{len(symbols)}; name {n} in `symbols`"
            )
        new = {f"{old}.": f"{name}." for old, name in zip(self.symbols, symbols, strict=True)}

        def named(name: str) -> str:
            before, dot, after = name.rpartition(".")
            return new.get(before + dot, before + dot) + after

        features = tuple(
            {**each, "name": named(each["name"]), "columns": [named(c) for c in each["columns"]]}
            for each in self.features
        )
        return replace(self, features=features)

    def _plain(self) -> Sequence[dict[str, Any]]:
        places = [str(k) for k in range(len(self.symbols))]
        return self.renamed(places).features


_LOOKS = ("near", "deep")  # settings of an environment that change what features mean
_CODES = {formula: code for code, formula in FORMULAS.items()}


def _entry(at: int, feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.name,
        "start_index": at,
        "end_index": at + 1,
        "normalization": feature.norm.kind,
        "norm_params": list(feature.norm.params),
        "bounds": [feature.low, feature.high],
        "formula": FORMULAS[feature.operation],
        "columns": list(feature.columns),
        "undefined": 0.5 if feature.operation == scene.SHARE else 0.0,
    }


def _feature(at: int, entry: dict[str, Any]) -> Feature:
    """What `_entry` was made of; KeyError, TypeError or ValueError if it is none."""
    low, high = (float(bound) for bound in entry["bounds"])
    norm = Norm(entry["normalization"], tuple(float(each) for each in entry["norm_params"]))
    feature = Feature(
        str(entry["name"]), _CODES[entry["formula"]], tuple(entry["columns"]), norm, low, high
    )
    if _entry(at, feature) != {**entry, "bounds": [low, high], "norm_params": list(norm.params)}:
        raise ValueError(f"feature {at} is not as it should be")
    if not norm.is_line or not low < high:
        raise ValueError(f"feature {at} has no line or no bounds")
    return feature
