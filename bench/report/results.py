"""What was measured: figures with a value a round and peer, in sections."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Row = dict[str, Any]
"""One JSON line of a driver."""
Side = Literal["least", "most"]


class BenchError(Exception):
    """A measurement that could not be made."""


@dataclass(frozen=True)
class Goal:
    """Where a value shall be."""

    bound: float
    side: Side

    def reached(self, value: float | None) -> bool | None:
        """Return whether a value is there; None when there is no value."""
        if value is None:
            return None
        return value >= self.bound if self.side == "least" else value <= self.bound

    def __str__(self) -> str:
        return f"at {self.side} {self.bound:g}"


@dataclass(frozen=True)
class Ratio:
    """One peer's value over another's, round by round."""

    over: str
    under: str
    goal: Goal | None = None

    @property
    def name(self) -> str:
        """What stands above its column."""
        return f"{self.over} / {self.under}"


@dataclass
class Figure:
    """One line of a table: for each peer the values of all rounds."""

    title: str
    unit: str
    values: dict[str, list[float]]
    ratios: tuple[Ratio, ...] = ()
    goals: tuple[tuple[str, Goal], ...] = ()
    """Peers, and where the medians of their rounds shall be."""

    def median(self, peer: str) -> float | None:
        """Return the median of a peer's rounds; None when it was not measured."""
        rounds = self.values.get(peer)
        return statistics.median(rounds) if rounds else None

    def ratio(self, ratio: Ratio) -> float | None:
        """Return the median of the rounds' ratios: what drifts, drifts for both."""
        over, under = self.values.get(ratio.over), self.values.get(ratio.under)
        if not over or not under:
            return None
        pairs = [a / b for a, b in zip(over, under) if b > 0]
        return statistics.median(pairs) if pairs else None

    def verdicts(self) -> list[tuple[str, float, Goal, bool]]:
        """Return what had a goal and a value: what it is, the value, the goal, whether reached."""
        found = []
        for ratio in self.ratios:
            value = self.ratio(ratio)
            if ratio.goal is not None and value is not None:
                found.append((ratio.name, value, ratio.goal, bool(ratio.goal.reached(value))))
        for peer, goal in self.goals:
            value = self.median(peer)
            if value is not None:
                found.append((peer, value, goal, bool(goal.reached(value))))
        return found


@dataclass
class Section:
    """A table, how it was measured, and what was left out."""

    name: str
    title: str
    how: str
    peers: tuple[str, ...]
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    """What the drivers printed."""

    def figure(self, title: str) -> Figure | None:
        """Return the figure of this title."""
        return next((figure for figure in self.figures if figure.title == title), None)


def by_peer(rows: Iterable[Row], column: str, **where: Any) -> dict[str, list[float]]:
    """Return a column of the rows that match, by peer and in the order of rounds."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if all(row.get(key) == value for key, value in where.items()):
            values.setdefault(row["peer"], []).append(float(row[column]))
    return values


def summed(parts: Iterable[dict[str, list[float]]]) -> dict[str, list[float]]:
    """Return the sums, round by round, of peers that have all parts."""
    first, *others = parts
    return {
        peer: [sum(values) for values in zip(rounds, *(other[peer] for other in others))]
        for peer, rounds in first.items()
        if all(peer in other for other in others)
    }


def section_to_json(section: Section) -> dict[str, Any]:
    """Return a section as JSON has it."""
    return {
        "name": section.name,
        "title": section.title,
        "how": section.how,
        "peers": list(section.peers),
        "notes": section.notes,
        "figures": [_figure_to_json(figure) for figure in section.figures],
        "rows": section.rows,
    }


def section_from_json(data: dict[str, Any]) -> Section:
    """Return the section that section_to_json was given."""
    return Section(
        name=data["name"],
        title=data["title"],
        how=data["how"],
        peers=tuple(data["peers"]),
        figures=[_figure_from_json(figure) for figure in data["figures"]],
        notes=data["notes"],
        rows=data["rows"],
    )


def _figure_to_json(figure: Figure) -> dict[str, Any]:
    return {
        "title": figure.title,
        "unit": figure.unit,
        "values": {
            peer: {"median": figure.median(peer), "rounds": rounds}
            for peer, rounds in figure.values.items()
        },
        "ratios": [
            {
                "over": ratio.over,
                "under": ratio.under,
                "median": figure.ratio(ratio),
                **_goal_to_json(ratio.goal, figure.ratio(ratio)),
            }
            for ratio in figure.ratios
        ],
        "goals": [
            {"peer": peer, **_goal_to_json(goal, figure.median(peer))}
            for peer, goal in figure.goals
        ],
    }


def _goal_to_json(goal: Goal | None, value: float | None) -> dict[str, Any]:
    if goal is None:
        return {}
    return {"goal": goal.bound, "side": goal.side, "reached": goal.reached(value)}


def _goal_from_json(data: dict[str, Any]) -> Goal:
    return Goal(data["goal"], data["side"])


def _figure_from_json(data: dict[str, Any]) -> Figure:
    return Figure(
        title=data["title"],
        unit=data["unit"],
        values={peer: value["rounds"] for peer, value in data["values"].items()},
        ratios=tuple(
            Ratio(r["over"], r["under"], _goal_from_json(r) if "goal" in r else None)
            for r in data["ratios"]
        ),
        goals=tuple((goal["peer"], _goal_from_json(goal)) for goal in data["goals"]),
    )
