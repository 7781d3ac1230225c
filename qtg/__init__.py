"""Quant Trading Gym: a financial market that reacts, in columns."""

__version__ = "0.1.0"
