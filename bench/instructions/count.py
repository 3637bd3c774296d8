"""Counts the instructions that a message costs, and compares them with the baseline.

Instruction counts repeat exactly where times drift, so they show that a step has become
dearer on any machine, however busy. Run by bench/instructions/run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
DRIVERS = HERE.parents[1] / "build" / "bench"

FEW, MANY = 2048, 6144
"""Messages of the two runs whose difference counts."""
RUNS = 3
"""Of the same in Go."""
SIZES = (64, 1024)
GO_STEPS = {
    "send": "send",
    "sendMany": "send_many",
    "receive": "receive",
    "receiveMany": "receive_many",
}
"""Functions of gocount, and how they stand in the table."""
TOLERANCE = 0.05
ALLOWANCE = 1.0
"""Instructions that a count may rise by in any case: what is amortised over a batch is small."""

Counts = dict[str, float]


class CountError(Exception):
    """A count that could not be made."""


def callgrind(folder: Path, command: list[str], *options: str) -> list[Path]:
    """Run a command under callgrind; return what it dumped."""
    # One thread, and no signals between them: callgrind takes both amiss in Go's runtime.
    environment = {
        **os.environ,
        "GODEBUG": "asyncpreemptoff=1",
        "GOMAXPROCS": "1",
        "GOGC": "off",
    }
    result = subprocess.run(
        [
            "valgrind",
            "--fair-sched=yes",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/out",
            *options,
            *command,
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if result.returncode != 0:
        raise CountError(f"{' '.join(command)}: {result.stderr.strip()[-2000:]}")
    return sorted(folder.iterdir())


def summary(dump: str) -> int:
    """Return the instructions that a dump counted."""
    match = re.search(r"^(?:summary|totals): (\d+)$", dump, re.MULTILINE)
    if match is None:
        raise CountError("callgrind has dumped nothing")
    return int(match[1])


def count_c(messages: int, size: int) -> dict[str, int]:
    """Return the instructions of all messages together, a step."""
    command = [str(DRIVERS / "llmp-count-c"), str(messages), str(size)]
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in callgrind(Path(folder), command, "--collect-atstart=no"):
            dump = path.read_text()
            step = re.search(r"^desc: Trigger: Client Request: (.*)$", dump, re.MULTILINE)
            if step is not None:
                counts[step[1]] = summary(dump)
    return counts


def count_go(function: str, messages: int, size: int) -> int:
    """Return the instructions of all messages together, the least of some runs.

    When Go's runtime has something to do in the midst of a step, that counts too.
    """
    command = [str(DRIVERS / "llmp-count-go"), str(messages), str(size)]
    counts = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            [path] = callgrind(Path(folder), command, f"--toggle-collect=main.{function}")
            counts.append(summary(path.read_text()))
    return min(counts)


def per_message(few: int, many: int) -> float:
    return round((many - few) / (MANY - FEW), 1)


def count_all() -> Counts:
    """Return instructions per message, a step."""
    counts: Counts = {}
    for size in SIZES:
        few, many = count_c(FEW, size), count_c(MANY, size)
        for step, number in many.items():
            counts[f"C, {step}, {size} B"] = per_message(few[step], number)
        for function, step in GO_STEPS.items():
            few_go, many_go = (count_go(function, n, size) for n in (FEW, MANY))
            counts[f"Go, {step}, {size} B"] = per_message(few_go, many_go)
    return counts


def toolchain() -> dict[str, str]:
    """Return what the counts depend on, beside the code."""
    compiler = os.environ.get("CC", "cc")
    return {
        "machine": platform.machine(),
        "cc": first_line([compiler, "--version"]),
        "go": first_line(["go", "version"]),
        "libc": " ".join(platform.libc_ver()),
    }


def first_line(command: list[str]) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return output.splitlines()[0]


def compare(counts: Counts, baseline: Counts) -> int:
    """Print counts beside the baseline; return how many have risen, or are missing."""
    failed = 0
    print(f"{'instructions a message':<34} {'baseline':>9} {'now':>9}")
    for step in [*baseline, *(step for step in counts if step not in baseline)]:
        before, now = baseline.get(step), counts.get(step)
        if before is None or now is None:
            verdict = "not in the baseline" if before is None else "not counted"
            failed += 1
        elif now > before * (1 + TOLERANCE) + ALLOWANCE:
            verdict = f"{now / before - 1:+.1%}: DEARER" if before else "DEARER"
            failed += 1
        elif now < before * (1 - TOLERANCE) - ALLOWANCE:
            verdict = f"{now / before - 1:+.1%}: cheaper; keep it: bench/instructions/run --update"
        else:
            verdict = ""
        print(f"{step:<34} {shown(before):>9} {shown(now):>9}  {verdict}".rstrip())
    print(f"instructions: {len(baseline.keys() | counts.keys()) - failed} passed, {failed} failed")
    return failed


def shown(count: float | None) -> str:
    return "-" if count is None else f"{count:.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="make today's counts the baseline")
    update = parser.parse_args().update
    counts, tools = count_all(), toolchain()
    if update:
        new = {"made with": tools, "instructions a message": counts}
        BASELINE.write_text(json.dumps(new, indent=2) + "\n")
    kept = json.loads(BASELINE.read_text())
    failed = compare(counts, kept["instructions a message"])
    if failed and kept["made with"] != tools:
        print(f"the baseline was made with {kept['made with']}")
        print(f"and this is                {tools}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CountError as error:
        sys.exit(f"count.py: {error}")
