"""Puts figures into the documents, between markers that stay there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .drivers import LL_MP, LL_MP_SPINNING, OURS, OURS_KEPT, OURS_MANY, PYTHON
from .results import BenchError, Ratio, Section
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


@dataclass(frozen=True)
class Line:
    """A line of the README: which figure, what to call it, whose values, what is better."""

    section: str
    figure: str
    name: str
    ours: str
    theirs: str
    better: Literal["less", "more"] = "less"


NONE = "`--history none`"
SPINNING = LL_MP_SPINNING
SHORT = (
    Line("pipeline", "64 B, total", f"64 B sent, forwarded, received; {NONE}, ns", OURS, LL_MP),
    Line("pipeline", "64 B, total", "… 128 messages a call, ns", OURS_MANY, LL_MP),
    Line("pipeline", "64 B, total", "… history kept, ns", OURS_KEPT, LL_MP),
    Line("pipeline", "1 KiB, total", f"1 KiB, {NONE}, ns", OURS, LL_MP),
    Line("pipeline", "1 KiB, total", "… 128 messages a call, ns", OURS_MANY, LL_MP),
    Line("pipeline", "1 KiB, total", "… history kept, ns", OURS_KEPT, LL_MP),
    Line("round trip", "p50", "64 B there and back, spinning, p50, ns", OURS, LL_MP),
    Line("waking", "send to wake, p50", "send to wake, all asleep, p50, us", OURS_KEPT, LL_MP),
    Line("waking", "idle: CPU of the broker", "idle broker, 64 clients, % CPU", OURS_KEPT, LL_MP),
    Line("waking", "idle: CPU of all clients", "those clients, % CPU", OURS_KEPT, LL_MP),
    Line("throughput", "1 sending client", "1 sends, million/s", OURS_KEPT, SPINNING, "more"),
    Line("throughput", "1 sending client", f"… {NONE}, million/s", OURS, SPINNING, "more"),
    Line("throughput", "64 sending clients", "64 send, million/s", OURS_KEPT, SPINNING, "more"),
    Line("memory", "at the end", "memory after {messages}, MiB", OURS_KEPT, LL_MP),
)


def short(machine: dict[str, str], sections: Sequence[Section]) -> str:
    """Return what the README says."""
    found = {section.name: section for section in sections}
    lines = ["| | llmp | LibAFL's `ll_mp` | better by |", "|---|---:|---:|---:|"]
    for line in SHORT:
        figure = found[line.section].figure(line.figure) if line.section in found else None
        if figure is None:
            continue
        ours, theirs = figure.median(line.ours), figure.median(line.theirs)
        if ours is None or theirs is None:
            continue
        over, under = (line.theirs, line.ours)[:: 1 if line.better == "less" else -1]
        times = figure.ratio(Ratio(over, under))
        name = line.name
        if "{messages}" in name:
            millions = max(row.get("messages", 0) for row in found[line.section].rows) / 1e6
            name = name.format(messages=f"{millions:g} million messages of 64 B")
        better = f"{number(times)}x" if times else ""
        lines.append(f"| {name} | {number(ours)} | {number(theirs)} | {better} |")
    python = found["python"].figures if "python" in found else []
    batched = {figure.title: figure.median(PYTHON) for figure in python}
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
