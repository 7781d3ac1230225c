"""The workloads of `qtg.bench` on other engines, side by side with qtg in one run.

    python -m benchmarks.peers --install     # once: an environment for each peer in .venv/peers
    python -m benchmarks.peers               # the table

Each engine runs in a process of its own, in turns with qtg (qtg, peer, qtg, peer, ...), so that
both see the same machine. What is timed starts from the workload's columns and ends when the
engine has matched the last message. qtg writes every event column in that time; a peer may keep
its trades to itself, and is asked for them afterwards.

A peer is a module with `ENGINES`, one class for each way of driving it; add its name to
`catalog.PEERS`. Peer modules import nothing of qtg: a peer may need an environment that qtg
cannot run in.
"""
