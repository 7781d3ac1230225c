"""Known settings come back: a market is simulated, its trades are calibrated on."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.calibration.knobs import KNOBS
from qtg.calibration.market import let_volatility_move, tick_length, ticker, told_memory
from tests.cli.command import Command

from .tapes import random_tape, written

pytestmark = pytest.mark.compiled

#                     setting: value, largest ratio either way
KNOWN = {
    "background.activity": (0.0015, 1.2),
    "fair_value.volatility": (0.3, 1.25),
    "smart.0.params.half_spread": (0.0003, 1.2),
    "background.metaorders.share": (0.6, 1.3),
}
SIZE = {"median": (40.0, 1.1), "sigma": (0.9, 1.1)}


def known_market() -> qtg.Config:
    """One tick a second, prices in cents, about one order in four seconds. What a tape does not
    tell is as the fit has it."""
    return qtg.Config.model_validate(
        {
            "name": "known",
            "seed": 5,
            "ticks": 20_000,
            "symbols": [{"symbol": "ABC", "initial_price": "100.00", "shares_outstanding": 10**9}],
            "smart": [
                {
                    "kind": "market_maker",
                    "count": 1,
                    "cash": 1e9,
                    "shares": 10**6,
                    "params": {
                        "half_spread": 0.0003,
                        "skew": 0.0002,
                        "inventory": 10**6,
                        "size": 5_000,
                    },
                }
            ],
            "background": {
                "count": 1_000,
                "activity": 0.0015,
                "aggressive": 0.25,
                "aggressive_ticks": {"kind": "exponential", "mean": 5},
                "size": {"kind": "lognormal", "median": 40, "sigma": 0.9},
                "anchor": 1.0,
                "contrarian": 0.0,
                "sentiment_volatility": 0.0,
                "metaorders": {
                    "count": 1,
                    "share": 0.6,
                    "duration_ticks": {
                        "kind": "power_law",
                        "minimum": 40,
                        "alpha": 1.6,
                        "maximum": 100_000,
                    },
                },
                "latency_low": 0,
                "latency_high": 0,
            },
            "fair_value": {"volatility": 0.3, "cascade": {"factors": 0}},
            "latency": {"enabled": False},
            "warmup": {"ticks": 20},
            "storage": {"quotes": True, "candles": (), "agents_every": 0},
        }
    )


@pytest.fixture(scope="module")
def recovered() -> qtg.Calibration:
    run = qtg.simulate(known_market(), progress=False)
    quotes = run.sql("select time, bid, ask from quotes")
    return qtg.calibrate(run.trades, quotes=quotes, quick=True, seed=1)


def ratio(found: float, true: float) -> float:
    return math.exp(abs(math.log(found / true)))


@pytest.mark.parametrize("path", KNOWN)
def test_a_setting_comes_back(recovered: qtg.Calibration, path: str) -> None:
    true, most = KNOWN[path]
    knob = next(each for each in KNOBS if each.path == path)
    assert ratio(knob.value(knob.read(recovered.config)), true) < most


@pytest.mark.parametrize("name", SIZE)
def test_the_size_distribution_comes_back(recovered: qtg.Calibration, name: str) -> None:
    true, most = SIZE[name]
    assert recovered.config.background.size.kind == "lognormal"
    assert ratio(getattr(recovered.config.background.size, name), true) < most


def test_what_is_told_directly_comes_back(recovered: qtg.Calibration) -> None:
    config, true = recovered.config, known_market()
    assert config.tick_ms == true.tick_ms
    assert config.symbols[0].tick_size == "0.01"
    assert config.symbols[0].symbol == "ABC"
    assert abs(float(config.symbols[0].initial_price) - 100) < 1


def test_most_statistics_of_a_market_of_our_own_are_reached(recovered: qtg.Calibration) -> None:
    table = recovered.frame()
    known = table.filter(pl.col("reached").is_not_null())
    assert known["reached"].mean() >= 0.85
    assert table.filter(statistic="spread in ticks")["reached"].item()
    assert recovered.tried > 10
    assert recovered.loss < 5


def test_the_file_explains_itself_and_loads(recovered: qtg.Calibration, tmp_path: Path) -> None:
    path = recovered.save(tmp_path / "mine.toml")
    assert qtg.Config.from_toml(path) == recovered.config
    text = path.read_text()
    assert text.startswith("# Written by `qtg calibrate` from a frame of trades: ")
    assert "# orders taken per second: real 0." in text
    assert max(map(len, text.splitlines())) <= 100
    with pytest.raises(qtg.StorageError, match="cannot be written"):
        recovered.save(tmp_path / "no" / "mine.toml")


def test_a_calibration_is_a_function_of_tape_and_seed() -> None:
    steps: list[int] = []

    def counting(total: int):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        steps.append(total)
        return nullcontext(lambda: steps.append(1))

    tape = random_tape(300)
    one = qtg.calibrate(tape, ticks=100, quick=True, seed=3, progress=counting)
    again = qtg.calibrate(tape, ticks=100, quick=True, seed=3)
    other = qtg.calibrate(tape, ticks=100, quick=True, seed=4)
    assert one.config.to_toml() == again.config.to_toml()
    assert one.frame().equals(again.frame())
    assert not one.frame().equals(other.frame())
    assert steps[0] >= sum(steps[1:]) > 0.5 * steps[0]


def test_the_command_writes_a_market_that_runs(command: Command, tmp_path: Path) -> None:
    path = written(random_tape(), tmp_path, "my tape.csv")
    options = ("--quick", "--ticks", 100, "--seed", 9, "-o", "mine.toml")
    answer = command("calibrate", path, *options)
    assert answer.code == 0, answer
    assert answer.out.startswith("my tape.csv: 400 trades in 1 session, 2023-11-14 22:13 to ")
    assert "orders taken per second" in answer.out
    assert "wrote mine.toml; try: qtg simulate mine.toml" in answer.err
    assert str(tmp_path) not in Path("mine.toml").read_text()
    assert qtg.Config.from_toml(Path("mine.toml")).name == "my-tape"
    assert qtg.Config.from_toml(Path("mine.toml")).seed == 9
    assert command("simulate", "mine.toml", "--ticks", 200, "--out", "run").code == 0


def test_the_command_answers_in_json(command: Command, tmp_path: Path) -> None:
    import json

    path = written(random_tape(), tmp_path)
    answer = command("calibrate", path, "--quick", "--ticks", 100, "--json")
    said = json.loads(answer.out)
    assert said["source"] == "tape.parquet"
    assert said["config"]["symbols"][0]["tick_size"] == "0.01"
    assert {row["statistic"] for row in said["statistics"]} >= {"orders taken per second"}


def test_the_moving_volatility_leaves_the_means_as_they_were() -> None:
    """Over all states of the cascade, which are equally likely factor by factor."""
    before = known_market()
    after = let_volatility_move(before)
    cascade, pool = after.fair_value.cascade, after.background
    assert cascade.factors > 0
    states = [
        (math.comb(cascade.factors, high) / 2**cascade.factors)
        * np.array(
            [
                (
                    variance := (1 + cascade.swing) ** high
                    * (1 - cascade.swing) ** (cascade.factors - high)
                ),
                pool.aggressive * (1 + pool.volatility_trading * (math.sqrt(variance) - 1)),
            ]
        )
        for high in range(cascade.factors + 1)
    ]
    variance, aggressive = sum(states)
    assert variance == pytest.approx(1.0)
    assert aggressive == pytest.approx(before.background.aggressive, rel=1e-3)
    assert aggressive < pool.aggressive


@pytest.mark.parametrize(("shortest", "alpha"), [(60.0, 1.5), (4.0, 1.5), (9.0, 1.7)])
def test_a_memory_is_told_by_three_autocorrelations(shortest: float, alpha: float) -> None:
    """Of the residual life of durations from a Pareto distribution without an end."""

    def lasts(ticks: float) -> float:
        if ticks <= shortest:
            return 1.0 - ticks * (alpha - 1.0) / (alpha * shortest)
        return (ticks / shortest) ** (1.0 - alpha) / alpha

    acf = [0.8**2 * lasts(lag * 2.0) for lag in (1, 10, 100)]
    found = told_memory(acf, 2.0)
    assert found.share == pytest.approx(0.8, rel=0.05)
    assert found.shortest == pytest.approx(shortest, rel=0.1)
    assert found.alpha == pytest.approx(alpha, abs=0.06)


def test_first_guesses() -> None:
    assert [tick_length(rate) for rate in (0.001, 0.3, 1.0, 3.0, 1e6)] == [
        60_000,
        1_000,
        200,
        100,
        1,
    ]
    assert 0.1 <= told_memory((float("nan"), -0.3, 0.0), 2.0).share < 0.2
    assert [ticker(name) for name in ("btc/usdt", "", "--", "a" * 20)] == [
        "BTC-USDT", "TAPE", "TAPE", "A" * 12,
    ]  # fmt: skip
