"""What the command line prints: tables on a terminal, JSON on request."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

    from .config import Config
    from .result import Result


def run_figures(run: "Result") -> dict[str, Any]:
    """The figures of a run: what it was, how fast it went, how much happened."""
    config = run.config
    tiers = {
        "smart": sum(each["count"] for each in config["smart"]),
        "reactive": sum(each["count"] for each in config["reactive"]),
        "background": config["background"]["count"],
    }
    figures: dict[str, Any] = {
        "path": str(run.path) if run.path else None,
        "status": run.status,
        "name": config["name"],
        "seed": config["seed"],
        "symbols": len(config["symbols"]),
        "agents": {**tiers, "total": sum(tiers.values())},
        "trace_hash": run.trace_hash,
    }
    if "metrics" in run.tables and run.metrics.height:
        figures |= _speed(run.metrics, figures["agents"]["total"])
    return figures


def _speed(metrics: "pl.DataFrame", agents: int) -> dict[str, Any]:
    # The first ticks may hold compilation, so speeds are read from the second half.
    later = metrics.tail(max(metrics.height // 2, 1))
    seconds = float(later["total_ns"].sum()) / 1e9
    sent = later["orders_smart"] + later["orders_reactive"] + later["orders_background"]
    return {
        "ticks": metrics.height,
        "orders": int(metrics["orders"].sum()),
        "trades": int(metrics["trades"].sum()),
        "tick_ms_p50": float(later["total_ns"].median() or 0) / 1e6,  # type: ignore[arg-type]
        "tick_ms_p99": float(later["total_ns"].quantile(0.99) or 0) / 1e6,
        "orders_per_s": float(later["orders"].sum()) / seconds,
        "fills_per_s": float(later["trades"].sum()) / seconds,
        "active_share": float(sent.mean() or 0) / max(agents, 1),  # type: ignore[arg-type]
    }


def symbol_figures(run: "Result") -> "pl.DataFrame":
    """One row per symbol: first and last price, return, volume, trades, VWAP, mean spread."""
    return run.sql(
        """
        with traded as (
            select symbol, arg_min(price, trade_id) as first, arg_max(price, trade_id) as last,
                   sum(qty)::BIGINT as volume, count(*) as trades,
                   sum(price * qty) / sum(qty) as vwap
            from trades group by symbol
        ), quoted as (
            select symbol, avg(ask - bid) as spread from quotes
            where bid is not null and ask is not null group by symbol
        )
        select i.symbol::VARCHAR as symbol, i.sector::VARCHAR as sector, first, last,
               last / first - 1 as return, volume, trades, vwap,
               spread / i.tick_size as spread_ticks
        from instruments i left join traded using (symbol) left join quoted using (symbol)
        order by i.symbol
        """
    )


def print_summary(run: "Result", *, as_json: bool = False) -> None:
    """Print the figures of a run."""
    figures = run_figures(run)
    tables = set(run.tables)
    symbols = symbol_figures(run) if {"trades", "quotes", "instruments"} <= tables else None
    if as_json:
        figures["by_symbol"] = symbols.to_dicts() if symbols is not None else []
        print(json.dumps(figures, indent=2))
        return
    console = Console()
    if symbols is not None:
        console.print(_symbol_table(symbols, figures["name"]))
    for line in _lines(figures):
        console.print(line, highlight=False)


def _lines(figures: dict[str, Any]) -> list[str]:
    agents = figures["agents"]
    lines = [
        f"{agents['total']:,} agents ({agents['smart']:,} smart, {agents['reactive']:,} reactive, "
        f"{agents['background']:,} background), seed {figures['seed']}, {figures['status']}"
    ]
    if "ticks" in figures:
        lines += [
            f"{figures['ticks']:,} ticks, {figures['orders']:,} orders, "
            f"{figures['trades']:,} trades; "
            f"{figures['active_share']:.1%} of the agents send an order in a tick",
            f"tick p50 {figures['tick_ms_p50']:.2f} ms, p99 {figures['tick_ms_p99']:.2f} ms; "
            f"{figures['orders_per_s']:,.0f} orders/s, {figures['fills_per_s']:,.0f} fills/s",
        ]
    lines.append(f"trace {figures['trace_hash']}   {figures['path'] or 'in memory'}")
    return lines


def _symbol_table(symbols: "pl.DataFrame", name: str) -> Table:
    table = Table(title=f"{name}: market summary", title_justify="left")
    for column in symbols.columns:
        table.add_column(column.replace("_", " "), justify="left" if column in _TEXT else "right")
    for row in symbols.iter_rows(named=True):
        table.add_row(*(_cell(column, value) for column, value in row.items()))
    return table


_TEXT = ("symbol", "sector")


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if column in _TEXT:
        return str(value)
    if column == "return":
        return f"{value:+.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def print_presets(configs: "list[Config]", as_json: bool) -> None:
    """List configurations."""
    rows = [
        {
            "name": config.name,
            "smart": sum(each.count for each in config.smart),
            "reactive": sum(each.count for each in config.reactive),
            "background": config.background.count,
            "symbols": len(config.symbols),
            "ticks": config.ticks,
            "warmup": config.warmup.ticks,
            "latency": "on" if config.latency.enabled else "off",
            "regime": config.background.regime.name.lower(),
        }
        for config in configs
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table()
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(
            *(f"{value:,}" if isinstance(value, int) else value for value in row.values())
        )
    Console().print(table)


def print_frame(frame: "pl.DataFrame", as_json: bool) -> None:
    """Print a query's answer."""
    import polars as pl

    if as_json:
        print(frame.write_json())
        return
    with pl.Config(tbl_rows=50, tbl_cols=30, tbl_hide_dataframe_shape=True):
        print(frame)


def print_next_steps(path: Path, report: Path) -> None:
    """Say what to try after the demo."""
    console = Console()
    console.print(
        f"\nreport   [bold]{report}[/bold]  (open it in a browser)\n\ntry next", highlight=False
    )
    for command in (
        f'qtg sql {path} "select symbol, sum(qty) shares from trades group by 1 order by 2 desc"',
        "qtg simulate standard --seed 7 --ticks 2000 --out runs/first",
        "qtg config show standard > my.toml     # change it, then: qtg simulate my.toml",
        f"python -c \"import qtg; print(qtg.open_run('{path}').candles)\"",
    ):
        console.print(f"  {command}", highlight=False, markup=False)
