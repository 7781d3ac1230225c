"""Numbers for traders, over columns of shape (time, market): technical indicators."""

from qtg.kernels.indicators import Bands, Macd, Stochastic

from .indicators import (
    atr,
    bollinger,
    ema,
    macd,
    rsi,
    sma,
    stochastic,
    vwap,
)

__all__ = [
    "Bands",
    "Macd",
    "Stochastic",
    "atr",
    "bollinger",
    "ema",
    "macd",
    "rsi",
    "sma",
    "stochastic",
    "vwap",
]
