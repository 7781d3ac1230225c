"""What must hold between the parts of a configuration."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from .distributions import check_most
from .populations import MAX_AGENTS, Population
from .problem import SettingError
from .spelling import did_you_mean

if TYPE_CHECKING:
    from .root import Config

TIERS = ("smart", "reactive")
LAST_YEAR = 2261  # int64 nanoseconds end in April 2262


def check_config(config: "Config") -> None:
    """Raise a `SettingError` for the first contradiction."""
    _check_symbol_names(config)
    _check_agents(config)
    for path, population in populations(config):
        _check_tradable(config, path, population)
    _check_latencies(config)
    _check_outstanding(config)
    _check_shares(config)
    _check_borrowing(config)
    _check_growth(config)
    _check_time(config)
    _check_equity(config)


def populations(config: "Config") -> Iterator[tuple[str, Population]]:
    """Every population with its path."""
    for tier in TIERS:
        for row, population in enumerate(getattr(config, tier)):
            yield f"{tier}.{row}", population


def _check_symbol_names(config: "Config") -> None:
    seen: dict[str, int] = {}
    for row, each in enumerate(config.symbols):
        if each.symbol in seen:
            raise SettingError(
                f"symbols.{row}.symbol",
                f"{each.symbol!r} is also symbols.{seen[each.symbol]}; rename or remove one",
            )
        seen[each.symbol] = row


def _check_agents(config: "Config") -> None:
    if config.n_agents > MAX_AGENTS:
        raise SettingError("", f"{config.n_agents:,} agents are too many; use {MAX_AGENTS:,}")
    if config.n_agents and not config.symbols:
        raise SettingError(
            "symbols", f"is empty but there are {config.n_agents:,} agents; add a symbol"
        )


def _check_tradable(config: "Config", path: str, population: Population) -> None:
    known = [each.symbol for each in config.symbols]
    for row, symbol in enumerate(population.symbols or ()):
        if symbol not in known:
            raise SettingError(
                f"{path}.symbols.{row}", f"no symbol {symbol!r}; {did_you_mean(symbol, known)}"
            )
    tradable = len(population.symbols or known)
    if population.watches > max(tradable, 1):
        raise SettingError(
            f"{path}.watches", f"is {population.watches} but there are {tradable} symbols to watch"
        )
    for row, pair in enumerate(population.pairs or ()):
        for symbol in pair:
            if symbol not in known:
                raise SettingError(
                    f"{path}.pairs.{row}", f"no symbol {symbol!r}; {did_you_mean(symbol, known)}"
                )


def _check_latencies(config: "Config") -> None:
    latency, pool = config.latency, config.background
    if not latency.enabled:
        return
    limit = f"latency.max_ticks is {latency.max_ticks}"
    if pool.latency_high > latency.max_ticks:
        raise SettingError(
            "background.latency_high", f"is {pool.latency_high} but {limit}; raise max_ticks"
        )
    for path, population in populations(config):
        if population.latency is not None:
            check_most(f"{path}.latency", population.latency, latency.max_ticks, limit)


def _check_shares(config: "Config") -> None:
    """Agents cannot be given more shares than exist. Means here; the draws when they are made."""
    for symbol, outstanding in zip(config.symbols, config.outstanding, strict=True):
        given = 0.0
        for path, population in populations(config):
            if population.symbols is None or symbol.symbol in population.symbols:
                given += population.count * population.shares.expected()
            if given > outstanding:
                raise SettingError(
                    f"{path}.shares",
                    f"up to here agents start with {given:,.0f} shares of {symbol.symbol}, which "
                    f"has {outstanding:,} outstanding; give fewer or issue more",
                )


def _check_outstanding(config: "Config") -> None:
    """A rule set must fit the prices and lots too."""
    for row, (symbol, shares) in enumerate(zip(config.symbols, config.outstanding, strict=True)):
        try:
            symbol.check_outstanding(shares)
        except SettingError as error:
            raise SettingError(f"symbols.{row}.{error.path}", error.text) from None


def _check_borrowing(config: "Config") -> None:
    """Who may sell short must be able to borrow."""
    rules = config.rules_in_force
    for path, population in populations(config):
        if population.short_selling and population.count:
            for name in ("borrow_pool", "max_short"):
                if getattr(rules, name) == 0:
                    raise SettingError(
                        f"{path}.short_selling",
                        f"is on but short_selling.{name} is 0, so that nothing can be borrowed; "
                        'raise it, set rules = "realistic" or switch this off',
                    )


def _check_growth(config: "Config") -> None:
    """Gordon's formula needs growth below the discount rate."""
    economy = config.economy
    for row, symbol in enumerate(config.symbols):
        discount = economy.risk_free_rate + symbol.beta * economy.equity_risk_premium
        if discount - symbol.growth < economy.least_spread:
            raise SettingError(
                f"symbols.{row}.growth",
                f"{symbol.growth:g} must stay {economy.least_spread:g} (economy.least_spread) "
                f"below the discount rate {discount:g} (risk_free_rate + beta * "
                f"equity_risk_premium); use at most {discount - economy.least_spread:g}",
            )


def _check_equity(config: "Config") -> None:
    known = [*TIERS, *dict.fromkeys(population.kind for _, population in populations(config))]
    for row, name in enumerate(config.storage.equity_of):
        if name not in known:
            raise SettingError(
                f"storage.equity_of.{row}",
                f"no tier or kind {name!r} in this market; {did_you_mean(name, known)}",
            )


def _check_time(config: "Config") -> None:
    for row, seconds in enumerate(config.storage.candle_seconds):
        if seconds * 1_000 % config.tick_ms:
            raise SettingError(
                f"storage.candles.{row}",
                f"{config.storage.candles[row]!r} is not a whole number of ticks of "
                f"{config.tick_ms} ms; change it or tick_ms",
            )
    try:
        end = config.start + timedelta(
            milliseconds=(config.warmup.ticks + config.ticks) * config.tick_ms
        )
    except OverflowError:
        end = None
    if end is None or end.year > LAST_YEAR or config.start.year < 1970:
        raise SettingError(
            "start",
            f"the run must lie in the years 1970 to {LAST_YEAR}; change start, ticks or tick_ms",
        )
