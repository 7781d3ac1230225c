"""`Config`: everything that a run depends on, besides orders from outside."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from qtg.schemas import Tier

from .background import Background
from .base import setting
from .changes import apply_change, plain
from .checks import check_config
from .document import Changes, Document
from .durability import Durability
from .economy import Economy, NewsConfig
from .environment import apply_environment, blame
from .fair_value import DAYS_PER_YEAR, HOURS_PER_DAY, FairValue
from .halts import Halts
from .latency import Latency
from .limits import Limits
from .populations import Population
from .presets import PRESETS
from .problem import SettingError, shown
from .rules import PLAIN, RULES, Rules, RuleSet
from .short_selling import ShortSelling
from .storage import Storage
from .symbols import SymbolConfig
from .types import MAX_TICK, ByName, Whole
from .venue import VenueConfig
from .violation import OnViolation
from .warmup import Warmup

LARGEST_SEED = 2**63 - 1
LONGEST_TICK_MS = 366 * 86_400_000
DEFAULT_START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
_MS_PER_HOUR = 3_600_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


def checked_name(text: str) -> str:
    """A name that files can have; ValueError with a sentence if it is none."""
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"must be 1 to 64 letters, digits or any of _ . -, as it names files, got {shown(text)}"
        )
    return text


def _moment(value: Any) -> Any:
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        example = f"{DEFAULT_START:%Y-%m-%dT%H:%M:%SZ}"
        raise ValueError(f"must be a date and time such as {example}, got {shown(value)}") from None


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"needs a time zone; for UTC write {value:%Y-%m-%dT%H:%M:%SZ}")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"is out of range, got {shown(value)}") from None


class Config(Document):
    """Everything that a run depends on, besides orders from outside.

    Examples
    --------
    >>> config = Config.preset("quick_test", {"background.regime": "crisis"}, seed=7)
    >>> config.seed, config.background.traits.activity
    (7, 0.9)
    """

    SHELF = PRESETS

    name: Annotated[str, AfterValidator(checked_name)] = setting(
        "name of the configuration, shown in reports and used in file names", default="custom"
    )
    seed: Whole = setting(
        "seed of all randomness; the same seed gives the same run",
        default=0,
        ge=0,
        le=LARGEST_SEED,
    )
    ticks: Whole = setting(
        "length of the run, warm-up not counted", "ticks", default=1_000, ge=1, le=MAX_TICK
    )
    tick_ms: Whole = setting(
        "market time between two ticks", "ms", default=1_000, ge=1, le=LONGEST_TICK_MS
    )
    start: Annotated[datetime, BeforeValidator(_moment), AfterValidator(_utc)] = setting(
        "market time of the first tick, with a time zone; kept in UTC", default=DEFAULT_START
    )
    rules: Annotated[RuleSet, ByName()] | None = setting(
        "how many shares exist and can be borrowed, where the settings for that are left out; "
        "if it is left out too, 10,000,000 shares exist and none can be borrowed",
        default=None,
    )
    symbols: tuple[SymbolConfig, ...] = setting("what is traded", default=())
    smart: tuple[Population, ...] = setting("tier 1: agents that decide in every tick", default=())
    reactive: tuple[Population, ...] = setting(
        "tier 2: agents that wake when something happens", default=()
    )
    background: Background = setting("tier 3: the background pool", default=Background())
    fair_value: FairValue = setting("what the stocks are worth", default=FairValue())
    economy: Economy = setting("what discounts earnings", default=Economy())
    news: NewsConfig = setting("what becomes known", default=NewsConfig())
    venue: VenueConfig = setting("matching, protection and fees", default=VenueConfig())
    short_selling: ShortSelling = setting("borrowed shares", default=ShortSelling())
    limits: Limits = setting("what an agent may hold and lose", default=Limits())
    halts: Halts = setting("price bands and trading halts", default=Halts())
    latency: Latency = setting("how long orders travel", default=Latency())
    warmup: Warmup = setting("what comes before the run", default=Warmup())
    storage: Storage = setting("what is written to the run directory", default=Storage())
    durability: Durability = setting("what makes a run outlive a crash", default=Durability())
    bar_ticks: Whole = setting(
        "length of the bars that agents' indicators are computed from",
        "ticks",
        default=10,
        ge=1,
        le=MAX_TICK,
    )
    check_every: Whole = setting(
        "check what must always hold (money, shares, books, events) in every so many-th tick; 0 is "
        "never",
        "ticks",
        default=0,
        ge=0,
        le=MAX_TICK,
    )
    on_violation: Annotated[OnViolation, ByName()] = setting(
        "what a check that fails does: count it, or stop the run", default=OnViolation.COUNT
    )

    @classmethod
    def preset(cls, name: str, changes: Changes | None = None, /, **fields: Any) -> Self:
        """A configuration that comes with qtg, with changes as in `with_`.

        Raises
        ------
        ConfigError    no such preset or setting, or a value that does not fit
        """
        config = cls.from_toml(PRESETS.text(name))
        return config.with_(changes, **fields) if changes or fields else config

    @classmethod
    def load(
        cls,
        source: str | Path,
        changes: Changes | None = None,
        /,
        *,
        environ: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Self:
        """A preset by name or a TOML file, then `QTG_` variables, then changes: the last one wins.

        Parameters
        ----------
        source : str or Path    preset name or path
        changes, **fields       as in `with_`
        environ : mapping       environment variables; those of the process if left out
        """
        config = cls._named(source)
        return config._varied(os.environ if environ is None else environ, changes, fields)

    def with_(self, changes: Changes | None = None, /, **fields: Any) -> Self:
        """A changed copy, checked as a whole.

        Parameters
        ----------
        changes : mapping    values by dotted path, such as `{"background.count": 1000}`
        **fields             values of top-level settings; a table is merged into the present one

        Raises
        ------
        ConfigError          no such setting, or a value that does not fit

        Examples
        --------
        >>> Config().with_({"venue.matching": "price_time"}, ticks=50).ticks
        50
        """
        return self._varied({}, changes, fields)

    def with_environment(self, environ: Mapping[str, str] | None = None) -> Self:
        """A copy with the settings of the `QTG_` environment variables.

        >>> Config().with_environment({"QTG_BACKGROUND__REGIME": "calm"}).background.regime.name
        'CALM'
        """
        return self._varied(os.environ if environ is None else environ, None, {})

    def fingerprint(self) -> str:
        """SHA-256 of the settings in canonical JSON: equal for equal configurations only."""
        settings = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(settings.encode()).hexdigest()

    @property
    def counts(self) -> dict[Tier, int]:
        """Agents of each tier."""
        return {
            Tier.SMART: sum(each.count for each in self.smart),
            Tier.REACTIVE: sum(each.count for each in self.reactive),
            Tier.BACKGROUND: self.background.count,
        }

    @property
    def n_agents(self) -> int:
        """Agents of all tiers."""
        return sum(self.counts.values())

    @property
    def rules_in_force(self) -> Rules:
        """What the rule set decides, and in its place what is set."""
        rules = PLAIN if self.rules is None else RULES[self.rules]
        own = self.short_selling
        return rules._replace(
            max_short=rules.max_short if own.max_short is None else own.max_short,
            borrow_pool=rules.borrow_pool if own.borrow_pool is None else own.borrow_pool,
        )

    @property
    def borrows_shares(self) -> bool:
        """Whether any agent may sell short."""
        return any(each.short_selling and each.count for each in (*self.smart, *self.reactive))

    @property
    def outstanding(self) -> tuple[int, ...]:
        """Shares of each symbol that exist."""
        usual = self.rules_in_force.shares_outstanding
        own = (each.shares_outstanding for each in self.symbols)
        return tuple(usual if shares is None else shares for shares in own)

    @property
    def ticks_per_day(self) -> float:
        """Ticks in a trading day of 6.5 hours."""
        return HOURS_PER_DAY * _MS_PER_HOUR / self.tick_ms

    @property
    def ticks_per_year(self) -> float:
        """Ticks in a year of 252 trading days."""
        return DAYS_PER_YEAR * self.ticks_per_day

    @property
    def ticks_per_minute(self) -> float:
        """Ticks in a minute of market time."""
        return 60_000 / self.tick_ms

    @property
    def candle_ticks(self) -> tuple[int, ...]:
        """Lengths of the candles in ticks."""
        return tuple(seconds * 1_000 // self.tick_ms for seconds in self.storage.candle_seconds)

    @property
    def start_ns(self) -> int:
        """Market time of the first tick [ns since 1970, UTC]."""
        since = self.start - datetime(1970, 1, 1, tzinfo=UTC)
        return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000

    @property
    def tick_ns(self) -> int:
        """Market time between two ticks [ns]."""
        return self.tick_ms * 1_000_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_config(self)
        return self

    def _varied(
        self, environ: Mapping[str, str], changes: Changes | None, fields: Mapping[str, Any]
    ) -> Self:
        settings = plain(self)
        used = apply_environment(settings, environ)
        for path, value in {**(changes or {}), **fields}.items():
            apply_change(settings, path, value)
        try:
            return type(self)(**settings)
        except SettingError as error:
            raise blame(error, used) from None
