"""The report of a training, as tables."""

from pathlib import Path

from ..terminal import Column, print_table
from .training import Report
from .validating import VOTERS

_FEATURES = 8  # that are shown


def show_report(report: Report) -> None:
    """Print a report."""
    print(f"{Path(report.path).name}: learned from {report.rows:,} rows")
    print(f"scikit-learn answers as the file does on {report.agree:,} rows")
    _show_winners(report)
    _show_scores(report)
    _show_importances(report)
    _show_profit(report)


def _show_winners(report: Report) -> None:
    total = max(sum(report.winners.values()), 1)
    ranked = sorted(report.winners.items(), key=lambda each: -each[1])
    named = ", ".join(f"{kind} {100 * n / total:.0f}%" for kind, n in ranked if n)
    print(f"winners: {named or 'nobody'}")


def _show_scores(report: Report) -> None:
    scores = report.validation.scores.classes
    print_table(
        [
            Column("voter", [each.voter for each in scores]),
            Column("class", [each.name for each in scores]),
            Column("came", [_percent(each.share) for each in scores], right=True),
            Column("by chance", [_percent(each.chance) for each in scores], right=True),
            Column("right", [_percent(each.accuracy) for each in scores], right=True),
            Column("return bp", [f"{each.return_bps:+.2f}" for each in scores], right=True),
        ],
        f"\nHeld-out episodes, {report.validation.rows:,} rows",
    )
    balanced, chance = report.validation.scores.balanced, report.validation.scores.chance
    each = (f"{name} {_percent(balanced[name])} ({_percent(chance[name])})" for name in VOTERS)
    print(f"mean over classes (by chance): {', '.join(each)}")


def _show_importances(report: Report) -> None:
    best = report.validation.importances[:_FEATURES]
    print_table(
        [
            Column("feature", [each.feature for each in best]),
            Column("forest", [_percent(each.forest) for each in best], right=True),
            Column("edge lost, bp", [f"{each.edge_bps:+.2f}" for each in best], right=True),
        ],
        "\nImportance",
    )


def _show_profit(report: Report) -> None:
    measured = report.measured
    kinds = sorted(measured.profit, key=lambda kind: -measured.profit[kind].mean)
    columns = [Column("kind", kinds)]
    for name, means in (
        ("profit", measured.profit),
        ("beyond holding", measured.beyond_holding),
    ):
        columns += [
            Column(name, [f"{means[kind].mean:,.0f}" for kind in kinds], right=True),
            Column("95%", [f"{means[kind].low:,.0f} to {means[kind].high:,.0f}" for kind in kinds]),
        ]
    print_table(columns, f"\nProfit per agent in {len(measured.episodes)} held-out markets")
    lead = measured.lead
    verdict = "lies above" if measured.beats_rival else "does not lie above"
    print(
        f"ensemble less {measured.rival}: {lead.mean:,.0f} ({lead.low:,.0f} to {lead.high:,.0f}); "
        f"its interval {verdict} theirs"
    )


def _percent(share: float) -> str:
    return "-" if share != share else f"{100 * share:.1f}%"
