"""Where shared memory maps lie, and where on them a client stands."""

from __future__ import annotations

from typing import NamedTuple

from . import _abi, _lib, _memory
from .errors import InvalidError


class Map(NamedTuple):
    """A shared memory map, and where on it one stands."""

    id: str
    """The name of the map, 1 to 19 ASCII characters; what it means is the provider's business."""
    size: int
    """Bytes."""
    offset: int | None = None
    """Of the last message, bytes from the start of the messages; None: none yet."""


class Description(NamedTuple):
    """All it takes to attach to a client's two pages again (LibAFL: LlmpClientDescription)."""

    sender: Map
    receiver: Map

    def to_bytes(self) -> bytes:
        """Return the wire form (postcard, as LibAFL's), for another process."""
        room = bytearray(_abi.DESCRIPTION_MAX)
        place, size = _memory.argument(room)
        struct = description_to_c(self)
        n = _lib.check(_lib.load().llmp_description_encode(struct, place, size))
        return bytes(room[:n])

    @classmethod
    def from_bytes(cls, data: bytes) -> Description:
        """Return the description of which data is the wire form.

        CorruptError when it is truncated, malformed, or followed by other bytes.
        """
        struct = _abi.ClientDescription()
        wire = bytes(data)
        _lib.check(_lib.load().llmp_description_decode(struct, wire, len(wire)))
        return description_from_c(struct)


def id_to_c(map_id: str) -> bytes:
    """Return the id of a map as the library takes it."""
    if not isinstance(map_id, str):
        raise TypeError(f"the id of a map is a str, not {type(map_id).__name__}")
    if not 0 < len(map_id) < _abi.MAP_ID_LEN or not map_id.isascii() or "\0" in map_id:
        raise InvalidError(
            f"{map_id!r} is no id of a map: it has 1 to {_abi.MAP_ID_LEN - 1} ASCII characters"
        )
    return map_id.encode()


def map_to_c(of: Map) -> _abi.Map:
    """Return the C struct of a map."""
    offset = _abi.NO_OFFSET if of.offset is None else of.offset
    for name, value in (("size", of.size), ("offset", offset)):
        if not 0 <= value < 2**64:
            raise InvalidError(f"the {name} of a map is a number of bytes, not {value}")
    return _abi.Map(id=id_to_c(of.id), size=of.size, offset=offset)


def map_from_c(struct: _abi.Map) -> Map:
    """Return the map that a C struct holds."""
    offset = None if struct.offset == _abi.NO_OFFSET else struct.offset
    return Map(struct.id.decode("ascii", "replace"), struct.size, offset)


def description_to_c(of: Description) -> _abi.ClientDescription:
    """Return the C struct of a description."""
    return _abi.ClientDescription(map_to_c(of.sender), map_to_c(of.receiver))


def description_from_c(struct: _abi.ClientDescription) -> Description:
    """Return the description that a C struct holds."""
    return Description(map_from_c(struct.sender), map_from_c(struct.receiver))
