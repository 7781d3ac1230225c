"""What Gymnasium calls to make the environments that are registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

from gymnasium.vector import AutoresetMode

from ..config import Config
from ..errors import ConfigError
from .batch import Batch
from .market import LearnersMarket
from .market_batch import MarketBatch
from .rewards import Reward
from .single import BatchEnv
from .task import Task
from .tasks import Execution, MarketMaking, Trading
from .textbook import DealerBatch
from .vector import BatchVectorEnv

MARKET = ("cash", "shares", "short_selling", "latency", "starts", "history", "near", "deep")
CROWD = 66  # background agents; about 20 of them send an order in a tick


def market_batch(
    make_task: Callable[..., Task],
    num_envs: int,
    *,
    config: Config | Mapping[str, Any] | str | None = None,
    features: Sequence[str] | None = None,
    reward: Reward | None = None,
    ticks: int = 1,
    steps: int = 200,
    truncates: bool = True,
    **settings: Any,
) -> MarketBatch:
    """A task in a market.

    Parameters
    ----------
    make_task : class            of the task
    config : Config, preset name, or changes to the default market (`default_market`)
    features, reward, ticks, steps, truncates    as of `MarketBatch`
    settings                     of the market (`LearnersMarket`) and of the task

    Raises
    ------
    ConfigError    a setting that there is none of, or that makes no sense
    """
    own = {name: settings.pop(name) for name in MARKET if name in settings}
    known = set(signature(make_task).parameters)
    for name in settings:
        if name not in known:
            places = ("config, features, reward, ticks, steps", *MARKET, *sorted(known))
            raise ConfigError(f"no setting {name!r} here; there are {', '.join(places)}")
    task = make_task(**settings)
    builders = task.features if features is None else tuple(features)
    market = LearnersMarket(_market(config), num_envs, indicators="indicator" in builders, **own)
    return MarketBatch(
        market, task, features=builders, reward=reward, ticks=ticks, steps=steps,
        truncates=truncates,
    )  # fmt: skip


def default_market(changes: Mapping[str, Any] | None = None) -> Config:
    """One stock and a background pool, of which about 20 send an order in a tick; 60 ticks of
    warm-up."""
    standard: dict[str, Any] = {
        "symbols": [{"symbol": "AAPL", "sector": "tech", "initial_price": "185.00"}],
        "smart": [],
        "reactive": [],
        "background.count": CROWD,
        "warmup.ticks": 60,
        "venue.window": 256,
        "news.enabled": False,
        "rules": "realistic",
    }
    return Config.preset("quick_test", {**standard, **(changes or {})})


def _market(config: Config | Mapping[str, Any] | str | None) -> Config:
    if isinstance(config, Config):
        return config
    return Config.preset(config) if isinstance(config, str) else default_market(config)


def _single(
    make: Callable[..., Batch], render_mode: str | None = None, **settings: Any
) -> BatchEnv:
    return BatchEnv(make(1, **settings), render_mode)


def _vector(
    make: Callable[..., Batch],
    num_envs: int = 1,
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    copy: bool = True,
    **settings: Any,
) -> BatchVectorEnv:
    batch = make(num_envs, **settings)
    return BatchVectorEnv(batch, autoreset_mode=autoreset_mode, copy=copy)


dealer, dealer_vector = partial(_single, DealerBatch), partial(_vector, DealerBatch)
_trading = partial(market_batch, Trading)
trading, trading_vector = partial(_single, _trading), partial(_vector, _trading)
_making = partial(market_batch, MarketMaking)
making, making_vector = partial(_single, _making), partial(_vector, _making)
_execution = partial(market_batch, Execution, truncates=False, steps=40)
execution, execution_vector = partial(_single, _execution), partial(_vector, _execution)
