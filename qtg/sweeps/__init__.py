"""Sweeps: one market with many settings and seeds, in many processes, to one table.

running     sweep(): the whole of it
plan        which runs there are, all checked before the first one starts
grid        points of a grid; draws: points drawn from ranges
code        what code made the runs of a sweep
folder      the folder of a sweep: what is finished, what is not; taking: who may use it
runner      one run of a sweep, in whatever process; row: what it leaves
measuring   what a user's `measure` is and may answer
serial, pool, cluster    who makes runs: this process, processes, Ray
table       rows as a frame
result      Sweep: the table, and the tables of all runs as one (all_runs)
file        a sweep as TOML; show: printing
"""

from .draws import draw_points
from .result import Sweep, open_sweep
from .running import sweep

__all__ = ["Sweep", "draw_points", "open_sweep", "sweep"]
