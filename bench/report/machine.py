"""What everything ran on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

BUSY = 0.5
"""A load before the start from which on figures are not to be trusted."""


def describe() -> dict[str, str]:
    """Return what figures depend on, beside the code."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "C compiler": _first_line(os.environ.get("CC", "cc"), "--version"),
        "Go": _first_line("go", "version"),
        "Rust": _first_line("rustc", "--version"),
        "Python": platform.python_version(),
    }
    return {name: fact for name, fact in facts.items() if fact}


def load() -> float:
    """Return how many processes wanted to run, over the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _memory() -> str:
    kib = int(Path("/proc/meminfo").read_text().split(None, 2)[1])
    return f"{kib / (1 << 20):.0f} GiB"


def _first_line(command: str, argument: str) -> str:
    if shutil.which(command) is None:
        return ""
    result = subprocess.run([command, argument], capture_output=True, text=True, check=False)
    return result.stdout.splitlines()[0] if result.stdout else ""
