"""What a broker has counted."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from . import _abi, _memory


class BrokerStats(NamedTuple):
    """Figures of a broker, from its start."""

    clients: int
    """Connected now."""
    clients_seen: int
    """Connected ever."""
    messages: int
    """Handled."""
    bytes: int
    """Payload of those."""
    forwarded: int
    """Broadcast, the broker's own included."""
    dropped: int
    """By hooks and filters."""
    pages: int
    """Broadcast pages in use."""
    shared_bytes: int
    """Shared memory of the broadcast side."""
    archived_bytes: int
    """History on disk."""
    cut_off: int
    """Receivers given up on, see the option slow_timeout."""
    bad_clients: int
    """Clients removed because their page made no sense."""
    b2b: int
    """Brokers connected now."""
    lost: int
    """Pages of history that late joiners will not get: the disk was full."""


class ClientStats(NamedTuple):
    """Figures of one client of a broker."""

    id: int
    """Its client id."""
    is_broker: bool
    """Whether it is another broker."""
    messages: int
    """Handled, from this client."""
    bytes: int
    """Payload of those."""
    idle: float
    """Seconds since its last message."""


def broker_stats(call: Callable[..., int]) -> BrokerStats:
    """Return what call(struct) fills in."""
    struct = _memory.sized(_abi.Stats)
    call(struct)
    return BrokerStats(*(getattr(struct, name) for name in BrokerStats._fields))


def client_stats(call: Callable[..., int]) -> list[ClientStats]:
    """Return what call(rows, max) fills in; it returns how many there are."""
    room = 16
    while True:
        rows = _memory.array_of(_abi.ClientStats, room)
        there = call(rows, room)
        if there <= room:
            return [_client(row) for row in rows[:there]]
        room = 2 * there


def _client(row: Any) -> ClientStats:
    return ClientStats(row.id, row.kind != 0, row.messages, row.bytes, row.idle_ms / 1000)
