"""What is measured of a tape equals loops over lists."""

import numpy as np
import pytest

from qtg.calibration.grid import step_of
from qtg.calibration.measures import Session, measure, session_of, taken_orders
from qtg.calibration.quotes import QuoteTape
from qtg.calibration.search import distances, loss_of, searched_statistics, told_knobs
from qtg.calibration.signs import signs_of, tick_rule
from qtg.calibration.sizes import fit_sizes
from qtg.calibration.statistics import STATISTICS
from qtg.calibration.tape import Tape, sessions_of
from qtg.calibration.ticks import spread_over_ticks
from qtg.config import LogNormal, PowerLaw

from . import oracle

NS = 1_000_000_000


def random_session(seed: int, n: int = 300, sided: bool = False, quoted: bool = False) -> Session:
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.choice([0, 0, 1, 700, 2_500], n)) * 1_000_000 + NS * 10**9
    middle = 1_000_000 + 100 * np.cumsum(rng.integers(-1, 2, n))
    side = rng.choice([-1, 1], n)
    price = middle + 100 * side
    known = (side * rng.integers(0, 2, n)) if sided else np.zeros(n)
    tape = Tape(time, price, rng.integers(1, 90, n), known.astype(np.int8))
    quotes = None
    if quoted:
        when = time[0] + np.sort(rng.integers(-NS, time[-1] - time[0] + NS, n))
        about = 1_000_000 + 100 * np.cumsum(rng.integers(-1, 2, n))
        quotes = QuoteTape(when, about - 100, about + 100 * rng.integers(1, 4, n))
    return session_of(tape, quotes)


def as_lists(session: Session) -> tuple[list[oracle.Trade], list[tuple[int, int, int]]]:
    trades = [tuple(int(each) for each in row) for row in zip(*session.trades, strict=True)]
    quotes = session.quotes
    rows = [] if quotes is None else zip(*quotes, strict=True)
    return trades, [tuple(int(each) for each in row) for row in rows]  # type: ignore[misc, return-value]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("sided", "quoted"), [(False, False), (True, False), (False, True)])
def test_measures_are_those_of_the_loops(seed: int, sided: bool, quoted: bool) -> None:
    sessions = [random_session(seed * 10 + part, 300 - 90 * part, sided, quoted) for part in (0, 1)]
    found = measure(sessions, 100, 2)
    lists = [as_lists(each) for each in sessions]
    orders = [oracle.merged(trades, oracle.signs(trades, quotes)) for trades, quotes in lists]
    seconds = sum((trades[-1][0] - trades[0][0]) / NS for trades, _ in lists)
    assert found["rate"] == pytest.approx(sum(map(len, orders)) / seconds)
    sizes = [order[2] / 2 for each in orders for order in each]
    assert found["size_p50"] == pytest.approx(np.percentile(sizes, 50))
    assert found["size_p99"] == pytest.approx(np.percentile(sizes, 99))
    for name, horizon in (("1s", 1), ("10s", 10)):
        returned = [r for each in orders for r in oracle.returns(each, horizon)]
        assert found[f"volatility_{name}"] == pytest.approx(oracle.volatility(returned, horizon))
    signs = [[order[3] for order in each] for each in orders]
    for lag in (1, 10):
        assert found[f"sign_acf_{lag}"] == pytest.approx(oracle.autocorrelation(signs, lag))
    if quoted:
        spreads = [oracle.spread(quotes) for _, quotes in lists]
        lengths = [quotes[-1][0] - quotes[0][0] for _, quotes in lists]
        assert found["spread"] == pytest.approx(np.average(spreads, weights=lengths) / 100)
    else:
        assert np.isnan(found["spread"])


def test_what_a_tape_is_too_short_for_is_nan() -> None:
    found = measure([random_session(1, 60)], 100)
    assert np.isnan([found["volatility_30m"], found["sign_acf_100"]]).all()
    assert np.isfinite([found["rate"], found["size_p50"], found["sign_acf_1"]]).all()


def test_a_session_without_trades_counts_as_time() -> None:
    empty = np.zeros(0, np.int64)
    nothing = Session(Tape(empty, empty, empty, empty.astype(np.int8)), None, 100.0)
    some = random_session(1)
    alone, both = measure([some], 100), measure([nothing, some], 100)
    assert both["rate"] == pytest.approx(alone["rate"] * some.seconds / (some.seconds + 100.0))
    assert both["volatility_1s"] == alone["volatility_1s"]
    found = measure([nothing], 100)
    assert found.pop("rate") == 0.0
    assert np.isnan(list(found.values())).all()


def test_a_night_parts_two_sessions_and_is_no_return() -> None:
    day = np.arange(0, 3_600, 2, dtype=np.int64) * NS
    time = np.concatenate([day, day + 40_000 * NS])
    price = np.concatenate([np.full(1_800, 1_000_000), np.full(1_800, 1_500_000)])
    price[::2] += 100
    tape = Tape(time, price, np.ones(3_600, np.int64), np.zeros(3_600, np.int8))
    parts = sessions_of(tape)
    assert [len(part.time) for part in parts] == [1_800, 1_800]
    whole = measure([session_of(tape)], 100)["volatility_1m"]
    parted = measure([session_of(part) for part in parts], 100)["volatility_1m"]
    assert whole > 20 * parted
    assert len(sessions_of(tape, 50_000.0)) == 1


def test_a_market_that_seldom_trades_is_not_parted_by_its_usual_waits() -> None:
    time = np.arange(300, dtype=np.int64) * 2_400 * NS  # every 40 minutes
    columns = np.ones(300, np.int64)
    assert len(sessions_of(Tape(time, columns, columns, columns.astype(np.int8)))) == 1


def test_the_tick_rule_before_the_first_change_takes_its_sign() -> None:
    assert tick_rule(np.array([5, 5, 4, 4, 6, 6])).tolist() == [-1, -1, -1, -1, 1, 1]
    assert tick_rule(np.array([5, 5])).tolist() == [1, 1]


def test_a_quote_of_a_trades_own_time_comes_after_it() -> None:
    one = np.ones(1, np.int64)
    trade = Tape(5 * one, 100 * one, one, np.zeros(1, np.int8))
    quotes = QuoteTape(np.array([3, 5]), np.array([90, 101]), np.array([96, 107]))
    assert signs_of(trade, quotes).tolist() == [1], "above the middle of 90 and 96"


def test_fills_of_one_order_are_one_order() -> None:
    time = np.array([1, 1, 1, 1, 2]) * NS
    side = np.array([1, 1, -1, 1, 1], np.int8)
    tape = Tape(time, np.array([10, 11, 9, 12, 12]) * 100, np.array([1, 2, 4, 8, 16]), side)
    orders = taken_orders(session_of(tape))
    assert orders.qty.tolist() == [3, 4, 8, 16]
    assert orders.price.tolist() == [1_100, 900, 1_200, 1_200]
    assert orders.sign.tolist() == [1, -1, 1, 1]


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([16_402_500, 16_405_000, 16_400_000], 2_500),
        ([1_000_100, 1_000_300, 1_000_000], 100),
        ([7 * 625, 9 * 625, 12 * 625], 625),
        ([3, 7, 9], 1),
        ([300, 700, 200], 100),
    ],
)
def test_the_step_of_prices_is_found(values: list[int], step: int) -> None:
    assert step_of(np.array(values)) == step


def test_a_few_strange_prices_do_not_hide_the_tick() -> None:
    values = np.arange(1_000, 3_000) * 100
    values[::400] += 37
    assert step_of(values) == 100
    values[::50] += 37
    assert step_of(values) == 1


def test_orders_of_a_tick_are_spread_over_it() -> None:
    time = np.array([0, 0, 0, 100, 300, 300])
    order = np.array([7, 7, 8, 9, 9, 4])
    assert spread_over_ticks(time, order, 100).tolist() == [25, 25, 75, 150, 325, 375]


@pytest.mark.parametrize(
    "drawn", [LogNormal(median=40, sigma=0.8), PowerLaw(minimum=3, alpha=1.4, maximum=5_000)]
)
def test_a_size_distribution_is_found_again(drawn: LogNormal | PowerLaw) -> None:
    u = np.random.default_rng(3).random(40_000)
    lots = np.maximum(np.rint(drawn.quantile(u)), 1).astype(np.int64)
    fit = fit_sizes(lots)
    assert type(fit.distribution) is type(drawn)
    assert fit.error < 0.03
    name = "sigma" if isinstance(drawn, LogNormal) else "alpha"
    assert getattr(fit.distribution, name) == pytest.approx(getattr(drawn, name), rel=0.03)


def test_sizes_that_never_differ_are_one_size() -> None:
    drawn = fit_sizes(np.full(500, 7)).distribution.quantile([0.01, 0.99])
    assert np.rint(drawn).tolist() == [7.0, 7.0]


def test_the_search_looks_at_what_a_simulated_session_can_tell() -> None:
    real = dict.fromkeys((each.key for each in STATISTICS), 0.3)
    keys = {each.key for each in searched_statistics(real, 300.0, 16)}
    assert keys == {
        "rate",
        "volatility_1s",
        "volatility_10s",
        "sign_acf_1",
        "sign_acf_10",
        "spread",
    }
    real["spread"] = float("nan")
    longer = {each.key for each in searched_statistics(real, 2_000.0, 32)}
    assert longer == (keys - {"spread"}) | {"volatility_1m", "volatility_5m", "sign_acf_100"}
    assert [knob.path for knob in told_knobs(searched_statistics(real, 5.0, 16))] == [
        "background.activity"
    ]


def test_distances_are_in_tolerances() -> None:
    by_key = {each.key: each for each in STATISTICS}
    assert by_key["rate"].distance(2.0, 2.2) == pytest.approx(1.0)
    assert by_key["rate"].distance(2.0, 2.0 / 1.1) == pytest.approx(-1.0)
    assert by_key["sign_acf_1"].distance(0.2, 0.1) == pytest.approx(-2.0)
    assert by_key["size_p50"].distance(1.0, 2.0) == 0.0
    assert distances([by_key["rate"]], {"rate": 1.0}, {"rate": 0.0}).tolist() == [-20.0]
    assert distances([by_key["rate"]], {"rate": 1.0}, {"rate": float("nan")}).tolist() == [20.0]
    assert loss_of(np.array([0.0])) == 0.0
    assert loss_of(np.array([1e-3])) == pytest.approx(1e-6, rel=1e-3)
