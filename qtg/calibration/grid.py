"""The steps that prices and quantities lie on, told from the values themselves."""

import numpy as np

from qtg.schemas import I64

MOSTLY = 0.99  # of the values lie on the step; a few prints at odd prices do not hide it
_MANTISSAS = (1, 1.25, 2, 2.5, 4, 5)


def step_of(values: I64) -> int:
    """The coarsest step that at least 99% of the values lie on.

    It is their greatest common divisor, unless a few strange values spoil that: then the coarsest
    round number (1, 1.25, 2, 2.5, 4 or 5 times a power of ten).

    >>> step_of(np.array([16_402_500, 16_405_000, 16_400_000]))
    2500
    """
    distinct, counts = np.unique(values, return_counts=True)
    common, most = int(np.gcd.reduce(distinct)), int(np.median(distinct))
    rounds = (each * 10**power for power in range(len(str(most))) for each in _MANTISSAS)
    best = common
    for step in sorted(int(each) for each in rounds if float(each).is_integer()):
        if best < step <= most and counts[distinct % step == 0].sum() >= MOSTLY * counts.sum():
            best = step
    return best
