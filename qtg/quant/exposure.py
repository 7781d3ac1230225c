"""What is held in each sector."""

from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import F64, Sector

from ..errors import ConfigError
from .columns import array_of


class Exposure(NamedTuple):
    """Positions by sector, as shares of equity.

    net: long less short. gross: long plus short.
    Each part is float64 (sector,) or (time, sector), a column for each `qtg.Sector`.
    """

    net: F64
    gross: F64


def sector_exposure(position: Any, sector: Any, equity: Any) -> Exposure:
    """Net and gross exposure of a portfolio to each sector.

    Parameters
    ----------
    position : float64 (M,) or (T, M), Series or DataFrame; value held, negative if short [currency]
    sector : int (M,)        `qtg.Sector` of each market
    equity : float or float64 (T,)   what the portfolio is worth [currency]

    Returns
    -------
    Exposure                 0 for a sector without markets; NaN where a position of the sector is
                             NaN, or equity is not above 0

    Raises
    ------
    ConfigError              shapes or dtypes do not fit, or a sector that does not exist

    Examples
    --------
    >>> held = quant.sector_exposure(np.array([500.0, -200.0, 100.0]), [0, 0, 2], 1000.0)
    >>> held.net[[0, 2]], held.gross[[0, 2]]
    (array([0.3, 0.1]), array([0.7, 0.1]))
    """
    held = array_of("sector_exposure: position", position)
    codes = _codes(sector, held)
    worth = np.asarray(equity, np.float64)
    if worth.shape != held.shape[:-1]:
        raise ConfigError(
            f"sector_exposure: equity has shape {worth.shape} but position has {held.shape}; pass "
            "one number for each bar"
        )
    base = np.where(worth > 0.0, worth, np.nan)[..., np.newaxis]
    return Exposure(_by_sector(held, codes) / base, _by_sector(np.abs(held), codes) / base)


def _codes(sector: Any, held: F64) -> Any:
    codes = np.asarray(sector)
    if held.ndim not in (1, 2) or codes.shape != held.shape[-1:]:
        raise ConfigError(
            f"sector_exposure: sector has shape {codes.shape} but position has {held.shape}; pass "
            "position as (market,) or (time, market) and one sector for each market"
        )
    if codes.dtype.kind not in "iu" or (~np.isin(codes, list(Sector))).any():
        raise ConfigError("sector_exposure: a sector does not exist; pass codes of qtg.Sector")
    return codes


def _by_sector(x: F64, codes: Any) -> F64:
    sums = np.zeros((*x.shape[:-1], len(Sector)))
    for sector in np.unique(codes):
        sums[..., sector] = x[..., codes == sector].sum(axis=-1)
    return sums
