"""Whose turn it is."""

import numpy as np

from qtg.kernels.random import Moment
from qtg.kernels.turns import draw_turns, has_turn
from qtg.schemas import NoiseRows, Stream, allocate


def test_turns_of_a_table_are_drawn_as_one_by_one() -> None:
    n = 60
    moment = Moment(np.array([7, 9], np.uint64), np.array([0, 3]), np.array([4, 11]))
    rows = allocate(NoiseRows, n)
    rows.env[:], rows.agent[:] = np.repeat([0, 1], n // 2), np.arange(n) % (n // 2)
    rows.every[:] = 1
    drawn = np.empty(n, bool)
    for probability in (0.0, 0.3, 1.0):
        rows.probability[:] = probability
        draw_turns(rows.env, rows.agent, probability, moment, drawn)
        alone = [
            has_turn(rows, i, np.int64(rows.agent[i]), moment, np.int64(Stream.SMART))
            for i in range(n)
        ]
        assert drawn.tolist() == alone
        assert (0 < drawn.sum() < n) == (probability == 0.3)
