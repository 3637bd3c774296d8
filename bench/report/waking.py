"""How soon those who sleep are woken, and what sleeping costs."""

from __future__ import annotations

import time

from .bus import Kind, cpu_seconds, kinds
from .drivers import BARE_WAKE, GO, LL_MP, OURS, OURS_KEPT, Drivers, Settings
from .processes import run
from .results import Figure, Goal, Ratio, Row, Section, by_peer

PAUSE_US = 1500
WAKE_AIM = Goal(20.0, "most")
WAKE_RATIO_AIM = Goal(100.0, "least")
BARE_AIM = Goal(1.5, "most")
IDLE_CLIENTS = 64
IDLE_AIM = Goal(0.5, "most")


def measure(drivers: Drivers, settings: Settings) -> Section:
    """Let the buses take turns."""
    section = Section(
        name="waking",
        title="From send to wake, and asleep",
        how=f"Processes: a client sends a message of 64 B and sleeps {PAUSE_US} us, the broker "
        "sleeps until it comes, another client blocks until it has it; us from before the send "
        "to after the receive. ll_mp as LibAFL has it: its broker sleeps 5 ms between looks, its "
        "blocked receiver spins. llmp Go: our broker, and a receiver in Go. The bare futex is the "
        "limit: three processes that sleep and wake each other, and nothing around it; that is "
        "the system's time, and more where it wakes an idle processor for the next than where "
        f"it lets the same go on. Idle: a broker with {IDLE_CLIENTS} clients to which nothing "
        "happens; processor time in percent of one core. Ours all wait for a message; of "
        "ll_mp's one does (its receivers spin, and a core has room for one), the others do "
        "nothing at all. Nothing is pinned.",
        peers=(OURS, OURS_KEPT, GO, BARE_WAKE, LL_MP),
    )
    messages = settings.pick(1500, 400, 20)
    seconds = settings.pick(5, 2, 1) if settings.mode != "smoke" else 0.2
    buses = [bus for name, bus in kinds(drivers).items() if name in section.peers]
    for _ in range(settings.pick(3, 2, 1)):
        section.rows += _bare_wake(drivers, messages)
        for kind in buses:
            section.rows.append(_wake(kind, messages))
        section.rows.append({**_wake(buses[0], messages, drivers.go), "peer": GO})
    for _ in range(settings.pick(2, 1, 1)):
        for kind in buses:
            section.rows.append(_idle(kind, seconds))
    rows = section.rows
    ratio = (
        Ratio(OURS, BARE_WAKE, BARE_AIM),
        Ratio(OURS_KEPT, BARE_WAKE, BARE_AIM),
        Ratio(LL_MP, OURS, WAKE_RATIO_AIM),
        Ratio(LL_MP, OURS_KEPT, WAKE_RATIO_AIM),
    )
    plain = (Ratio(OURS, BARE_WAKE), Ratio(LL_MP, OURS), Ratio(LL_MP, OURS_KEPT))
    aims = ((OURS, WAKE_AIM), (OURS_KEPT, WAKE_AIM))
    idle = ((OURS, IDLE_AIM), (OURS_KEPT, IDLE_AIM))
    section.figures = [
        Figure("send to wake, p50", "us", by_peer(rows, "p50", bench="wake"), ratio, aims),
        Figure("send to wake, p99", "us", by_peer(rows, "p99", bench="wake"), plain),
        Figure("CPU of the broker meanwhile", "%", by_peer(rows, "broker_cpu", bench="wake")),
        Figure("CPU of the receiver meanwhile", "%", by_peer(rows, "client_cpu", bench="wake")),
        Figure("idle: CPU of the broker", "%", by_peer(rows, "broker_cpu", bench="idle"), (), idle),
        Figure(
            "idle: CPU of all clients", "%", by_peer(rows, "client_cpu", bench="idle"), (), idle
        ),
    ]
    return section


def _bare_wake(drivers: Drivers, messages: int) -> list[Row]:
    options = ["--messages", str(messages), "--pause-us", str(PAUSE_US)]
    return run([drivers.c, "bare-wake", *options], limit=120)


def _wake(kind: Kind, messages: int, in_go: str | None = None) -> Row:
    """Wake a receiver of this bus, or of the driver in Go."""
    with kind.open() as bus:
        if in_go:
            [receiver] = bus.join("recv", driver=in_go, messages=messages)
        else:
            [receiver] = bus.join("recv", messages=messages, latency=1)
        [sender] = bus.join("send", messages=messages, pause_us=PAUSE_US)
        actors = (bus.broker, receiver)
        before, start = [cpu_seconds(actor) for actor in actors], time.monotonic()
        sender.say("go")
        row = receiver.row(120)
        span = time.monotonic() - start
        used = [100 * (cpu_seconds(a) - b) / span for a, b in zip(actors, before)]
        return {
            **row,
            "bench": "wake",
            "peer": kind.name,
            "broker_cpu": used[0],
            "client_cpu": used[1],
        }


def _idle(kind: Kind, seconds: float) -> Row:
    with kind.open() as bus:
        if kind.ours:
            clients = bus.join("hold", clients=IDLE_CLIENTS, wait=1)
        else:
            clients = bus.join("hold", clients=IDLE_CLIENTS - 1)
            clients += bus.join("recv", messages=1)
        time.sleep(min(1.0, seconds))  # what joining has set in motion comes to rest
        actors = [bus.broker, *clients]
        before, start = [cpu_seconds(actor) for actor in actors], time.monotonic()
        time.sleep(seconds)
        span = time.monotonic() - start
        used = [100 * (cpu_seconds(a) - b) / span for a, b in zip(actors, before)]
        return {
            "bench": "idle",
            "peer": kind.name,
            "seconds": span,
            "clients": IDLE_CLIENTS,
            "broker_cpu": used[0],
            "client_cpu": sum(used[1:]),
        }
