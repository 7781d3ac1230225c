"""The strategies that come with qtg: names, parameters with defaults and ranges, indicators."""

from qtg.schemas import Tier

from ..config.distributions import Choice, Distribution, Uniform
from .kind import Kind
from .need import Need
from .parameters import Param, Rule, as_param, check_defaults, less


def _kind(
    name: str,
    tier: Tier,
    doc: str,
    rules: tuple[Rule, ...] = (),
    needs: dict[str, Need] | None = None,
    has_desk: bool = False,
    has_pairs: bool = False,
    has_model: bool = False,
    **params: float | Distribution | Param,
) -> Kind:
    known = {key: as_param(value) for key, value in params.items()}
    check_defaults(name, known)
    return Kind(
        name, tier, doc, known, rules=rules, needs=needs or {},
        has_desk=has_desk, has_pairs=has_pairs, has_model=has_model,
    )  # fmt: skip


def _trader(
    name: str,
    doc: str,
    rules: tuple[Rule, ...] = (),
    needs: dict[str, Need] | None = None,
    has_pairs: bool = False,
    has_model: bool = False,
    **params: float | Distribution | Param,
) -> Kind:
    """A kind that wants positions and leaves the orders to a desk."""
    common = {
        "size": Param(Uniform(low=50, high=200), above=0),
        "lifetime": Param(3, low=1),
    }
    chosen = {**common, **params}
    return _kind(name, Tier.SMART, doc, rules, needs, True, has_pairs, has_model, **chosen)


def _bars(low: float, high: float, least: int = 1) -> Param:
    """A window [bars]."""
    return Param(Uniform(low=low, high=high), low=least, whole=True)


def _watcher(
    name: str, doc: str, threshold: Uniform, interval: Uniform, **params: float | Param
) -> Kind:
    """A kind that watches symbols."""
    common = {
        "threshold": Param(threshold, low=0),
        "interval": Param(interval, low=1),
        "size": Param(Uniform(low=5, high=50), above=0),
        "lifetime": Param(5, low=1),
    }
    return _kind(name, Tier.REACTIVE, doc, (), None, False, False, False, **{**common, **params})


def _threshold(name: str, doc: str) -> Kind:
    threshold, interval = Uniform(low=0.0005, high=0.004), Uniform(low=30, high=300)
    return _watcher(name, doc, threshold, interval, take_profit=Param(0.0, low=0))


BUILT_IN: tuple[Kind, ...] = (
    _kind(
        "market_maker",
        Tier.SMART,
        "quotes both sides around fair value, shifted against its inventory",
        half_spread=Param(Uniform(low=0.0001, high=0.0004), low=0, high=1),
        skew=Param(0.0008, low=0),
        inventory=Param(10_000, above=0),
        size=Param(Uniform(low=300, high=900), above=0),
    ),
    _kind(
        "noise_trader",
        Tier.SMART,
        "buys and sells at random around fair value",
        deviation=Param(0.001, low=0),
        market_share=Param(0.3, low=0, high=1),
        size=Param(Uniform(low=10, high=100), above=0),
        lifetime=Param(20, low=1),
    ),
    _kind(
        "cancel_bot",
        Tier.SMART,
        "places orders away from the best price and cancels most of them soon after",
        distance=Param(Uniform(low=3, high=30), low=1),
        patience=Param(Uniform(low=1, high=5), low=1),
        cancel_share=Param(Uniform(low=0.8, high=1.0), low=0, high=1),
        size=Param(Uniform(low=10, high=100), above=0),
        lifetime=Param(20, low=1),
    ),
    _threshold("threshold_buyer", "buys when the price has fallen by its threshold"),
    _threshold("threshold_seller", "sells when the price has risen by its threshold"),
    _watcher(
        "news_reactor",
        "buys on good news and sells on bad, then rests for an interval",
        threshold=Uniform(low=0.1, high=0.6),
        interval=Uniform(low=60, high=600),
    ),
    _watcher(
        "momentum_follower",
        "looks every interval; buys what has risen, sells what has fallen",
        threshold=Uniform(low=0.0005, high=0.003),
        interval=Uniform(low=60, high=600),
    ),
    _trader(
        "rsi_momentum",
        "buys when the RSI says oversold, sells when it says overbought",
        (less("oversold", "overbought"),),
        {
            "rsi": Need("rsi", {"n": "window"}),
            "change": Need("momentum", {"n": "window", "skip": 0}),
        },
        window=_bars(7, 28),
        oversold=Param(Uniform(low=20, high=35), low=0, high=100),
        overbought=Param(Uniform(low=65, high=80), low=0, high=100),
    ),
    _trader(
        "trend_follower",
        "long while its fast average (SMA or EMA) lies above its slow one, short below",
        (less("fast", "slow"),),
        {
            "fast": Need(("sma", "ema"), {"n": "fast"}, choice="exponential"),
            "slow": Need(("sma", "ema"), {"n": "slow"}, choice="exponential"),
        },
        fast=_bars(5, 15),
        slow=_bars(20, 60),
        band=Param(Uniform(low=0.0, high=0.0003), low=0),
        exponential=Param(Choice(values=(0, 1)), low=0, high=1, whole=True),
    ),
    _trader(
        "macd_crossover",
        "buys when MACD crosses above its signal, sells when it crosses below",
        (less("fast", "slow"),),
        {
            "histogram": Need(
                "macd", {"fast": "fast", "slow": "slow", "signal": "signal"}, part="histogram"
            ),
            "price": Need("ema", {"n": "slow"}),
        },
        fast=_bars(8, 14),
        slow=_bars(20, 30),
        signal=_bars(7, 11),
        band=Param(Uniform(low=0.0, high=0.0001), low=0),
    ),
    _trader(
        "bollinger_reversion",
        "trades against a price beyond its Bollinger bands until it is back in the middle",
        (less("middle", "width"),),
        {"zscore": Need("zscore", {"n": "window"})},
        window=_bars(15, 40, 2),
        width=Param(Uniform(low=1.5, high=2.5), above=0),
        middle=Param(Uniform(low=0.0, high=0.5), low=0),
    ),
    _trader(
        "pairs_trading",
        "trades two symbols against each other when their spread has parted, both legs at once",
        (less("leave", "enter"),),
        {"spread": Need("hedge", {"n": "window"}, part="zscore")},
        has_pairs=True,
        window=_bars(60, 120, 3),
        enter=Param(Uniform(low=1.5, high=2.5), above=0),
        leave=Param(Uniform(low=0.0, high=0.5), low=0),
    ),
    _trader(
        "factor_long_short",
        "ranks its symbols by factors; long of the best, short of the worst",
        (),
        {
            "momentum": Need("momentum", {"n": "momentum_window", "skip": "momentum_skip"}),
            "volatility": Need("rolling_volatility", {"n": "volatility_window"}),
            "reversion": Need("mean_reversion", {"n": "reversion_window"}),
        },
        momentum_weight=Uniform(low=0.0, high=1.0),
        value_weight=Uniform(low=0.0, high=1.0),
        volatility_weight=Uniform(low=0.0, high=1.0),
        reversion_weight=Uniform(low=0.0, high=1.0),
        quality_weight=Uniform(low=0.0, high=1.0),
        momentum_window=_bars(40, 90, 2),
        momentum_skip=Param(1, low=0, whole=True),
        volatility_window=_bars(20, 60, 2),
        reversion_window=_bars(15, 40, 2),
        share=Param(Uniform(low=0.1, high=0.3), above=0, high=0.5),
    ),
    _trader(
        "news_trader",
        "goes the way of the news for a while",
        threshold=Param(Uniform(low=0.1, high=0.5), low=0),
        holding=Param(Uniform(low=60, high=300), low=1),
    ),
    _trader(
        "vwap_executor",
        "works one order by VWAP: buys `size` shares of each of its symbols, or sells if negative",
        size=Uniform(low=500, high=2_000),
        start=Param(Uniform(low=0, high=600), low=0),
    ),
    _kind(
        "avellaneda_stoikov",
        Tier.SMART,
        "quotes around its reservation price as Avellaneda and Stoikov (2008) have it",
        needs={"volatility": Need("rolling_volatility", {"n": "window"})},
        risk_aversion=Param(Uniform(low=0.05, high=0.2), above=0),
        arrival_decay=Param(Uniform(low=30, high=80), above=0),
        horizon=Param(Uniform(low=60, high=300), above=0),
        window=_bars(30, 60, 2),
        size=Param(Uniform(low=300, high=900), above=0),
    ),
    _trader(
        "ensemble",
        "votes on every symbol as its trained models say: a forest, a line and support vectors",
        has_model=True,
    ),
    Kind(
        "rl_agent",
        Tier.SMART,
        "follows a policy that was trained in an environment (`model`: an ONNX file)",
        has_model=True,
    ),
    _kind("guest", Tier.SMART, "an account in reserve: sends nothing of its own"),
    _kind(
        "sector_rotator",
        Tier.REACTIVE,
        "holds every sector, more of those with a good mood; rebalances on news and on drift",
        (less("floor", "cap"),),
        scale=Param(Uniform(low=0.05, high=0.3), low=0),
        floor=Param(0.02, low=0, high=1),
        cap=Param(1.0, above=0, high=1),
        drift=Param(Uniform(low=0.01, high=0.05), low=0, high=1),
        invested=Param(0.9, low=0, high=1),
        threshold=Param(Uniform(low=0.05, high=0.4), low=0),
        interval=Param(Uniform(low=300, high=1200), low=1),
        lifetime=Param(5, low=1),
    ),
)
