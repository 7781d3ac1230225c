"""What agents of a kind that follows a trained model have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SnapshotError
from ..stateful import State, Stateful, found


class Follower(Stateful):
    """Agents who follow a model from a file; their state names it.

    Attributes
    ----------
    _path : str     the model's file
    _model : Any    the model, which has a `digest`
    """

    _path: str
    _model: Any

    def state(self) -> State:
        """What they want and have seen, and which model they follow."""
        return {"model": self._model.digest, **super().state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of the same model.

        Raises
        ------
        SnapshotError    the model's file is another now
        """
        if found(state, "model") != self._model.digest:
            raise SnapshotError(
                f"the snapshot was taken with another model than {self._path} is now; put that one "
                "back"
            )
        super().restore(state)
