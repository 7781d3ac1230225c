"""`python -m qtg.ensemble.tables`: ensembles in the market that they can learn from, and in one
whose spread is wider than what they know."""

import platform
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..simulation import Simulation
from .samples import BPS
from .settings import EnsembleConfig
from .show import show_report
from .training import Report, train_ensemble

_ENVS, _TICKS = 4, 500  # in which a spread is measured
DEFAULT = 'market = "quick_test"\n'
EAGER: dict[str, Any] = {"threshold_bps": 2.5, "line.band_bps": 1.0, "vectors.threshold_bps": 6.0}


def spread_bps(config: EnsembleConfig) -> float:
    """Mean spread of a market as a share of its mid [bp]."""
    sim, found = Simulation(config.market, envs=range(_ENVS)), []
    sim.run(config.market.warmup.ticks)
    for _ in range(_TICKS):
        view = sim.step().exchange.view
        both = (view.bid > 0) & (view.ask > 0)
        found.append(((view.ask - view.bid) / view.mid)[both])
    return float(np.concatenate(found).mean() / BPS)


def make_report(config: EnsembleConfig) -> Report:
    """Train and measure; the model's file is not kept."""
    with TemporaryDirectory() as folder:
        return train_ensemble(config, Path(folder) / "ensemble.json")[1]


def main() -> None:
    """Print three trainings."""
    import sklearn

    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, ", end="")
    print(f"scikit-learn {sklearn.__version__}")
    driven, default = EnsembleConfig.load("news_driven"), EnsembleConfig.from_toml(DEFAULT)
    for title, config in (
        ("news_driven: makers who do not know what stocks are worth", driven),
        ("quick_test: makers who know it, and quote there at once", default),
        ("quick_test, trading on moves smaller than the spread", default.with_(EAGER)),
    ):
        print(f"\n== {title}")
        print(f"mean spread {spread_bps(config):.2f} bp")
        show_report(make_report(config))


if __name__ == "__main__":
    main()
