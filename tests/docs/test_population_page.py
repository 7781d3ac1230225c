"""The page about who trades names every built-in kind and every parameter of it."""

import re

import pytest

import qtg

from .guides import ROOT

PAGE = (ROOT / "docs/guide/population.md").read_text(encoding="utf-8")
BUILT_IN = sorted(kind.name for kind in qtg.kinds().values() if kind.decide is None)
COMMON = {"size", "lifetime"}  # said once, above the table


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_kind_is_explained(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, flags=re.M)
    kind = qtg.kinds()[name]
    wanted = set(kind.params) - (COMMON if kind.has_desk else set())
    assert wanted <= set(re.findall(r"`(\w+)`", row))


def test_no_kind_is_explained_that_is_not_there() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.M))
    assert rows - {"immediate", "twap", "vwap", "pov"} == set(BUILT_IN)
