"""Measures, prints the tables, and writes JSON, the plot and the documents' figures."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import (
    documents,
    drivers,
    languages,
    machine,
    memory,
    pipeline,
    plot,
    round_trip,
    table,
    throughput,
    waking,
)
from .drivers import BUILD, ROOT, Drivers, Mode, Settings
from .results import BenchError, Section, section_from_json, section_to_json

SECTIONS: dict[str, Callable[[Drivers, Settings], Section]] = {
    "pipeline": pipeline.measure,
    "round-trip": round_trip.measure,
    "waking": waking.measure,
    "throughput": throughput.measure_throughput,
    "idle-clients": throughput.measure_idle,
    "memory": memory.measure,
    "python": languages.measure,
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="one or two minutes, rougher figures")
    how.add_argument("--smoke", action="store_true", help="only to see that everything runs")
    how.add_argument("--redraw", action="store_true", help="measure nothing: from the last JSON")
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"some of them only: {', '.join(SECTIONS)}"
    )
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {unknown[0]}; there are: {', '.join(SECTIONS)}")
    return options


def measure(settings: Settings, chosen: list[str]) -> dict[str, Any]:
    """Return what is written as JSON."""
    found = drivers.find(settings.mode)
    before = machine.load()
    if settings.mode != "smoke" and before > machine.BUSY:
        say(f"warning: this machine is busy (load {before}): ratios may hold, times do not")
    if found.peers is None:
        say("warning: without the peers, which cargo builds: nothing to compare with")
    sections = []
    for name in chosen or SECTIONS:
        start = time.monotonic()
        sections.append(SECTIONS[name](found, settings))
        say(f"{name}: {time.monotonic() - start:.0f} s")
    return {
        "mode": settings.mode,
        "machine": machine.describe(),
        "load before and after": [before, machine.load()],
        "sections": [section_to_json(section) for section in sections],
    }


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    options = parse()
    mode: Mode = "quick" if options.quick else "smoke" if options.smoke else "full"
    file = BUILD / f"{mode}.json"
    if options.redraw:
        data = json.loads(file.read_text())
    else:
        data = measure(Settings(mode), options.sections)
        file = BUILD / f"{'-'.join([mode, *options.sections])}.json"
        file.write_text(json.dumps(data, indent=1) + "\n")
    sections = [section_from_json(section) for section in data["sections"]]
    if mode == "smoke":
        say("smoke: no figures are shown, they would mean nothing")
        print(f"bench: {len(sections)} passed, 0 failed")
        return
    print("\n\n".join([*map(table.to_text, sections), table.aims(sections)]))
    picture = plot.draw(sections)
    written = [file, write(file.with_suffix(".svg"), picture)]
    if mode == "full" and not options.sections:
        load = "{}, {}".format(*data["load before and after"])
        written += publish({**data["machine"], "load before, after": load}, sections, picture)
    say("written: " + ", ".join(str(path.relative_to(ROOT)) for path in written))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def publish(facts: dict[str, str], sections: list[Section], picture: str) -> list[Path]:
    """Put a full run's figures where people read them."""
    plotted = write(ROOT / "docs" / "performance.svg", picture)
    long, readme = ROOT / "docs" / "performance.md", ROOT / "README.md"
    documents.refresh(long, documents.full(facts, sections, documents.read_counts(ROOT)))
    documents.refresh(readme, documents.short(facts, sections))
    return [plotted, long, readme]


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench/run: {error}")
