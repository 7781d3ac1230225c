"""The environments' names in Gymnasium, known once it and qtg are imported, in whichever order.

`import qtg` must not import Gymnasium, which takes longer than all of qtg's own import, so this
waits for someone else to do it. Gymnasium imports an environment's module only when one is made.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_WHOM = "gymnasium"
_ENVIRONMENTS = {
    "AvellanedaStoikov-v0": "dealer",
    "DailyInvestor-v0": "investing",
    "Execution-v0": "execution",
    "MarketMaking-v0": "making",
    "Trading-v0": "trading",
}


def register_when_imported() -> None:
    """Register now if Gymnasium is there, else as soon as it is imported."""
    if sys.modules.get(_WHOM):
        register_environments()
    else:
        sys.meta_path.insert(0, _Waiting())


def register_environments() -> None:
    """Make `gymnasium.make("qtg/...")` and `make_vec` know the environments, if they do not."""
    import gymnasium

    for name, maker in _ENVIRONMENTS.items():
        if f"qtg/{name}" not in gymnasium.registry:
            gymnasium.register(
                f"qtg/{name}",
                entry_point=f"qtg.gym.makers:{maker}",
                vector_entry_point=f"qtg.gym.makers:{maker}_vector",
            )


class _Waiting:
    """Finds nothing itself; sees that Gymnasium is imported, and goes."""

    looking = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _WHOM or self.looking:
            return None
        self.looking = True
        try:
            spec = find_spec(name)
        finally:
            self.looking = False
        loader: Any = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def execute_and_register(module: ModuleType) -> None:
                if self in sys.meta_path:  # whoever only asked where it is did not come here
                    sys.meta_path.remove(self)
                execute(module)
                register_environments()

            loader.exec_module = execute_and_register
        return spec
