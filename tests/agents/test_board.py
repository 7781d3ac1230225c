"""The board: only what is declared, computed once, equal to the batch form of `qtg.quant`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

import qtg
from qtg import quant
from qtg.agents.board import Board
from qtg.agents.need import Need
from qtg.schemas import MarketView, allocate
from qtg.simulation import Simulation

from .moving import BAR, Moving, config_of, traders, uniform

MARKETS, BAR_TICKS, BARS = 3, 4, 60
ONE = {"n": "n"}


class Bars(NamedTuple):
    """Columns of bars, float64 (bar, market)."""

    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def views(seed: int) -> list[MarketView]:
    """A view of every tick: random prices, now and then a tick without a trade."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.002, (BARS * BAR_TICKS + 3, MARKETS))
    found = []
    for mid in np.rint(1_000_000 * np.exp(np.cumsum(steps, axis=0))).astype(np.int64):
        view = allocate(MarketView, MARKETS)
        view.mid[:] = view.fair_value[:] = mid
        view.volume[:] = rng.integers(0, 500, MARKETS) * rng.integers(0, 2, MARKETS)
        found.append(view)
    return found


def bars_of(ticks: list[MarketView]) -> Bars:
    """Bars of whole lengths: prices of their own ticks, and what was traded up to their ends."""
    price = np.array([view.mid for view in ticks[: BARS * BAR_TICKS]]) / 1e4
    volume = np.array([view.volume for view in ticks[: BARS * BAR_TICKS]], float)
    price, volume = (x.reshape(BARS, BAR_TICKS, MARKETS) for x in (price, volume))
    return Bars(price.max(axis=1), price.min(axis=1), price[:, -1], volume.sum(axis=1))


def readings(board: Board, ticks: list[MarketView], rows: np.ndarray) -> np.ndarray:
    """(tick, row, market): what the rows read after each tick."""
    out = []
    for tick, view in enumerate(ticks, 1):
        board.update(view, np.array([tick]))
        out.append(board.sight(view).values[rows].copy())
    return np.array(out)


def held_over(bars: np.ndarray, ticks: int) -> np.ndarray:
    """A column of bars at every tick: NaN until the first ends, then the last that has ended."""
    blank = np.full((1, MARKETS), np.nan)
    return np.concatenate([blank, bars])[np.arange(1, ticks + 1) // BAR_TICKS]


CASES: dict[str, tuple[Need, dict[str, int], Any]] = {
    "sma": (Need("sma", ONE), {"n": 7}, lambda b: quant.sma(b.close, 7)),
    "ema": (Need("ema", ONE), {"n": 7}, lambda b: quant.ema(b.close, 7)),
    "chosen": (
        Need(("sma", "ema"), ONE, choice="kind"),
        {"n": 9, "kind": 1},
        lambda b: quant.ema(b.close, 9),
    ),
    "rsi": (Need("rsi", ONE), {"n": 6}, lambda b: quant.rsi(b.close, 6)),
    "atr": (Need("atr", ONE), {"n": 5}, lambda b: quant.atr(b.high, b.low, b.close, 5)),
    "vwap": (Need("vwap", ONE), {"n": 8}, lambda b: quant.vwap(b.close, b.volume, 8)),
    "zscore": (Need("zscore", ONE), {"n": 10}, lambda b: quant.zscore(b.close, 10)),
    "reversion": (
        Need("mean_reversion", ONE),
        {"n": 4},
        lambda b: quant.mean_reversion(b.close, 4),
    ),
    "momentum": (
        Need("momentum", {"n": "n", "skip": 2}),
        {"n": 9},
        lambda b: quant.momentum(b.close, 9, 2),
    ),
    "volatility": (
        Need("rolling_volatility", ONE),
        {"n": 11},
        lambda b: quant.rolling_volatility(b.close, 11),
    ),
}
_MACD = {"fast": "fast", "slow": "slow", "signal": "signal"}
_STOCHASTIC = {"k": "k", "smooth": 2, "d": 3}
for _part in quant.Macd._fields:
    CASES[f"macd {_part}"] = (
        Need("macd", _MACD, part=_part),
        {"fast": 3, "slow": 8, "signal": 4},
        lambda b, part=_part: getattr(quant.macd(b.close, 3, 8, 4), part),
    )
for _part in quant.Bands._fields:
    CASES[f"bollinger {_part}"] = (
        Need("bollinger", ONE, part=_part),
        {"n": 12},
        lambda b, part=_part: getattr(quant.bollinger(b.close, 12), part),
    )
for _part in quant.Stochastic._fields:
    CASES[f"stochastic {_part}"] = (
        Need("stochastic", _STOCHASTIC, part=_part),
        {"k": 5},
        lambda b, part=_part: getattr(quant.stochastic(b.high, b.low, b.close, 5, 2, 3), part),
    )


def columns_of(params: Mapping[str, float], n: int = 2) -> dict[str, np.ndarray]:
    """The same parameters for `n` agents."""
    return {name: np.full(n, float(value)) for name, value in params.items()}


@pytest.mark.parametrize("name", CASES)
def test_readings_are_those_of_the_batch_form(name: str) -> None:
    need, params, batch = CASES[name]
    ticks, board = views(3), Board(BAR_TICKS, MARKETS)
    rows = board.rows("tester", need, columns_of(params))
    assert rows.tolist() == [0, 0], "both agents read the same"
    found = readings(board, ticks, rows[:1])[:, 0]
    expected = held_over(batch(bars_of(ticks)), len(ticks))
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(expected[-1]).all()


def test_windows_of_each_agent() -> None:
    board, ticks = Board(BAR_TICKS, MARKETS), views(8)
    rows = board.rows("tester", Need("sma", ONE), {"n": np.array([9.0, 3.0, 9.0, 5.0])})
    assert rows.dtype == np.int32
    assert len(set(rows.tolist())) == 3
    found = readings(board, ticks, rows)
    close = bars_of(ticks).close
    for place, n in enumerate((9, 3, 9, 5)):
        np.testing.assert_array_equal(found[:, place], held_over(quant.sma(close, n), len(ticks)))


def test_a_regression_of_each_pair() -> None:
    board, ticks = Board(BAR_TICKS, MARKETS), views(9)
    y, x = np.array([0, 2]), np.array([1, 0])
    spreads = board.spreads("tester", np.array([6, 15]), y, x)
    for tick, view in enumerate(ticks, 1):
        board.update(view, np.array([tick]))
    close = bars_of(ticks).close
    for row, n in enumerate((6, 15)):
        expected = quant.hedge(close[:, y], close[:, x], n)
        np.testing.assert_array_equal(spreads.ratio[row], expected.ratio[-1])
        np.testing.assert_array_equal(spreads.zscore[row], expected.zscore[-1])


def test_what_is_read_alike_is_computed_once() -> None:
    board = Board(BAR_TICKS, MARKETS)
    macd = [Need("macd", _MACD, part=part) for part in ("histogram", "signal")]
    params = columns_of({"fast": 3, "slow": 8, "signal": 4})
    first, second = (board.rows("tester", need, params).tolist() for need in macd)
    assert first != second
    assert board.rows("other", macd[0], params).tolist() == first
    assert (len(board._values), len(board._rolling)) == (2, 1), "two parts of one indicator"


def n_readings(*groups: dict[str, Any]) -> int:
    """Readings on the board of a run."""
    return len(Simulation(config_of(*groups)).board._values)


def test_only_what_a_population_reads_is_on_the_board() -> None:
    assert n_readings() == 0
    assert n_readings(traders("news_trader"), traders("vwap_executor")) == 0
    exact = {"fast": 3, "slow": 9, "exponential": 0}
    trend = traders("trend_follower", params=exact)
    assert n_readings(trend) == 2
    assert n_readings(trend, trend) == 2, "two populations with the same windows share them"
    assert n_readings(trend, traders("trend_follower", params={**exact, "fast": 5})) == 3
    assert n_readings(trend, traders("trend_follower", params={**exact, "exponential": 1})) == 4
    z = traders("bollinger_reversion", params={"window": 9})
    assert n_readings(trend, z) == 3
    assert n_readings(traders("trend_follower", 30, params=exact)) == 2


def test_a_run_reads_what_its_market_showed() -> None:
    group = traders("bollinger_reversion", params={"window": uniform(5, 9)})
    seen = Moving(config_of(group)).run()
    board = seen.sim.board
    for n in range(5, 10):
        (row,) = board.rows("tester", Need("zscore", ONE), {"n": np.array([float(n)])})
        expected = quant.zscore(seen.closes(), n)[-1]
        np.testing.assert_array_equal(board._values[row], expected)


@pytest.mark.parametrize("ticks", [1, 2, 5])
def test_bars_of_one_tick_and_volume_of_the_run(ticks: int) -> None:
    board = Board(ticks, MARKETS)
    rows = board.rows("tester", Need("sma", ONE), {"n": np.array([1.0])})
    total = np.zeros(MARKETS, np.int64)
    for tick, view in enumerate(views(4)[:20], 1):
        board.update(view, np.array([tick]))
        total += view.volume
        sight = board.sight(view)
        np.testing.assert_array_equal(sight.volume, total)
        assert sight.bar_ticks == ticks
        if tick % ticks == 0:
            np.testing.assert_array_equal(sight.values[rows[0]], view.mid / 1e4)


def refused(kind: str, params: dict[str, Any], ticks: int, **fields: Any) -> str:
    """The sentence with which a run of so many ticks is refused."""
    with pytest.raises(qtg.ConfigError) as error:
        Simulation(config_of(traders(kind, params=params, **fields), ticks=ticks))
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "params", "name", "longest"),
    [
        ("rsi_momentum", {"window": 40}, "window", 40),
        ("trend_follower", {"fast": 5, "slow": uniform(50, 70)}, "slow", 70),
        ("macd_crossover", {"fast": 5, "slow": 9, "signal": 50}, "signal", 50),
        ("bollinger_reversion", {"window": 31}, "window", 31),
        ("pairs_trading", {"window": 31}, "window", 31),
        ("factor_long_short", {"momentum_window": 60}, "momentum_window", 60),
        ("avellaneda_stoikov", {"window": 45}, "window", 45),
    ],
)
def test_a_window_longer_than_the_run_is_refused(
    kind: str, params: dict[str, Any], name: str, longest: int
) -> None:
    text = refused(kind, params, 30 * BAR + 2)
    assert f"params.{name} of {kind} can be {longest} bars of {BAR} ticks, but" in text
    assert "the run has 30; shorten it, run longer, or lower bar_ticks" in text


def test_a_window_that_nobody_set_is_not_refused() -> None:
    """A preset can be tried for a few ticks; its agents then see too little to act on."""
    Simulation(config_of(traders("rsi_momentum"), ticks=BAR))


def test_the_warm_up_counts_as_history() -> None:
    group = traders("bollinger_reversion", params={"window": 20})
    Simulation(config_of(group, ticks=10 * BAR, warmup__ticks=10 * BAR))
    with pytest.raises(qtg.ConfigError, match="run longer"):
        Simulation(config_of(group, ticks=10 * BAR, warmup__ticks=10 * BAR - 1))


def test_a_skip_as_long_as_the_window_is_refused() -> None:
    text = refused("factor_long_short", {"momentum_window": 9, "momentum_skip": 9}, 600)
    assert text.startswith("factor_long_short: momentum: skip is 9 and n is 9; choose skip less")
