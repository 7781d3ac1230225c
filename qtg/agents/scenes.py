"""What learners see of a market, in columns: the same numbers in an environment and in a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from qtg.kernels.scene import ACCOUNT, MARKET, SceneTerms, look
from qtg.schemas import I64, MarketView, allocate

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .need import Need

READINGS = {  # of qtg.quant, at the end of the last bar
    "rsi": Need("rsi", {"n": 14}),
    "macd": Need("macd", {"fast": 12, "slow": 26, "signal": 9}, part="macd"),
    "macd_signal": Need("macd", {"fast": 12, "slow": 26, "signal": 9}, part="signal"),
    "bollinger_upper": Need("bollinger", {"n": 20}, part="upper"),
    "bollinger_lower": Need("bollinger", {"n": 20}, part="lower"),
    "sma": Need("sma", {"n": 20}),
    "atr": Need("atr", {"n": 14}),
    "volatility": Need("rolling_volatility", {"n": 20}),
}


class Seen(NamedTuple):
    """How much of a market a scene has."""

    history: int  # earlier mids
    near: int  # price levels whose quantity counts as near
    deep: int  # and as deep
    indicators: bool


class Scenes(Stateful):
    """A row for everyone who looks, environment after environment.

    Parameters
    ----------
    exchange : Exchange
    board : Board           which indicators are asked for
    symbols : dict          the symbols that are looked at: row in the run, and what columns call it
    agents : int64 (k,)     who looks, in every environment
    seen : Seen

    Attributes
    ----------
    rows : float64 (E * k, column)    what can be looked at
    column : dict                     place of each column, by name
    """

    STATE = ("rows", "_volume", "_view.mid")

    def __init__(
        self,
        exchange: Exchange,
        board: Board,
        symbols: dict[int, str],
        agents: I64,
        seen: Seen,
    ) -> None:
        readings = READINGS if seen.indicators else {}
        self._reading = _request(board, readings.values())
        self._nothing = np.zeros((0, exchange.venue.n_markets))
        self._board = board
        self._view = allocate(MarketView, exchange.venue.n_markets)
        self._view.tick_size[:] = exchange.view.tick_size
        self._volume = np.zeros(exchange.venue.n_markets, np.int64)
        columns = [*MARKET, *(f"mid[-{lag + 1}]" for lag in range(seen.history)), *readings]
        self._terms = SceneTerms(
            np.array(list(symbols), np.int64),
            agents.astype(np.int64),
            exchange.terms.symbols,
            exchange.n_agents,
            seen.near,
            seen.deep,
            seen.history,
            len(columns),
        )
        names = [f"{symbol}.{name}" for symbol in symbols.values() for name in columns]
        self.column = {name: at for at, name in enumerate([*names, *ACCOUNT])}
        self.envs = len(exchange.populations)
        self.rows = np.zeros((self.envs * len(agents), len(self.column)))

    def tick_is_over(self, exchange: Exchange) -> None:
        """Count what was traded in a tick."""
        self._volume += exchange.view.volume

    def look(self, exchange: Exchange, envs: I64) -> None:
        """Write the scenes of these environments as they are after a tick."""
        look(
            exchange.venue.book_columns,
            self._view,
            exchange.view,
            self._volume,
            self._board.values[self._reading] if len(self._reading) else self._nothing,
            exchange.ledger,
            self._terms,
            envs,
            self.rows,
        )

    def copy(self, source: Scenes, start: I64, envs: I64) -> None:
        """Let these environments see what environments `start` of `source` saw last."""
        self._by_env(self.rows)[envs] = source._by_env(source.rows)[start]
        # A mid stays as it is while a side of a book is empty.
        self._by_env(self._view.mid)[envs] = source._by_env(source._view.mid)[start]

    def nbytes(self) -> int:
        """Bytes of columns."""
        return int(self.rows.nbytes + self._volume.nbytes)

    def _by_env(self, column: np.ndarray) -> np.ndarray:
        return column.reshape(self.envs, -1)


def _request(board: Board, readings: Sequence[Need] | Any) -> I64:
    """Rows of the board that hold these indicators, int64 (reading,)."""
    nothing: dict[str, Any] = {"": np.zeros(1)}
    return np.array([board.rows("learner", need, nothing)[0] for need in readings], np.int64)
