"""Damaged files through the readers of tapes, snapshots and logs: `python -m tests.fuzzing`."""
