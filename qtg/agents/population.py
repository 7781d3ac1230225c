"""From a `Population` of the config to rows: agent numbers, latencies and drawn parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qtg.kernels.random import fill_uniform, lane
from qtg.schemas import PRICE_SCALE, Account, Stream, Tier

from ..config import Config, Population, SymbolConfig
from ..config.distributions import Distribution
from ..config.populations import FailurePolicy
from ..config.problem import SettingError
from ..errors import ConfigError
from ..exchange import Funding
from .kind import Kind
from .registry import find_kind

_DRAWS_PER_POPULATION = 64  # entity numbers kept apart for each population's parameters


@dataclass(frozen=True)
class Members:
    """The agents of one population in all environments, environment after environment.

    Every array has one element per agent; `params` holds float64 columns by name.
    """

    kind: Kind
    population: Population
    tier: Tier
    symbols: np.ndarray  # int32, the symbols they may trade
    listed: tuple[SymbolConfig, ...]  # every symbol of the run
    env: np.ndarray
    agent: np.ndarray
    latency: np.ndarray
    cash: np.ndarray
    shares: np.ndarray  # (agents, symbols)
    params: dict[str, np.ndarray]


class Draws:
    """Parameter draws of a run: a pure function of (seed, environment, population, parameter)."""

    def __init__(self, seed: np.uint64, envs: list[int]) -> None:
        self._seed = seed
        self._envs = envs

    def draw(self, distribution: object, entity: int, n: int) -> np.ndarray:
        """float64 (environments * n,) from a distribution's quantile function."""
        u = np.empty((len(self._envs), n))
        for row, env in enumerate(self._envs):
            fill_uniform(self._seed, lane(env, Stream.SETUP), entity, u[row])
        values: np.ndarray = distribution.quantile(u.ravel())  # type: ignore[attr-defined]
        return values


def build_members(config: Config, envs: list[int], seed: np.uint64) -> list[Members]:
    """All populations of tiers 1 and 2, in config order, agents numbered from FIRST_AGENT on.

    Raises
    ------
    ConfigError    as `check_populations`, or a latency that is too long
    """
    check_populations(config)
    draws = Draws(seed, envs)
    members: list[Members] = []
    first = int(Account.FIRST_AGENT)
    tiers = [(Tier.SMART, config.smart), (Tier.REACTIVE, config.reactive)]
    for tier, populations in tiers:
        for population in populations:
            number = len(members)
            members.append(_members(config, population, tier, envs, first, number, draws))
            first += population.count
    return members


def check_populations(config: Config) -> None:
    """Check what only the strategies know: kinds, their tiers and parameters; and that there is
    something to trade.

    Raises
    ------
    ConfigError    no symbols, a kind or parameter that does not exist, or values out of a
                   parameter's range
    """
    if not config.symbols:
        raise ConfigError(
            "symbols: there are none; add a [[symbols]] table with symbol, sector and initial_price"
        )
    for tier, populations in ((Tier.SMART, config.smart), (Tier.REACTIVE, config.reactive)):
        for row, population in enumerate(populations):
            with _named(f"{tier.name.lower()}.{row}"):
                kind = find_kind(population.kind, tier)
                _distributions(population, kind)
                _check_policy(population, kind)
                _check_model(population)
                _check_windows(population, kind, config)


def _check_policy(population: Population, kind: Kind) -> None:
    own = population.time_budget_ms is not None or population.on_error is not FailurePolicy.STOP
    if own and kind.decide is None:
        name = "on_error" if population.time_budget_ms is None else "time_budget_ms"
        raise SettingError(
            name, f"is for strategies of your own, and {kind.name} is built in; leave it out"
        )


def _check_model(population: Population) -> None:
    if population.model is not None and not Path(population.model).is_file():
        raise SettingError("model", f"there is no file {population.model}; export a model first")


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Say which population a problem is in."""
    try:
        yield
    except SettingError as error:
        raise SettingError(f"{path}.{error.path}", error.text) from None
    except ConfigError as error:
        raise SettingError(path, str(error)) from None


def _distributions(population: Population, kind: Kind) -> dict[str, Distribution]:
    """What each parameter of the kind is drawn from, checked."""
    unknown = sorted(set(population.params) - set(kind.params))
    if unknown:
        raise ConfigError(
            f"{population.kind} has no parameter {unknown[0]!r}; it has {', '.join(kind.params)}"
        )
    for name, given in population.params.items():
        if problem := kind.params[name].problem(given):
            raise ConfigError(f"params.{name} of {kind.name} {problem}")
    chosen = {
        name: population.params.get(name, param.distribution) for name, param in kind.params.items()
    }
    if population.watches > 1 and kind.tier != Tier.REACTIVE:
        raise ConfigError(f"{kind.name} sees all its symbols; `watches` is for tier 2")
    if population.execution is not None and not kind.has_desk:
        raise ConfigError(f"{kind.name} places its own orders; remove its `execution`")
    if kind.has_model and population.model is None:
        raise ConfigError(f"{kind.name} follows a model; give its file as `model`")
    if population.model is not None and not kind.has_model:
        raise ConfigError(f"{kind.name} follows no model; remove its `model`")
    if population.pairs is not None and not kind.has_pairs:
        raise ConfigError(f"{kind.name} trades no pairs; remove its `pairs`")
    for rule in kind.rules:
        if problem := rule(chosen):
            raise ConfigError(f"params of {kind.name}: {problem}")
    return chosen


def _check_windows(population: Population, kind: Kind, config: Config) -> None:
    """Refuse a window, given in the configuration, that the run is too short to fill."""
    history = (config.warmup.ticks + config.ticks) // config.bar_ticks
    windows = {name for need in kind.needs.values() for name in need.lengths.values()}
    for name in windows & set(population.params):
        most = population.params[str(name)].support()[1]
        if most > history:
            raise ConfigError(
                f"params.{name} of {kind.name} can be {most:g} bars of {config.bar_ticks} ticks, "
                f"but the run has {history}; shorten it, run longer, or lower bar_ticks"
            )


def _members(
    config: Config,
    population: Population,
    tier: Tier,
    envs: list[int],
    first: int,
    number: int,
    draws: Draws,
) -> Members:
    kind = find_kind(population.kind, tier)
    n, entity = population.count, number * _DRAWS_PER_POPULATION
    shares = draws.draw(population.shares, entity + 1, n * len(config.symbols))
    lots = np.array([symbol.lot_size for symbol in config.symbols])
    shares = np.floor(shares).astype(np.int64).reshape(-1, len(config.symbols)) // lots * lots
    symbols = tradable(config, population)
    shares[:, np.setdiff1d(np.arange(len(lots)), symbols)] = 0
    params = {
        name: kind.params[name].drawn(draws.draw(drawn, entity + 3 + place, n))
        for place, (name, drawn) in enumerate(_distributions(population, kind).items())
    }
    return Members(
        kind,
        population,
        tier,
        symbols,
        config.symbols,
        np.repeat(np.arange(len(envs), dtype=np.int32), n),
        np.tile(np.arange(first, first + n, dtype=np.int32), len(envs)),
        _latency(config, population, draws, entity + 2),
        np.rint(draws.draw(population.cash, entity, n) * PRICE_SCALE).astype(np.int64),
        shares,
        params,
    )


def tradable(config: Config, population: Population) -> np.ndarray:
    """Symbols that a population may trade, as rows of the instruments."""
    names = [symbol.symbol for symbol in config.symbols]
    chosen = population.symbols or names
    return np.array([names.index(name) for name in chosen], np.int32)


def _latency(config: Config, population: Population, draws: Draws, entity: int) -> np.ndarray:
    """A population's own latency where it is not 0, else the default; all 0 when switched off."""
    rules = config.latency
    if population.latency is None:
        own = np.zeros(population.count * len(draws._envs))
    else:
        own = draws.draw(population.latency, entity, population.count)
    ticks = np.rint(own).astype(np.int64)
    if ticks.size and (ticks.min() < 0 or ticks.max() > rules.max_ticks):
        raise ConfigError(
            f"{population.kind} draws latencies of {ticks.min()} to {ticks.max()} ticks; they must "
            f"lie in 0 to latency.max_ticks = {rules.max_ticks}"
        )
    return rules.resolve(ticks).astype(np.int32)


def fund(members: list[Members], kinds: list[str], n_envs: int, symbols: int) -> list[Funding]:
    """Opening accounts of each environment: the pool, the house, then every population."""
    fundings = []
    for env in range(n_envs):
        mine = [(group, group.env == env) for group in members]
        n_agents = Account.FIRST_AGENT + sum(int(rows.sum()) for _, rows in mine)
        kind = np.zeros(n_agents, np.int32)
        kind[Account.HOUSE] = kinds.index("house")
        tier = np.full(n_agents, Tier.HOUSE, np.int8)
        tier[Account.POOL] = Tier.BACKGROUND
        cash = np.zeros(n_agents, np.int64)
        shares = np.zeros((n_agents, symbols), np.int64)
        may_short = np.zeros(n_agents, np.int8)
        for group, rows in mine:
            agents = group.agent[rows]
            kind[agents] = kinds.index(group.population.kind)
            tier[agents] = group.tier
            cash[agents] = group.cash[rows]
            shares[agents] = group.shares[rows]
            may_short[agents] = group.population.short_selling
        fundings.append(Funding(kind, tier, cash, shares, may_short))
    return fundings
