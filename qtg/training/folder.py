"""The folder of a training."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ConfigError, StorageError

CONFIG, MODEL, BEST, TABLE = "training.toml", "model.zip", "best.zip", "evaluations.csv"
CHECKPOINTS, LOGS = "checkpoints", "tensorboard"


def open_folder(place: Path, resume: bool, overwrite: bool) -> Path | None:
    """Make the folder of a training, or empty it; the checkpoint to go on from, if any.

    Raises
    ------
    ConfigError     there is nothing to resume
    StorageError    something else is there, or a training that may not be replaced
    """
    is_training = (place / CONFIG).is_file()
    if resume:
        if not is_training:
            raise ConfigError(f"{place}: no training to resume; leave out --resume")
        newest = checkpoints(place)
        return newest[-1] if newest else None
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        if not is_training:
            raise StorageError(f"{place} is there and no training; give another folder")
        if not overwrite:
            raise StorageError(
                f"{place} holds a training; go on with --resume, or replace it with --overwrite"
            )
        shutil.rmtree(place)
    (place / CHECKPOINTS).mkdir(parents=True)
    return None


def checkpoints(place: Path) -> list[Path]:
    """Those that are kept, the newest last."""
    return sorted((place / CHECKPOINTS).glob("*.zip"))


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Name a disk that is full, a folder that may not be written, and the like."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{place} cannot be written: {error.strerror or error}") from None


@contextmanager
def log_to(folder: Path) -> Iterator[Any]:
    """A logger that writes what TensorBoard reads."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from stable_baselines3.common.logger import configure

    logger = configure(str(folder), ["tensorboard"])
    try:
        yield logger
    finally:
        logger.close()
