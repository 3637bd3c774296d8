"""Puts figures into the documents, between markers that stay there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import drivers as names
from .results import BenchError, Section
from .table import number, to_markdown

BEGIN = "<!-- figures: written by `make bench`, do not edit -->"
END = "<!-- end of figures -->"


def refresh(path: Path, text: str) -> None:
    """Replace what stands between the markers of a document."""
    old = path.read_text()
    head, begin, rest = old.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise BenchError(f'{path} has no place for figures: it needs the lines "{BEGIN}", "{END}"')
    new = f"{head}{BEGIN}\n{text.strip()}\n{END}{tail}"
    if new != old:
        path.write_text(new)


def full(machine: dict[str, str], sections: Sequence[Section], counts: dict[str, Any]) -> str:
    """Return all tables."""
    parts = ["| | |\n|---|---|"]
    parts[0] += "".join(f"\n| {name} | {fact} |" for name, fact in machine.items())
    parts += [to_markdown(section) for section in sections]
    parts.append(_instructions(counts))
    return "\n\n".join(parts)


def _instructions(counts: dict[str, Any]) -> str:
    lines = [
        "### Instructions a message",
        "",
        "From `bench/instructions/baseline.json`, which `bench/instructions/run` compares with.",
        "",
        "| step | instructions |",
        "|---|---:|",
    ]
    lines += [f"| {step} | {n:g} |" for step, n in counts["instructions a message"].items()]
    return "\n".join(lines)


SHORT = (
    ("pipeline", "64 B, total", "send, forward and receive 64 B, ns", names.OURS, names.LL_MP),
    ("pipeline", "1 KiB, total", "the same with 1 KiB, ns", names.OURS, names.LL_MP),
    ("round trip", "p50", "64 B there and back, spinning, p50, ns", names.OURS, names.LL_MP),
    (
        "waking",
        "send to wake, p50",
        "a sleeping receiver wakes, through the broker, p50, us",
        names.OURS_KEPT,
        names.LL_MP,
    ),
    (
        "waking",
        "idle: CPU of the broker",
        "an idle broker with 64 clients, % of a core",
        names.OURS_KEPT,
        names.LL_MP,
    ),
    (
        "throughput",
        "1 sending client",
        "one process sends, million messages/s",
        names.OURS_KEPT,
        names.LL_MP_SPINNING,
    ),
    (
        "throughput",
        "64 sending clients",
        "64 processes send, million messages/s",
        names.OURS_KEPT,
        names.LL_MP_SPINNING,
    ),
    ("memory", "at the end", "memory of a bus after {messages}, MiB", names.OURS_KEPT, names.LL_MP),
)
"""Lines of the README: section, figure, what to call it, ours, theirs."""


def short(machine: dict[str, str], sections: Sequence[Section]) -> str:
    """Return what the README says."""
    found = {section.name: section for section in sections}
    lines = ["| | llmp | LibAFL's `ll_mp` | |", "|---|---:|---:|---:|"]
    for section, title, name, ours, theirs in SHORT:
        figure = found[section].figure(title) if section in found else None
        a, b = (figure.median(ours), figure.median(theirs)) if figure else (None, None)
        if a is None or figure is None:
            continue
        if "{messages}" in name:
            millions = max(row.get("messages", 0) for row in found[section].rows) / 1e6
            name = name.format(messages=f"{millions:g} million messages")
        times = number(max(a / b, b / a)) + "x" if a and b else ""
        lines.append(f"| {name} | {number(a)} | {number(b)} | {times} |")
    python = found["python"].figures if "python" in found else []
    batched = {figure.title: figure.median(names.PYTHON) for figure in python}
    lines += [
        "",
        f"Python sends {number(batched.get('send_many()'))} and receives "
        f"{number(batched.get('recv_batch(): views'))} million messages of 64 B a second in "
        f"batches. Medians, measured by `make bench` on {machine['cores']} cores of "
        f"{machine['processor']}; all of it, and how: [docs/performance.md](docs/performance.md).",
    ]
    return "\n".join(lines)


def read_counts(root: Path) -> dict[str, Any]:
    """Return the baseline of instruction counts."""
    counts: dict[str, Any] = json.loads(
        (root / "bench" / "instructions" / "baseline.json").read_text()
    )
    return counts
