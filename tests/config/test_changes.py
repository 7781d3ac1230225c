"""`with_`: changed copies."""

import pytest

from qtg.config import (
    Background,
    Config,
    Constant,
    LogNormal,
    Population,
    SettingError,
    Uniform,
)
from qtg.errors import ConfigError
from qtg.schemas import Regime


@pytest.fixture(scope="module")
def config() -> Config:
    return Config.preset("quick_test")


def test_with_gives_a_copy_and_leaves_the_original(config: Config) -> None:
    changed = config.with_(seed=5)
    assert (config.seed, changed.seed) == (0, 5)
    assert changed.with_(seed=0) == config


def test_a_table_is_merged_but_a_model_replaces(config: Config) -> None:
    calm = config.with_({"background.regime": "calm"})
    assert calm.with_(background={"count": 5}).background.regime == Regime.CALM
    replaced = calm.with_(background=Background(count=5))
    assert replaced.background == Background(count=5)


def test_a_distribution_is_replaced_when_it_has_a_kind_and_merged_without(config: Config) -> None:
    size = config.with_(background={"size": {"kind": "uniform", "low": 1, "high": 2}})
    assert size.background.size == Uniform(low=1, high=2)
    assert config.with_({"background.size": 4}).background.size == Constant(value=4)
    median = config.with_({"background.size.median": 7})
    assert median.background.size == LogNormal(median=7, sigma=1)


def test_entries_of_lists_go_by_number(config: Config) -> None:
    changed = config.with_({"smart.1.count": 3, "symbols.0.initial_price": "200.00"})
    assert [each.count for each in changed.smart] == [2, 3]
    assert changed.symbols[0].initial_price == "200.00"
    assert changed.symbols[1:] == config.symbols[1:]


def test_entries_of_lists_go_by_the_kind_or_symbol_that_one_of_them_has(config: Config) -> None:
    changed = config.with_({"smart.noise_trader.count": 3, "symbols.XOM.initial_price": "99.00"})
    assert changed == config.with_({"smart.1.count": 3, "symbols.1.initial_price": "99.00"})
    assert changed.with_environment({"QTG_SMART__MARKET_MAKER__COUNT": "5"}).smart[0].count == 5
    twice = config.with_(smart=[config.smart[0], config.smart[0]])
    with pytest.raises(SettingError, match=r"^smart.market_maker: smart.0 and smart.1 are of this"):
        twice.with_({"smart.market_maker.count": 1})


def test_params_take_new_names(config: Config) -> None:
    changed = config.with_({"smart.0.params.edge": 0.5})
    changed = changed.with_({"smart.0.params": {"depth": 3}})
    assert dict(changed.smart[0].params) == {
        "edge": Constant(value=0.5),
        "depth": Constant(value=3),
    }


def test_a_list_of_parts_replaces_the_list(config: Config) -> None:
    changed = config.with_(smart=[Population(kind="noise_trader", count=1)])
    assert [each.kind for each in changed.smart] == ["noise_trader"]


def test_none_takes_a_setting_back_to_left_out(config: Config) -> None:
    changed = config.with_({"background.activity": 0.5})
    assert changed.with_({"background.activity": None}) == config


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("sed", "sed: no such setting; did you mean 'seed'?"),
        ("bckground.count", "bckground: no such setting; did you mean 'background'?"),
        ("background.cuont", "background.cuont: no such setting; did you mean 'count'?"),
        ("smart.7.count", "smart.7: no such entry; smart has 0 to 1"),
        ("smart.first.count", "smart.first: no such entry; smart has 0 to 1"),
        ("ticks.many", "ticks: is 1000, which has no parts; set it as a whole"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(config: Config, path: str, sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        config.with_({path: 1})
    assert str(caught.value) == sentence


def test_contradictions_between_parts_are_found_after_all_changes(config: Config) -> None:
    with pytest.raises(ConfigError, match=r"^background.latency_high: is 30"):
        Config().with_({"background.latency_high": 30})
    both = Config().with_({"background.latency_high": 30, "latency.max_ticks": 30})
    assert both.background.latency_high == 30
    # Where latency is switched off, its limit does not matter.
    assert config.with_({"background.latency_high": 30}).background.latency_high == 30
