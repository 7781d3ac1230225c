"""The leaderboard on a terminal, or as JSON."""

from typing import TYPE_CHECKING, Any

from ..terminal import Column, print_table, rounded
from .results import MONEY

if TYPE_CHECKING:
    import polars as pl

TEXT = ("tier", "kind")
SHARES = ("return", "max_drawdown", "var_95")
COUNTS = ("trades", "volume")
HEADINGS = {"max_drawdown": "max drawdown", "var_95": "VaR 95", "pnl": "P&L"}


def print_leaderboard(board: "pl.DataFrame", by: str, as_json: bool = False) -> None:
    """Print what `leaderboard` gives.

    Parameters
    ----------
    board : DataFrame
    by : str          what it is ranked by
    as_json : bool    all digits, for programs
    """
    if as_json:
        print(board.write_json())
        return
    columns = [
        Column(
            HEADINGS.get(name, name.replace("_", " ")),
            [_cell(name, value) for value in board[name]],
            right=name not in TEXT,
            folds=name in TEXT,
            short=[_short(name, value) for value in board[name]],
        )
        for name in board.columns
    ]
    print_table(columns, f"agents by {by.replace('_', ' ')}")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in MONEY:
        return f"{value:,.2f}"
    if name in SHARES:
        return f"{value:+.3%}" if name == "return" else f"{value:.3%}"
    if name in COUNTS:
        return f"{value:,}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _short(name: str, value: Any) -> str:
    return rounded(value) if name in COUNTS else _cell(name, value)
