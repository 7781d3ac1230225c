"""Observations made again in NumPy from the files in schemas/contracts/ and the raw data alone."""

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import qtg.schemas
from qtg.gym.contracts import contracts, main
from qtg.gym.single import MarketEnv

from .markets import TWO

pytestmark = pytest.mark.compiled

FOLDER = Path(qtg.schemas.__file__).resolve().parent / "contracts"
ALL = sorted(path.stem for path in FOLDER.glob("*.json"))
BUILDERS = [
    "price", "book", "indicator", "microstructure", "news", "order", "abides_investor",
    "abides_execution", "portfolio",
]  # fmt: skip
COMPOSITE = [name for name in BUILDERS if not name.startswith("abides_")]
Raw = dict[str, np.ndarray]


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def number(entry: dict[str, Any], raw: Raw, symbol: str) -> tuple[float, bool]:
    """One number of an observation, and whether its formula had a value."""
    columns = [name.replace("SYMBOL", symbol) for name in entry["columns"]]
    given = dict(zip("xyz", (raw[name][0] for name in columns)))
    with np.errstate(all="ignore"):
        value = eval(entry["formula"], {"log": np.log, "__builtins__": {}}, given)
    if not np.isfinite(value):
        return float(np.clip(entry["undefined"], *entry["bounds"])), False
    kind, params = entry["normalization"], entry["norm_params"]
    if kind == "min_max":
        low, high = params
        value = (value - low) / (high - low)
    elif kind == "z_score":
        mean, deviation = params
        value = (value - mean) / deviation
    else:
        assert kind == "none"
    return float(np.clip(value, *entry["bounds"])), True


def observation(builder: str, raw: Raw, symbols: list[str]) -> list[tuple[float, bool]]:
    """What the file says; what is by stock, once for each stock."""
    features = read(builder)["features"]
    by_stock = [each for each in features if each["name"].startswith("SYMBOL.")]
    others = [each for each in features if each not in by_stock]
    found = [number(each, raw, symbol) for symbol in symbols for each in by_stock]
    return found + [number(each, raw, "") for each in others]


def made(name: str, **settings: Any) -> MarketEnv:
    env = gymnasium.make(f"qtg/{name}", starts=2, **settings).unwrapped
    assert isinstance(env, MarketEnv)
    return env


def check(env: MarketEnv, expected: list[tuple[float, bool]], seen: np.ndarray) -> None:
    values = np.array([value for value, _ in expected])
    assert np.isfinite(seen).all()
    assert np.abs(env.batch.exact[0] - values).max() < 1e-10
    assert np.array_equal(seen, env.batch.exact[0].astype(np.float32))


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Trading-v0", {"config": TWO, "steps": 60}),
        ("Execution-v0", {"parent": 60, "size": 5, "config": {"bar_ticks": 3}}),
        ("MarketMaking-v0", {"config": {"background.count": 3, "background.regime": "crisis"}}),
        ("DailyInvestor-v0", {"ticks": 2, "steps": 30, "config": {"news.enabled": True}}),
    ],
)
def test_an_environment_shows_what_the_file_says(
    builder: str, name: str, settings: dict[str, Any]
) -> None:
    env = made(name, features=[builder], **settings)
    symbols = list(env.batch.market.symbols)
    env.action_space.seed(1)
    seen, _ = env.reset(seed=3)
    for _ in range(25):
        check(env, observation(builder, env.raw_market_data(), symbols), seen)
        seen, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            seen, _ = env.reset()


def test_builders_together_are_each_of_them_in_turn() -> None:
    names = [each["name"].replace("SYMBOL", "AAPL") for each in read("composite")["features"]]
    env = made("Execution-v0", features=COMPOSITE, parent=1_000, size=5, steps=100)
    assert [each["name"] for each in env.observation_contract().features] == names
    env.reset(seed=1)
    for _ in range(5):
        env.step(0)
        raw = env.raw_market_data()
        together = [number(each, raw, "AAPL") for each in read("composite")["features"]]
        assert together == [each for name in COMPOSITE for each in observation(name, raw, ["AAPL"])]


@pytest.mark.parametrize("builder", ["composite", "abides_execution"])
def test_formulas_without_a_value_have_a_number(builder: str) -> None:
    """In a market so thin that books and prices are not there at times, and at its start."""
    thin = {"background.count": 3, "bar_ticks": 2, "news.enabled": True, "warmup.ticks": 1,
            "news.company.frequency": 0.05}  # fmt: skip
    features = COMPOSITE if builder == "composite" else [builder]
    env = made("Execution-v0", features=features, parent=2_000, size=5, config=thin, steps=100)
    entries, missing = read(builder)["features"], set()
    last, varied = np.zeros(len(entries)), np.zeros(len(entries), int)
    seen, _ = env.reset(seed=1)
    for step in range(100):
        together = [number(each, env.raw_market_data(), "AAPL") for each in entries]
        check(env, together, seen)
        missing |= {each["formula"] for each, (_, known) in zip(entries, together) if not known}
        now = np.array([value for value, _ in together])
        varied, last = varied + (now != last), now
        seen, *_ = env.step((0, 1, 1, 2)[step % 4])
    if builder == "composite":
        assert missing == {"x", "x / y", "(x - y) / (x + y)", "log(x / y)"}
    else:
        assert missing == {"x / (x + y)"}
    assert [each["name"] for each, times in zip(entries, varied) if times == 0] == []


@pytest.mark.parametrize("name", ALL)
def test_a_contract_is_one(name: str) -> None:
    contract = read(name)
    assert contract["version"] >= 1
    assert contract["shape"] == [len(contract["features"])]
    assert len({each["name"] for each in contract["features"]}) == len(contract["features"])
    for at, each in enumerate(contract["features"]):
        assert (each["start_index"], each["end_index"]) == (at, at + 1)
        assert each["normalization"] in ("none", "min_max", "z_score")
        assert len(each["norm_params"]) == (0 if each["normalization"] == "none" else 2)
        low, high = each["bounds"]
        assert low <= each["undefined"] <= high
        assert low < high


def test_the_files_are_of_today(tmp_path: Path) -> None:
    """`python -m qtg.gym.contracts` writes them; a builder without a file, or a file without a
    builder, is found too."""
    assert sorted(ALL) == sorted([*BUILDERS, "composite"])
    (tmp_path / "gone.json").write_text("{}")
    main(tmp_path)
    new = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert new == {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert [name for name, _ in contracts()] == [*BUILDERS, "composite"]
