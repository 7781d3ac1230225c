"""Failures on purpose: what a market gets from outside, its disk and its process go wrong, the same
way for the same seed, and after each failure it is shown that nothing is lost."""

from .campaign import run_chaos
from .profile import Profile, profile_names
from .summary import ChaosSummary, Violation

__all__ = ["ChaosSummary", "Profile", "Violation", "profile_names", "run_chaos"]
