"""Compares strace's output of tests/syscalls/phases.c with docs/syscalls.md.

    python3 scripts/syscalls_report.py STRACE_OUTPUT [--show]

The table of phases says what the calling thread always and sometimes asks of the kernel,
the table of threads what the library's own threads may.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "syscalls.md"
# What the Go runtime may do while a thread is inside (its mask tells that it was).
INSIDE = "rt_sigprocmask"
RUNTIME = {"clone3", "clone", "mmap", "mprotect", "munmap", "madvise", "sched_yield", "nanosleep"}
ENDING = {"exit_group"}  # at the end of the process strace has named a second thread once
UNCHECKED = {"main", ""}  # between two phases


def names(cell: str) -> set[str]:
    """Return the calls in a cell of a table."""
    return set(re.findall(r"`(\w+)`", cell))


def documented() -> tuple[dict[str, tuple[set[str], set[str]]], set[str]]:
    """Return each phase's calls (always, sometimes), and those of other threads."""
    phases: dict[str, tuple[set[str], set[str]]] = {}
    others: set[str] = set()
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] in ("phase", "threads", "---"):
            continue
        if len(cells) == 4:
            phases[cells[0]] = (names(cells[1]), names(cells[2]))
        else:
            others |= names(cells[1])
    return phases, others


def seen(trace: Path) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Return the calls of the first thread by phase, and those of all others."""
    phases: dict[str, Counter[str]] = {"load": Counter()}
    others: Counter[str] = Counter()
    first, phase = "", "load"
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        call = re.match(r"(\d+) +(\w+)\(", line)
        if not call:
            continue  # the end of a call, a signal, an exit
        thread, name = call.groups()
        first = first or thread
        if thread != first:
            others[name] += 1
        elif mark := re.match(r'\d+ +write\(-1, "([^"]*)"', line):
            phase = mark[1]
            phases.setdefault(phase, Counter())
        else:
            phases[phase][name] += 1
    return phases, others


def main(arguments: list[str]) -> int:
    """Compare, and print the outcome."""
    expected, expected_others = documented()
    found, others = seen(Path(arguments[0]))
    if "--show" in arguments:
        for phase, calls in found.items():
            if phase not in UNCHECKED:
                print(f"{phase}: {dict(calls.most_common()) or 'none'}")
        print(f"other threads: {dict(others.most_common())}")
    problems = []
    for phase in sorted(set(expected) | set(found) - UNCHECKED):
        if phase not in expected or phase not in found:
            place = "strace's output" if phase in expected else "docs/syscalls.md"
            problems.append(f"{phase}: no such phase in {place}")
            continue
        always, sometimes = expected[phase]
        calls = set(found[phase])
        if missing := always - calls:
            problems.append(f"{phase}: never made {sorted(missing)}")
        if extra := calls - always - sometimes - (RUNTIME if INSIDE in always else set()):
            problems.append(f"{phase}: {sorted(extra)} is not in docs/syscalls.md")
    if extra := set(others) - expected_others - ENDING:
        problems.append(f"other threads: {sorted(extra)} is not in docs/syscalls.md")
    for problem in problems:
        print(problem, file=sys.stderr)
    failed = len({p.split(":")[0] for p in problems})
    print(f"check-syscalls: {len(expected) + 1 - failed} passed, {failed} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
