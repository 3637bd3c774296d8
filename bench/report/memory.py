"""What a bus holds after many messages, and whether a late joiner gets them all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .bus import Bus, Kind, kinds
from .drivers import LL_MP, LL_MP_SPINNING, OURS_KEPT, Drivers, Settings
from .processes import Actor
from .results import Figure, Goal, Ratio, Row, Section, by_peer

SIZE = 64
MIB = 1 << 20
SAMPLES = 40
BUDGET = Goal(64.0, "most")
"""MiB that the broker may share at the default budget."""


def measure(drivers: Drivers, settings: Settings) -> Section:
    """Let the buses take turns."""
    messages = settings.pick(20_000_000, 2_000_000, 20_000)
    section = Section(
        name="memory",
        title=f"Memory over {messages:,} messages, and a late joiner",
        how=f"Processes: one client sends messages of {SIZE} B (their number and time, then "
        "zeros), another receives them; then a late joiner gets all of them from the start, in "
        "order, which it checks. History is all, the default, of both. Resident: private memory "
        "and files of all processes; shared: what is resident of the System V segments they made. "
        f"{SAMPLES} samples by messages received, in MiB. ll_mp's broker spins here, to be done "
        "sooner.",
        peers=(OURS_KEPT, LL_MP),
    )
    buses = kinds(drivers)
    chosen = [(OURS_KEPT, buses[OURS_KEPT])]
    if LL_MP_SPINNING in buses:
        chosen.append((LL_MP, buses[LL_MP_SPINNING]))
    for name, kind in chosen:
        section.rows += [{**row, "peer": name} for row in _fill(kind, messages)]
    half = [row for row in section.rows if row["messages"] * 2 == messages]
    last = [row for row in section.rows if row["bench"] == "late joiner"]
    most = ((OURS_KEPT, BUDGET),)
    section.figures = [
        Figure("resident and shared, halfway", "MiB", by_peer(half, "total")),
        Figure("at the end", "MiB", by_peer(last, "total_before"), (Ratio(LL_MP, OURS_KEPT),)),
        Figure("the most at any time, late joiner included", "MiB", by_peer(last, "most")),
        Figure("of it shared by the broker", "MiB", by_peer(last, "most_of_broker"), (), most),
        Figure("late joiner: messages", "million", by_peer(last, "received")),
        Figure("late joiner: time to get them all", "s", by_peer(last, "seconds")),
    ]
    return section


def _fill(kind: Kind, messages: int) -> list[Row]:
    every = messages // SAMPLES
    with kind.open() as bus:
        [receiver] = bus.join("recv", messages=messages, every=every)
        [sender] = bus.join("send", messages=messages, size=SIZE)
        sender.say("go")
        samples = _watch(bus, receiver, "memory")
        [late] = bus.join("recv", messages=messages, every=every)
        after = _watch(bus, late, "memory, late joiner")
    summary = {
        "bench": "late joiner",
        "messages": messages,
        "received": after[-1]["messages"] / 1e6,
        "seconds": after[-1]["seconds"],
        "total_before": samples[-1]["total"],
        "most": max(row["total"] for row in samples + after),
        "most_of_broker": max(row["of_broker"] for row in samples + after),
    }
    return [*samples, *after, summary]


def _watch(bus: Bus, receiver: Actor, bench: str) -> list[Row]:
    """Sample the memory each time the receiver says how far it is."""
    samples: list[Row] = []
    done = False
    while not done:
        said = receiver.progress(300)
        done = "seconds" in said
        resident = sum(_resident(actor.pid) for actor in bus.crew.actors)
        shared = _shared(actor.pid for actor in bus.crew.actors)
        samples.append(
            {
                **said,
                "bench": bench,
                "resident": resident / MIB,
                "shared": shared / MIB,
                "total": (resident + shared) / MIB,
                "of_broker": _shared([bus.broker.pid]) / MIB,
            }
        )
    return samples


def _resident(pid: int) -> int:
    """Return the bytes of a process that are in memory, shared memory left out."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in status)
    return sum(int(fields[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile"))


def _shared(makers: Iterable[int]) -> int:
    """Return the bytes in memory of the System V segments that processes made."""
    pids = {str(pid) for pid in makers}
    names, *rows = (line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines())
    maker, resident = names.index("cpid"), names.index("rss")
    return sum(int(row[resident]) for row in rows if row[maker] in pids)
