"""A market of which a run takes a few hundredths of a second, and what measures it."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import polars as pl

import qtg
from qtg.sweeps.row import TIMES

GRID = {"background.activity": [0.2, 0.6], "smart.market_maker.count": [1, 2]}


def tiny(**fields: Any) -> qtg.Config:
    """Two stocks, two makers, forty background agents, ten ticks."""
    makers = {"kind": "market_maker", "count": 2, "cash": 1_000_000, "shares": 1_000}
    symbols = [{"symbol": name, "initial_price": "100.00"} for name in ("A", "B")]
    config = qtg.Config(
        name="tiny",
        symbols=symbols,
        smart=[makers],
        background={"count": 40},
        ticks=10,
        warmup={"ticks": 2},
    )
    return config.with_(fields)


def timeless(runs: pl.DataFrame) -> pl.DataFrame:
    """The table without what tells the time or who made a run."""
    return runs.drop(TIMES)


def shares(run: qtg.Result) -> dict[str, Any]:
    """A measure."""
    return {"shares": run.trades["qty"].sum(), "seeds": run.config["seed"] * 2, "note": "fine"}


def killed(run: qtg.Result) -> dict[str, Any]:
    """Ends the process that measures a run with seed 1 of the first market, as the system does
    where memory is short; another one leaves by itself."""
    if run.config["seed"] == 1 and run.config["background"]["activity"] == 0.2:
        if run.config["smart"][0]["count"] == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(7)
    return shares(run)


def slow(run: qtg.Result) -> dict[str, Any]:
    """Takes a minute for seed 3, and with it the process that measures."""
    time.sleep(60 if run.config["seed"] == 3 else 0.1)
    return shares(run)


def picky(run: qtg.Result) -> dict[str, Any]:
    """Fails where a file of that name says so."""
    if Path("picky").exists() and run.config["seed"] == 1:
        raise ValueError("not this one")
    return shares(run)


def clumsy_file(folder: Path) -> Path:
    """A file with a strategy that fails if it is clumsy."""
    path = folder / "clumsy.py"
    path.write_text(
        "import qtg\n"
        "@qtg.strategy('clumsy', params={'clumsiness': 0.0})\n"
        "def clumsy(ctx):\n"
        "    if (ctx.params['clumsiness'] > 0).any():\n"
        "        raise ValueError('dropped it')\n"
    )
    return path


def with_clumsy() -> qtg.Config:
    """`tiny` with one agent of that kind."""
    agent = {"kind": "clumsy", "count": 1, "cash": 1_000}
    makers = [each.model_dump(mode="json", exclude_none=True) for each in tiny().smart]
    return tiny(smart=[*makers, agent])
