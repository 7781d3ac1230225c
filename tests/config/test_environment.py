"""`QTG_` environment variables."""

from pathlib import Path

import pytest

from qtg.config import Config, Constant, SettingError, Uniform, variable
from qtg.errors import ConfigError
from qtg.schemas import Regime


def load(**environ: str) -> Config:
    return Config.load("quick_test", environ=environ)


def test_variables_set_settings_at_any_depth() -> None:
    config = load(
        QTG_SEED="7",
        QTG_BACKGROUND__REGIME="crisis",
        QTG_SMART__0__COUNT="5",
        QTG_SYMBOLS__0__INITIAL_PRICE="187.5",
        QTG_LATENCY__ENABLED="TRUE",
        QTG_WARMUP__MIN_BOOK_DEPTH="20",
        QTG_START="2026-02-01T00:00:00Z",
    )
    assert config.seed == 7
    assert config.background.regime == Regime.CRISIS
    assert config.smart[0].count == 5
    assert config.symbols[0].initial_price == "187.50"
    assert config.latency.enabled
    assert config.warmup.min_book_depth == 20
    assert config.start.isoformat() == "2026-02-01T00:00:00+00:00"


def test_lists_tables_and_distributions_are_written_as_in_toml() -> None:
    config = load(
        QTG_STORAGE__CANDLES='["10s", "1m"]',
        QTG_BACKGROUND__SIZE="{ kind = 'uniform', low = 1, high = 3 }",
        QTG_BACKGROUND__LIFETIME_TICKS="4",
        QTG_FAIR_VALUE="{ drift = 0.5 }",
    )
    assert config.storage.candles == ("10s", "1m")
    assert config.background.size == Uniform(low=1, high=3)
    assert config.background.lifetime_ticks == Constant(value=4)
    assert (config.fair_value.drift, config.fair_value.volatility) == (0.5, 0.25)


def test_text_settings_take_numbers_as_text() -> None:
    assert load(QTG_NAME="2026").name == "2026"


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("on", True), ("0", False), ("No", False)]
)
def test_switches_take_the_usual_words(text: str, value: bool) -> None:
    assert load(QTG_STORAGE__ORDERS=text).storage.orders is value


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("QTG_SEDE", "1", "QTG_SEDE: no such setting; did you mean 'QTG_SEED'?"),
        (
            "QTG_BACKGROUD__REGIME",
            "calm",
            "QTG_BACKGROUD__REGIME: no such setting; did you mean 'QTG_BACKGROUND__REGIME'?",
        ),
        (
            "QTG_BACKGROUND_REGIME",
            "calm",
            "QTG_BACKGROUND_REGIME: no such setting; did you mean 'QTG_BACKGROUND__REGIME'?",
        ),
        ("QTG_SMART__9__COUNT", "1", "QTG_SMART__9__COUNT: no such entry; smart has 0 to 1"),
        ("QTG_TICKS", "0", "QTG_TICKS: must be at least 1, got 0"),
        ("QTG_TICKS", "", "QTG_TICKS: must be a whole number, got ''"),
        ("QTG_TICKS", "1\nseed = 2", "QTG_TICKS: must be a whole number, got '1\\nseed = 2'"),
        (
            "QTG_BACKGROUND__REGIME",
            "crysis",
            "QTG_BACKGROUND__REGIME: no regime 'crysis'; did you mean 'crisis'?",
        ),
        (
            "QTG_BACKGROUND__SIZE",
            "{ kind = 'exponential' }",
            "QTG_BACKGROUND__SIZE: mean: is missing; give the mean",
        ),
        ("QTG_STORAGE__ORDERS", "maybe", "QTG_STORAGE__ORDERS: must be true or false, got 'maybe'"),
    ],
)
def test_problem_names_the_variable(name: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        load(**{name: text})
    assert str(caught.value) == sentence


def test_arguments_go_before_variables_and_variables_before_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 1\nticks = 10\ntick_ms = 10\n")
    environ = {"QTG_SEED": "2", "QTG_TICKS": "20"}
    config = Config.load(path, {"storage.orders": True}, environ=environ, seed=3)
    assert (config.seed, config.ticks, config.tick_ms) == (3, 20, 10)
    assert config.storage.orders
    assert Config.load(str(path), environ={}) == Config.from_toml(path)


def test_only_load_and_with_environment_read_the_process_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QTG_SEED", "99")
    assert Config.load("quick_test").seed == 99
    assert Config().with_environment().seed == 99
    assert Config.preset("quick_test").seed == 0
    assert Config.from_toml("ticks = 5").seed == 0
    assert Config.preset("quick_test").with_(ticks=5).seed == 0


def test_other_variables_are_left_alone() -> None:
    environ = {"PATH": "/bin", "QTGX": "1", "NUMBA_NUM_THREADS": "2"}
    assert Config.load("quick_test", environ=environ) == Config.preset("quick_test")


def test_an_unknown_preset_or_file_is_answered_with_the_nearest_preset() -> None:
    with pytest.raises(ConfigError, match=r"^no preset or file 'quik_test'; did you mean 'quick_t"):
        Config.load("quik_test", environ={})
    with pytest.raises(ConfigError, match=r"^mine.toml: no such file; check the path$"):
        Config.load("mine.toml", environ={})


def test_variable_of_a_path() -> None:
    assert variable("smart.0.params.edge") == "QTG_SMART__0__PARAMS__EDGE"
