"""What a model says of itself: what it observes, how it acts, and where it learned that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contract import VERSION, Contract
from ..errors import ConfigError, ContractMismatch, ModelError, one_line

VERSION_KEY, SHAPE_KEY = "observation_contract_version", "observation_shape"
CONTRACT_KEY, ACTIONS_KEY, ENVIRONMENT_KEY = "qtg_contract", "qtg_action_space", "qtg_environment"
KEYS = (VERSION_KEY, SHAPE_KEY, CONTRACT_KEY, ACTIONS_KEY, ENVIRONMENT_KEY)


@dataclass(frozen=True)
class ActionForm:
    """A space of actions, without Gymnasium.

    Attributes
    ----------
    kind : str               "discrete" (one code), "multi_discrete" (several) or "box" (numbers)
    n : tuple of int         how many codes there are, of each
    low, high : tuples       bounds of each number
    """

    kind: str
    n: tuple[int, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @classmethod
    def of(cls, space: Any) -> ActionForm:
        """The form of a Gymnasium space.

        Raises
        ------
        ModelError    it is none of Discrete and MultiDiscrete from 0, and Box of one dimension
        """
        from gymnasium.spaces import Box, Discrete, MultiDiscrete

        if isinstance(space, Discrete) and space.start == 0:
            return cls("discrete", (int(space.n),))
        if isinstance(space, MultiDiscrete) and space.nvec.ndim == 1 and not space.start.any():
            return cls("multi_discrete", tuple(int(n) for n in space.nvec))
        if isinstance(space, Box) and len(space.shape) == 1:
            low, high = space.low.astype(np.float64), space.high.astype(np.float64)
            return cls("box", (), tuple(low.tolist()), tuple(high.tolist()))
        raise ModelError(f"actions in {space} cannot be exported; use Discrete or a flat Box")

    @classmethod
    def from_dict(cls, read: Mapping[str, Any]) -> ActionForm:
        """What `as_dict` gave; ValueError, TypeError or KeyError if it is none."""
        form = cls(
            str(read["kind"]),
            tuple(int(n) for n in read.get("n", ())),
            tuple(float(bound) for bound in read.get("low", ())),
            tuple(float(bound) for bound in read.get("high", ())),
        )
        codes = form.kind in ("discrete", "multi_discrete") and min(form.n, default=0) > 0
        box = form.kind == "box" and len(form.low) == len(form.high) > 0
        if not (codes or box) or (form.kind == "discrete" and len(form.n) != 1):
            raise ValueError(f"no such action space: {read}")
        return form

    def as_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        if self.kind == "box":
            return {"kind": self.kind, "low": list(self.low), "high": list(self.high)}
        return {"kind": self.kind, "n": list(self.n)}

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an action."""
        return () if self.kind == "discrete" else (len(self.n) or len(self.low),)

    def __str__(self) -> str:
        if self.kind == "box":
            bounds = sorted({*zip(self.low, self.high, strict=True)})
            return f"box of {len(self.low)}: " + ", ".join(f"{a:g} to {b:g}" for a, b in bounds)
        return f"{self.kind.replace('_', ' ')}: {' x '.join(map(str, self.n))}"


@dataclass(frozen=True)
class Card:
    """What a model observes and how it acts."""

    contract: Contract
    actions: ActionForm

    @property
    def environment(self) -> str:
        """The environment that it was trained in."""
        return str(self.contract.environment.get("id", ""))

    def metadata(self) -> dict[str, str]:
        """As it is kept in a model's file."""
        return {
            VERSION_KEY: str(self.contract.version),
            SHAPE_KEY: json.dumps(list(self.contract.shape)),
            CONTRACT_KEY: json.dumps(self.contract.as_dict()),
            ACTIONS_KEY: json.dumps(self.actions.as_dict()),
            ENVIRONMENT_KEY: self.environment,
        }

    @classmethod
    def from_metadata(cls, kept: Mapping[str, str], name: str) -> Card:
        """What `metadata` gave; `name` is what messages call the model.

        Raises
        ------
        ModelError          something is missing or makes no sense
        ContractMismatch    of another version of observations than this qtg has
        """
        missing = [key for key in KEYS if key not in kept]
        if missing:
            raise ModelError(
                f"{name} has no {missing[0]} in its metadata; export it with `qtg model export`"
            )
        version = one_line(kept[VERSION_KEY], 20)
        if version != str(VERSION):
            raise ContractMismatch(
                f"{name} was trained on observation contract version {version}, this qtg has "
                f"{VERSION}; train it again, or use the qtg that it was trained with"
            )
        try:
            contract = Contract.from_json(kept[CONTRACT_KEY], f"{CONTRACT_KEY} of {name}")
            shape = json.loads(kept[SHAPE_KEY])
            actions = ActionForm.from_dict(json.loads(kept[ACTIONS_KEY]))
        except ConfigError as error:
            raise ModelError(str(error)) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(f"{name}: its metadata makes no sense: {one_line(error)}") from None
        if shape != list(contract.shape):
            raise ContractMismatch(
                f"{name} has the {SHAPE_KEY} {one_line(shape, 40)}, but its contract has "
                f"{list(contract.shape)}; export it again"
            )
        return cls(contract, actions)

    def check_observes(self, contract: Contract, name: str) -> None:
        """Raise a ContractMismatch that says in what the observations differ from what the model
        was trained on."""
        if differs := self.contract.difference(contract):
            raise ContractMismatch(
                f"{name} was trained on other observations: {differs} (here: the model's, there: "
                "what it is to see); give both the same `features`, or train it again"
            )
