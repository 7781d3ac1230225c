"""A market over several seeds: its campaign form, its table, its page."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import qtg
from qtg.errors import StorageError
from qtg.stylized.campaign import campaign_form, measure_seeds
from qtg.stylized.scorecard import Scorecard


@pytest.fixture(scope="module")
def card() -> Scorecard:
    config = campaign_form(qtg.Config.preset("quick_test", {"background.count": 300}, ticks=3_660))
    return measure_seeds(config, 2)


def test_the_campaign_form_is_a_smaller_population_at_equal_activity() -> None:
    whole = qtg.Config.preset("standard")
    form = campaign_form(whole)
    assert form.background.count == 10_000
    assert form.background.traits == whole.background.traits
    for tier in ("smart", "reactive"):
        populations = zip(getattr(whole, tier), getattr(form, tier), strict=True)
        for before, after in populations:
            assert after.count == max(round(before.count / 5), 1)
    assert form.storage.quotes
    assert form.storage.depth_every == 600
    half = campaign_form(whole, 0.5)
    assert half.background.count == 25_000
    small = qtg.Config.preset("quick_test")
    assert campaign_form(small).counts == small.counts, "a small market stays whole"


def test_every_row_of_the_table_is_measured(card: Scorecard) -> None:
    table = card.frame()
    names = table["fact"].to_list()
    assert {"book shape", "square-root impact", "square-root impact, fit"} <= set(names)
    for name in ("book shape", "square-root impact", "order flow, lag 100"):
        assert not any(
            fact.statistic.startswith("not measured")
            for facts in card.runs
            for fact in facts
            if fact.name == name
        )
    assert "2 runs of 3,660 ticks (61 minutes)" in card.about
    assert len(card.runs) == 2
    assert card.runs[0] != card.runs[1]


def test_the_page_shows_every_fact_and_needs_no_network(card: Scorecard, tmp_path: Path) -> None:
    page = card.report(tmp_path / "realism.html").read_text(encoding="utf-8")
    for facts in card.runs:
        for fact in facts:
            assert f"<b>{fact.name}</b>" in page
    for key in ("memory", "tail", "impact", "book", "fact-0"):
        assert f'data-chart="{key}"' in page
    assert not re.search(r'(src|href)="http', page)
    with pytest.raises(StorageError, match="cannot write the report"):
        card.report(tmp_path / "nowhere" / "realism.html")


def test_charts_are_json_without_nan(card: Scorecard) -> None:
    from qtg.stylized.charts import curve_charts, fact_charts

    charts = [*fact_charts(card), *curve_charts(card)]
    json.dumps([chart.views for chart in charts], allow_nan=False)
    drawn = {chart.key: next(iter(chart.views[""].values())) for chart in charts}
    book = drawn["book"]["data"][-1]["y"]
    assert len(book) == 30
    assert np.mean(book) == pytest.approx(1.0, abs=0.05)
    assert drawn["impact"]["data"][0]["y"] == pytest.approx(
        np.mean([each.curves.impact.impact for each in card.measured], axis=0),
        rel=1e-3,  # type: ignore[union-attr]
    )


def test_standard_keeps_its_gates_in_a_short_run() -> None:
    """The facts that an hour and a half of ten stocks can tell; the others need the campaign."""
    config = campaign_form(qtg.Config.preset("standard", ticks=5_400))
    facts = {fact.name: fact for fact in measure_seeds(config, 1).runs[0]}
    for name in (
        "volume and volatility",
        "spread",
        "spread never crossed",
        "spread reverts",
        "book shape",
        "order flow, lag 1",
        "order flow, lag 10",
        "anchoring",
    ):
        assert facts[name].passed, facts[name]
    assert facts["heavy tails"].value > 0.3
    assert abs(facts["no linear autocorrelation"].value) < 0.15
    impact = facts["square-root impact"].value
    assert 0.3 < impact < 0.8, "neither constant nor in proportion"
