"""How long a message there and back takes between two processes that spin."""

from __future__ import annotations

from .drivers import CACHE_LINE, GO, ICEORYX, LL_MP, OURS, TACHYON, Drivers, Settings
from .pipeline import GO_AIM
from .processes import run
from .results import Figure, Goal, Ratio, Section, by_peer

SIZE = 64
AIM = Goal(1.25, "most")


def measure(drivers: Drivers, settings: Settings) -> Section:
    """Let all drivers take turns."""
    section = Section(
        name="round trip",
        title="A message there and back, two processes spinning",
        how=f"{SIZE} B between two processes without a broker, both spinning, pinned to cores 0 "
        "and 1; the clock is read twice a round trip, and what that costs is in the figures. "
        "The bare cache line is the limit: one word each way, and nothing around it.",
        peers=(OURS, GO, CACHE_LINE, LL_MP, ICEORYX, TACHYON),
    )
    count = str(settings.pick(100_000, 20_000, 500))
    for _ in range(settings.rounds):
        for driver in drivers.alternating:
            options = ["--sizes", str(SIZE), "--rounds", count, "--turns", "1"]
            section.rows += run([driver, "round-trip", *options], limit=120)
    ratios = (Ratio(OURS, CACHE_LINE, AIM), Ratio(LL_MP, OURS), Ratio(ICEORYX, OURS))
    section.figures = [
        Figure("p50", "ns", by_peer(section.rows, "p50"), (*ratios, Ratio(GO, OURS, GO_AIM))),
        Figure("p99", "ns", by_peer(section.rows, "p99"), ratios[1:]),
    ]
    if drivers.peers and TACHYON not in section.figures[0].values:
        section.notes.append(
            "Tachyon is not there: no C++ compiler of this machine could build its published crate."
        )
    return section
