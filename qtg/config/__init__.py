"""Configuration: one frozen, checked `Config`, from TOML, presets, Python and the environment."""

from .background import REGIMES, Background, RegimeChance, RegimeSwitch, Traits
from .distribution_base import DistributionModel
from .distributions import (
    Choice,
    Constant,
    Distribution,
    Exponential,
    LogLogistic,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
)
from .economy import Economy, NewsConfig, Scheduled, Unscheduled
from .environment import NOT_SETTINGS, variable
from .execution import ExecutionConfig
from .fair_value import FairValue, FairValueProcess
from .flow import MOODS, Burst, CancelStorm, RegimeTrigger
from .halts import Halts
from .latency import Latency
from .limits import Limits
from .populations import FailurePolicy, Population
from .presets import preset_names
from .problem import SettingError
from .root import Config
from .rules import RULES, Rules, RuleSet
from .schema import config_schema
from .short_selling import ShortSelling
from .spelling import did_you_mean
from .storage import Storage, timeframe_seconds
from .symbols import SymbolConfig
from .venue import VenueConfig
from .violation import OnViolation
from .warmup import Warmup

__all__ = [
    "MOODS",
    "NOT_SETTINGS",
    "REGIMES",
    "RULES",
    "Background",
    "Burst",
    "CancelStorm",
    "Choice",
    "Config",
    "Constant",
    "Distribution",
    "DistributionModel",
    "Economy",
    "ExecutionConfig",
    "Exponential",
    "FailurePolicy",
    "FairValue",
    "FairValueProcess",
    "Halts",
    "Latency",
    "Limits",
    "LogLogistic",
    "LogNormal",
    "NewsConfig",
    "Normal",
    "OnViolation",
    "Population",
    "PowerLaw",
    "RegimeChance",
    "RegimeSwitch",
    "RegimeTrigger",
    "RuleSet",
    "Rules",
    "Scheduled",
    "SettingError",
    "ShortSelling",
    "Storage",
    "SymbolConfig",
    "Traits",
    "Uniform",
    "Unscheduled",
    "VenueConfig",
    "Warmup",
    "config_schema",
    "did_you_mean",
    "preset_names",
    "timeframe_seconds",
    "variable",
]
