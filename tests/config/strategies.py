"""Random valid configurations."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from qtg.config import (
    MOODS,
    Background,
    Choice,
    Config,
    Constant,
    Exponential,
    FairValue,
    FairValueProcess,
    Latency,
    LogNormal,
    Normal,
    Population,
    PowerLaw,
    Storage,
    SymbolConfig,
    Uniform,
    VenueConfig,
    Warmup,
)
from qtg.schemas import Matching, Sector, SelfTradePrevention

share = st.floats(0, 1)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
tickers = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", min_size=1, max_size=12)


def amounts(most: float, *, bounded: bool = False) -> st.SearchStrategy:
    """Distributions of numbers from 0 to `most`."""
    number = st.floats(0, most, allow_subnormal=False)
    positive = st.floats(most * 1e-3, most * 0.4)
    pairs = st.tuples(number, number).map(sorted)
    kinds = [
        st.builds(Constant, value=number),
        pairs.map(lambda p: Uniform(low=p[0], high=p[1])),
        st.tuples(pairs, number).map(
            lambda p: Normal(mean=p[1], std=1.0, low=p[0][0], high=p[0][1])
        ),
        st.builds(
            PowerLaw,
            minimum=positive,
            alpha=st.floats(0.1, 5),
            maximum=st.floats(most * 0.5, most),
        ),
        st.lists(st.tuples(number, st.floats(0.1, 5)), min_size=1, max_size=4).map(
            lambda p: Choice(values=[v for v, _ in p], weights=[w for _, w in p])
        ),
    ]
    if not bounded:
        kinds += [
            st.builds(LogNormal, median=positive, sigma=st.floats(0, 2)),
            st.builds(Exponential, mean=positive),
        ]
    return st.one_of(kinds)


@st.composite
def symbols(draw: st.DrawFn) -> tuple[SymbolConfig, ...]:
    chosen = draw(st.lists(tickers, min_size=1, max_size=4, unique=True))
    listed = []
    for ticker in chosen:
        step = draw(st.sampled_from(["0.0001", "0.01", "0.05", "1"]))
        ticks = draw(st.integers(1, 10**6))
        unit = SymbolConfig(symbol="X", initial_price=step, tick_size=step).tick_size_units
        price = f"{ticks * unit // 10_000}.{ticks * unit % 10_000:04d}"
        listed.append(
            SymbolConfig(
                symbol=ticker,
                sector=draw(st.sampled_from(Sector)),
                initial_price=price,
                tick_size=step,
                lot_size=draw(st.sampled_from([1, 10, 100])),
                # All of them are worth at most the largest amount of money.
                shares_outstanding=draw(
                    st.integers(10**6, min(10**9, (2**62 - 1) // (ticks * unit)))
                ),
            )
        )
    return tuple(listed)


def populations(tickers: list[str]) -> st.SearchStrategy:
    return st.builds(
        Population,
        kind=names,
        count=st.integers(0, 100),
        cash=amounts(1e6),
        shares=amounts(1e3, bounded=True),
        latency=st.none() | amounts(16, bounded=True),
        every=st.integers(1, 100),
        probability=share,
        symbols=st.none() | st.lists(st.sampled_from(tickers), min_size=1, unique=True).map(tuple),
        params=st.dictionaries(names, amounts(10), max_size=3),
    )


backgrounds = st.builds(
    Background,
    count=st.integers(0, 10**6),
    regime=st.sampled_from(MOODS),
    activity=st.none() | share,
    sentiment_volatility=st.none() | share,
    contrarian=st.none() | share,
    sentiment_decay=share,
    sentiment_clamp=st.floats(0.01, 1),
    offset_ticks=amounts(100),
    aggressive=share,
    aggressive_ticks=amounts(10),
    size=amounts(100),
    latency_low=st.integers(0, 5),
    latency_high=st.integers(5, 16),
    lifetime_ticks=amounts(50),
    pnl_limit=st.floats(0.01, 1),
)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    listed = draw(symbols())
    groups = st.lists(populations([each.symbol for each in listed]), max_size=3).map(tuple)
    return Config(
        name=draw(names),
        seed=draw(st.integers(0, 2**63 - 1)),
        ticks=draw(st.integers(1, 10**8)),
        tick_ms=draw(st.sampled_from([1, 10, 1_000, 10_000])),
        start=draw(
            st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
        ),
        symbols=listed,
        smart=draw(groups),
        reactive=draw(groups),
        background=draw(backgrounds),
        fair_value=FairValue(
            process=draw(st.sampled_from(FairValueProcess)), correlation=draw(share)
        ),
        venue=VenueConfig(
            matching=draw(st.sampled_from(Matching)),
            opening_auction=draw(st.booleans()),
            self_trade=draw(st.sampled_from(SelfTradePrevention)),
            maker_fee_bps=draw(st.integers(-150, 500)) / 100,
            taker_fee_bps=draw(st.integers(150, 500)) / 100,
            window=draw(st.sampled_from([64, 256, 4096])),
        ),
        latency=Latency(enabled=draw(st.booleans()), default_ticks=draw(st.integers(0, 16))),
        warmup=Warmup(
            ticks=draw(st.integers(0, 1_000)),
            min_book_depth=draw(st.none() | st.integers(1, 100)),
        ),
        storage=Storage(
            candles=draw(st.sampled_from([(), ("10s",), ("1m", "5m", "1h"), ("30s", "60s", "1d")])),
            orders=draw(st.booleans()),
        ),
        check_every=draw(st.integers(0, 100)),
    )
