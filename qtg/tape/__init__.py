"""Tapes: everything that came to a run from outside, so that the run can be made again.

layout      what the frames of a tape hold
batches     columns as Arrow record batches, and back without trust
header      what a tape says about its run
writer      `TapeWriter`: listens to a simulation
reader      `TapeReader`: what a tape holds, in order
replaying   the run again, checked against the tape
"""

from .reader import TapeReader
from .replaying import replay_tape
from .writer import TapeWriter

__all__ = ["TapeReader", "TapeWriter", "replay_tape"]
