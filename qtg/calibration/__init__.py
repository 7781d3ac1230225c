"""Fitting a market to a real tape.

A tape is read (`tape`, `quotes`, `columns`), measured (`measures`), told apart into what it says
directly (`market`, `sizes`) and what a search finds (`knobs`, `search`) by measuring simulated
tapes (`samples`) in the same way.
"""

from .fit import calibrate
from .measures import measure
from .result import Calibration

__all__ = ["Calibration", "calibrate", "measure"]
