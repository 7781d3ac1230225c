"""What the charts draw, against the tables they are drawn from."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from qtg.report.html import render

from .fake_run import PHASES, FakeRun, fake_run
from .reading import payload, trace, view


@pytest.fixture(scope="module")
def run() -> FakeRun:
    return fake_run(ticks=2_500, symbols=2)


@pytest.fixture(scope="module")
def html(run: FakeRun) -> str:
    return render(run)


def of(run: FakeRun, symbol: str, column: str) -> np.ndarray:
    return run.quotes.filter(symbol=symbol).sort("tick")[column].to_numpy()


def test_price_line_passes_through_the_highest_and_the_lowest_price(
    run: FakeRun, html: str
) -> None:
    drawn = trace(view(html, "price", "MSFT"), "last trade")
    last = of(run, "MSFT", "last")
    assert len(drawn["x"]) < 2_500
    assert (min(drawn["y"]), max(drawn["y"])) == pytest.approx((last.min(), last.max()))
    assert [last[t] for t in drawn["x"]] == pytest.approx(drawn["y"])


def test_volume_bars_add_up_to_the_volume(run: FakeRun, html: str) -> None:
    bars = trace(view(html, "price", "AAPL"), "volume")
    assert sum(bars["y"]) == of(run, "AAPL", "volume").sum()


def test_news_stands_where_it_was_heard_and_only_with_whom_it_concerns(run: FakeRun) -> None:
    sectors = dict(run.instruments.select("symbol", "sector").rows())
    news = pl.DataFrame(
        {
            "tick": [100, 200, 300, 400, 9_999],
            "kind": ["earnings", "macro", "sector", "rate_decision", "macro"],
            "sector": [sectors["AAPL"], None, "utilities", None, None],
            "symbol": ["AAPL", None, None, None, None],
            "sentiment": [0.4, -0.2, 0.9, 0.0, 1.0],
        }
    )
    told = render(replace(run, news=news))
    for symbol, good in (("AAPL", [100]), ("MSFT", [])):
        drawn = view(told, "price", symbol)
        last = of(run, symbol, "last")
        names = [each["name"] for each in drawn["data"]]
        assert ("good news" in names) == bool(good)
        if good:
            marks = trace(drawn, "good news")
            assert marks["x"] == good
            assert marks["y"] == pytest.approx([last[tick] for tick in good])
            assert marks["text"] == ["earnings (+0.40)"]
        bad = trace(drawn, "bad news")
        assert (bad["x"], bad["text"]) == ([200, 400], ["macro (-0.20)", "rate decision (+0.00)"])


def test_candles_are_the_finest_that_can_be_told_apart(run: FakeRun, html: str) -> None:
    candles = trace(view(html, "price", "AAPL", "Candles"), "candle")
    minutes = run.candles.filter(symbol="AAPL", timeframe=60).sort("tick")
    assert candles["x"] == minutes["tick"].to_list()
    assert candles["high"] == pytest.approx(minutes["high"].to_list())
    many = render(replace(run, candles=pl.concat([run.candles] * 10)))
    assert trace(view(many, "price", "AAPL", "Candles"), "candle")["x"][1] == 0
    note = view(many, "price", "AAPL", "Candles")["note"]
    assert note.startswith("Candles of 5 min")


def test_spread_is_drawn_in_ticks_with_its_range(run: FakeRun, html: str) -> None:
    figure = view(html, "book", "AAPL")
    spread = (of(run, "AAPL", "ask") - of(run, "AAPL", "bid")) / 0.01
    assert max(trace(figure, "range")["y"]) == pytest.approx(spread.max(), rel=1e-3)
    assert "ticks" in figure["layout"]["yaxis"]["title"]["text"]


def test_sells_are_drawn_below_zero_and_read_as_positive(html: str) -> None:
    figure = view(html, "book", "AAPL")
    sells = trace(figure, "sells")
    assert max(sells["y"]) < 0
    assert [-y for y in sells["y"]] == sells["customdata"]
    assert not any(label.startswith("-") for label in figure["layout"]["yaxis2"]["ticktext"])


def test_profit_of_each_kind_is_the_sum_over_its_agents(run: FakeRun, html: str) -> None:
    figure = view(html, "pnl")
    makers = run.agents.filter(kind="MarketMaker")
    drawn = trace(figure, f"MarketMaker ({makers['agent'].n_unique()})")
    last = makers.filter(tick=makers["tick"].max())
    total = (last["realized_pnl"] + last["unrealized_pnl"]).sum()
    assert drawn["y"][-1] == pytest.approx(total, rel=1e-4)
    assert drawn["x"][-1] == last["tick"][0]


def test_realised_and_unrealised_profit_add_up(html: str) -> None:
    end = view(html, "pnl", name="At the end")
    parts = {t["name"]: dict(zip(t["y"], t["x"], strict=True)) for t in end["data"]}
    line = next(t for t in view(html, "pnl")["data"] if t["name"].startswith("NoiseTrader"))
    both = parts["realised"]["NoiseTrader"] + parts["unrealised"]["NoiseTrader"]
    assert both == pytest.approx(line["y"][-1], rel=1e-3)


def test_boxes_hold_the_quartiles_of_the_agents(run: FakeRun, html: str) -> None:
    box = trace(view(html, "pnl", name="Per agent"), "ThresholdBuyer")
    last = run.agents.filter(kind="ThresholdBuyer", tick=run.agents["tick"].max())
    pnl = (last["realized_pnl"] + last["unrealized_pnl"]).to_numpy()
    assert box["median"][0] == pytest.approx(np.median(pnl), abs=0.01)
    assert box["q1"][0] == pytest.approx(np.quantile(pnl, 0.25), abs=0.01)


def test_equity_is_drawn_as_the_median_return_of_a_kind_with_its_band(
    run: FakeRun, html: str
) -> None:
    figure = view(html, "pnl", name="Equity")
    drawn = trace(figure, "MarketMaker (20)")
    low, high = (t["y"] for t in figure["data"][-3:-1] if t["name"] == "MarketMaker (20)")
    start = run.equity.filter(kind="MarketMaker", tick=0)["equity"].to_numpy()
    for place, tick in enumerate(drawn["x"]):
        now = run.equity.filter(kind="MarketMaker", tick=tick)["equity"].to_numpy()
        gains = np.percentile(100 * (now / start - 1), [5, 50, 95])
        shown = (low[place], drawn["y"][place], high[place])
        assert shown == pytest.approx(gains, abs=1e-4)
    assert {t["name"] for t in figure["data"]} == {"MarketMaker (20)", "NoiseTrader (30)"}


def test_a_run_without_equity_has_no_such_view(run: FakeRun) -> None:
    views = payload(render(replace(run, equity=None)))["charts"]["pnl"]["views"]
    assert list(views) == ["Over time", "Per agent", "At the end"]


def test_house_accounts_are_no_agents_of_their_kind(html: str) -> None:
    assert "Pool (1)" in {t["name"] for t in view(html, "pnl")["data"]}
    assert "Pool" not in {t["name"] for t in view(html, "pnl", name="Per agent")["data"]}


def test_flow_is_drawn_by_type_with_the_regimes_behind_it(run: FakeRun, html: str) -> None:
    figure, metrics = view(html, "flow"), run.metrics
    size = -(-2_500 // 1_000)
    for name, shown in (("accepted", "new orders"), ("canceled", "cancels"), ("trades", "fills")):
        drawn = trace(figure, shown)
        parts = [metrics[name][at : at + size].mean() for at in range(0, 2_500, size)]
        assert drawn["x"] == list(range(0, 2_500, size))
        assert drawn["y"] == pytest.approx(parts, rel=1e-3)
    rate = trace(figure, "cancel rate")
    first = metrics[:size]
    assert rate["y"][0] == pytest.approx(
        first["canceled"].sum() / first["accepted"].sum(), abs=1e-3
    )
    assert rate["yaxis"] == "y2"
    shades = [(each["x0"], each["x1"], each["fillcolor"]) for each in figure["layout"]["shapes"]]
    assert sorted(shades) == [(499.5, 999.5, "$purple/0.18"), (1999.5, 2499.5, "$red/0.18")]
    assert {"burst", "crisis"} < {each["name"] for each in figure["data"]}
    assert "normal" not in {each["name"] for each in figure["data"]}
    crisis = metrics.filter(regime="crisis")
    told = f"crisis {100 * crisis['canceled'].sum() / crisis['accepted'].sum():.1f}%"
    assert told in figure["note"]
    assert f"Means over {size} ticks" in figure["note"]


def test_flow_of_many_short_episodes_shades_the_longest(run: FakeRun) -> None:
    regime = [("normal", "calm", "calm")[tick % 3] for tick in range(2_490)] + ["burst"] * 10
    changed = run.metrics.with_columns(pl.Series("regime", regime))
    figure = view(render(replace(run, metrics=changed)), "flow")
    shapes = figure["layout"]["shapes"]
    assert len(shapes) == 200
    assert (shapes[0]["x0"], shapes[0]["x1"]) == (2489.5, 2499.5)
    assert "The 631 shortest episodes are not shaded" in figure["note"]


def test_flow_is_drawn_only_where_it_was_counted(run: FakeRun) -> None:
    for metrics in (None, run.metrics.drop("regime"), run.metrics.drop("canceled")):
        assert "flow" not in payload(render(replace(run, metrics=metrics)))["charts"]


def test_flow_without_orders_has_no_rate(run: FakeRun) -> None:
    none = run.metrics.with_columns(accepted=pl.lit(0), canceled=pl.lit(0))
    figure = view(render(replace(run, metrics=none)), "flow")
    assert set(trace(figure, "cancel rate")["y"]) == {None}
    assert "normal none came" in figure["note"]


def test_tick_times_over_the_run_include_the_warm_up(run: FakeRun) -> None:
    config = run.config | {"warmup": {"ticks": 500}, "ticks": 2_000}
    html = render(replace(run, config=config))
    assert view(html, "ticktime", name="Over the run")["data"][0]["x"][0] == 0
    assert sum(sum(t["y"]) for t in view(html, "ticktime")["data"]) <= 2_000.5


def test_histogram_holds_every_tick_it_does_not_say_it_left_out(run: FakeRun, html: str) -> None:
    figure = view(html, "ticktime")
    total = run.metrics["total_ns"].to_numpy() / 1e6
    shown = sum(sum(t["y"]) for t in figure["data"])
    left_out = int(figure["note"].split(" slowest ")[1].split(" ms. ")[1].split()[0])
    assert shown == pytest.approx(2_500 - left_out, rel=1e-3)
    p50, p99 = np.percentile(total, [50, 99])
    assert [a["text"].strip() for a in figure["layout"]["annotations"]] == [
        f"p50 {p50:.2f} ms",
        f"p99 {p99:.2f} ms",
    ]


def test_phases_of_all_ticks_add_up_to_the_mean_tick(run: FakeRun, html: str) -> None:
    figure = view(html, "ticktime", name="Typical and slow")
    assert {t["name"] for t in figure["data"]} == {*PHASES, "other"}
    place = figure["data"][0]["y"].index("all ticks")
    total = sum(t["x"][place] for t in figure["data"])
    assert total == pytest.approx(run.metrics["total_ns"].mean() / 1e6, rel=1e-3)


def test_orders_of_the_tiers_are_means_per_tick(run: FakeRun, html: str) -> None:
    drawn = trace(view(html, "activity"), "reactive")
    bucket = run.metrics["orders_reactive"][: drawn["x"][1]]
    assert drawn["y"][0] == pytest.approx(bucket.mean(), rel=1e-3)


def test_rejections_are_counted_by_reason(run: FakeRun, html: str) -> None:
    bars = view(html, "rejections")["data"][0]
    counted = dict(zip(bars["y"], bars["x"], strict=True))
    reasons = run.orders["reason"].to_list()
    assert counted == {reason: reasons.count(reason) for reason in set(reasons)}


def test_events_that_are_not_rejections_are_not_counted(run: FakeRun) -> None:
    orders = pl.DataFrame(
        {"exec_type": ["canceled", "rejected"], "reason": ["requested", "off_lot"]}
    )
    bars = view(render(replace(run, orders=orders)), "rejections")["data"][0]
    assert (bars["y"], bars["x"]) == (["off_lot"], [1])


def test_returns_note_counts_returns_after_the_warm_up(run: FakeRun) -> None:
    config = run.config | {"warmup": {"ticks": 500}, "ticks": 2_000}
    html = render(replace(run, config=config))
    assert view(html, "returns", "AAPL")["note"].startswith("1,999 returns")
    assert payload(html)["warmup"] == [0, 499]


def test_autocorrelation_has_a_band_for_the_number_of_returns(html: str) -> None:
    shape = view(html, "memory", "AAPL")["layout"]["shapes"][0]
    assert shape["y1"] == pytest.approx(1.96 / np.sqrt(2_499), rel=1e-4)
    assert shape["y0"] == -shape["y1"]


def test_every_axis_with_numbers_has_a_title(html: str) -> None:
    for chart in payload(html)["charts"].values():
        for symbols in chart["views"].values():
            for figure in symbols.values():
                for name, axis in figure["layout"].items():
                    if name.startswith(("xaxis", "yaxis")) and not axis.get("automargin"):
                        assert axis["title"]["text"], (chart["key"], name)
