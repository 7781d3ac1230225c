"""Tier 1: factor long-short traders."""

import numpy as np

from qtg import quant
from qtg.kernels.desk import Sight
from qtg.kernels.factors import trade_factors
from qtg.schemas import FactorRows, allocate

from ..errors import ConfigError
from ..exchange import Exchange
from .board import Board
from .population import Members
from .traders import Traders

_READ = ("momentum", "volatility", "reversion")
_FACTORS = ("momentum", "value", "volatility", "reversion", "quality")
_WEIGHTS = tuple(f"{name}_weight" for name in _FACTORS)


class FactorTraders(Traders):
    """They rank their symbols by a weighted sum of factors. Quality is that of the configuration:
    what is paid out, what grows, and what moves little with the market."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        factors = allocate(FactorRows, len(self.rows.agent))
        for name in _READ:
            getattr(factors, name)[:] = self._readings(members, name)
        for name in (*_WEIGHTS, "share"):
            getattr(factors, name)[:] = members.params[name]
        self._quality = _quality(members)
        if np.isnan(self._quality).all():
            factors.quality_weight[:] = 0.0  # there is nothing to tell the symbols apart by
        idle = np.all([getattr(factors, name) == 0.0 for name in _WEIGHTS], axis=0)
        if idle.any():
            raise ConfigError(
                f"{members.kind.name}: all factor weights of an agent are 0 (quality counts only "
                "if the symbols differ in payout, growth or beta), so it cannot rank anything; "
                f"give one of {', '.join(_WEIGHTS)} another value"
            )
        n = len(members.symbols)
        if n < 2:
            raise ConfigError(f"{members.kind.name} compares symbols; let it trade two or more")
        self._factors = factors
        self._scratch = (np.zeros(n), np.zeros(n))

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        trade_factors(
            self.rows,
            self.desk,
            self._factors,
            self.symbols,
            self._quality,
            self._scratch,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
        )


def _quality(members: Members) -> np.ndarray:
    """float64 (n,): quality of the population's symbols, NaN if they are all alike."""
    listed = [members.listed[symbol] for symbol in members.symbols]
    measures = np.array([(each.payout, each.growth, -each.beta) for each in listed]).T
    differing = [measure for measure in measures if np.ptp(measure) > 0.0]
    if not differing:
        return np.full(len(listed), np.nan)
    return np.asarray(quant.quality(*differing), np.float64)
