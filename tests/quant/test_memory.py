"""Where results live."""

import numpy as np
import pytest

from qtg import quant
from qtg.quant.memory import LARGE, new_column


@pytest.mark.parametrize("rows", [1, LARGE // 8 - 1, LARGE // 8, LARGE])
def test_a_column_is_like_any_array(rows: int) -> None:
    column = new_column((rows, 1))
    column[:] = 7.0
    assert (column.dtype, column.shape) == (np.float64, (rows, 1))
    assert column.flags.c_contiguous
    assert column.flags.aligned
    assert column.flags.writeable
    assert column.sum() == 7.0 * rows


def test_a_large_result_stays_as_it_is_when_others_are_made() -> None:
    values = np.arange(2.0 * LARGE / 8).reshape(-1, 2)
    first = quant.sma(values, 3)
    kept = first.copy()
    for _ in range(3):
        quant.sma(values * 2.0, 3)
    assert np.array_equal(first, kept, equal_nan=True)
