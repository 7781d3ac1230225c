"""The stored depth is what the books hold, order by order."""

from typing import Any

import pytest

import qtg
from qtg.result import result_of
from qtg.simulation import Simulation
from qtg.store import MemorySink
from tests.simulation.small import lively


def stored(changes: dict[str, Any], ticks: int) -> tuple[Any, list[dict[str, Any]]]:
    """Stored rows, and those that the resting orders say."""
    config = lively({"storage.depth_every": 5, **changes})
    symbols = [symbol.symbol for symbol in config.symbols]
    sink = MemorySink(config={}, seed=0, fingerprint="", symbols=symbols)
    sim, expected = Simulation(config, sink), []

    def look(sim: Simulation) -> None:
        if sim.tick % 5:
            return
        for symbol in symbols:
            book = sim.book(symbol)
            step = int(book.columns.markets.tick_size[book.market])
            for name, side, level in (("buy", 1, book.bids()), ("sell", -1, book.asks())):
                open_at = dict(zip(level.price.tolist(), level.qty.tolist(), strict=True))
                for distance in range(config.storage.depth_levels if open_at else 0):
                    price = int(level.price[0]) - side * distance * step
                    if price >= step:
                        row = (sim.tick, symbol, name, distance, price / 1e4)
                        expected.append((*row, open_at.get(price, 0)))

    sim.add_hook(look)
    with sink:
        sim.run(ticks)
        sink.close(trace_hash=sim.trace_hash, ticks=ticks)
    run = result_of(sink)
    found = run.depth.select("tick", "symbol", "side", "distance", "price", "qty")
    return found.rows(), expected


@pytest.mark.compiled
@pytest.mark.parametrize("matching", ["shuffled", "auction"])
def test_depth_is_the_sum_of_the_resting_orders(matching: str) -> None:
    found, expected = stored({"venue.matching": matching, "storage.depth_levels": 12}, 60)
    assert found == expected
    assert sum(row[-1] > 0 for row in found) > 150


@pytest.mark.compiled
def test_orders_outside_of_the_window_count() -> None:
    wide = {"kind": "uniform", "low": 0, "high": 150}
    changes = {"venue.window": 64, "background.offset_ticks": wide, "storage.depth_levels": 140}
    found, expected = stored(changes, 40)
    assert found == expected
    assert max(row[3] for row in found if row[-1] > 0) > 100


def test_depth_is_stored_only_on_request() -> None:
    run = qtg.simulate(lively(ticks=10), progress=False)
    assert "depth" not in run.tables
    with pytest.raises(qtg.StorageError, match=r"depth.*storage\.depth_every"):
        _ = run.depth


def test_the_depth_of_a_few_orders() -> None:
    wide = {"kind": "uniform", "low": 0, "high": 90}
    few = {"venue.window": 64, "background.offset_ticks": wide, "background.count": 60}
    found, expected = stored({**few, "storage.depth_levels": 80}, 11)
    assert found == expected
    assert max(row[3] for row in found if row[-1] > 0) > 64, "some lie outside of the window"
