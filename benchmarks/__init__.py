"""The asv suites (venue, startup) and, in `peers`, the same workloads on other engines."""
