"""Observations of markets by themselves, whoever looks: one row for each symbol and environment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtg.schemas import F64, I64, Account

from ..contract import Contract
from ..errors import ContractMismatch
from ..exchange import Exchange
from ..features import features_of
from ..observation import Observation
from ..stateful import Stateful
from .board import Board
from .scenes import READINGS, Scenes, Seen

HISTORY = 20  # earlier mids that features may compare with
NEAR, DEEP, MOST_LEVELS = 5, 10, 1_000  # price levels
SYMBOL = "symbol"  # what a contract calls the one it is about


def market_contract(builders: Sequence[str]) -> Contract:
    """The contract of one symbol's features, for `MarketRows`.

    Raises
    ------
    ConfigError    no such builder
    """
    contract = Contract.of(features_of(builders, (SYMBOL,)))
    look = {"id": "market", "near": NEAR, "deep": DEEP}
    return Contract(contract.version, contract.features, look)


class MarketRows(Stateful):
    """What a contract observes of each symbol, environment after environment.

    Parameters
    ----------
    exchange : Exchange
    board : Board              which indicators are asked for
    symbols : int32 (n,)       rows of the symbols
    contract : Contract        of one symbol, such as `market_contract` makes

    Attributes
    ----------
    market : int64 (n * E,)    the market that each row is of

    Raises
    ------
    ContractMismatch    the contract observes what is not a market's
    """

    STATE = ("_scenes", "_looked")

    def __init__(
        self, exchange: Exchange, board: Board, symbols: np.ndarray, contract: Contract
    ) -> None:
        names = {int(row): f"{SYMBOL}{row}" for row in symbols}
        seen = {name for each in contract.features for name in each["columns"]}
        own = [name for name in seen if "." not in name or name.endswith((".position", ".cost"))]
        if own:
            raise ContractMismatch(
                f"the model looks at {min(own)}, which is an account's and not the market's"
            )
        near, deep = (contract.environment.get(name) for name in ("near", "deep"))
        if type(near) is not int or type(deep) is not int or not 1 <= near <= deep <= MOST_LEVELS:
            raise ContractMismatch(
                f"the model's contract names {near!r} and {deep!r} price levels as near and deep"
            )
        indicators = any(name.rpartition(".")[2] in READINGS for name in seen)
        depth = Seen(HISTORY, near, deep, indicators)
        house = np.array([Account.HOUSE], np.int64)
        self._scenes = Scenes(exchange, board, names, house, depth)
        self._envs = np.arange(self._scenes.envs)
        self._observations = [
            Observation(contract.renamed([name]).plan(), self._scenes.column)
            for name in names.values()
        ]
        self._rows: F64 = np.zeros((len(names) * len(self._envs), contract.shape[0]))
        self._mids = [self._scenes.column[f"{name}.mid"] for name in names.values()]
        self._looked = np.zeros(len(self._envs), bool)
        listed = self._envs * exchange.terms.symbols
        self.market: I64 = np.concatenate([listed + row for row in names])

    def look(self, exchange: Exchange) -> None:
        """See the markets at the end of a tick, every tick, as environments do."""
        self._scenes.tick_is_over(exchange)
        self._scenes.look(exchange, self._envs)
        self._looked[:] = True

    @property
    def rows(self) -> F64:
        """What was seen, float64 (n * E, feature); written anew."""
        n = len(self._envs)
        for k, observation in enumerate(self._observations):
            observation.write(self._scenes.rows, self._rows[k * n : (k + 1) * n])
        return self._rows

    @property
    def mids(self) -> F64:
        """The mid of each row's market when it was seen, float64 (n * E,) [currency]; new."""
        return np.concatenate([self._scenes.rows[:, at] for at in self._mids])

    @property
    def looked(self) -> np.ndarray:
        """Whether each row's market has been seen yet, bool (n * E,)."""
        return np.tile(self._looked, len(self._observations))

    def nbytes(self) -> int:
        """Bytes of columns."""
        return self._scenes.nbytes() + self._rows.nbytes
