"""Sections as tables: for a terminal, and for Markdown."""

from __future__ import annotations

import statistics

from .results import Figure, Goal, Section


def number(value: float | None) -> str:
    """Return a value with three digits, more only before the point."""
    if value is None:
        return "-"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def spread(section: Section) -> float | None:
    """Return how far a peer's rounds lie apart, over their median: the median of all lines."""
    spreads = [
        (max(rounds) - min(rounds)) / statistics.median(rounds)
        for figure in section.figures
        for rounds in figure.values.values()
        if len(rounds) > 1 and statistics.median(rounds) > 0
    ]
    return statistics.median(spreads) if spreads else None


def verdict(goal: Goal, value: float) -> str:
    """Return a goal, and whether it was reached or by how much it was missed."""
    if goal.reached(value):
        return f"aim {goal}: reached"
    short = goal.bound / value if goal.side == "least" else value / goal.bound
    return f"aim {goal}: missed by {number(short)}x"


def ratios(figure: Figure) -> str:
    """Return a line's ratios and goals."""
    parts = []
    for ratio in figure.ratios:
        value = figure.ratio(ratio)
        if value is not None:
            aim = f" ({verdict(ratio.goal, value)})" if ratio.goal else ""
            parts.append(f"{ratio.name}: {number(value)}{aim}")
    for peer, goal in figure.goals:
        value = figure.median(peer)
        if value is not None:
            parts.append(f"{peer}: {verdict(goal, value)}")
    return "; ".join(parts)


def columns(section: Section) -> list[str]:
    """Return the peers that were measured."""
    return [peer for peer in section.peers if any(peer in f.values for f in section.figures)]


def to_text(section: Section) -> str:
    """Return a section for a terminal."""
    peers = columns(section)
    rows = [["", "", *peers, ""]]
    for figure in section.figures:
        values = [number(figure.median(peer)) for peer in peers]
        rows.append([figure.title, figure.unit, *values, ratios(figure)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = [section.title]
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [cell.rjust(width) for cell, width in zip(row[2:-1], widths[2:])]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    lines += [f"  note: {note}" for note in section.notes]
    return "\n".join(lines)


def to_markdown(section: Section) -> str:
    """Return a section for a document."""
    peers = columns(section)
    lines = [f"### {section.title}", "", section.how, ""]
    lines.append("| | unit | " + " | ".join(peers) + " | ratios |")
    lines.append("|---|---|" + "---:|" * len(peers) + "---|")
    for figure in section.figures:
        values = " | ".join(number(figure.median(peer)) for peer in peers)
        lines.append(f"| {figure.title} | {figure.unit} | {values} | {ratios(figure)} |")
    apart = spread(section)
    if apart is not None:
        lines += ["", f"Between the rounds a value differs by {apart:.0%} of it (median)."]
    for note in section.notes:
        lines += ["", note]
    return "\n".join(lines)


def aims(sections: list[Section]) -> str:
    """Return what had an aim, and how it came out."""
    lines = []
    reached = total = 0
    for section in sections:
        for figure in section.figures:
            for what, value, goal, ok in figure.verdicts():
                total += 1
                reached += ok
                lines.append(
                    f"  {section.name}, {figure.title}, {what}: "
                    f"{number(value)} ({verdict(goal, value)})"
                )
    return "\n".join([f"aims: {reached} of {total} reached", *lines])
