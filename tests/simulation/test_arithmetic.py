"""The ledger's sums against exact fractions, up to the largest amounts there are."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qtg.kernels.ledger import LedgerTerms, fee, share_of, worst_unit_cost

MILLION = 1_000_000
MOST_SHARES = 2**48
MOST_MONEY = 2**60
PPM = st.integers(-100_000, 100_000)


@st.composite
def sales(draw: st.DrawFn) -> tuple[int, int, int]:
    """(cost of a position, shares sold, shares held)."""
    held = draw(st.integers(1, MOST_SHARES) | st.integers(1, 1_000))
    sold = draw(st.integers(0, held))
    return draw(st.integers(0, MOST_MONEY) | st.integers(0, 10**6)), sold, held


@given(sales())
@example((3 * 10**17 + 12_345, 10**9, 3 * 10**9 + 1))
@example((MOST_MONEY - 1, MOST_SHARES - 1, MOST_SHARES))
@example((MOST_MONEY - 1, 2**30, 2**31 - 1))
def test_cost_of_what_is_sold_is_its_exact_share_rounded_down(sale: tuple[int, int, int]) -> None:
    cost, sold, held = sale
    assert share_of(cost, sold, held) == floor(Fraction(cost * sold, held))


@given(st.integers(0, MOST_MONEY), PPM)
@example(1, -1)
@example(MOST_MONEY, 100_000)
def test_fees_are_exact_and_rounded_down_rebates_too(notional: int, ppm: int) -> None:
    assert fee(notional, ppm) == floor(Fraction(notional * ppm, MILLION))


@given(st.integers(1, 2**59), st.integers(0, 100_000), PPM)
def test_worst_cost_of_a_share_is_the_worst_fee_rounded_up(
    price: int, taker: int, ppm: int
) -> None:
    terms = LedgerTerms(1, 3, ppm, taker)
    worst = Fraction(price) * (1 + Fraction(max(ppm, taker, 0), MILLION))
    assert worst_unit_cost(price, terms) == ceil(worst)


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(0, 100_000), PPM)
def test_what_is_set_aside_covers_any_fill(price: int, qty: int, taker: int, maker: int) -> None:
    terms = LedgerTerms(1, 3, maker, taker)
    set_aside = worst_unit_cost(price, terms) * qty
    for paid in (price, max(price - 7, 1)):
        for ppm in (taker, maker):
            assert paid * qty + fee(paid * qty, ppm) <= set_aside


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_a_position_sold_in_parts_gives_back_all_that_it_cost(parts: int) -> None:
    cost, held, given_back = 1_000_003, 100, 0
    for part in range(parts):
        sold = held // (parts - part)
        share = share_of(cost, sold, held)
        cost, held, given_back = cost - share, held - sold, given_back + share
    assert (cost, held, given_back) == (0, 0, 1_000_003)
