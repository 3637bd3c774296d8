"""A bus of real processes: a broker, and the roles that the drivers play on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .drivers import LL_MP, LL_MP_SPINNING, OURS, OURS_KEPT, Drivers
from .processes import Actor, Crew

START = 60.0
"""Seconds in which a process, or many, must have joined."""


class Kind:
    """A broker and the clients that go with it."""

    def __init__(self, name: str, driver: str, broker: list[str]) -> None:
        self.name = name
        self.driver = driver
        self.ours = not name.startswith(LL_MP)
        self._broker = broker

    @contextmanager
    def open(self) -> Iterator[Bus]:
        """Start a broker, and end it with all its clients."""
        with Crew() as crew:
            broker = crew.start(self._broker)
            yield Bus(self, crew, broker, broker.line(START))


class Bus:
    """What runs."""

    def __init__(self, kind: Kind, crew: Crew, broker: Actor, port: str) -> None:
        self.kind = kind
        self.crew = crew
        self.broker = broker
        self._port = port

    def command(self, role: str, driver: str | None = None, **options: object) -> list[str]:
        """Return the command line of a client."""
        words = [driver or self.kind.driver, role, "--port", self._port]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        return words

    def join(
        self, role: str, count: int = 1, driver: str | None = None, **options: object
    ) -> list[Actor]:
        """Start clients, of another driver or of the bus's own, and wait until they have joined."""
        return self.crew.start_ready([self.command(role, driver, **options)] * count, START)


def kinds(drivers: Drivers) -> dict[str, Kind]:
    """Return the buses that can be put together, by name. Our broker is in Go, as the CLI's is."""
    found = [
        Kind(OURS, drivers.c, [drivers.go, "broker", "--history", "none"]),
        Kind(OURS_KEPT, drivers.c, [drivers.go, "broker", "--history", "all"]),
    ]
    if drivers.peers:
        found += [
            Kind(LL_MP, drivers.peers, [drivers.peers, "broker"]),
            Kind(LL_MP_SPINNING, drivers.peers, [drivers.peers, "broker", "--sleep-us", "0"]),
        ]
    return {kind.name: kind for kind in found}


def cpu_seconds(actor: Actor) -> float:
    """Return the processor time that a process has had, all its threads together."""
    return time.clock_gettime((~actor.pid << 3) | 2)  # its CLOCK_PROCESS_CPUTIME_ID
