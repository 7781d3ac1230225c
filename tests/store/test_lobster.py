"""The LOBSTER export: a reader of the messages alone rebuilds the books."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.errors import ConfigError, StorageError
from qtg.lobster import export_lobster
from qtg.result import open_run
from qtg.run import open_sink
from qtg.simulation import Simulation
from tests.cli.command import Command

LEVELS = 5
STORED = {"storage.orders": True}


def recorded(folder: Path, changes: dict[str, Any] | None = None) -> tuple[Any, dict[Any, Any]]:
    """A stored run, and its books at every seventh tick: (tick, symbol) -> levels."""
    config = qtg.Config.preset("quick_test", {**STORED, **(changes or {})}, ticks=90, seed=3)
    sim, books = Simulation(config), {}
    with open_sink(config, folder) as sink:
        sim.publisher.attach(sim, sink)
        while sim.tick < sim.last_tick:
            sim.step()
            if sim.tick % 7 == 0:
                for symbol in sim.symbols:
                    books[sim.tick, symbol] = sim.book(symbol).depth(LEVELS).rows()
        sim.publisher.finish(sim)
        sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    return open_run(folder), books


def rebuilt(path: Path) -> list[tuple[str, dict[int, int], dict[int, int]]]:
    """Time, bids and asks after each message, from the messages alone: an order at a time."""
    orders: dict[int, list[int]] = {}  # id -> direction, price, size
    found = []
    for text in path.read_text().splitlines():
        time, *numbers = text.split(",")
        kind, order_id, size, price, direction = map(int, numbers)
        if kind == 1:
            assert order_id not in orders
            orders[order_id] = [direction, price, size]
        else:
            assert orders[order_id][0] == direction
            assert orders[order_id][1] == price, "an order trades at its own price"
            assert (kind == 3) <= (orders[order_id][2] == size), "a deletion takes all of it"
            assert (kind == 2) <= (orders[order_id][2] > size)
            orders[order_id][2] -= size
            if not orders[order_id][2]:
                del orders[order_id]
        sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
        for way, at, qty in orders.values():
            sides[way][at] = sides[way].get(at, 0) + qty
        found.append((time, sides[1], sides[-1]))
    return found


def best(levels: dict[int, int], direction: int) -> list[tuple[int, int]]:
    ordered = sorted(levels.items(), reverse=direction > 0)[:LEVELS]
    absent = (-9999999999 if direction > 0 else 9999999999, 0)
    return ordered + [absent] * (LEVELS - len(ordered))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[Any, Any]]:
    return recorded(tmp_path_factory.mktemp("lobster") / "run", {"background.count": 300})


@pytest.mark.parametrize("symbol", ["AAPL", "XOM"])
def test_messages_rebuild_the_order_book_file_and_the_books(
    run: tuple[Any, dict[Any, Any]], symbol: str, tmp_path: Path
) -> None:
    result, books = run
    told, kept = export_lobster(result, tmp_path, symbols=[symbol], levels=LEVELS)
    assert told.name.startswith(f"{symbol}_2026-01-05_52200000_")
    assert told.name.endswith(f"_message_{LEVELS}.csv")
    states = rebuilt(told)
    rows = np.loadtxt(kept, np.int64, delimiter=",")
    assert len(rows) == len(states) > 2_000
    for row, (_, bids, asks) in zip(rows.tolist(), states, strict=True):
        expected = zip(best(asks, -1), best(bids, 1), strict=True)
        assert row == [each for ask, bid in expected for each in (*ask, *bid)]
    at_end = {time: state for time, *state in states}  # the last of each time
    seen = 0
    for (tick, name), levels in books.items():
        if name != symbol:
            continue
        time = f"{52_200 + tick - 1}.000000000"
        bids, asks = at_end[max(each for each in at_end if float(each) <= float(time))]
        found_bids, found_asks = best(bids, 1), best(asks, -1)
        for place, (_, bid_qty, bid, ask, ask_qty, _) in enumerate(levels):
            if bid is not None:
                assert found_bids[place] == (round(bid * 1e4), bid_qty)
            if ask is not None:
                assert found_asks[place] == (round(ask * 1e4), ask_qty)
        seen += 1
    assert seen > 15


def test_executions_are_the_trades(run: tuple[Any, dict[Any, Any]], tmp_path: Path) -> None:
    result, _ = run
    told, _ = export_lobster(result, tmp_path, symbols=["AAPL"])
    rows = [list(map(float, text.split(","))) for text in told.read_text().splitlines()]
    trades = result.table("trades", raw=True)
    mine = trades.filter(trades["symbol"].cast(str) == "AAPL")
    executed = [(int(row[3]), int(row[4])) for row in rows if row[1] == 4]
    assert executed == list(zip(mine["qty"].to_list(), mine["price"].to_list(), strict=True))
    assert len(executed) > 100
    assert {row[1] for row in rows} >= {1, 3, 4}


def test_replaced_orders_and_self_trades_are_told(tmp_path: Path) -> None:
    result, _ = recorded(tmp_path / "run", {"venue.self_trade": "cancel_both", "smart.0.every": 1})
    told, kept = export_lobster(result, tmp_path / "out", symbols=["XOM"], levels=LEVELS)
    rows = np.loadtxt(kept, np.int64, delimiter=",")
    for row, (_, bids, asks) in zip(rows.tolist(), rebuilt(told), strict=True):
        expected = zip(best(asks, -1), best(bids, 1), strict=True)
        assert row == [each for ask, bid in expected for each in (*ask, *bid)]


def test_what_cannot_be_exported_says_why(run: tuple[Any, dict[Any, Any]], tmp_path: Path) -> None:
    result, _ = run
    with pytest.raises(ConfigError, match="no symbol 'IBM'; this run trades AAPL, XOM"):
        export_lobster(result, tmp_path, symbols=["IBM"])
    with pytest.raises(ConfigError, match="levels must lie in 1 to 200, got 0"):
        export_lobster(result, tmp_path, levels=0)
    plain = qtg.simulate(qtg.Config.preset("quick_test", ticks=5), progress=False)
    with pytest.raises(StorageError, match=r"set storage\.orders = true"):
        export_lobster(plain, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write to"):
        export_lobster(result, tmp_path / "file" / "inside")
    called, _ = recorded(tmp_path / "called", {"venue.matching": "auction"})
    with pytest.raises(StorageError, match="LOBSTER has no messages for auctions"):
        export_lobster(called, tmp_path)


def test_the_command_exports(
    run: tuple[Any, dict[Any, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = Command(capsys)
    done = command("export", run[0].path, "-o", tmp_path, "--symbol", "XOM", "--levels", 3)
    assert done.code == 0, done.err
    paths = [Path(line) for line in done.out.split()]
    assert [path.name.split("_")[-2] for path in paths] == ["message", "orderbook"]
    assert len(paths[1].read_text().splitlines()[0].split(",")) == 12
    assert command("export", run[0].path, "-o", tmp_path, "--symbol", "IBM").code == 2
