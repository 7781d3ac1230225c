"""What happens while a learner learns."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from ..errors import StorageError
from .evaluation import Exams, of_policy
from .measures import Line
from .settings import OWN

Told = Callable[[str, int, float | None], None]  # phase, steps done, mean reward of late


class Every(BaseCallback):
    """Calls something after every so many steps, between two updates.

    Parameters
    ----------
    steps : int      0 is never
    act : function
    """

    def __init__(self, steps: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._steps, self._act, self._due = steps, act, 0

    def _on_training_start(self) -> None:
        self._due = self._next()

    def _on_rollout_start(self) -> None:
        if self._steps and self.num_timesteps >= self._due:
            self._act()
            self._due = self._next()

    def _on_step(self) -> bool:
        return True

    def _next(self) -> int:
        return (self.num_timesteps // max(self._steps, 1) + 1) * self._steps


class Watch(BaseCallback):
    """Says how far the training is."""

    def __init__(self, told: Told, pause: float = 0.2) -> None:
        super().__init__()
        self._told, self._pause, self._last = told, pause, 0.0

    def _on_step(self) -> bool:
        now = time.monotonic()
        if now - self._last >= self._pause:
            self._last = now
            self._told("training", self.num_timesteps, recent_reward(self.model))
        return True


class Examiner:
    """Measures the learner on held-out episodes, and writes what came of it to a table.

    Parameters
    ----------
    exams : mapping       of populations' names to their episodes
    table : Path          CSV file, which is continued
    best : float          reward that counts as the best so far
    """

    def __init__(self, exams: Mapping[str, Exams], table: Path, best: float = -np.inf) -> None:
        self.exams, self.table, self.best = exams, table, best

    def examine(self, learner: Any) -> dict[str, Line]:
        """Lines of the learner as it is now, by population."""
        lines = {}
        for name, exams in self.exams.items():
            rule = of_policy(lambda seen: learner.predict(seen, deterministic=True)[0])
            lines[name] = line = exams.line("model", rule)
            self._write({"steps": learner.num_timesteps, "population": name, **line._asdict()})
            for measure in ("reward", "profit", "sharpe", "drawdown", "inventory"):
                learner.logger.record(f"evaluation/{name}_{measure}", getattr(line, measure))
        learner.logger.dump(learner.num_timesteps)
        return lines

    def _write(self, row: dict[str, Any]) -> None:
        is_new = not self.table.exists()
        with self.table.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row))
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def rows_until(table: Path, steps: int) -> float:
    """Take out of a table what was measured after these steps, as it will be measured again; the
    best reward that is left.

    Raises
    ------
    StorageError    it is damaged
    """
    if not table.exists():
        return -np.inf
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names, rows = list(reader.fieldnames or []), list(reader)
        rows = [row for row in rows if int(row["steps"]) <= steps]
        own = [float(row["reward"]) for row in rows if row["population"] == OWN]
    except (ValueError, KeyError, TypeError, csv.Error):
        raise StorageError(f"{table} is damaged; move it away, and a new one is begun") from None
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return max(own, default=-np.inf)


def recent_reward(learner: Any) -> float | None:
    """Mean reward of the episodes that ended lately; None if none did."""
    ends = learner.ep_info_buffer
    return float(np.mean([each["r"] for each in ends])) if ends else None
