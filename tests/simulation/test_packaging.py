"""What is installed is what is here."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_listed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = {"qtg", *(f"qtg.{each.parent.name}" for each in (ROOT / "qtg").glob("*/__init__.py"))}
    assert set(settings["packages"]) == found
