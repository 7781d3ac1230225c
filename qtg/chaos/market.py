"""The market that a profile is let loose on."""

import numpy as np

from ..config import Config, Population
from ..config.distributions import Constant
from ..config.violation import OnViolation
from ..simulation import Simulation
from .profile import Profile

_CHECK_EVERY = 10
_RICH = Constant(value=1e9)
_SHARES = Constant(value=1_000_000)
_IDLE = "guest"  # accounts that send nothing by themselves


def chaos_config(config: Config, profile: Profile, seed: int, ticks: int | None = None) -> Config:
    """A configuration with accounts for the profile's traffic, a log, and checks."""
    idle = Population(kind=_IDLE, count=profile.traffic.accounts, cash=_RICH, shares=_SHARES)
    storage = profile.storage
    tells_news = {"news.enabled": True} if profile.traffic.news else {}
    return config.with_(
        {
            **tells_news,
            "durability.log": True,
            "durability.fsync": "group",
            "durability.snapshot_every": storage.snapshot_every,
            "durability.segment_bytes": storage.segment_bytes,
        },
        seed=seed,
        ticks=ticks or profile.ticks,
        smart=[*config.smart, idle],
        check_every=config.check_every or _CHECK_EVERY,
        on_violation=OnViolation.COUNT.name.lower(),
    )


def accounts_of(sim: Simulation, profile: Profile) -> np.ndarray:
    """Agent rows of the accounts that the traffic is of, int32 (n,)."""
    return sim.agents(_IDLE)[-profile.traffic.accounts :]
