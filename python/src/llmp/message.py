"""What travels on the bus, and the numbers that belong to it."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_PORT = 1337
"""The port that LibAFL's examples use."""

MAX_PAYLOAD = 1 << 30
"""The largest payload of one message, bytes: 1 GiB."""

MAX_FRAME = 128 << 20
"""The largest frame between two brokers, bytes: bounds what can cross from one to another."""

FLAG_COMPRESSED = 0x1
"""Flag: the payload is a raw DEFLATE stream (``zlib.decompress(data, wbits=-15)``)."""
FLAG_FROM_B2B = 0x2
"""Flag: the message came from another broker."""
FLAG_FROM_MACHINE = 0x4
"""Flag: the message came from another machine."""

TAG_LIBAFL_EVENT = 0x002B0741
"""The tag of LibAFL's fuzzer events. A stock LibAFL fuzzer ends with an error when it receives a
message that is no such event: keep other tags off a bus that such fuzzers share, or have the
broker drop them (``Broker(only_events=True)``)."""

# Tags that the bus keeps for itself. Sending one raises InvalidError.
TAG_UNSET = 0x00DEADAF
TAG_UNINITIALIZED = 0xA143AF11
TAG_END_OF_PAGE = 0x0AF1E0F1
TAG_NEW_SHM_CLIENT = 0x0C11E471
TAG_CLIENT_EXIT = 0x0C11E472
TAG_EXITING = 0x013C5171
TAG_SLOW_RECEIVER_PANIC = 0x70051041

RESERVED_TAGS = frozenset(
    {
        TAG_UNSET,
        TAG_UNINITIALIZED,
        TAG_END_OF_PAGE,
        TAG_NEW_SHM_CLIENT,
        TAG_CLIENT_EXIT,
        TAG_EXITING,
        TAG_SLOW_RECEIVER_PANIC,
    }
)
"""All tags that the bus keeps for itself."""


class Message(NamedTuple):
    """A received message. Its payload is a copy: keep it, pickle it, send it on."""

    tag: int
    """What kind of message it is; 32 bits, chosen by the senders."""
    data: bytes
    """The payload."""
    sender: int
    """The id of the client it came from; a broker keeps it."""
    flags: int
    """FLAG_* bits, and any other the sender set."""
    id: int
    """1, 2, 3 ... on each page."""


class MessageView(NamedTuple):
    """A received message whose payload still lies in shared memory.

    ``data`` is released (using it raises ``ValueError``) by the next receive call on the same
    handle and by ``close()``, which raise ``BufferError`` as long as something made from it (a
    slice, a cast, a numpy array) is alive. It is read-only here, but another process of the same
    user can write to it: copy before you validate, where that matters to you.
    """

    tag: int
    """As :attr:`Message.tag`."""
    data: memoryview
    """The payload, read-only, without a copy."""
    sender: int
    """As :attr:`Message.sender`."""
    flags: int
    """As :attr:`Message.flags`."""
    id: int
    """As :attr:`Message.id`."""

    def copy(self) -> Message:
        """Return the message with a copy of its payload, to keep."""
        return Message(self.tag, bytes(self.data), self.sender, self.flags, self.id)
