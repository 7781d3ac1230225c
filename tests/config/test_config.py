"""What a configuration can say about itself, and that it stays as it is."""

import copy
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from qtg.config import RULES, Config, Latency, RuleSet, Storage, VenueConfig
from qtg.errors import ConfigError
from qtg.schemas import Tier

HEAVY = ("numba", "polars", "scipy", "duckdb", "pyarrow")


def test_import_and_presets_need_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from qtg.config import Config\n"
        "Config.preset('standard').fingerprint()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_config_is_frozen_all_the_way_down() -> None:
    config = Config.preset("quick_test", {"smart.0.params.edge": 1})
    for target, name in ((config, "seed"), (config.background, "count"), (config.venue, "window")):
        with pytest.raises(ConfigError, match=f"{name} cannot be set, a configuration is frozen"):
            setattr(target, name, 3)
    params = config.smart[0].params
    for change in (
        lambda: params.update(edge=2),
        lambda: params.pop("edge"),
        lambda: params.__setitem__("edge", 2),
    ):
        with pytest.raises(ConfigError, match="params cannot be changed"):
            change()
    assert isinstance(config.smart, tuple)


def test_equal_configs_hash_alike_and_travel_between_processes() -> None:
    config = Config.preset("quick_test", {"smart.0.params.edge": 1})
    for other in (pickle.loads(pickle.dumps(config)), copy.deepcopy(config)):
        assert other == config
        assert hash(other) == hash(config)
        assert other.fingerprint() == config.fingerprint()


def test_fingerprint_changes_with_every_setting_and_is_sha_256() -> None:
    config = Config.preset("quick_test")
    changed = [
        config,
        config.with_(seed=1),
        config.with_({"background.regime": "calm"}),
        config.with_({"smart.0.cash": 1}),
        config.with_({"smart.0.params.edge": 1}),
        config.with_({"venue.maker_fee_bps": 0.01}),
    ]
    prints = {each.fingerprint() for each in changed}
    assert len(prints) == len(changed)
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in prints)


def test_fingerprint_is_the_same_in_another_process() -> None:
    code = "from qtg.config import Config; print(Config.preset('demo').fingerprint())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == Config.preset("demo").fingerprint()


def test_counts_and_time() -> None:
    config = Config.preset("demo")
    assert config.counts == {Tier.SMART: 100, Tier.REACTIVE: 10_000, Tier.BACKGROUND: 90_000}
    assert config.n_agents == 100_100
    assert config.ticks_per_day == 23_400
    assert config.ticks_per_year == 5_896_800
    assert config.candle_ticks == (60, 300, 3_600)
    assert config.start_ns == 1_767_623_400_000_000_000
    assert config.tick_ns == 1_000_000_000


def test_start_keeps_microseconds_exactly() -> None:
    assert Config(start="2026-01-05T14:30:00.000001Z").start_ns == 1_767_623_400_000_001_000


def test_latency_precedence_is_own_then_default_then_nothing_when_off() -> None:
    own = np.array([0, 3, 0, 7])
    assert Latency(default_ticks=2).resolve(own).tolist() == [2, 3, 2, 7]
    assert Latency(enabled=False, default_ticks=2).resolve(own).tolist() == [0, 0, 0, 0]


def test_fees_are_exact_hundredths_of_a_basis_point() -> None:
    venue = VenueConfig(maker_fee_bps=-0.29, taker_fee_bps=0.57)
    assert (venue.maker_fee_centibps, venue.taker_fee_centibps) == (-29, 57)


def test_candles_in_seconds() -> None:
    assert Storage(candles=["30s", "1m", "1h", "1d"]).candle_seconds == (30, 60, 3_600, 86_400)
    assert Storage(candles=[]).candle_seconds == ()


def test_shares_outstanding_are_those_of_the_rule_set_unless_given() -> None:
    symbols = [{"symbol": "A", "initial_price": "1", "shares_outstanding": 1_000}]
    config = Config(symbols=[*symbols, {"symbol": "B", "initial_price": "1"}])
    assert config.outstanding == (1_000, 10_000_000)
    for rules, each in RULES.items():
        assert config.with_(rules=rules).outstanding == (1_000, each.shares_outstanding)
        assert config.with_(rules=rules).rules_in_force == each
    own = config.with_(rules="liquid", short_selling={"max_short": 7})
    assert own.rules_in_force == RULES[RuleSet.LIQUID]._replace(max_short=7)
    assert own.with_({"short_selling.borrow_pool": 0.5}).rules_in_force.borrow_pool == 0.5


def test_numpy_numbers_and_whole_floats_count_as_numbers() -> None:
    config = Config(ticks=np.int64(5), seed=3.0, fair_value={"volatility": np.float64(0.5)})
    assert (config.ticks, config.seed, config.fair_value.volatility) == (5, 3, 0.5)
    assert type(config.ticks) is int
    assert type(config.seed) is int


def test_no_symbols_and_no_agents_is_allowed() -> None:
    assert Config().n_agents == 0
