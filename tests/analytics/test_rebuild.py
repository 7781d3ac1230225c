"""The ledger rebuilt from the trades equals the run's own, to the unit."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtg
from qtg.result import result_of
from qtg.run import open_sink
from qtg.schemas import (
    AgentSnapshots,
    Instruments,
    PositionSnapshots,
    Trades,
    allocate,
    taken,
)
from qtg.simulation import Simulation
from qtg.store import MemorySink
from tests.reference.columns import as_columns
from tests.simulation.crowd import Crowd
from tests.simulation.small import lively, quiet
from tests.simulation.test_borrowing import BORROWING
from tests.simulation.watch import Watched
from tests.sizes import sized

from .conftest import FEES
from .oracle import POOL, Books, opening, replay

REBATES = {"venue.maker_fee_bps": -2.5, "venue.taker_fee_bps": 7.25}
RUNS: dict[str, dict[str, Any]] = {
    "no fees": {"storage.orders": False},
    "fees": {"venue.maker_fee_bps": 1.25, "venue.taker_fee_bps": 3.33},
    "rebates": REBATES,
    "opening auction": REBATES | {"venue.opening_auction": True, "check_every": 0},
    "auctions": REBATES | {"venue.matching": "auction"},
    "price-time, own orders": REBATES | {"venue.matching": "price_time", "venue.self_trade": "cancel_both"},
    "the pool trades with itself": REBATES | {"venue.pool_trades_itself": True},
    "crisis": REBATES | {"background.regime": "crisis", "latency.default_ticks": 2},
}  # fmt: skip
COMPILED = pytest.mark.compiled  # whole runs; with the JIT off a few of them are enough
JUMPY = {f"reactive.{row}.params": {"threshold": 0.0003} for row in range(3)}


def simulated(name: str, **options: Any) -> qtg.Result:
    changes = JUMPY | {"background.count": 800, **RUNS[name]}
    ticks = sized(200, 60)
    return qtg.simulate(lively(changes, ticks=ticks), progress=False, **options)


def equals(rebuilt: Any, books: Books, symbols: list[str]) -> None:
    """A rebuilt ledger is that of the books, pool included."""
    ledger = rebuilt.ledger
    for agent, who in books.holders.items():
        assert (ledger.cash[agent], ledger.fees[agent]) == (who.cash, who.fees), agent
        for row, symbol in enumerate(symbols):
            assert ledger.qty[agent, row] == who.qty[symbol], (agent, symbol)
            if agent != POOL:
                cost, realized = who.cost[symbol], who.realized[symbol]
                found = ledger.cost[agent, row], ledger.realized[agent, row]
                assert found == (cost, realized), (agent, symbol)


@pytest.mark.parametrize("name", [
    name if name == "rebates" else pytest.param(name, marks=COMPILED) for name in RUNS
])  # fmt: skip
def test_a_rebuilt_ledger_is_the_stored_one_at_every_snapshot(name: str) -> None:
    run = simulated(name)
    ticks = run.agents["tick"].unique().sort().to_list()
    assert len(ticks) > 4
    for tick in ticks:
        qtg.rebuild_from_trades(run, tick).check()
    rebuilt = qtg.rebuild_from_trades(run).check()
    assert (rebuilt.tick, rebuilt.trades) == (ticks[-1], run.trades.height)
    assert rebuilt.trades > 300
    *_, books = replay(run, ticks)
    equals(rebuilt, books, run.info()["symbols"])
    assert (rebuilt.ledger.fees != 0).any() == (name != "no fees")


def test_it_is_the_ledger_of_the_simulation_itself() -> None:
    """Not only what was stored of it: the arrays, position by position."""
    config = lively(JUMPY | REBATES)
    sim = Simulation(config)
    sink = MemorySink(config=config.model_dump(mode="json"), seed=7, fingerprint="",
                      symbols=list(sim.symbols), kinds=sim.kinds)  # fmt: skip
    sim.publisher.attach(sim, sink)
    sim.run(sim.last_tick)
    sim.publisher.finish(sim)
    sink.close()
    ledger = result_of(sink).rebuild().ledger
    accounts, positions = sim.exchange.ledger.accounts, sim.exchange.ledger.positions
    own = slice(POOL + 1, None)
    for ours, theirs in (
        (ledger.cash, accounts.cash),
        (ledger.fees, accounts.fees),
        (ledger.qty, positions.qty),
        (ledger.cost[own], positions.cost[own]),
        (ledger.realized[own], positions.realized[own]),
    ):
        assert np.array_equal(ours, theirs)
    assert np.count_nonzero(positions.realized) > 10


@COMPILED
def test_a_ledger_can_be_had_after_any_tick() -> None:
    run = simulated("rebates")
    ticks = [1, 17, 23, 58]
    for tick, books in zip(ticks, replay(run, ticks)):
        rebuilt = run.rebuild(tick)
        assert rebuilt.tick == tick
        equals(rebuilt, books, run.info()["symbols"])
        with pytest.raises(qtg.StorageError, match=f"no snapshot at tick {tick} to compare with"):
            rebuilt.check()


@COMPILED
def test_it_reads_a_stored_run_piece_by_piece(tmp_path: Path) -> None:
    small = {"storage.row_group": 1_024}
    changes = JUMPY | REBATES | small | {"background.count": 5_000}
    config = lively(changes, ticks=sized(200, 40))
    run = qtg.simulate(config, tmp_path / "run", progress=False)
    pieces = [len(piece.tick) for piece in run.chunks("trades")]
    assert sum(pieces) == run.trades.height > 2_000
    stored, kept = run.rebuild().check(), qtg.simulate(config, progress=False).rebuild()
    assert all(np.array_equal(a, b) for a, b in zip(stored.ledger, kept.ledger))


@COMPILED
def test_frames_are_those_of_the_run() -> None:
    run = simulated("rebates")
    rebuilt = run.rebuild()
    last = pl.col("tick") == run.agents["tick"].max()
    agents = run.agents.filter(last).select(rebuilt.agents.columns)
    assert rebuilt.agents.equals(agents)
    positions = run.positions.filter(last).select(rebuilt.positions.columns)
    assert rebuilt.positions.equals(positions)


def test_a_later_start_is_rebuilt_from_there() -> None:
    config = lively(JUMPY | REBATES)
    sim = Simulation(config).run(33)
    sink = MemorySink(config=config.model_dump(mode="json"), seed=7, fingerprint="",
                      symbols=list(sim.symbols), kinds=sim.kinds)  # fmt: skip
    sim.publisher.attach(sim, sink)
    sim.run(20)
    sim.publisher.finish(sim)
    sink.close(ticks=sim.tick)
    rebuilt = result_of(sink).rebuild().check()
    assert 0 < rebuilt.trades < sim.publisher.trades


@COMPILED
def test_without_the_opening_it_starts_from_the_next_snapshot() -> None:
    run, again = (qtg.simulate(lively(JUMPY | REBATES), progress=False) for _ in range(2))
    whole = again.rebuild().check()
    for table in ("agents", "positions"):
        pieces = run._source._sink.chunks[table]
        pieces[:] = [taken(piece, piece.tick > 20) for piece in pieces]
    later = run.rebuild().check()
    assert 0 < later.trades < whole.trades
    assert all(np.array_equal(a, b) for a, b in zip(later.ledger[:4], whole.ledger[:4]))


def borrowed(changes: dict[str, Any], ticks: int) -> tuple[Simulation, qtg.Result]:
    """A run in which a random crowd sells short, covers, is recalled and bought in."""
    config = quiet({**BORROWING, **FEES, **changes}, seed=3).with_({"storage.agents_every": 20})
    watched = Watched(Simulation(config))
    sim, crowd = watched.sim, Crowd(watched.slow, 3)
    sink = MemorySink(config=config.model_dump(mode="json"), seed=3, fingerprint="",
                      symbols=list(sim.symbols), kinds=sim.kinds)  # fmt: skip
    sim.publisher.attach(sim, sink)
    for tick in range(1, ticks + 1):
        sim.submit(as_columns(crowd.messages(12, tick)))
        watched.step()
    sim.publisher.finish(sim)
    sink.close(ticks=sim.tick)
    return sim, result_of(sink)


def test_short_positions_and_what_is_paid_for_them_are_rebuilt() -> None:
    sim, run = borrowed({}, sized(200, 100))
    ticks = run.agents["tick"].unique().sort().to_list()
    for tick in ticks:
        rebuilt = run.rebuild(tick).check()
    ledger, positions = rebuilt.ledger, sim.exchange.ledger.positions
    assert np.array_equal(ledger.cost[1:], positions.cost[1:])
    assert np.array_equal(ledger.realized[1:], positions.realized[1:])
    assert ledger.qty.min() < 0, "somebody is short"
    assert ledger.cost.min() < 0
    assert ledger.borrow_fees.sum() == 0
    assert ledger.borrow_fees.max() > 0
    held = run.table("positions", raw=True).sort("tick").partition_by("agent", "symbol")
    signs = [np.sign(each["qty"].to_numpy()) for each in held]
    assert sum(bool(np.ptp(each) == 2) for each in signs) > 2, "some went through zero"
    with pytest.raises(qtg.StorageError, match="paid for borrowed shares between the snapshots of"):
        run.rebuild(ticks[-1] - 3)
    assert run.leaderboard("borrow_fees", top=1)["borrow_fees"].item() > 0
    pool = run.pnl_by_kind().filter(kind="background_pool")
    assert pool["borrow_fees"].item() == ledger.borrow_fees[POOL] / 10_000 < 0


GUESTS = {"kind": "guest", "count": 4, "cash": 500, "shares": 40}


def opened(sink: Any, config: qtg.Config) -> Simulation:
    """A run in which guests get their accounts in the middle, and trade at once."""
    sim = Simulation(config)
    sim.publisher.attach(sim, sink)
    guests = sim.agents("guest")
    rng = np.random.default_rng(5)
    for tick in range(1, sim.last_tick + 1):
        if tick in (12, 13, 20, 31):  # one of them in the tick of a snapshot
            sim.open_account(int(guests[(12, 13, 20, 31).index(tick)]), 1_000 * tick)
        if tick == 31:
            sim.open_account(int(guests[3]), 70_000)  # and again: it has not traded yet
        there = guests[: sum(tick >= each for each in (12, 13, 20, 31))]
        n = 6 if len(there) else 0
        price = sim.exchange.view.last[0] // 100 * 100
        sim.submit(
            {
                "agent": rng.choice(there, n) if n else there,
                "market": np.zeros(n, np.int32),
                "side": rng.choice([-1, 1], n),
                "price": price + 100 * rng.integers(-30, 30, n),
                "qty": rng.integers(1, 5, n),
            }
        )
        sim.step()
    sim.publisher.finish(sim)
    return sim


def test_accounts_that_are_opened_later_are_rebuilt(tmp_path: Path) -> None:
    config = lively(JUMPY | REBATES | {"storage.row_group": 1_024})
    config = config.with_(smart=[*config.smart, GUESTS])
    sink = open_sink(config, tmp_path / "run")
    sim = opened(sink, config)
    sink.close(ticks=sim.tick)
    run, guests = result_of(sink), sim.agents("guest")
    for tick in run.agents["tick"].unique().sort():
        rebuilt = run.rebuild(tick).check()
    accounts, positions = sim.exchange.ledger.accounts, sim.exchange.ledger.positions
    assert np.array_equal(rebuilt.ledger.cash, accounts.cash)
    assert np.array_equal(rebuilt.ledger.qty, positions.qty)
    assert (positions.qty[guests, 0] != 40).sum() > 2, "they traded"
    kept = run.openings.select("tick", "agent", "cash", "cash_before").rows()
    assert [row[0] for row in kept] == [12, 13, 20, 31, 31]
    assert [row[1] for row in kept] == [*guests, guests[3]]
    assert [row[2] for row in kept] == [12_000, 13_000, 20_000, 31_000, 70_000]
    assert kept[4][3] == 31_000
    assert run.rebuild(30).ledger.cash[guests[3]] != run.rebuild(31).ledger.cash[guests[3]]


def test_an_account_that_is_opened_after_the_last_trade_is_rebuilt() -> None:
    config = quiet({"storage.agents_every": 5}).with_(smart=[GUESTS], ticks=8)
    sink = open_sink(config, None)
    sim = Simulation(config, sink=sink).run(3)
    sim.open_account(int(sim.agents("guest")[0]), 7)
    sim.run(5)
    sim.publisher.finish(sim)
    sink.close(ticks=8)
    assert result_of(sink).rebuild().check().ledger.cash[2] == 70_000


def test_openings_before_the_first_snapshot_are_in_it() -> None:
    config = lively(JUMPY)
    config = config.with_(smart=[*config.smart, GUESTS])
    sink = open_sink(config, None)
    sim = opened(sink, config)
    sink.close(ticks=sim.tick)
    run = result_of(sink)
    for table in ("agents", "positions"):
        pieces = sink.chunks[table]
        pieces[:] = [taken(piece, piece.tick > 20) for piece in pieces]
    assert np.array_equal(run.rebuild().check().ledger.cash, sim.exchange.ledger.accounts.cash)


def test_what_an_account_was_opened_with_is_not_its_profit() -> None:
    config = lively(FEES)
    config = config.with_(smart=[*config.smart, GUESTS])
    sink = open_sink(config, None)
    sim = opened(sink, config)
    sink.close(ticks=sim.tick)
    run, guests = result_of(sink), sim.agents("guest")
    *_, books = replay(run, [sim.tick])
    start = opening(run)
    board = {row["agent"]: row for row in run.leaderboard(top=None).iter_rows(named=True)}
    for agent, cash in zip(guests.tolist(), (12_000, 13_000, 20_000, 70_000)):
        traded = books.holders[agent].worth(books.price) - start.holders[agent].worth(start.price)
        first = start.holders[agent]
        worth = cash + (first.worth(start.price) - first.cash) / 10_000
        assert board[agent]["start_equity"] == pytest.approx(worth, abs=1e-9)
        # The oracle knows of no openings: what it books is the trading alone.
        assert board[agent]["pnl"] == traded / 10_000
        assert board[agent]["final_equity"] == pytest.approx(worth + traded / 10_000, abs=1e-9)


# -- what check() finds


def changed(run: qtg.Result, table: str, column: str, pick: Any, by: int = 1) -> qtg.Result:
    """The run with one stored number off by `by`."""
    for piece in run._source._sink.chunks[table]:
        rows = np.flatnonzero(pick(piece))
        if len(rows):
            getattr(piece, column)[rows[-1]] += by
            return run
    raise AssertionError("nothing to change")


def last_of(agent: int, symbol: int | None = None) -> Any:
    def pick(piece: Any) -> Any:
        mine = (piece.agent == agent) & (piece.tick == piece.tick.max())
        return mine if symbol is None else mine & (piece.symbol == symbol)

    return pick


@COMPILED
@pytest.mark.parametrize(
    ("table", "column", "pick", "sentence"),
    [
        ("agents", "cash", last_of(4), r"agent 4 \(noise_trader\): cash is [\d,.]+ by the trades"),
        ("agents", "fees", last_of(2), r"agent 2 \(market_maker\): fees is"),
        ("agents", "cash", last_of(0), r"agent 0 \(background_pool\): cash is"),
        ("agents", "realized_pnl", last_of(0), r"agent 0 \(the pool\): realized is"),
        ("positions", "qty", last_of(3, 1), r"agent 3 \(market_maker\), XOM: qty is"),
        ("positions", "cost", last_of(2, 0), r"agent 2 \(market_maker\), AAPL: cost is"),
        ("positions", "realized_pnl", last_of(3, 0), r"agent 3 .*, AAPL: realized is"),
        ("trades", "price", lambda trades: trades.buyer_id == 3, r"agent \d+ "),
        ("trades", "qty", lambda trades: trades.seller_id == 2, r"agent \d+ "),
    ],
)
def test_one_number_that_is_off_by_one_is_found(
    table: str, column: str, pick: Any, sentence: str
) -> None:
    run = qtg.simulate(lively(FEES), progress=False)
    run.rebuild().check()
    with pytest.raises(qtg.InvariantError, match=sentence) as caught:
        changed(run, table, column, pick).rebuild().check()
    assert "in the snapshot of tick 70" in str(caught.value)


@COMPILED
def test_the_first_difference_is_named() -> None:
    run = qtg.simulate(lively(FEES), progress=False)
    for agent in (9, 5):
        changed(run, "agents", "cash", last_of(agent))
    with pytest.raises(qtg.InvariantError, match=r"^agent 5 \(noise_trader\): cash"):
        run.rebuild().check()


# -- what cannot be rebuilt


@COMPILED
def test_missing_trades_are_an_error(tmp_path: Path) -> None:
    run = qtg.simulate(lively(), tmp_path / "run", progress=False)
    part = tmp_path / "run" / run._source.info.manifest[0].path
    part.unlink()
    left = qtg.open_run(tmp_path / "run", skip_damaged=True)
    assert left.trades.height == 0
    with pytest.raises(qtg.StorageError, match=r"has 0 of \d+ trades up to tick 70"):
        left.rebuild()
    kept = qtg.simulate(lively(), progress=False)
    for column in kept._source._sink.chunks["trades"][0]:
        column[5:] = np.append(column[6:], column[-1])
    with pytest.raises(qtg.StorageError, match="lacks trades before trade"):
        kept.rebuild()


@COMPILED
@pytest.mark.parametrize("lost", [0, 1])
def test_a_piece_of_the_trades_that_is_missing_is_an_error(lost: int) -> None:
    small = {"storage.row_group": 1_024, "background.count": 5_000, "background.regime": "crisis"}
    run = qtg.simulate(lively(small, ticks=sized(60, 60)), progress=False)
    pieces = run._source._sink.chunks["trades"]
    assert len(pieces) > 2
    del pieces[lost]
    with pytest.raises(qtg.StorageError, match="this run lacks trades before trade"):
        run.rebuild()


@COMPILED
def test_trades_of_unknown_agents_are_an_error() -> None:
    run = qtg.simulate(lively(), progress=False)
    run._source._sink.chunks["trades"][0].buyer_id[3] = 10**6
    with pytest.raises(qtg.StorageError, match="name an agent that the first snapshot does not"):
        run.rebuild()


@COMPILED
def test_a_tick_that_is_not_there_is_refused() -> None:
    run = qtg.simulate(quiet(ticks=3), progress=False)
    for tick in (-1, 4):
        with pytest.raises(qtg.ConfigError, match=f"no ledger of tick {tick}; .* 0 to 3"):
            run.rebuild(tick)
    assert run.rebuild().check().trades == 0


@COMPILED
def test_a_run_without_snapshots_says_what_to_set() -> None:
    run = qtg.simulate(quiet({"storage.agents_every": 0}, ticks=3), progress=False)
    with pytest.raises(qtg.StorageError, match=r"set storage\.agents_every = 100"):
        run.rebuild()


# -- any trades whatever, positions below zero among them

AGENTS, SYMBOLS = 5, ["A", "B"]
trade = st.tuples(
    st.integers(1, 40),  # tick
    st.integers(0, 1),  # symbol
    st.sampled_from([1, -1]),
    st.integers(1, 3_000_000),  # price
    st.one_of(st.integers(1, 9), st.integers(1, 2**33)),  # quantity
    st.sampled_from([(0, 2), (2, 0), (2, 3), (3, 2), (4, 3), (4, 2), (0, 0)]),  # who
)


def made_up(trades: list[tuple[Any, ...]], fees: tuple[float, float]) -> qtg.Result:
    """A run of these trades, in which agents start with 10 shares each of A."""
    config = lively({"venue.maker_fee_bps": fees[0], "venue.taker_fee_bps": fees[1]})
    sink = MemorySink(config=config.model_dump(mode="json"), seed=1, fingerprint="",
                      symbols=SYMBOLS, kinds=["background_pool", "house", "some"])  # fmt: skip
    instruments = allocate(Instruments, 2)
    instruments.symbol[:] = 0, 1
    sink.table(Instruments).extend(instruments)
    agents, held = allocate(AgentSnapshots, AGENTS), allocate(PositionSnapshots, AGENTS)
    agents.agent[:] = held.agent[:] = range(AGENTS)
    held.qty[:], held.cost[2:] = 10, 1_003
    sink.table(AgentSnapshots).extend(agents)
    sink.table(AgentSnapshots).extend(agents._replace(tick=np.full(AGENTS, 40)))
    sink.table(PositionSnapshots).extend(held)
    rows = allocate(Trades, len(trades))
    for k, (tick, symbol, side, price, qty, (buyer, seller)) in enumerate(trades):
        rows.tick[k], rows.trade_id[k], rows.symbol[k], rows.side[k] = tick, k + 1, symbol, side
        rows.price[k], rows.qty[k], rows.buyer_id[k], rows.seller_id[k] = price, qty, buyer, seller
    sink.table(Trades).extend(rows)
    sink.close(ticks=40)
    return result_of(sink)


@settings(max_examples=sized(300, 60), deadline=None)
@given(st.lists(trade, max_size=30), st.sampled_from([(0.0, 0.0), (-1.0, 3.0), (2.5, 7.25)]))
def test_any_trades_are_booked_as_by_hand(
    trades: list[tuple[Any, ...]], fees: tuple[float, float]
) -> None:
    run = made_up(sorted(trades, key=lambda each: each[0]), fees)
    for tick, books in zip((7, 40), replay(run, [7, 40])):
        equals(run.rebuild(tick), books, SYMBOLS)


def test_a_fill_through_zero_closes_at_cost_and_opens_at_its_price() -> None:
    """Ten shares that cost 1,003: sold 15 at 120, bought 9 at 100 and 4 at 90."""
    steps = [(1, 0, 1, 120, 15, (0, 2)), (2, 0, 1, 100, 9, (2, 0)), (3, 0, 1, 90, 4, (2, 0))]
    expected = [
        (-5, -600, 1_200 - 1_003),  # five are sold short: what they brought is their cost
        (4, 400, 1_200 - 1_003 + 600 - 500),  # five are covered, four are new
        (8, 760, 1_200 - 1_003 + 600 - 500),
    ]
    run = made_up(steps, (0.0, 0.0))
    for tick, (qty, cost, realized) in enumerate(expected, start=1):
        ledger = run.rebuild(tick).ledger
        found = ledger.qty[2, 0], ledger.cost[2, 0], ledger.realized[2, 0]
        assert found == (qty, cost, realized), tick


def test_the_opening_snapshot_is_where_it_starts(run: qtg.Result) -> None:
    equals(run.rebuild(0), opening(run), run.info()["symbols"])
    assert run.rebuild(0).trades == 0
