"""TOML in and out."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings

from qtg.config import Config, Population, config_schema, preset_names
from qtg.schemas import Regime, Sector

from .strategies import configs


@given(configs())
@settings(max_examples=60)
def test_toml_gives_the_same_configuration_back(config: Config) -> None:
    again = Config.from_toml(config.to_toml())
    assert again == config
    assert again.fingerprint() == config.fingerprint()
    assert again.to_toml() == config.to_toml()


@given(configs())
@settings(max_examples=30)
def test_json_and_plain_tables_give_the_same_configuration_back(config: Config) -> None:
    assert Config.model_validate(json.loads(json.dumps(config.model_dump(mode="json")))) == config
    assert Config.model_validate_json(config.model_dump_json()) == config
    assert Config(**config.model_dump()) == config


@pytest.mark.parametrize("name", preset_names())
def test_presets_survive_toml(name: str) -> None:
    config = Config.preset(name)
    assert Config.from_toml(config.to_toml()) == config


def test_what_is_left_out_keeps_its_default() -> None:
    assert Config.from_toml("seed = 3\n") == Config(seed=3)
    assert Config.from_toml("") == Config()


def test_enums_are_written_by_lower_case_name() -> None:
    config = Config(
        symbols=[{"symbol": "A", "sector": Sector.REAL_ESTATE, "initial_price": "1"}],
        background={"regime": Regime.CRISIS},
    )
    written = tomllib.loads(config.to_toml())
    assert written["symbols"][0]["sector"] == "real_estate"
    assert written["background"]["regime"] == "crisis"
    assert written["venue"]["self_trade"] == "cancel_incoming"
    assert written["fair_value"]["process"] == "gbm"


def test_money_is_canonical_text() -> None:
    for price in ("187.5", "187.50", "187.5000", 187.5):
        config = Config(symbols=[{"symbol": "A", "initial_price": price}])
        assert config.symbols[0].initial_price == "187.50"
        assert config.symbols[0].initial_price_units == 1_875_000
    assert config.symbols[0].tick_size_units == 100


def test_start_is_kept_in_utc_whatever_zone_it_is_written_in() -> None:
    config = Config.from_toml("start = 2026-01-05T09:30:00-05:00\n")
    assert config == Config()
    assert config.fingerprint() == Config().fingerprint()


def test_file_path_and_text_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "seed=9.toml"
    path.write_text("seed = 9\n")
    for source in (path, str(path)):
        assert Config.from_toml(source).seed == 9
    assert Config.from_toml("seed = 9").seed == 9


def test_population_params_may_be_drawn_or_fixed() -> None:
    config = Config.from_toml(
        """
        [[smart]]
        kind = "my_trader"
        count = 0
        params = { edge = 0.5, patience = { kind = "uniform", low = 1, high = 9 } }
        """
    )
    params = config.smart[0].params
    assert params["edge"].expected() == 0.5
    assert params["patience"].expected() == 5.0


def test_schema_describes_every_setting_with_its_unit() -> None:
    schema = config_schema()
    json.dumps(schema)
    assert schema["properties"]["tick_ms"]["unit"] == "ms"
    tables = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    assert len(tables) > 10
    for table in tables:
        for name, setting in table["properties"].items():
            assert name == "kind" or setting["description"], (table["title"], name)
    background = schema["$defs"]["Background"]["properties"]
    assert background["regime"]["default"] == "normal"
    assert background["regime"]["enum"] == ["calm", "normal", "volatile", "crisis"]
    assert schema["$defs"]["Population"]["required"] == ["kind", "count"]
    assert Population.model_fields["count"].is_required()
