"""Every unusable configuration is answered with one sentence that names the place."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from qtg.config import Config, Population, SettingError, Uniform, VenueConfig
from qtg.errors import ConfigError, QtgError

A = {"symbol": "A", "initial_price": "100"}
NORMAL = {"kind": "normal", "mean": 3, "std": 1}

PROBLEMS = [
    # misspelt and missing names
    ({"sed": 3}, "sed: no such setting; did you mean 'seed'?"),
    ({"bckground": {}}, "bckground: no such setting; did you mean 'background'?"),
    ({"background": {"cont": 3}}, "background.cont: no such setting; did you mean 'count'?"),
    ({"symbols": [{**A, "tick": 1}]}, "symbols.0.tick: no such setting; did you mean 'tick_size'?"),
    (
        {"symbols": [{"symbool": "A", "initial_price": "1"}]},
        "symbols.0.symbool: no such setting; did you mean 'symbol'?",
    ),
    ({"symbols": [{"symbol": "A"}]}, "symbols.0.initial_price: is missing; give the price"),
    ({"background": {1: 2}}, "background.1: no such setting; use one of: count, regime"),
    # numbers
    ({"ticks": 0}, "ticks: must be at least 1, got 0"),
    ({"ticks": -5}, "ticks: must be at least 1, got -5"),
    ({"ticks": 1.5}, "ticks: must be a whole number, got 1.5"),
    ({"ticks": True}, "ticks: must be a whole number, got True"),
    ({"ticks": "10"}, "ticks: must be a whole number, got '10'"),
    ({"seed": -1}, "seed: must be at least 0, got -1"),
    ({"seed": 2**63}, "seed: must be at most 9223372036854775807"),
    ({"background": {"count": -1}}, "background.count: must be at least 0, got -1"),
    ({"background": {"activity": 1.5}}, "background.activity: must be at most 1"),
    ({"background": {"aggressive": math.nan}}, "background.aggressive: must be a finite number"),
    ({"smart": [{"kind": "x", "count": -3}]}, "smart.0.count: must be at least 0, got -3"),
    ({"storage": {"quotes": "yes"}}, "storage.quotes: must be true or false, got 'yes'"),
    # symbols
    ({"symbols": [A, A]}, "symbols.1.symbol: 'A' is also symbols.0; rename or remove one"),
    ({"symbols": "AAPL"}, "symbols: must be a list, got 'AAPL'"),
    ({"symbols": ["AAPL"]}, "symbols.0: must be a table, got 'AAPL'"),
    ({"symbols": [{**A, "symbol": "a b"}]}, "symbols.0.symbol: must be 1 to 12 of the characters"),
    (
        {"symbols": [{**A, "initial_price": "100.005"}]},
        "symbols.0.initial_price: 100.005 is not a multiple of tick_size 0.01; "
        "use 100.00 or 100.01",
    ),
    (
        {"symbols": [{**A, "initial_price": "0.03", "tick_size": "0.05"}]},
        "symbols.0.initial_price: 0.03 is not a multiple of tick_size 0.05; use 0.05",
    ),
    ({"symbols": [{**A, "initial_price": 0}]}, "symbols.0.initial_price: must be a price from"),
    ({"symbols": [{**A, "initial_price": "cheap"}]}, "symbols.0.initial_price: price 'cheap' is"),
    ({"symbols": [{**A, "initial_price": "1.00001"}]}, "symbols.0.initial_price: price 1.00001 is"),
    ({"symbols": [{**A, "tick_size": "-0.01"}]}, "symbols.0.tick_size: must be a price from"),
    ({"symbols": [{**A, "lot_size": 0}]}, "symbols.0.lot_size: must be at least 1, got 0"),
    ({"symbols": [{**A, "sector": "tehc"}]}, "symbols.0.sector: no sector 'tehc'; did you mean"),
    (
        {"symbols": [{**A, "initial_price": "1e10", "shares_outstanding": 10**6}]},
        "symbols.0.shares_outstanding: times initial_price passes the largest amount of money",
    ),
    ({"background": {"count": 5}}, "symbols: is empty but there are 5 agents; add a symbol"),
    (
        {"smart": [{"kind": "noise_trader", "count": 1}]},
        "symbols: is empty but there are 1 agents; add a symbol",
    ),
    # populations
    ({"smart": [{"kind": "market maker", "count": 1}]}, "smart.0.kind: must be a name of letters"),
    ({"smart": [{"kind": "x", "count": 0, "symbols": []}]}, "smart.0.symbols: is empty"),
    (
        {"symbols": [A], "smart": [{"kind": "x", "count": 1, "symbols": ["a"]}]},
        "smart.0.symbols.0: no symbol 'a'; did you mean 'A'?",
    ),
    (
        {"symbols": [A], "smart": [{"kind": "x", "count": 1, "symbols": ["A", "A"]}]},
        "smart.0.symbols.1: 'A' appears twice",
    ),
    (
        {"smart": [{"kind": "x", "count": 0, "cash": NORMAL}]},
        "smart.0.cash: must not fall below 0 but can be any negative number; set its low to 0",
    ),
    ({"smart": [{"kind": "x", "count": 0, "cash": 1e13}]}, "smart.0.cash: can be 1e+13 but"),
    ({"smart": [{"kind": "x", "count": 0, "shares": -1}]}, "smart.0.shares: must not fall below 0"),
    (
        {"symbols": [A], "reactive": [{"kind": "x", "count": 11, "shares": 10**6}]},
        "reactive.0.shares: up to here agents start with 11,000,000 shares of A, which has "
        "10,000,000 outstanding; give fewer or issue more",
    ),
    (
        {"smart": [{"kind": "x", "count": 0, "params": {"edge": "big"}}]},
        "smart.0.params.edge: must be a number, got 'big'",
    ),
    # short selling
    ({"rules": "fair"}, "rules: no rule set 'fair'; use one of: training, realistic, liquid"),
    ({"smart": [{"kind": "x", "count": 0, "short_selling": 1}]}, "smart.0.short_selling: must be"),
    (
        {"symbols": [A], "smart": [{"kind": "x", "count": 1, "short_selling": True}]},
        "smart.0.short_selling: is on but short_selling.borrow_pool is 0, so that nothing can be "
        'borrowed; raise it, set rules = "realistic" or switch this off',
    ),
    (
        {
            "symbols": [A],
            "smart": [{"kind": "x", "count": 1, "short_selling": True}],
            "short_selling": {"borrow_pool": 0.1},
        },
        "smart.0.short_selling: is on but short_selling.max_short is 0",
    ),
    ({"short_selling": {"borrow_pool": 1.5}}, "short_selling.borrow_pool: must be at most 1"),
    ({"short_selling": {"borrow_pool": -0.1}}, "short_selling.borrow_pool: must be at least 0"),
    ({"short_selling": {"max_short": -1}}, "short_selling.max_short: must be at least 0, got -1"),
    ({"short_selling": {"max_short": 2**41}}, "short_selling.max_short: must be at most"),
    ({"short_selling": {"fee_bps": 0.5}}, "short_selling.fee_bps: must be a whole number"),
    ({"short_selling": {"fee_bps": 10**6}}, "short_selling.fee_bps: must be at most 100000"),
    ({"short_selling": {"recall_ticks": 0}}, "short_selling.recall_ticks: must be at least 1"),
    ({"short_selling": {"initial_margin": -1}}, "short_selling.initial_margin: must be at least 0"),
    ({"short_selling": {"initial_margin": 11}}, "short_selling.initial_margin: must be at most 10"),
    (
        {"short_selling": {"initial_margin": 0.2}},
        "short_selling.maintenance_margin: 0.3 is more than initial_margin, 0.2; a new short",
    ),
    (
        {"rules": "liquid", "symbols": [{**A, "initial_price": "1e7"}]},
        "symbols.0.shares_outstanding: times initial_price passes the largest amount of money",
    ),
    (
        {"rules": "training", "symbols": [{**A, "lot_size": 2_000_000}]},
        "symbols.0.shares_outstanding: is less than one lot of 2000000",
    ),
    # limits
    ({"limits": {"position": 0}}, "limits.position: must be at least 1, got 0"),
    ({"limits": {"position": 1.5}}, "limits.position: must be a whole number, got 1.5"),
    ({"limits": {"sector": 0}}, "limits.sector: must be more than 0"),
    ({"limits": {"sector": 101}}, "limits.sector: must be at most 100"),
    ({"limits": {"drawdown": 1.5}}, "limits.drawdown: must be at most 1"),
    ({"limits": {"drawdown": -0.1}}, "limits.drawdown: must be more than 0"),
    ({"limits": {"loss": 0.1}}, "limits.loss: no such setting"),
    # halts
    ({"halts": {"band_bps": 0}}, "halts.band_bps: must be at least 1, got 0"),
    ({"halts": {"band_bps": 10_000}}, "halts.band_bps: must be at most 9999, got 10000"),
    ({"halts": {"band_bps": 0.05}}, "halts.band_bps: must be a whole number, got 0.05"),
    ({"halts": {"window_ticks": 0}}, "halts.window_ticks: must be at least 1, got 0"),
    ({"halts": {"window_ticks": 10**6}}, "halts.window_ticks: must be at most 100000"),
    ({"halts": {"halt_ticks": 0}}, "halts.halt_ticks: must be at least 1, got 0"),
    ({"halts": {"band": 3}}, "halts.band: no such setting; did you mean 'band_bps'?"),
    # distributions
    (
        {"background": {"size": {"kind": "lognorml"}}},
        "background.size.kind: no distribution 'lognorml'; did you mean 'lognormal'?",
    ),
    ({"background": {"size": {"median": 3}}}, "background.size.kind: is missing; give one of"),
    (
        {"background": {"size": {"kind": "lognormal", "median": 0, "sigma": 1}}},
        "background.size.median: must be more than 0",
    ),
    (
        {"background": {"size": {"kind": "lognormal", "median": 3}}},
        "background.size.sigma: is missing; give the standard deviation of the logarithm",
    ),
    (
        {"background": {"size": {"kind": "uniform", "low": 3, "high": 2}}},
        "background.size.low: 3.0 is more than high, 2.0",
    ),
    (
        {"background": {"size": {"kind": "choice", "values": []}}},
        "background.size.values: is empty",
    ),
    (
        {"background": {"size": {"kind": "choice", "values": [1, 2], "weights": [1]}}},
        "background.size.weights: has 1 entries for 2 values",
    ),
    (
        {"background": {"size": {"kind": "choice", "values": [1, 2], "weights": [0, 0]}}},
        "background.size.weights: must be 0 or more and not all 0",
    ),
    (
        {"background": {"size": {"kind": "power_law", "minimum": 5, "alpha": 1, "maximum": 5}}},
        "background.size.maximum: must be more than minimum, 5.0",
    ),
    ({"background": {"size": -3}}, "background.size: must not fall below 0 but can be -3"),
    ({"background": {"size": "big"}}, "background.size: must be a number, got 'big'"),
    # regimes, latency, venue, storage, time
    (
        {"background": {"regime": "crysis"}},
        "background.regime: no regime 'crysis'; did you mean 'crisis'?",
    ),
    ({"background": {"regime": 3}}, "background.regime: must be one of calm, normal, volatile"),
    (
        {"background": {"latency_low": 6}},
        "background.latency_low: 6 is more than latency_high, 5",
    ),
    (
        {"background": {"latency_high": 30}},
        "background.latency_high: is 30 but latency.max_ticks is 16; raise max_ticks",
    ),
    ({"latency": {"default_ticks": 20}}, "latency.default_ticks: 20 is more than max_ticks, 16"),
    (
        {"smart": [{"kind": "x", "count": 0, "latency": {"kind": "exponential", "mean": 3}}]},
        "smart.0.latency: can be any number but latency.max_ticks is 16",
    ),
    (
        {"venue": {"window": 1000}},
        "venue.window: must be a power of two, got 1000; use 512 or 1024",
    ),
    (
        {"venue": {"maker_fee_bps": -1}},
        "venue.maker_fee_bps: the rebate of 1 is more than taker_fee_bps, 0",
    ),
    ({"venue": {"taker_fee_bps": 0.125}}, "venue.taker_fee_bps: 0.125 has more than two decimals"),
    ({"storage": {"candles": ["5x"]}}, "storage.candles.0: must be a length such as"),
    (
        {"storage": {"candles": ["5m", "1m"]}},
        "storage.candles.1: '1m' must be a longer multiple of the one before it, '5m'",
    ),
    (
        {"storage": {"candles": ["1m", "60s"]}},
        "storage.candles.1: '60s' must be a longer multiple of the one before it, '1m'",
    ),
    ({"tick_ms": 7_000}, "storage.candles.0: '1m' is not a whole number of ticks of 7000 ms"),
    ({"start": "2026-01-05"}, "start: needs a time zone; for UTC write 2026-01-05T00:00:00Z"),
    ({"start": "soon"}, "start: must be a date and time such as 2026-01-05T14:30:00Z, got 'soon'"),
    ({"ticks": 10**13}, "start: the run must lie in the years 1970 to 2261"),
    ({"name": "a/b"}, "name: must be 1 to 64 letters"),
]


@pytest.mark.parametrize(("settings", "sentence"), PROBLEMS, ids=[text for _, text in PROBLEMS])
def test_problem_is_told_in_one_sentence(settings: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(**settings)
    text = str(caught.value)
    assert text.startswith(sentence)
    assert "\n" not in text
    assert "pydantic" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("settings", "sentence"), PROBLEMS, ids=[text for _, text in PROBLEMS])
def test_validating_and_changing_tell_the_same_problem(
    settings: Mapping[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.model_validate(settings)
    assert str(caught.value).startswith(sentence)
    if sentence.startswith("background.size.kind: is missing"):
        return  # a table without a kind is merged into the distribution that is there
    with pytest.raises(ConfigError) as caught:
        Config().with_(settings)
    assert "\n" not in str(caught.value)


def test_a_part_built_by_itself_tells_its_own_path() -> None:
    with pytest.raises(SettingError, match=r"^count: must be at least 0, got -1$"):
        Population(kind="x", count=-1)
    with pytest.raises(SettingError, match=r"^window: must be at least 64, got 32$"):
        VenueConfig(window=32)
    with pytest.raises(SettingError, match=r"^low: 2.0 is more than high, 1.0"):
        Uniform(low=2, high=1)


def test_setting_error_is_a_config_error_with_its_parts() -> None:
    error = SettingError("a.b", "is wrong", source="my.toml")
    assert isinstance(error, QtgError)
    assert (error.path, error.text, error.source) == ("a.b", "is wrong", "my.toml")
    assert str(error) == "my.toml: a.b: is wrong"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ticks = = 3", "the text: is not valid TOML: Invalid value (at line 1, column 9)"),
        ("ticks = 3\nticks = 4", "the text: is not valid TOML: Cannot overwrite a value"),
        ("ticks = -4\n", "ticks: must be at least 1, got -4"),
    ],
)
def test_unusable_toml_text(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_toml(text)
    assert str(caught.value).startswith(sentence)


def test_unusable_files_are_named(tmp_path: Any) -> None:
    bad, binary = tmp_path / "bad.toml", tmp_path / "binary.toml"
    bad.write_text("[background]\nregime = 'crysis'\n")
    binary.write_bytes(b"\xff\xfe")
    for path, sentence in (
        (bad, "background.regime: no regime 'crysis'; did you mean 'crisis'?"),
        (binary, "is not UTF-8 text"),
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(ConfigError) as caught:
            Config.from_toml(path)
        assert str(caught.value).startswith(f"{path}: {sentence}")
        assert "\n" not in str(caught.value)
