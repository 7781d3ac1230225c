"""The page about an order's life shows the table that the kernels use."""

import re

from qtg.kernels.lifecycle import ANY, ILLEGAL, MAY_REST, TRANSITIONS
from qtg.schemas import LifecycleEvent, OrdStatus, TimeInForce

from .guides import ROOT, blocks

PAGE = "docs/guide/lifecycle.md"


def test_the_diagram_shows_every_step_and_no_other() -> None:
    (diagram,) = (block.text for block in blocks(PAGE) if block.language == "mermaid")
    shown = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", diagram, flags=re.M)
    steps = {
        (status.name, OrdStatus(int(after)).name, event.name)
        for status in OrdStatus
        for event in LifecycleEvent
        if (after := TRANSITIONS[ANY, status, event]) != ILLEGAL
    }
    assert len(shown) == len(set(shown))
    assert set(shown) == steps
    assert diagram.count("-->") == len(shown) + 1  # and the way in


def test_every_status_is_explained() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, flags=re.M) == [each.name for each in OrdStatus]


def test_the_table_of_lifetimes_says_what_they_take_away() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for tif in TimeInForce:
        _, missing, rests = re.findall(
            rf"^\| ({tif.name})\b[^|]*\| ([^|]+) \| (\w+) \|$", text, flags=re.M
        )[0]
        less = (TRANSITIONS[tif] == ILLEGAL) & (TRANSITIONS[ANY] != ILLEGAL)
        named = {LifecycleEvent[name] for name in re.findall(r"`(\w+)`", missing)}
        assert named == set(less.any(axis=0).nonzero()[0].tolist())
        assert (rests == "yes") == MAY_REST[tif, OrdStatus.NEW]
