"""A policy in an ONNX file, run by onnxruntime."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import Contract
from ..errors import ContractMismatch, ModelError, one_line
from .card import Card

INPUT, OUTPUT = "observation", "action"
DIGEST_KEY = "qtg_sha256"  # of the file, with zeros in the place of this
_KEPT = re.compile(re.escape(DIGEST_KEY.encode()) + rb"\x12\x40([0-9a-f]{64})")
_TYPES = {"discrete": "tensor(int64)", "multi_discrete": "tensor(int64)", "box": "tensor(float)"}


class OnnxModel:
    """A policy: what it observes, how it acts, and `act`.

    Attributes
    ----------
    card : Card
    digest : str    SHA-256 of the file, 64 hex digits
    """

    def __init__(self, session: Any, card: Card, digest: str, name: str) -> None:
        self._session, self.card, self.digest, self._name = session, card, digest, name

    @classmethod
    def load(cls, path: str | Path, contract: Contract | None = None) -> OnnxModel:
        """Read a file that `export_policy` wrote.

        Parameters
        ----------
        path : path
        contract : Contract, optional    what it is to observe

        Raises
        ------
        ModelError          there is no such file, it is no such model, or it is damaged; or
            onnxruntime is not installed
        ContractMismatch    it was trained on other observations, or those of another version
        """
        name = str(path)
        data = _read(path)
        digest = _checked_digest(data, name)
        session = _session(data, name)
        card = Card.from_metadata(_metadata(session, name), name)
        if not digest:
            raise ModelError(f"{name} has no {DIGEST_KEY}; export it with `qtg model export`")
        _check_graph(session, card, name)
        if contract is not None:
            card.check_observes(contract, name)
        return cls(session, card, digest, name)

    def act(self, observations: NDArray[np.float32]) -> np.ndarray:
        """The best action of each row, in one call.

        Parameters
        ----------
        observations : float32 (n, feature)

        Returns
        -------
        int64 (n,) or (n, codes), or float32 (n, numbers) within their bounds

        Raises
        ------
        ContractMismatch    observations of another shape
        ModelError          an action is not a number
        """
        seen = np.ascontiguousarray(observations, np.float32)
        if seen.shape[1:] != self.card.contract.shape:
            raise ContractMismatch(
                f"{self._name} observes {self.card.contract.shape[0]} numbers; it was given shape "
                f"{seen.shape}"
            )
        actions: np.ndarray = self._session.run([OUTPUT], {INPUT: seen})[0]
        if actions.dtype.kind == "f" and np.isnan(actions).any():
            row = int(np.argwhere(np.isnan(actions))[0][0])
            raise ModelError(f"{self._name}: the action of row {row} is not a number")
        return actions


def _metadata(session: Any, name: str) -> dict[str, str]:
    try:
        told: dict[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError:
        raise ModelError(f"{name} is damaged: its metadata is no text; export it again") from None
    return told


def sealed(data: bytes) -> bytes:
    """A file whose digest is still zeros, with its digest."""
    found = _KEPT.search(data)
    if found is None:
        raise ModelError("the model's file has no place for its digest")
    digest = hashlib.sha256(data).hexdigest().encode()
    return data[: found.start(1)] + digest + data[found.end(1) :]


def _checked_digest(data: bytes, name: str) -> str:
    """The digest that a file says it has; empty if it says none."""
    found = _KEPT.search(data)
    if found is None:
        return ""
    blank = data[: found.start(1)] + b"0" * 64 + data[found.end(1) :]
    if hashlib.sha256(blank).hexdigest().encode() != found[1]:
        raise ModelError(f"{name} is damaged: it is not what was exported; export it again")
    return found[1].decode()


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"there is no model at {path}; export one with `qtg model export`"
        ) from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {one_line(error.strerror)}") from None


def _session(data: bytes, name: str) -> Any:
    """One thread, so that agents' decisions do not depend on how many there are."""
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "models need onnxruntime; install it with pip install onnxruntime"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no public base class
        raise ModelError(f"{name} is no ONNX model: {one_line(error)}") from None


def _check_graph(session: Any, card: Card, name: str) -> None:
    """What goes in and what comes out must be what the metadata says."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    names = [each.name for each in inputs], [each.name for each in outputs]
    if names != ([INPUT], [OUTPUT]):
        raise ModelError(f"{name} must take {INPUT!r} and give {OUTPUT!r}; it has {names}")
    seen, acts = inputs[0], outputs[0]
    if list(seen.shape[1:]) != list(card.contract.shape) or seen.type != "tensor(float)":
        raise ContractMismatch(
            f"{name} takes {seen.type} of shape {seen.shape}, but its contract has "
            f"{list(card.contract.shape)} numbers; export it again"
        )
    if list(acts.shape[1:]) != list(card.actions.shape) or acts.type != _TYPES[card.actions.kind]:
        raise ContractMismatch(
            f"{name} gives {acts.type} of shape {acts.shape}, but its actions are "
            f"{card.actions}; export it again"
        )
