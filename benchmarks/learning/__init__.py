"""Learning environments of other simulators beside qtg's, in one run.

    python -m benchmarks.learning --install    # once: an environment for the peer in .venv/peers
    python -m benchmarks.learning              # the table

Every market has a background of 66 agents who send about 20 orders in a step, a learner with an
account, and a book; a step comes with observation and reward, and episodes of 200 steps begin again
on the way. Actions are drawn before. Each side runs in a process of its own, in turns with the
other, so that both see the same machine. Since markets are not the same, what is compared is
background orders a second: steps a second times the orders that a step carries.

Of the market environments on the package index one is a market with a crowd that can be installed
(crowdbook-engine, on Python 3.12 or later). ABIDES-gym is not there and needs a Gym that is no
longer maintained; others replay recorded prices, where nobody answers the learner.
"""
