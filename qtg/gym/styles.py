"""Settings that belong together, by name."""

from typing import Any

from ..errors import ConfigError

# The defaults of ABIDES-gym's execution task (Amrouni et al., 2021): a decision a minute for ten
# minutes, ten shares each, 10 currency (1,000 cents) for each share that remains. A parent order of
# 1,000 cannot be filled like that, there as here; give `parent` or `size` for one that can.
STYLES: dict[str, dict[str, dict[str, Any]]] = {
    "Execution": {
        "abides": {
            "parent": 1_000,
            "size": 10,
            "leftover": 10.0,
            "ticks": 60,
            "steps": 10,
            "cash": 1_000_000.0,
            "features": ("abides_execution",),
        }
    }
}


def settings_in(task: str, style: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a style, and what was given instead of them or beside them.

    Raises
    ------
    ConfigError    the task has no such style
    """
    if style is None:
        return given
    styles = STYLES.get(task, {})
    if style not in styles:
        names = ", ".join(map(repr, styles)) or "none"
        raise ConfigError(f"no style {style!r} of {task}; there are {names}")
    return {**styles[style], **given}
