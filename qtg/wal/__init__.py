"""The write-ahead log of a run: what a killed run is continued from.

format          what is on disk: segments, records, the mark
log, group      writing: `Log`, and the thread of group commit
reading         what is whole, what a crash cut off, what is damage
reopening       going on with a log after a crash
disk            what all of it asks of a disk; simulated_disk fails as disks do
"""
