"""What is installed is what is here."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_listed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    homes = [*ROOT.glob("qtg/*/__init__.py"), *ROOT.glob("qtg/*/*/__init__.py")]
    found = {"qtg", *(".".join(each.parent.relative_to(ROOT).parts) for each in homes)}
    assert set(settings["packages"]) == found
