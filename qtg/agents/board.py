"""The board: the indicators that this run's strategies read, and no others.

A kind declares what it reads (`Need`); whatever several agents read alike, with the same windows,
is computed once. Indicators roll bar by bar (`Config.bar_ticks`) by the same kernels as
`qtg.quant`, over all markets of all environments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qtg import quant
from qtg.kernels.bars import Bar, add_tick, begin_bars
from qtg.kernels.desk import Sight
from qtg.kernels.pairs import Spreads
from qtg.schemas import PRICE_SCALE, MarketView

from ..errors import ConfigError
from ..stateful import State, Stateful, found, put, shown
from .need import Need


class Board(Stateful):
    """Readings of every market, float64 (reading, market), NaN until they have history.

    Parameters
    ----------
    bar_ticks : int    length of a bar
    markets : int
    """

    STATE = ("_volume", "_bar", "_values")

    def __init__(self, bar_ticks: int, markets: int) -> None:
        self.bar_ticks = bar_ticks
        self._markets = markets
        self._volume = np.zeros(markets, np.int64)
        self._bar = Bar(
            np.full(markets, -np.inf), np.full(markets, np.inf), np.zeros(markets, np.int64)
        )
        self._values = np.full((0, markets), np.nan)
        self._rows: dict[tuple[Any, ...], int] = {}
        self._rolling: dict[tuple[Any, ...], tuple[Any, Any, list[tuple[str | None, int]]]] = {}
        self._hedges: list[tuple[Any, Any, Spreads, int]] = []

    def rows(self, kind: str, need: Need, params: Mapping[str, np.ndarray]) -> np.ndarray:
        """int32 (n,): each agent's row of readings, for parameters float64 (n,) by name.

        Raises
        ------
        ConfigError    a window that is shorter than the indicator needs
        """
        n = len(next(iter(params.values())))
        names = [need.indicator] if isinstance(need.indicator, str) else list(need.indicator)
        lengths = np.empty((n, 1 + len(need.lengths)), np.int64)
        choice = np.zeros(n) if need.choice is None else params[need.choice]
        lengths[:, 0] = np.clip(np.rint(choice), 0, len(names) - 1)
        for column, value in enumerate(need.lengths.values(), 1):
            lengths[:, column] = np.rint(params[value]) if isinstance(value, str) else value
        distinct, place = np.unique(lengths, axis=0, return_inverse=True)
        found = np.empty(len(distinct), np.int32)
        for at, row in enumerate(distinct.tolist()):
            arguments = dict(zip(need.lengths, row[1:], strict=True))
            found[at] = self._row(kind, names[row[0]], arguments, need.part)
        return found[place.ravel()]

    def spreads(self, kind: str, windows: np.ndarray, y: np.ndarray, x: np.ndarray) -> Spreads:
        """Regressions of the markets `y` on the markets `x`, int64 (pairs,), over each window.

        The arrays are the board's own: they change with every bar.
        """
        shape = (len(windows), len(y))
        spreads = Spreads(np.full(shape, np.nan), np.full(shape, np.nan))
        for row, n in enumerate(windows.tolist()):
            state = _started(kind, quant.hedge, len(y), {"n": n})
            self._hedges.append((state, (y, x), spreads, row))
        return spreads

    def update(self, view: MarketView, tick: np.ndarray) -> None:
        """Take in a tick; at a bar's end every indicator moves on by one bar.

        `tick` is that of each environment, int64 (E,)."""
        add_tick(self._bar, view, self._volume)
        if self._rolling or self._hedges:
            ended = np.flatnonzero(tick % self.bar_ticks == 0)
            if len(ended) == len(tick):
                self._close_bar(view.mid / PRICE_SCALE, slice(None))
            elif len(ended):
                markets = np.arange(self._markets).reshape(len(tick), -1)[ended].ravel()
                self._close_bar(view.mid / PRICE_SCALE, markets)
        begin_bars(self._bar, tick, self.bar_ticks)

    @property
    def values(self) -> np.ndarray:
        """float64 (reading, market): every indicator at the end of the last bar."""
        return self._values

    def sight(self, view: MarketView) -> Sight:
        """What rules see in this tick."""
        return Sight(view, self._values, self._volume, self.bar_ticks)

    @property
    def markets(self) -> int:
        """How many there are."""
        return self._markets

    def state(self) -> State:
        """The bar that is going on, and the windows of every indicator."""
        return {**super().state(), "rolling": shown(self._windows())}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        put(self._windows(), found(state, "rolling"), "Board.rolling")

    def _windows(self) -> list[Any]:
        rolling = [state for _, state, _ in self._rolling.values()]
        return [*rolling, *([state, spreads] for state, _, spreads, _ in self._hedges)]

    def nbytes(self) -> int:
        return int(self._values.nbytes + self._volume.nbytes)

    def _close_bar(self, close: np.ndarray, markets: slice | np.ndarray) -> None:
        """Move every indicator on by the bar of these markets, all or some."""
        bar = {
            "x": close,
            "price": close,
            "close": close,
            "high": self._bar.high,
            "low": self._bar.low,
            "volume": self._bar.volume.astype(np.float64),
        }
        for indicator, state, parts in self._rolling.values():
            result = _step(indicator, state, markets, [bar[name] for name in indicator.inputs])
            for part, row in parts:
                self._values[row, markets] = result if part is None else getattr(result, part)
        for state, (y, x), spreads, row in self._hedges:
            pairs = markets if isinstance(markets, slice) else np.flatnonzero(np.isin(y, markets))
            result = _step(quant.hedge, state, pairs, [close[y], close[x]])
            spreads.zscore[row, pairs], spreads.ratio[row, pairs] = result.zscore, result.ratio

    def _row(self, kind: str, name: str, arguments: dict[str, int], part: str | None) -> int:
        key = (name, *arguments.items())
        if (*key, part) not in self._rows:
            if key not in self._rolling:
                indicator = getattr(quant, name)
                state = _started(kind, indicator, self._markets, arguments)
                self._rolling[key] = (indicator, state, [])
            row = self._rows[(*key, part)] = len(self._values)
            self._rolling[key][2].append((part, row))
            blank = np.full((1, self._markets), np.nan)
            self._values = np.concatenate([self._values, blank])
        return self._rows[(*key, part)]


def _step(indicator: Any, state: Any, columns: slice | np.ndarray, rows: list[np.ndarray]) -> Any:
    """One bar of an indicator, for all columns of its state or for some."""
    if isinstance(columns, slice):
        return indicator.step(state, *rows)
    part = _columns_of(state, columns)
    result = indicator.step(part, *(row[columns] for row in rows))
    _put_back(state, part, columns)
    return result


def _columns_of(state: Any, columns: np.ndarray) -> Any:
    """A copy of some columns of a state, whose arrays have them as their last axis."""
    if isinstance(state, np.ndarray):
        return np.ascontiguousarray(state[..., columns])
    if isinstance(state, tuple):
        return type(state)(*(_columns_of(part, columns) for part in state))
    return state


def _put_back(state: Any, part: Any, columns: np.ndarray) -> None:
    """Write columns that `_columns_of` took back."""
    if isinstance(state, np.ndarray):
        state[..., columns] = part
    elif isinstance(state, tuple):
        for whole, its in zip(state, part, strict=True):
            _put_back(whole, its, columns)


def _started(kind: str, indicator: Any, columns: int, arguments: Mapping[str, int]) -> Any:
    try:
        return indicator.start(columns, **arguments)
    except ConfigError as error:
        raise ConfigError(f"{kind}: {error}") from None
