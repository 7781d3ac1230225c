"""Presets are the reference's table (reference 000, part 5) and the demo of the README."""

import pytest

from qtg.agents.registry import kinds as known_kinds
from qtg.config import REGIMES, Background, Config, Latency, Warmup, preset_names
from qtg.errors import ConfigError
from qtg.schemas import Matching, Regime, Tier

#           tier 1, tier 2, tier 3, ticks, latency, warm-up, symbols
TABLE = {
    "quick_test": (10, 100, 1_000, 1_000, False, 50, 2),
    "standard": (100, 5_000, 50_000, 10_000, True, 500, 10),
    "stress": (100, 10_000, 100_000, 50_000, True, 1_000, 10),
    "training": (10, 100, 1_000, 100_000, True, 500, 1),
    "demo": (100, 10_000, 90_000, 3_000, True, 200, 10),
    "real_stocks": (100, 5_000, 50_000, 10_000, True, 500, 10),
}


def test_there_are_no_other_presets() -> None:
    assert preset_names() == tuple(sorted(TABLE))


@pytest.mark.parametrize("name", TABLE)
def test_preset_has_the_numbers_of_the_table(name: str) -> None:
    config = Config.preset(name)
    found = (
        *(config.counts[tier] for tier in (Tier.SMART, Tier.REACTIVE, Tier.BACKGROUND)),
        config.ticks,
        config.latency.enabled,
        config.warmup.ticks,
        len(config.symbols),
    )
    assert found == TABLE[name]
    assert config.name == name
    assert config.background.regime == Regime.NORMAL
    assert config.latency.default_ticks == 1


@pytest.mark.parametrize("name", ["quick_test", "training"])
def test_small_presets_keep_to_makers_noise_and_four_kinds_of_sleepers(name: str) -> None:
    config = Config.preset(name)
    makers, noise = config.smart
    assert (makers.kind, noise.kind) == ("market_maker", "noise_trader")
    assert makers.count * 4 == noise.count
    kinds = ["threshold_buyer", "threshold_seller", "momentum_follower", "news_reactor"]
    assert [each.kind for each in config.reactive] == kinds
    assert len({each.count for each in config.reactive}) == 1


@pytest.mark.parametrize("name", ["demo", "standard", "stress"])
def test_large_presets_have_every_kind(name: str) -> None:
    """But guests, who stand for people, cancel bots, whom a market must ask for (they came later,
    and presets keep their traces), and those who need a file to follow."""
    config = Config.preset(name)
    known = [each for each in known_kinds().values() if each.decide is None and not each.has_model]
    known = [kind for kind in known if kind.name not in ("cancel_bot", "guest")]
    for tier, populations in ((Tier.SMART, config.smart), (Tier.REACTIVE, config.reactive)):
        assert {each.kind for each in populations} == {k.name for k in known if k.tier == tier}
    assert sum(each.count for each in config.smart) == 100
    assert config.rules is not None
    assert any(each.short_selling for each in config.smart)


def test_ten_symbols_cover_nine_sectors() -> None:
    symbols = Config.preset("standard").symbols
    assert len({each.sector for each in symbols}) == 9
    assert [each.symbol for each in symbols] == [
        "AAPL", "MSFT", "XOM", "JPM", "PFE", "KO", "CAT", "LIN", "NEE", "VZ",
    ]  # fmt: skip


def test_regimes_have_the_numbers_of_the_reference() -> None:
    assert {regime.name: tuple(traits) for regime, traits in REGIMES.items()} == {
        "CALM": (0.1, 0.05, 0.3),
        "NORMAL": (0.3, 0.15, 0.25),
        "VOLATILE": (0.6, 0.3, 0.2),
        "CRISIS": (0.9, 0.5, 0.15),
    }


def test_what_is_set_goes_before_the_regime_even_when_it_is_zero() -> None:
    pool = Background(regime="crisis", activity=0.0)
    assert pool.resolved_activity == 0.0
    assert pool.resolved_sentiment_volatility == 0.5
    assert pool.resolved_contrarian == 0.15


def test_defaults_are_the_references() -> None:
    config = Config()
    assert config.latency == Latency(enabled=True, default_ticks=1, max_ticks=16)
    assert config.warmup == Warmup(ticks=500, persist_candles=True, min_book_depth=None)
    assert config.background.sentiment_decay == 0.99
    assert config.background.pnl_limit == 0.05
    assert (config.background.latency_low, config.background.latency_high) == (1, 5)
    assert config.venue.matching == Matching.SHUFFLED
    assert config.start.isoformat() == "2026-01-05T14:30:00+00:00"


def test_preset_takes_overrides_of_fields_and_of_dotted_paths() -> None:
    config = Config.preset("standard", {"background.count": 1_000}, seed=7, ticks=2_000)
    assert (config.seed, config.ticks, config.background.count) == (7, 2_000, 1_000)
    assert config.background.regime == Regime.NORMAL
    assert config.warmup.ticks == 500


def test_a_misspelt_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^no preset 'standrad'; did you mean 'standard'\?$"):
        Config.preset("standrad")
