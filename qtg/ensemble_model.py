"""A trained ensemble as a file: plain JSON, checked number by number, and never a pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from qtg.kernels.ensemble import (
    CLASSES,
    NO_CHILD,
    PAIRS,
    Ensemble,
    Forest,
    Line,
    Vectors,
    vote_rows,
)
from qtg.schemas import F64

from .contract import Contract
from .errors import ConfigError, ContractMismatch, ModelError, one_line

FORMAT, FORMAT_VERSION = "qtg ensemble", 1
NAMES = ("sell", "hold", "buy")  # classes, in this order
MODELS = ("forest", "line", "vectors")
NO_LEAF = -2  # what a leaf has as its feature
WEIGHTS, BAR = (5, 3, 2), 3  # 0.5, 0.3 and 0.2, and decisions beyond 0.3, in whole tenths


@dataclass(frozen=True)
class EnsembleModel:
    """A forest, a line and support vectors that vote on one symbol's observation.

    Parameters
    ----------
    contract : Contract    of the observation: of one symbol, whatever its name
    tables : Ensemble      the models' numbers
    trained : dict         how it was trained, for people
    sklearn : str          version of scikit-learn that trained it
    """

    contract: Contract
    tables: Ensemble
    trained: dict[str, Any] = field(default_factory=dict)
    sklearn: str = ""

    def votes(self, rows: np.ndarray) -> np.ndarray:
        """Votes of the forest, the line and the vectors, and the decision.

        Parameters
        ----------
        rows : float (n, feature)

        Returns
        -------
        int8 (n, 4)    sell -1, hold 0, buy 1

        Raises
        ------
        ContractMismatch    rows of another length
        ModelError          a feature that is NaN or infinite
        """
        rows = np.ascontiguousarray(rows, np.float64)
        check_rows(rows, self.contract.shape[0])
        out = np.zeros((len(rows), 4), np.int8)
        vote_rows(self.tables, rows, out)
        return out

    @cached_property
    def digest(self) -> str:
        """What tells it from other models, 16 hex digits."""
        return _digest(self.as_dict())[:16]

    def as_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        forest, line, vectors = self.tables[:3]
        ends = np.append(forest.root[1:], len(forest.feature))
        trees = [
            _tree(forest, first, end)
            for first, end in zip(forest.root.tolist(), ends.tolist(), strict=True)
        ]
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "sklearn": self.sklearn,
            "trained": self.trained,
            "contract": self.contract.as_dict(),
            "classes": list(NAMES),
            "weights": self.tables.weight.tolist(),
            "bar": int(self.tables.bar[0]),
            "forest": trees,
            "line": {
                "slope": line.slope.tolist(),
                "intercept": float(line.intercept[0]),
                "band": float(line.band[0]),
            },
            "vectors": {
                "mean": vectors.mean.tolist(),
                "deviation": vectors.deviation.tolist(),
                "gamma": float(vectors.gamma[0]),
                "support": vectors.support.tolist(),
                "weight": vectors.weight.tolist(),
                "intercept": vectors.intercept.tolist(),
            },
        }

    def to_json(self) -> str:
        """JSON; every number comes back as it was, and a digest tells if one was changed."""
        return signed(self.as_dict())

    def save(self, path: str | Path) -> Path:
        """Write it to a file, which is whole or not there."""
        path = Path(path)
        part = path.with_name(path.name + ".part")
        try:
            part.write_text(self.to_json() + "\n", encoding="utf-8")
            os.replace(part, path)
        except OSError as error:
            raise ModelError(f"{path} cannot be written: {error.strerror}") from None
        return path

    @classmethod
    def load(cls, path: str | Path) -> EnsembleModel:
        """Read a file that `save` wrote.

        Raises
        ------
        ConfigError         there is no such file
        ModelError          it is damaged, or no ensemble
        ContractMismatch    of a contract version that this qtg does not know
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError):
            raise ConfigError(
                f"{path}: no such model; make one: qtg train ensemble news_driven"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} cannot be read: {one_line(error)}") from None
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: str, name: str = "the text") -> EnsembleModel:
        """A model that `to_json` wrote; `name` is what messages call it. Raises as `load`."""
        try:
            read = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{name} is no model, or damaged: {one_line(error)}") from None
        if not isinstance(read, dict) or read.get("format") != FORMAT:
            raise ModelError(f"{name} is no ensemble of qtg; train one: qtg train ensemble")
        if read.get("format_version") != FORMAT_VERSION:
            raise ModelError(
                f"{name} is of format {one_line(read.get('format_version'))}; this qtg reads "
                f"{FORMAT_VERSION}; train it again"
            )
        contract = _contract(read.get("contract"), name)
        if read.pop("sha256", None) != _digest(read):
            raise ModelError(f"{name} is damaged: it is not what was written; train it again")
        try:
            tables = _tables(read, contract.shape[0])
            return cls(contract, tables, dict(read["trained"]), str(read["sklearn"]))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise ModelError(f"{name} is damaged: {one_line(error)}") from None


def signed(model: Mapping[str, Any]) -> str:
    """A model's JSON with the digest of all that it says."""
    return json.dumps({**model, "sha256": _digest(model)}, allow_nan=False)


def _digest(model: Mapping[str, Any]) -> str:
    return sha256(json.dumps(model).encode()).hexdigest()


def check_rows(rows: np.ndarray, features: int) -> None:
    """Check that these are observations which a model of so many features can look at.

    Raises
    ------
    ContractMismatch, ModelError
    """
    if rows.ndim != 2 or rows.shape[1] != features:
        raise ContractMismatch(f"rows must be of shape (n, {features}), got {rows.shape}")
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        column = int(np.flatnonzero(~np.isfinite(rows[bad[0]]))[0])
        raise ModelError(
            f"row {bad[0]} has {rows[bad[0], column]} as feature {column}; a model needs numbers"
        )


def flattened(trees: list[Mapping[str, Any]]) -> Forest:
    """Trees as one table. A tree's columns are those of `Forest`, with children by their row in
    the tree.

    Raises
    ------
    ValueError    columns of unequal length
    """
    sizes = [len(each["feature"]) for each in trees]
    root = np.append(0, np.cumsum(sizes)[:-1]).astype(np.int64)
    columns = {
        name: np.concatenate([np.asarray(each[name], kind) for each in trees])
        for name, kind in (("feature", np.int64), ("threshold", np.float64), ("share", np.float64))
    }
    moved = {}
    for name in ("left", "right"):
        own = [np.asarray(each[name], np.int64) for each in trees]
        moved[name] = np.concatenate(
            [
                np.where(rows == NO_CHILD, NO_CHILD, rows + first)
                for rows, first in zip(own, root.tolist(), strict=True)
            ]
        )
    nodes = sum(sizes)
    if any(len(column) != nodes for column in (*columns.values(), *moved.values())):
        raise ValueError("columns of a tree have unequal lengths")
    return Forest(root, columns["feature"], columns["threshold"], **moved, share=columns["share"])


def _tree(forest: Forest, first: int, end: int) -> dict[str, Any]:
    nodes = slice(first, end)
    left, right = (
        np.where(rows[nodes] == NO_CHILD, NO_CHILD, rows[nodes] - first)
        for rows in (forest.left, forest.right)
    )
    return {
        "feature": forest.feature[nodes].tolist(),
        "threshold": forest.threshold[nodes].tolist(),
        "left": left.tolist(),
        "right": right.tolist(),
        "share": forest.share[nodes].tolist(),
    }


def _no_number(name: str) -> Any:
    raise ValueError(f"it holds {name}")


def _contract(read: Any, name: str) -> Contract:
    found = read.get("version") if isinstance(read, dict) else None
    try:
        contract = Contract.from_json(json.dumps(read), name)
    except ConfigError as error:
        kind = ContractMismatch if type(found) is int else ModelError
        raise kind(f"{error}; train it again") from None
    if len(contract.symbols) != 1:
        raise ModelError(f"{name} looks at {len(contract.symbols)} symbols; an ensemble looks at 1")
    return contract


def _tables(read: Mapping[str, Any], features: int) -> Ensemble:
    """The numbers of a model; ValueError, TypeError or KeyError if they make no sense."""
    if read["classes"] != list(NAMES):
        raise ValueError(f"classes are not {', '.join(NAMES)}")
    line, vectors = read["line"], read["vectors"]
    support = _numbers(vectors["support"], "vectors.support", (-1, features))
    tables = Ensemble(
        _forest(read["forest"], features),
        Line(
            _numbers(line["slope"], "line.slope", (features,)),
            _numbers([line["intercept"]], "line.intercept", (1,)),
            _numbers([line["band"]], "line.band", (1,)),
        ),
        Vectors(
            _numbers(vectors["mean"], "vectors.mean", (features,)),
            _numbers(vectors["deviation"], "vectors.deviation", (features,)),
            _numbers([vectors["gamma"]], "vectors.gamma", (1,)),
            support,
            _numbers(vectors["weight"], "vectors.weight", (len(PAIRS), len(support))),
            _numbers(vectors["intercept"], "vectors.intercept", (len(PAIRS),)),
        ),
        _whole(read["weights"], "weights", 0, 1_000_000),
        _whole([read["bar"]], "bar", 0, 1_000_000),
    )
    if len(tables.weight) != len(MODELS):
        raise ValueError(f"weights are not {len(MODELS)}")
    if (tables.vectors.deviation <= 0).any() or tables.vectors.gamma[0] <= 0:
        raise ValueError("vectors.deviation and vectors.gamma must be above 0")
    if tables.line.band[0] < 0:
        raise ValueError("line.band must not be negative")
    return tables


def _forest(trees: Any, features: int) -> Forest:
    if not isinstance(trees, list) or not trees:
        raise ValueError("forest has no trees")
    for number, tree in enumerate(trees):
        where, nodes = f"tree {number}", len(tree["feature"])
        _whole(tree["feature"], f"{where}: feature", NO_LEAF, features - 1)
        _numbers(tree["threshold"], f"{where}: threshold", (nodes,))
        _numbers(tree["share"], f"{where}: share", (nodes, CLASSES))
        left, right = (
            _whole(tree[side], f"{where}: {side}", NO_CHILD, nodes - 1)
            for side in ("left", "right")
        )
        inner = left != NO_CHILD
        rows = np.arange(len(left))
        # A child comes after its parent, so that every way down ends.
        if nodes == 0 or (left[inner] <= rows[inner]).any() or (right[inner] <= rows[inner]).any():
            raise ValueError(f"{where} is no tree")
        if (np.asarray(tree["feature"])[inner] < 0).any():
            raise ValueError(f"{where} asks about no feature")
    return flattened(trees)


def _numbers(read: Any, what: str, shape: tuple[int, ...]) -> F64:
    """Finite numbers of a shape, in which -1 stands for any length but 0."""
    found = np.array(read, dtype=np.float64)
    fits = len(found.shape) == len(shape) and all(
        (has > 0) if wants < 0 else has == wants
        for has, wants in zip(found.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{what} has shape {list(found.shape)} instead of {list(shape)}")
    if not np.isfinite(found).all():
        raise ValueError(f"{what} is not finite")
    return found


def _whole(read: Any, what: str, low: int, high: int) -> np.ndarray:
    """int64 (n,): whole numbers within bounds."""
    if not isinstance(read, list) or any(type(each) is not int for each in read):
        raise ValueError(f"{what} are not whole numbers")
    if any(not low <= each <= high for each in read):
        raise ValueError(f"{what} must be {low} to {high}")
    return np.array(read, np.int64)
