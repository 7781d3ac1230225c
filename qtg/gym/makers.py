"""What Gymnasium calls to make the environments that are registered."""

from typing import Any

from gymnasium.vector import AutoresetMode

from .single import BatchEnv
from .textbook import DealerBatch
from .vector import BatchVectorEnv


def dealer(render_mode: str | None = None, **settings: Any) -> BatchEnv:
    """`qtg/AvellanedaStoikov-v0`; settings as of `DealerBatch`."""
    return BatchEnv(DealerBatch(1, **settings), render_mode)


def dealer_vector(
    num_envs: int = 1,
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    copy: bool = True,
    **settings: Any,
) -> BatchVectorEnv:
    """Many of `dealer`."""
    batch = DealerBatch(num_envs, **settings)
    return BatchVectorEnv(batch, autoreset_mode=autoreset_mode, copy=copy)
