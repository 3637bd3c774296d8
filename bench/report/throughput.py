"""What a broker of real processes carries, and what idle clients cost it."""

from __future__ import annotations

from .bus import Kind, kinds
from .drivers import GO, LL_MP, LL_MP_SPINNING, OURS, OURS_KEPT, Drivers, Settings
from .processes import run
from .results import Figure, Ratio, Row, Section, by_peer

SENDERS = (1, 4, 16, 64)
SIZE = 64
IDLE = (1, 16, 64, 256)


def measure_throughput(drivers: Drivers, settings: Settings) -> Section:
    """Let the buses take turns, a number of clients at a time."""
    section = Section(
        name="throughput",
        title="Through the broker, 1 to 64 clients sending",
        how=f"Processes: so many clients send messages of {SIZE} B as fast as they can, the broker "
        "forwards, one more client receives them all and checks the order; millions of messages "
        "a second at that client. Every client reads the bus, its own messages too. Nothing is "
        "pinned: with more processes than cores, they share.",
        peers=(OURS, OURS_KEPT, LL_MP, LL_MP_SPINNING),
    )
    total = settings.pick(1_000_000, 200_000, 6400)
    counts = SENDERS if settings.mode != "smoke" else (1, 4)
    for _ in range(settings.pick(3, 1, 1)):
        for senders in counts:
            for kind in kinds(drivers).values():
                section.rows.append(_stream(kind, senders, total // senders))
    for senders in counts:
        values = by_peer(section.rows, "rate", senders=senders)
        ratios = (Ratio(OURS, LL_MP), Ratio(OURS, LL_MP_SPINNING), Ratio(OURS_KEPT, LL_MP_SPINNING))
        title = f"{senders} sending client{'s' if senders > 1 else ''}"
        section.figures.append(Figure(title, "million/s", values, ratios))
    return section


def _stream(kind: Kind, senders: int, messages: int) -> Row:
    with kind.open() as bus:
        [receiver] = bus.join("recv", messages=messages * senders)
        clients = bus.join("send", senders, messages=messages, size=SIZE)
        for client in clients:
            client.say("go")
        row = receiver.row(300)
        rate = row["messages"] / row["seconds"] / 1e6
        return {**row, "peer": kind.name, "senders": senders, "rate": rate}


def measure_idle(drivers: Drivers, settings: Settings) -> Section:
    """Let the drivers take turns, a number of idle clients at a time."""
    section = Section(
        name="idle clients",
        title="What idle clients cost a message",
        how=f"A message of {SIZE} B goes all the way (send, forward, receive) before the next is "
        "sent, so that the broker looks after every client for each message; ns a message, by how "
        "many more clients are on the bus and send nothing. One thread, pinned to core 0; our "
        "broker and clients in Go, as `llmp broker` is.",
        peers=(GO, LL_MP),
    )
    counts = IDLE if settings.mode != "smoke" else (1, 16)
    commands = [[drivers.go, "pipeline", "--history", "none"]]
    if drivers.peers:
        commands.append([drivers.peers, "pipeline"])
    megabytes = str(settings.pick(8, 2, 1))
    for _ in range(settings.pick(3, 2, 1)):
        for idle in counts:
            options = ["--sizes", str(SIZE), "--megabytes", megabytes, "--turns", "1"]
            for command in commands:
                section.rows += run([*command, *options, "--alone", "1", "--idle", str(idle)], 120)
    for idle in counts:
        values = by_peer(section.rows, "p50", idle=idle)
        title = f"{idle} idle client{'s' if idle > 1 else ''}"
        section.figures.append(Figure(title, "ns", values, (Ratio(LL_MP, GO),)))
    return section
