"""The examples in the docstrings of `qtg.quant` print what they say."""

import doctest
import pkgutil
from importlib import import_module

import numpy as np
import pytest

from qtg import quant

MODULES = sorted(f"qtg.quant.{module.name}" for module in pkgutil.iter_modules(quant.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name: str) -> None:
    found = doctest.testmod(import_module(name), extraglobs={"np": np, "quant": quant})
    assert found.failed == 0


def test_every_public_function_has_an_example() -> None:
    for name in quant.__all__:
        public = getattr(quant, name)
        if not isinstance(public, type):
            assert ">>> " in (public.__doc__ or ""), name
            assert "Parameters\n" in public.__doc__, name
            assert "Returns\n" in public.__doc__, name
