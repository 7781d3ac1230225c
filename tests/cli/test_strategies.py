"""`qtg strategies`, and strategies of installed packages."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qtg
from qtg.agents import registry
from tests.simulation.small import lively

from .command import Command

GOOD = """
import qtg

@qtg.strategy("packed_buyer", params={"size": qtg.Param(3, low=1)})
def act(ctx):
    \"\"\"Buys a little.\"\"\"
    return ctx.orders([0], [0], side=1, qty=ctx.params["size"][:1], price=1.0)
"""


class Packages:
    """A folder of packages as an installer leaves them, on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, code: str, entries: dict[str, str]) -> None:
        module = package.replace("-", "_") + "_code"
        (self.folder / f"{module}.py").write_text(code)
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {module}{attr}" for name, attr in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[qtg.strategies]", *lines, ""]))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    before = set(sys.modules)
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    yield Packages(folder)
    for name in set(sys.modules) - before:
        if name.endswith("_code"):
            del sys.modules[name]


def config_with(kind: str) -> qtg.Config:
    config = qtg.Config.preset("quick_test", ticks=3, warmup={"ticks": 2})
    return config.with_(smart=[*config.smart, {"kind": kind, "count": 1}])


def test_every_built_in_kind_is_listed(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    answer = command("strategies")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    for kind in qtg.kinds().values():
        assert any(line.startswith(f"{kind.name} ") and kind.doc in line for line in lines), (
            kind.name
        )
    assert "market_share = 0.3" in answer.out
    assert "half_spread = 0.0001 to 0.0004" in answer.out


def test_the_list_is_json_on_request(command: Command) -> None:
    rows = {row["name"]: row for row in json.loads(command("strategies", "--json").out)}
    row = rows["noise_trader"]
    assert (row["tier"], row["from"]) == ("smart", "built in")
    assert row["params"]["market_share"] == {"default": 0.3, "allowed": "0 to 1"}
    assert row["params"]["size"]["default"] == {"kind": "uniform", "low": 10.0, "high": 100.0}
    assert rows["news_reactor"]["tier"] == "reactive"


def test_strategies_of_a_file_are_listed_with_the_file(command: Command) -> None:
    Path("mine.py").write_text(GOOD.replace("packed_buyer", "cli_listed"))
    answer = command("strategies", "--strategies", "mine.py", "--json")
    row = json.loads(answer.out)[-1]
    assert (row["name"], row["from"], row["doc"]) == ("cli_listed", "mine.py", "Buys a little.")
    assert row["params"] == {"size": {"default": 3.0, "allowed": "1 or more"}}


def test_a_package_offers_a_strategy_by_name(packages: Packages, command: Command) -> None:
    packages.install("alpha-house", GOOD, {"packed_buyer": ":act"})
    assert "packed_buyer" not in qtg.kinds()
    run = qtg.simulate(config_with("packed_buyer"), progress=False)
    assert run.status == "complete"
    assert qtg.kinds()["packed_buyer"].origin == "package alpha-house"
    assert "package alpha-house" in command("strategies").out


BROKEN = {
    "it cannot be imported": (
        "1 / 0",
        "",
        "the strategy 'packed' of package beta cannot be loaded from beta_code: "
        "ZeroDivisionError: division by zero",
    ),
    "it lacks what the entry point names": (
        GOOD,
        ":other",
        "the strategy 'packed' of package beta cannot be loaded from beta_code:other: "
        "AttributeError: module 'beta_code' has no attribute 'other'",
    ),
    "it registers another name": (
        GOOD,
        ":act",
        "package beta offers a strategy 'packed', but beta_code:act registers none of that name; "
        "put @qtg.strategy('packed') above it",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_package_that_fails_is_named(case: str, packages: Packages, command: Command) -> None:
    code, attribute, sentence = BROKEN[case]
    packages.install("beta", code, {"packed": attribute})
    Path("mine.toml").write_text(config_with("packed").to_toml())
    assert command.fails(1, "simulate", "mine.toml") == sentence
    listed = command("strategies")
    assert listed.code == 0
    assert f"qtg: {sentence}" in listed.err
    assert "noise_trader" in listed.out


def test_two_packages_with_one_name_are_named(packages: Packages) -> None:
    for package in ("beta", "gamma"):
        packages.install(package, GOOD, {"packed": ":act"})
    with pytest.raises(qtg.ConfigError, match="both offer a strategy called 'packed'; uninstall"):
        qtg.simulate(config_with("packed"), progress=False)


def test_a_misspelt_name_of_a_package_s_strategy_is_guessed(packages: Packages) -> None:
    packages.install("beta", GOOD, {"packed_buyer": ":act"})
    with pytest.raises(qtg.ConfigError, match="no strategy is called 'packd_buyer'; did you mean"):
        qtg.simulate(config_with("packd_buyer"), progress=False)
    assert "packed_buyer" not in qtg.kinds(), "nothing is imported to guess a name"


def test_known_kinds_do_not_look_for_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    def fail(**_: object) -> None:
        raise AssertionError("what is installed was read")

    monkeypatch.setattr(importlib.metadata, "entry_points", fail)
    qtg.Simulation(lively())
