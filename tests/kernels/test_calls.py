"""Kernels that are called again without numba's look at every argument."""

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from qtg.kernels._jit import kernel

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the JIT is off")


class Pair(NamedTuple):
    """A table of two columns."""

    left: np.ndarray
    right: np.ndarray


@pytest.fixture
def total() -> Any:
    """A kernel that adds up what it is given."""

    @kernel
    def total(values: Any) -> Any:
        found = values.dtype.type(0)
        for row in range(values.shape[0]):
            found += values[row]
        return found

    return total


def test_arrays_of_every_dtype_and_layout_are_read_as_they_are(total: Any) -> None:
    """Each form after each other: what is remembered of one must not be used for another."""
    whole = np.arange(12)
    frozen = whole.copy()
    frozen.flags.writeable = False
    forms = [
        whole,
        whole[::3],
        whole[::-1],
        whole.astype(np.int32),
        whole.astype(np.float64),
        whole.view(np.float64),
        whole.astype(np.uint64)[2:],
        whole.reshape(3, 4)[:, 1],
        np.asfortranarray(whole.reshape(3, 4))[1],
        frozen,
        frozen[::2],
        whole[:0],
    ]
    for first in forms:
        for second in forms:
            total._known.clear()
            for values in (first, second, first):
                assert total(values) == values.sum()


def test_matrices_of_every_layout_are_read_as_they_are() -> None:
    @kernel
    def corner(values: Any) -> Any:
        return values[0, values.shape[1] - 1]

    whole = np.arange(12).reshape(3, 4)
    forms = [whole, np.asfortranarray(whole), whole[:, :3], whole[::2], whole.T, whole.T[:, :2]]
    for first in forms:
        for second in forms:
            corner._known.clear()
            for values in (first, second, first):
                assert corner(values) == values[0, -1]


def test_a_table_of_another_dtype_than_before_is_not_misread_as_it_is_another_class() -> None:
    class Rows(NamedTuple):
        left: np.ndarray
        right: np.ndarray

    @kernel
    def difference(table: Any) -> Any:
        return table.left[0] - table.right[0]

    for _ in range(3):
        assert difference(Pair(np.array([7]), np.array([2]))) == 5
        assert difference(Rows(np.array([0.75]), np.array([0.5]))) == 0.25


def test_dimensions_count() -> None:
    @kernel
    def rows(values: Any) -> int:
        return values.size * 10 + values.ndim

    for _ in range(2):
        assert rows(np.zeros(6)) == 61
        assert rows(np.zeros((2, 3))) == 62


def test_whole_numbers_and_fractions_are_told_apart() -> None:
    @kernel
    def half(value: Any) -> Any:
        return value / 2

    for _ in range(2):
        assert [half(3), half(3.0), half(True), half(np.int32(5))] == [1.5, 1.5, 0.5, 2.5]


def test_an_unfit_argument_is_numbas_error_each_time(total: Any) -> None:
    total(np.arange(3))
    for _ in range(2):
        with pytest.raises(numba.core.errors.TypingError):
            total("abc")
        with pytest.raises(TypeError):
            total()


def test_what_a_kernel_raises_comes_through() -> None:
    @kernel
    def checked(value: Any) -> Any:
        if value < 0:
            raise ValueError("below zero")
        return value

    assert checked(1) == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="below zero"):
            checked(-1)
    assert checked(2) == 2
