"""Price bands: the mean of the last prices, and who leaves it too far
(docs/adr/0010-rules-of-the-market.md)."""

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from .shorts import bps_of

LOW_BITS = 31  # prices are summed in two halves, so that no sum leaves an int64
_LOW = (1 << LOW_BITS) - 1


class Bands(NamedTuple):
    """The prices that each market's reference price is the mean of."""

    prices: np.ndarray  # int64 (window, market): a ring
    sums: np.ndarray  # int64 (2, market): of the prices' high and low bits
    n: np.ndarray  # int64 (market,): prices noted since the mean began
    band_bps: int


@kernel
def _mean_price(bands, m):
    """Mean of the prices noted, rounded down; 0 if there is none."""
    n = max(min(bands.n[m], bands.prices.shape[0]), 1)
    high, low = bands.sums[0, m], bands.sums[1, m]
    return ((high // n) << LOW_BITS) + (((high % n) << LOW_BITS) + low) // n


@kernel
def _note(bands, m, price):
    place = bands.n[m] % bands.prices.shape[0]
    if bands.n[m] >= bands.prices.shape[0]:
        bands.sums[0, m] -= bands.prices[place, m] >> LOW_BITS
        bands.sums[1, m] -= bands.prices[place, m] & _LOW
    bands.sums[0, m] += price >> LOW_BITS
    bands.sums[1, m] += price & _LOW
    bands.prices[place, m] = price
    bands.n[m] += 1


@kernel
def watch_bands(bands, markets, halted, active, out_moved):
    """Note the last price of every market that trades, or that it has left its band.

    Parameters
    ----------
    bands : Bands              modified in place
    markets : Markets
    halted : bool (market,)    left alone
    active : int               0 if no market may be halted now
    out_moved : bool (market,)

    Returns
    -------
    int    markets that have left their band; their price is not noted
    """
    moved = 0
    for m in range(halted.shape[0]):
        out_moved[m] = False
        if halted[m]:
            continue
        last, reference = markets[m].last_price, _mean_price(bands, m)
        band = bps_of(reference, bands.band_bps)
        if active != 0 and bands.n[m] > 0 and abs(last - reference) > band:
            out_moved[m] = True
            moved += 1
        else:
            _note(bands, m, last)
    return moved
