"""What Gymnasium calls to make the environments that are registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

from gymnasium.vector import AutoresetMode

from qtg.schemas import Sector

from ..config import Config
from ..errors import ConfigError
from ..number_checks import check_counts
from .batch import Batch
from .divided import divided
from .market import Seats
from .market_batch import MarketBatch
from .markets import Markets
from .single import BatchEnv, MarketEnv
from .styles import settings_in
from .task import Task
from .tasks import DailyInvestor, Execution, MarketMaking, Trading
from .textbook import DealerBatch
from .vector import BatchVectorEnv

MARKET = ("config", "starts")
BATCH = ("features", "reward", "ticks", "steps", "truncates")
SEATS = ("cash", "shares", "short_selling", "latency", "history", "near", "deep")
# Environments on the real book: task, and settings that the name stands for.
TASKS: dict[str, tuple[Callable[..., Task], dict[str, Any]]] = {
    "qtg/Trading-v0": (Trading, {}),
    "qtg/MarketMaking-v0": (MarketMaking, {}),
    "qtg/Execution-v0": (Execution, {"truncates": False, "steps": 40}),
    "qtg/DailyInvestor-v0": (
        DailyInvestor,
        {"steps": 385, "ticks": 60, "cash": 10_000.0, "near": 3},
    ),
}
CROWD = 66  # background agents; about 20 of them send an order in a tick


class Role(NamedTuple):
    """A task, and learners who have it in each environment."""

    task: Task
    seats: Seats
    settings: dict[str, Any]  # of its MarketBatch


def market_batch(
    make_task: Callable[..., Task],
    num_envs: int,
    *,
    style: str | None = None,
    **given: Any,
) -> MarketBatch:
    """A task in a market.

    Parameters
    ----------
    make_task : class    of the task
    style : str          a set of settings by name (`qtg.gym.styles`), which others are given beside
    given                settings of `MarketBatch` (features, reward, ticks, steps, truncates), of
        the learner's account (`Seats`), of the task, and of the market: `starts`, and `config`, a
        Config, the name of a preset, or changes to the default market (`default_market`)

    Raises
    ------
    ConfigError    a setting that there is none of, or that makes no sense
    """
    settings = settings_in(make_task.__name__, style, given)
    of_market = _taken(settings, MARKET)
    return market_batches([role_of(make_task, settings)], num_envs, **of_market)[0]


def role_of(make_task: Callable[..., Task], given: Mapping[str, Any], learners: int = 1) -> Role:
    """A role from settings of the task, of `MarketBatch` and of `Seats`."""
    settings = dict(given)
    of_batch, of_seats = _taken(settings, BATCH), _taken(settings, SEATS)
    known = sorted(signature(make_task).parameters)
    _refuse_unknown(settings, known, ("config", *BATCH, "starts", *SEATS, *known))
    task = make_task(**settings)
    builders = of_batch.get("features") or task.features
    return Role(task, Seats(learners, indicators="indicator" in builders, **of_seats), of_batch)


def market_batches(
    roles: Sequence[Role], num_envs: int, *, config: Any = None, starts: int = 16
) -> list[MarketBatch]:
    """What learners of these roles do in markets that they share, role by role."""
    markets = Markets(_market(config), num_envs, [each.seats for each in roles], starts=starts)
    return [
        MarketBatch(markets, each.task, kind=kind, **each.settings)
        for kind, each in enumerate(roles)
    ]


def _taken(settings: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those of the settings that are named, which are taken out."""
    return {name: settings.pop(name) for name in names if name in settings}


def _refuse_unknown(settings: Mapping[str, Any], known: Sequence[str], told: Sequence[str]) -> None:
    for name in settings:
        if name not in known:
            raise ConfigError(f"no setting {name!r} here; there are {', '.join(told)}")


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
    if config is not None and not isinstance(config, str | Mapping):
        raise ConfigError(
            "config must be a Config, the name of a preset, or changes to the default market; got "
            f"{config!r}"
        )
    return Config.preset(config) if isinstance(config, str) else default_market(config)


class TradingEnv(MarketEnv):
    """`qtg/Trading-v0` in short.

    Parameters
    ----------
    agents : int     in the background
    stocks : int
    seed : int       of the first episode
    settings         as of `market_batch`, but `config`

    Examples
    --------
    >>> env = TradingEnv(agents=100, stocks=2, seed=42)
    >>> observation, info = env.reset()
    >>> observation.shape == env.observation_contract().shape
    True
    """

    def __init__(
        self, agents: int = 1_000, stocks: int = 1, seed: int = 0, **settings: Any
    ) -> None:
        check_counts("TradingEnv", agents=agents, stocks=stocks)
        sectors = [each.name.lower() for each in Sector]
        symbols = [
            {"symbol": f"S{k + 1}", "sector": sectors[k % len(sectors)], "initial_price": "100.00"}
            for k in range(stocks)
        ]
        config = default_market({"symbols": symbols, "background.count": agents})
        super().__init__(market_batch(Trading, 1, config=config, **settings), first_seed=seed)


def _single(
    make: Callable[..., MarketBatch], render_mode: str | None = None, **settings: Any
) -> MarketEnv:
    return MarketEnv(make(1, **settings), render_mode)


def dealer_batch(num_envs: int, **settings: Any) -> DealerBatch:
    """`DealerBatch`, with a sentence about settings that it does not have."""
    known = [name for name in signature(DealerBatch).parameters if name != "num_envs"]
    _refuse_unknown(settings, known, known)
    return DealerBatch(num_envs, **settings)


def dealer(render_mode: str | None = None, **settings: Any) -> BatchEnv:
    """`qtg/AvellanedaStoikov-v0`; settings as of `DealerBatch`."""
    return BatchEnv(dealer_batch(1, **settings), render_mode)


def _vector(
    make: Callable[..., Batch],
    num_envs: int = 1,
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    copy: bool = True,
    threads: int = 1,
    **settings: Any,
) -> BatchVectorEnv:
    batch = divided(partial(make, **settings), num_envs, threads)
    return BatchVectorEnv(batch, autoreset_mode=autoreset_mode, copy=copy)


dealer_vector = partial(_vector, dealer_batch)


def made_by(name: str) -> tuple[Callable[..., Task], dict[str, Any]]:
    """The task of an environment on the real book, and the settings that its name stands for.

    Raises
    ------
    ConfigError    no such environment
    """
    if name not in TASKS:
        raise ConfigError(f"no environment {name!r} with a market; there are {', '.join(TASKS)}")
    make_task, settings = TASKS[name]
    return make_task, dict(settings)


def _maker(name: str) -> Callable[..., MarketBatch]:
    make_task, settings = made_by(name)
    return partial(market_batch, make_task, **settings)


_trading = _maker("qtg/Trading-v0")
trading, trading_vector = partial(_single, _trading), partial(_vector, _trading)
_making = _maker("qtg/MarketMaking-v0")
making, making_vector = partial(_single, _making), partial(_vector, _making)
_execution = _maker("qtg/Execution-v0")
execution, execution_vector = partial(_single, _execution), partial(_vector, _execution)
_investing = _maker("qtg/DailyInvestor-v0")
investing, investing_vector = partial(_single, _investing), partial(_vector, _investing)
