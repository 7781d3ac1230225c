"""The asv suites, one module a subject, and in `peers` the same workloads on other engines.

    asv run -E existing:$(which python) --set-commit-hash $(git rev-parse HEAD)

A suite measures with what `qtg.bench` offers, so that the short and the long form agree.
"""
