"""What the command line prints: tables on a terminal, JSON on request."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .terminal import Column, print_command, print_table, print_text, rounded

if TYPE_CHECKING:
    import polars as pl

    from .config import Config
    from .result import Result
    from .wal.report import Recovery


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
        "reason": run.info()["reason"],
        "benched": run.info()["benched"],
        "violations": run.info()["violations"],
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
    if symbols is not None:
        print_table(_symbol_columns(symbols), f"{figures['name']}: market summary")
        print()
    for line in _lines(figures):
        print_text(line)
    print(f"run {figures['path'] or 'in memory'}")  # a path to copy is not folded


def _lines(figures: dict[str, Any]) -> list[str]:
    agents = figures["agents"]
    reason = f": {_REASONS.get(figures['reason'], figures['reason'])}" if figures["reason"] else ""
    lines = [
        f"{agents['total']:,} agents ({agents['smart']:,} smart, {agents['reactive']:,} reactive, "
        f"{agents['background']:,} background), seed {figures['seed']}, {figures['status']}{reason}"
    ]
    if "ticks" in figures:
        lines += [
            f"{figures['ticks']:,} ticks, {figures['orders']:,} orders, "
            f"{figures['trades']:,} trades",
            f"{figures['active_share']:.1%} of the agents send an order in a tick",
            f"tick p50 {figures['tick_ms_p50']:.2f} ms, p99 {figures['tick_ms_p99']:.2f} ms; "
            f"{figures['orders_per_s']:,.0f} orders/s, {figures['fills_per_s']:,.0f} fills/s",
        ]
    lines += [f"VIOLATED {name}: {n:,} times" for name, n in figures["violations"].items()]
    lines += [f"benched: {each['reason']}" for each in figures["benched"]]
    return [*lines, f"trace {figures['trace_hash'] or 'not known: the run did not end'}"]


_REASONS = {"KeyboardInterrupt": "interrupted"}


_TEXT = ("symbol", "sector")
_COUNTS = ("volume", "trades")  # three digits will do where there is no room


def _symbol_columns(symbols: "pl.DataFrame") -> list[Column]:
    return [
        Column(
            _HEADINGS.get(name, name),
            [_cell(name, value) for value in symbols[name]],
            right=name not in _TEXT,
            folds=name == "sector",
            short=[_short(name, value) for value in symbols[name]],
        )
        for name in symbols.columns
    ]


_HEADINGS = {"spread_ticks": "spread ticks"}


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if column in _TEXT:
        return str(value)
    if column == "return":
        return f"{value:+.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _short(column: str, value: Any) -> str:
    return rounded(value) if column in _COUNTS and value is not None else _cell(column, value)


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
    headings = {"background": "pool"}
    print_table(
        [
            Column(
                headings.get(name, name),
                [
                    f"{row[name]:,}" if isinstance(row[name], int) else str(row[name])
                    for row in rows
                ],
                right=isinstance(rows[0][name], int),
            )
            for name in rows[0]
        ]
    )


def print_recovery(report: "Recovery", as_json: bool) -> None:
    """Say what a recovery kept and what it did not, and how to go on."""
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
        return
    lines = report.lines()
    names, texts = [name for name, _ in lines], [text for _, text in lines]
    print_table([Column("recovery", names), Column("what was found", texts, folds=True)])


def print_next_steps(path: Path, report: Path) -> None:
    """Say what to try after the demo."""
    place = shlex.quote(str(path))
    print(f"\nreport {report}")
    print("\ntry next")
    query = '"select symbol, sum(qty) shares from trades group by 1"'
    print_command(f"qtg sql {place}", query)
    print_command("qtg simulate standard --seed 7 --ticks 2000", "--out runs/first")
    print_command("qtg config show standard > my.toml  # change it, then")
    print_command("qtg simulate my.toml")
    script = f"import qtg; print(qtg.open_run({str(path)!r}).candles)"
    print_command("python -c", shlex.quote(script) if '"' in script else f'"{script}"')
