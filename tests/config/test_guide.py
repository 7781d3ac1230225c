"""The guide says what the code does."""

import re
from pathlib import Path

from qtg.config import REGIMES, Config, preset_names
from qtg.config.reference import markdown, settings
from qtg.config.types import lower_name
from qtg.schemas import Tier

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "configure.md").read_text()


def test_guide_ends_with_the_table_of_all_settings() -> None:
    assert GUIDE.endswith(markdown()), "run `python -m qtg.config.reference` and paste its output"


def test_table_of_settings_reaches_every_depth() -> None:
    paths = [each.path for each in settings()]
    assert len(paths) == len(set(paths))
    for path in ("seed", "symbols.#.lot_size", "smart.#.params", "background.size", "check_every"):
        assert path in paths
    units = {each.path: each.unit for each in settings()}
    assert units["background.offset_ticks"] == "price ticks"


def test_the_example_file_of_the_guide_is_valid() -> None:
    text = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert text
    config = Config.from_toml(text[1])
    assert [each.symbol for each in config.symbols] == ["KO", "CAT"]
    assert config.n_agents == 20_504


def test_preset_table_of_the_guide() -> None:
    for name in preset_names():
        config = Config.preset(name)
        counts = " | ".join(
            f"{config.counts[t]:,}" for t in (Tier.SMART, Tier.REACTIVE, Tier.BACKGROUND)
        )
        row = (
            f"| `{name}` | {counts} | {len(config.symbols)} | {config.ticks:,} | "
            f"{'on' if config.latency.enabled else 'off'} | {config.warmup.ticks:,} |"
        )
        assert row in GUIDE


def test_regime_table_of_the_guide() -> None:
    for regime, traits in REGIMES.items():
        numbers = " | ".join(str(each) for each in traits)
        assert f"| `{lower_name(regime)}` | {numbers} |" in GUIDE
