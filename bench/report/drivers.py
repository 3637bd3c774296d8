"""Where the drivers are, under which names their figures stand, and how much they do."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"

OURS = "llmp C"
OURS_MANY = "llmp C, batched"
OURS_KEPT = "llmp C, all kept"
GO = "llmp Go"
GO_MANY = "llmp Go, batched"
PYTHON = "llmp Python"
LL_MP = "ll_mp"
LL_MP_SPINNING = "ll_mp, spinning"
ICEORYX = "iceoryx2"
TACHYON = "Tachyon"
CACHE_LINE = "cache line"
BARE_WAKE = "bare futex, two hops"
BARE_COPIES = "bare copies"


Mode = Literal["full", "quick", "smoke"]


@dataclass(frozen=True)
class Drivers:
    """Command lines of what was built. peers is None where it was not."""

    c: str
    go: str
    peers: str | None
    python: tuple[str, ...]

    @property
    def alternating(self) -> list[str]:
        """The drivers that know `pipeline` and `round-trip`, in the order of a round."""
        return [self.c, *([self.peers] if self.peers else []), self.go]


def find(mode: Mode) -> Drivers:
    """Return the drivers that bench/build.sh has built."""
    peers = BUILD / "peers" / ("debug" if mode == "smoke" else "release") / "llmp-bench-peers"
    os.environ["LLMP_LIBRARY"] = str(BUILD.parent / "libllmp.so")
    os.environ["PYTHONPATH"] = str(ROOT / "python" / "src")
    return Drivers(
        c=str(BUILD / "llmp-bench-c"),
        go=str(BUILD / "llmp-bench-go"),
        peers=str(peers) if peers.exists() else None,
        python=(sys.executable, str(ROOT / "bench" / "py" / "drive.py")),
    )


@dataclass(frozen=True)
class Settings:
    """How much to measure."""

    mode: Mode

    @property
    def rounds(self) -> int:
        """How often all peers take a turn."""
        return self.pick(5, 3, 1)

    def pick(self, full: int, quick: int, smoke: int) -> int:
        """Return one of three amounts."""
        return {"full": full, "quick": quick, "smoke": smoke}[self.mode]
