"""What `Venue.submit` takes, and what it says about columns it cannot take."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from qtg.errors import ConfigError, OrderError
from qtg.schemas import Orders
from qtg.venue import Venue

GOOD = {"price": np.array([100, 101]), "qty": np.array([5, 5]), "side": np.array([1, -1])}

BAD: list[tuple[Any, str]] = [
    (GOOD | {"qty": np.array([5])}, "unequal lengths: side has 2 rows, qty has 1"),
    (GOOD | {"cost": np.array([1, 2])}, "no order column is called 'cost'; the columns are msg_"),
    (GOOD | {"Price": np.array([1, 2])}, "no order column is called 'Price'"),
    (GOOD | {"price": np.array([100.0, 101.0])}, "price must hold integers .int64., not float64"),
    (GOOD | {"price": np.array(["100", "101"])}, "price must hold integers .int64., not <U3"),
    (GOOD | {"price": np.array([100, None])}, "price must hold integers .int64., not object"),
    (GOOD | {"side": np.array([True, False])}, "side must hold integers .int8., not bool"),
    (GOOD | {"price": np.array([[100, 101]])}, "price must have one dimension, it has 2"),
    (GOOD | {"price": 100}, "price must have one dimension, it has 0"),
    (GOOD | {"side": np.array([1, 128])}, "side holds a number that does not fit int8"),
    (GOOD | {"agent": np.array([0, 2**31])}, "agent holds a number that does not fit int32"),
    (GOOD | {"qty": np.array([1, 2**63], np.uint64)}, "qty holds a number that does not fit int64"),
    ([GOOD], "orders must be columns by name, not list"),
    (None, "orders must be columns by name, not NoneType"),
]


@pytest.mark.parametrize(("orders", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_malformed_columns_are_refused_with_a_clear_sentence(orders: Any, sentence: str) -> None:
    venue = Venue()
    with pytest.raises(OrderError, match=sentence) as caught:
        venue.submit(orders)
    assert "\n" not in str(caught.value)
    assert venue.submit(GOOD).order_id.tolist() == [1, 2], "nothing of the bad batch was worked"


def test_an_orders_table_of_wrong_columns_is_refused_too() -> None:
    columns = {name: np.zeros(2, np.int64) for name in Orders._fields}
    with pytest.raises(OrderError, match="price must hold integers"):
        Venue().submit(Orders(**columns)._replace(price=np.zeros(2)))
    with pytest.raises(OrderError, match="unequal lengths"):
        Venue().submit(Orders(**columns)._replace(qty=np.zeros(3, np.int64)))


def test_mappings_frames_and_tables_are_taken_alike() -> None:
    lists = {name: column.tolist() for name, column in GOOD.items()}
    expected = Venue().submit(GOOD)
    for orders in (lists, pl.DataFrame(lists), pl.DataFrame(lists).cast({"price": pl.Int16})):
        events = Venue().submit(orders)
        for column, other in zip(events, expected):
            np.testing.assert_array_equal(column, other)


def test_a_column_that_is_every_other_element_of_an_array_is_taken() -> None:
    prices = np.array([100, -1, 101, -1])[::2]
    assert Venue().submit(GOOD | {"price": prices}).price.tolist() == [100, 101]


def test_the_callers_columns_are_not_changed() -> None:
    given = {name: column.copy() for name, column in GOOD.items()}
    Venue().submit(given)
    for name, column in GOOD.items():
        np.testing.assert_array_equal(given[name], column)


@pytest.mark.parametrize("orders", [{}, {"price": []}, {"price": [], "qty": []}])
def test_an_empty_batch_tells_nothing(orders: dict[str, list[int]]) -> None:
    assert len(Venue().submit(orders).exec_type) == 0


def test_events_stay_the_callers_when_the_venue_goes_on() -> None:
    venue = Venue(events=64)
    held = venue.submit(GOOD).price[:1]
    for _ in range(100):
        venue.submit({"price": np.full(50, 7), "qty": np.ones(50, np.int64)})
    assert held.tolist() == [100]


def test_time_does_not_go_back() -> None:
    venue = Venue()
    venue.submit({}, tick=5)
    with pytest.raises(ConfigError, match="tick 4 lies before the venue's tick 5"):
        venue.submit({}, tick=4)


def test_codes_go_by_the_names_of_a_configuration() -> None:
    venue = Venue(matching="auction", self_trade="cancel_both")
    assert (venue.matching, venue.self_trade) == (2, 2)
    with pytest.raises(ConfigError, match=r"submit: tick is 20\.5; pass a whole number"):
        venue.submit(GOOD, tick=20.5)  # type: ignore[arg-type]


def test_reset_empties_the_books_and_starts_ids_and_time_again() -> None:
    venue = Venue()
    venue.submit(GOOD, tick=5)
    venue.reset()
    assert venue.tick == 0
    assert len(venue.book().orders()) == 0
    assert venue.submit(GOOD).order_id.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"markets": 0}, "at least one market"),
        ({"envs": ()}, "envs is empty; a venue needs at least one environment"),
        ({"envs": np.zeros(0, np.int64)}, "envs is empty"),
        ({"envs": [4, 7, 4]}, "envs holds 4 more than once"),
        ({"envs": np.array([0, 1, 1])}, "envs holds 1 more than once"),
        ({"envs": np.zeros((2, 2), np.int64)}, "envs must be one number or have one dimension"),
        ({"envs": [[0], [1, 2]]}, "envs must be one number or have one dimension"),
        ({"envs": [0.0, 1.0]}, "envs must be whole numbers"),
        ({"envs": [True, False]}, "envs must be whole numbers"),
        ({"envs": ["a"]}, "envs must be whole numbers"),
        ({"envs": np.array([0, 2**63], np.uint64)}, "envs must be whole numbers"),
        ({"window": 32}, "power of two of at least 64, got 32"),
        ({"window": 100}, "power of two of at least 64, got 100"),
        ({"tick_size": "0"}, "tick_size must be positive"),
        ({"tick_size": ["1", "2"]}, "2 values given for 1 markets"),
        ({"lot_size": 0}, "lot_size must be positive"),
        ({"markets": 1.5}, "markets is 1.5; pass a whole number of at least 1"),
        ({"orders": -5}, "orders is -5; pass a whole number of at least 1"),
        ({"threads": 0}, "threads is 0; pass a whole number of at least 1"),
        ({"protection_bps": -1}, "protection_bps is -1; pass a whole number of at least 0"),
        ({"seed": "x"}, "seed is 'x'; pass a whole number of at least 0"),
        ({"matching": "fifo"}, "matching must be one of 'price_time', .*got 'fifo'"),
        ({"self_trade": 9}, "self_trade must be one of .*'cancel_both', got 9"),
    ],
)
def test_a_venue_that_cannot_be_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        Venue(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("envs", [[3, 0], (3, 0), range(3, -1, -3), np.array([3, 0], np.int32)])
def test_environments_come_as_any_sequence_or_array(envs: Any) -> None:
    venue = Venue(2, envs=envs)
    assert venue.n_markets == 4
    told = venue.submit(GOOD | {"market": np.array([1, 3])})
    assert told.order_id.tolist() == [1, 1], "ids are counted in each environment"
    assert venue.envs.tolist() == [3, 0]


def test_a_market_that_does_not_exist_has_no_book() -> None:
    with pytest.raises(ConfigError, match="market 1 does not exist"):
        Venue().book(1)


@pytest.mark.parametrize(
    ("market", "sentence"),
    [
        (3, "market 3 does not exist; this venue has 3"),
        (-1, "market -1 does not exist"),
        ([0, 7], "market 7 does not exist"),
        (0.0, "markets must be whole numbers, got 0.0"),
        ("A", "markets must be whole numbers, got A"),
        ([True, False, True], "markets must be whole numbers"),
        (np.zeros((1, 1), np.int64), "markets must be one number or have one dimension"),
    ],
)
def test_a_market_that_does_not_exist_is_not_closed(market: Any, sentence: str) -> None:
    venue = Venue(3)
    venue.close(1)
    for call in (venue.close, venue.open):
        with pytest.raises(ConfigError, match=sentence):
            call(market)
    assert venue.closed.tolist() == [False, True, False]
