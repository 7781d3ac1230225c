"""Nothing is compiled twice by mistake: that would double the first start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# In a process of its own, since other tests call kernels with types of their own.
SCRIPT = """
import json, sys
import numpy as np
import qtg
from qtg.kernels._calls import KnownCalls
from qtg.simulation import Simulation
from qtg.warmup import compile_kernels
from tests.simulation.small import lively

del KnownCalls.__call__  # numba looks at every call

def entry_points():
    # Kernels that Python calls; what they call among each other is theirs.
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("qtg.") and not name.startswith("qtg.kernels"):
            for value in vars(module).values():
                home = getattr(getattr(value, "py_func", None), "__module__", "")
                if home.startswith("qtg.kernels") and home != "qtg.kernels.random":
                    found[f"{home[12:]}.{value.py_func.__name__}"] = len(value.signatures)
    return found

@qtg.strategy("test_all")
def trade(ctx):
    n = np.arange(len(ctx.agent))
    orders = ctx.orders(n, 0 * n, side=1, qty=1, price=ctx.last[0], lifetime=5)
    return [ctx.cancel(ctx.resting.order_id[::2]), orders]

compile_kernels()
warm = entry_points()
for matching in ("price_time", "shuffled", "auction"):
    config = lively({"venue.matching": matching, "venue.taker_fee_bps": 1.0, "ticks": 20})
    mine = {"kind": "test_all", "count": 3, "cash": 10_000}
    config = config.with_(smart=[*config.smart, mine])
    qtg.simulate(config, threads=2, progress=False)
    Simulation(config, envs=[0, 1]).run(5)
    opening = config.with_({"venue.opening_auction": True, "check_every": 0})
    qtg.simulate(opening.with_({"storage.orders": True}), progress=False)
shorts = {"rules": "realistic", "smart.0.short_selling": True, "smart.1.short_selling": True}
Simulation(lively(shorts)).run(20)
tiny = lively({"venue.window": 64, "background.count": 6_000})
sim = Simulation(tiny)
sim.submit({"agent": [2], "msg_type": [1], "order_id": [5]})
sim.run(10)
print(json.dumps([warm, entry_points()]))
"""


@pytest.fixture(scope="module")
def counted() -> tuple[dict[str, int], dict[str, int]]:
    """Compiled signatures of every kernel that Python calls: after the warm-up, after runs."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    warm, after = json.loads(done.stdout)
    return warm, after


def test_every_kernel_of_a_run_has_one_signature(
    counted: tuple[dict[str, int], dict[str, int]],
) -> None:
    _, after = counted
    used = {name: n for name, n in after.items() if n}
    # Messages come in columns from outside, in records from the delay queue.
    assert {name: n for name, n in used.items() if n != 1} == {"matching.match_rows": 2}
    expected = {
        "admission.admit",
        "arrange.group_rows",
        "arrange.shuffle",
        "auction.gather_rows",
        "background.count_orders",
        "background.move_sentiment",
        "background.trade_background",
        "candles.add_trades",
        "expiry.expire_due",
        "fundamentals.apply_news",
        "fundamentals.move_fair_value",
        "fundamentals.move_sector_sentiment",
        "ledger.settle",
        "lending.buy_in",
        "lending.charge_fees",
        "lending.recall",
        "maker.make_markets",
        "news.draw_news",
        "news.find_news",
        "matching.match_rows",
        "noise.trade_noise",
        "own_orders.count_others",
        "own_orders.find_own",
        "portfolio.value_agents",
        "publish.trace",
        "publish.write_order_events",
        "publish.write_trades",
        "reactive.apply_updates",
        "reactive.react",
        "reactive.refresh_blocks",
        "reactive.wake",
        "view.read_books",
    }
    assert expected <= set(used)


def test_the_warm_up_compiles_all_that_a_run_needs(
    counted: tuple[dict[str, int], dict[str, int]],
) -> None:
    warm, after = counted
    assert sorted(name for name in after if after[name] and not warm.get(name)) == []
