"""The benchmarks' slow book, on cases small enough to work out by hand."""

import pytest

from qtg.bench.slow_book import Answer, SlowBook


def test_best_price_trades_first_and_earliest_within_it() -> None:
    book = SlowBook()
    book.limit(1, buy=0, price=101, qty=5)
    book.limit(2, buy=0, price=100, qty=2)
    book.limit(3, buy=0, price=100, qty=4)
    book.limit(4, buy=1, price=101, qty=7)
    assert book.answer() == Answer(
        trades=3, volume=7, notional=2 * 100 + 4 * 100 + 101, live=1, levels=1
    )
    assert book.levels[0][101] == {1: 4}


def test_a_limit_order_stops_at_its_price_and_rests() -> None:
    book = SlowBook()
    book.limit(1, buy=1, price=99, qty=5)
    book.limit(2, buy=1, price=98, qty=5)
    book.limit(3, buy=0, price=99, qty=8)
    assert book.answer() == Answer(trades=1, volume=5, notional=495, live=2, levels=2)
    assert book.home == {2: (1, 98), 3: (0, 99)}


def test_what_is_left_of_a_market_order_is_discarded() -> None:
    book = SlowBook()
    book.limit(1, buy=1, price=99, qty=5)
    book.market(2, buy=0, qty=8)
    assert book.answer() == Answer(trades=1, volume=5, notional=495, live=0, levels=0)


def test_a_cancelled_order_no_longer_trades_and_cannot_be_cancelled_twice() -> None:
    book = SlowBook()
    book.limit(1, buy=1, price=99, qty=5)
    book.limit(2, buy=1, price=99, qty=1)
    book.cancel(1)
    book.market(3, buy=0, qty=5)
    assert book.answer() == Answer(trades=1, volume=1, notional=99, live=0, levels=0)
    with pytest.raises(KeyError):
        book.cancel(1)


def test_answers_are_compared_only_where_both_are_known() -> None:
    known = Answer(trades=1, volume=2, notional=3, live=4, levels=5)
    assert known.differences(Answer(trades=1, notional=3)) == []
    assert known.differences(Answer(trades=1, volume=3, live=5)) == ["volume", "live"]
