"""What a message costs in each step."""

from __future__ import annotations

from .drivers import (
    BARE_COPIES,
    GO,
    GO_MANY,
    ICEORYX,
    LL_MP,
    OURS,
    OURS_KEPT,
    OURS_MANY,
    Drivers,
    Settings,
)
from .processes import run
from .results import Figure, Goal, Ratio, Row, Section, by_peer, summed

SIZES = (8, 64, 1024, 65536)
STEPS = ("send", "forward", "receive")
AIMS = {64: 15.0, 1024: 30.0}
"""How many times ll_mp's total shall be ours."""
BATCHED = {OURS: OURS_MANY, GO: GO_MANY}
GO_AIM = Goal(1.5, "most")


def size_name(size: int) -> str:
    """Return a size as tables have it."""
    return f"{size // 1024} KiB" if size >= 1024 else f"{size} B"


def measure(drivers: Drivers, settings: Settings) -> Section:
    """Let all drivers take turns, a size at a time."""
    section = Section(
        name="pipeline",
        title="A message's way through a bus, step by step",
        how="A client sends a batch (512 KiB, at most 1024 messages), the broker forwards it, "
        "another client receives it and looks at each message; ns a message. All in one thread, "
        "pinned to core 0, with pages of each peer's default size. Batched: 128 messages a call. "
        "A round's value is the median over its batches; the last lines are the means, which "
        "hold what new pages cost. Bare copies are the limit: what this format has to be written, "
        "copied and read, and no bus around it. "
        f"llmp's brokers keep no history here, but for the column {OURS_KEPT!r}: that is the "
        "default, history for late joiners on disk. ll_mp keeps all in memory. iceoryx2 has "
        "no broker, so nothing to forward.",
        peers=(OURS, OURS_MANY, OURS_KEPT, GO, GO_MANY, BARE_COPIES, LL_MP, ICEORYX),
    )
    megabytes = str(settings.pick(32, 8, 1))
    for _ in range(settings.rounds):
        for size in SIZES:
            options = ["--sizes", str(size), "--megabytes", megabytes, "--turns", "1"]
            for command in _commands(drivers):
                section.rows += [_named(row) for row in run([*command, *options], limit=120)]
    for size in SIZES:
        section.figures += _figures(section.rows, size)
    return section


def _commands(drivers: Drivers) -> list[list[str]]:
    """Return who takes turns, in this order."""
    commands = [[drivers.c, "pipeline", "--history", "none"]]
    if drivers.peers:
        commands.append([drivers.peers, "pipeline"])
    commands.append([drivers.go, "pipeline", "--history", "none"])
    commands.append([drivers.c, "pipeline", "--history", "all"])
    commands.append([drivers.c, "bare-pipeline"])
    return commands


def _named(row: Row) -> Row:
    """Return a driver's row under the name of its column."""
    step, batched, _ = row["step"].partition("_many")
    if row.get("history") == "all":
        return {**row, "peer": OURS_KEPT, "step": row["step"]}
    return {**row, "step": step, "peer": BATCHED[row["peer"]] if batched else row["peer"]}


def _figures(rows: list[Row], size: int) -> list[Figure]:
    name = size_name(size)
    steps = [by_peer(rows, "p50", step=step, size=size) for step in STEPS]
    means = [by_peer(rows, "mean", step=step, size=size) for step in STEPS]
    aim = Goal(AIMS[size], "least") if size in AIMS else None
    ratios = (
        Ratio(LL_MP, OURS, aim),
        Ratio(LL_MP, OURS_MANY, aim),
        Ratio(LL_MP, BARE_COPIES),
        Ratio(LL_MP, OURS_KEPT, aim),
        Ratio(LL_MP, GO_MANY, aim),
        Ratio(GO, OURS, GO_AIM),
    )
    return [
        *(Figure(f"{name}, {step}", "ns", values) for step, values in zip(STEPS, steps)),
        Figure(f"{name}, total", "ns", summed(steps), ratios),
        Figure(f"{name}, total, mean", "ns", summed(means), (Ratio(LL_MP, OURS),)),
    ]
