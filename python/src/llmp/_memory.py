"""Memory that is not Python's: payloads on their way out, messages on their way in.

The only place besides _abi and _lib that knows ctypes. What is handed out from here are bytes
and memoryviews; a :class:`Lease` sees to it that no memoryview outlives the memory it shows.
"""

from __future__ import annotations

import gc
import os
import weakref
from array import array
from collections.abc import Sequence
from ctypes import (
    CDLL,
    Array,
    Structure,
    byref,
    c_char,
    c_char_p,
    c_ubyte,
    c_void_p,
    cast,
    sizeof,
    string_at,
)
from itertools import accumulate
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeVar

from . import _abi
from .errors import InvalidError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_S = TypeVar("_S", bound=Structure)
_C = TypeVar("_C", Structure, c_void_p)

copy_bytes = string_at
"""copy_bytes(address, length): the bytes there."""


def argument(data: Buffer) -> tuple[Any, int]:
    """Return data as the library takes it, and its length in bytes.

    The first item keeps the memory in place for as long as it is referenced. Writable buffers are
    not copied, other buffers than bytes are.
    """
    if isinstance(data, bytes):
        return data, len(data)
    if isinstance(data, str):
        raise TypeError("the data of a message is bytes, not str: send text.encode() instead")
    try:
        view = memoryview(data)
    except TypeError:
        raise TypeError(
            "the data of a message must be bytes or another buffer (bytearray, memoryview,"
            f" array, ...), not {type(data).__name__}"
        ) from None
    if not view.c_contiguous:
        raise BufferError("the buffer is not contiguous: send bytes(...) of it instead")
    if view.readonly or view.nbytes == 0:
        copied = view.tobytes()
        return copied, len(copied)
    return byref(c_char.from_buffer(view)), view.nbytes


def address_of(data: bytes) -> int:
    """Return where the bytes of an object lie, valid as long as the object lives."""
    address = cast(c_char_p(data), c_void_p).value
    assert address is not None
    return address


def located(data: Buffer) -> tuple[int, int, object]:
    """Return where data lies, for a field of a struct, its length, and what to hold on to."""
    place, size = argument(data)
    if isinstance(place, bytes):
        return address_of(place), size, place
    address = cast(place, c_void_p).value
    assert address is not None
    return address, size, place


# ------------------------------------------------------------------------------- leases

_WINDOWS: list[type[Array[c_ubyte]]] = []


def _window(length: int) -> type[Array[c_ubyte]]:
    # Array types are never freed: one for each power of two is enough.
    power = (length - 1).bit_length() if length > 1 else 0
    while len(_WINDOWS) <= power:
        _WINDOWS.append(c_ubyte * (1 << len(_WINDOWS)))
    return _WINDOWS[power]


class Lease:
    """Views of foreign memory, until :meth:`end`, which fails while somebody may still look.

    Views that were handed out by :meth:`view` are released by ``end``; what was derived from
    them (a slice, a cast, an array on top of it) must be gone before. The owner is kept alive by
    any such view, so memory is never unmapped under it.
    """

    __slots__ = ("_handed_out", "_probe", "_root", "active", "length")

    def __init__(self, address: int, length: int, owner: object, writable: bool = False) -> None:
        exporter = _window(length).from_address(address)
        exporter._owner = owner  # type: ignore[attr-defined]
        # The exporter lives as long as any memoryview that derives from it.
        self._probe = weakref.ref(exporter)
        root = memoryview(exporter).cast("B")[:length]
        self._root = root if writable else root.toreadonly()
        self._handed_out: list[memoryview] = []
        self.active = True
        self.length = length

    def view(self, start: int, stop: int) -> memoryview:
        """Return a view of the bytes from start to stop, counted from the address."""
        view = self._root[start:stop]
        self._handed_out.append(view)
        return view

    def copy(self, start: int, stop: int) -> bytes:
        """Return a copy of the bytes from start to stop."""
        return bytes(self._root[start:stop])

    def end(self) -> None:
        """Release all views; BufferError while something derived from them lives. Idempotent."""
        if not self.active:
            return
        try:
            for view in self._handed_out:
                view.release()
        except BufferError:
            raise BufferError(_STILL_USED) from None
        self._handed_out.clear()
        self._root.release()
        if self._probe() is not None:
            gc.collect()  # it may be part of a cycle, such as a traceback's
            if self._probe() is not None:
                raise BufferError(_STILL_USED)
        self.active = False


_STILL_USED = (
    "memory of the bus is still in use: something made from a zero-copy view (a slice, a cast,"
    " an array) lives on. Delete it first, or copy with bytes(...)"
)


# ------------------------------------------------------------------------------- receiving

_ROW = Struct("=IIIIQQQ")
_WORDS = sizeof(_abi.Msg) // 8


class Slot:
    """Room for one llmp_msg."""

    __slots__ = ("_message", "pointer")

    def __init__(self) -> None:
        self._message = _abi.Msg()
        self.pointer = byref(self._message)

    def read(self) -> tuple[int, int, int, int, int, int, int]:
        """Return tag, sender, flags, reserved, id, address and length."""
        return _ROW.unpack_from(self._message)


class Rows:
    """Room for many llmp_msg, and its columns."""

    __slots__ = ("_array", "_u32", "_u64", "capacity", "pointer")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._array = (_abi.Msg * capacity)()
        self.pointer = self._array
        raw = memoryview(self._array).cast("B")
        self._u32 = raw.cast("I")
        self._u64 = raw.cast("Q")

    def words(self, column: int, n: int) -> memoryview:
        """Return a copy of a 32-bit column of the first n rows."""
        step = 2 * _WORDS
        return memoryview(self._u32[column : n * step : step].tobytes()).cast("I")

    def long_words(self, column: int, n: int) -> memoryview:
        """Return a copy of a 64-bit column of the first n rows."""
        return memoryview(self._u64[column : n * _WORDS : _WORDS].tobytes()).cast("Q")


TAG, SENDER, FLAGS = 0, 1, 2  # of words
ID, ADDRESS, LENGTH = 2, 3, 4  # of long_words


# ------------------------------------------------------------------------------- sending

_OUTGOING_WORDS = sizeof(_abi.Outgoing) // 8


class OutgoingRows:
    """Room for many llmp_outgoing, filled a column at a time."""

    __slots__ = ("_keep", "_room", "_u32", "_u64", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._room = bytearray(capacity * sizeof(_abi.Outgoing))
        self._u32 = memoryview(self._room).cast("I")
        self._u64 = memoryview(self._room).cast("Q")
        self._keep: bytes | None = None

    def fill(
        self,
        tags: Sequence[int],
        flags: Sequence[int],
        payloads: Sequence[Buffer],
        lengths: Sequence[int],
    ) -> None:
        """Fill as many rows as there are payloads, which are copied together."""
        n = len(payloads)
        blob = b"".join(payloads)
        if len(blob) != sum(lengths):
            raise BufferError("a buffer changed its length while it was being sent")
        base = address_of(blob)
        step = _OUTGOING_WORDS
        try:
            self._u32[0 : n * step * 2 : step * 2] = memoryview(array("I", tags))
            self._u32[1 : n * step * 2 : step * 2] = memoryview(array("I", flags))
        except OverflowError:
            raise InvalidError("a tag and flags are numbers from 0 to 0xFFFFFFFF") from None
        addresses = array("Q", accumulate(lengths[:-1], initial=base))
        self._u64[1 : n * step : step] = memoryview(addresses)
        self._u64[2 : n * step : step] = memoryview(array("Q", lengths))
        self._keep = blob

    def pointer(self, first: int) -> Any:
        """Return the address of a row, for the library."""
        return byref(_abi.Outgoing.from_buffer(self._room, first * sizeof(_abi.Outgoing)))

    def clear(self) -> None:
        """Let go of the payloads."""
        self._keep = None


# ------------------------------------------------------------------------------- environment


def c_environment(name: str) -> str | None:
    """Return a variable as the C library sees it; os.environ is a copy from the start."""
    value: bytes | None = _getenv(os.fsencode(name))
    return None if value is None else os.fsdecode(value)


_getenv = CDLL(None).getenv
_getenv.restype = c_char_p
_getenv.argtypes = (c_char_p,)

# ------------------------------------------------------------------------------- structs


def sized(kind: type[_S]) -> _S:
    """Return a new struct of a kind that starts with its size, which is filled in."""
    struct = kind()
    struct.size = sizeof(kind)
    return struct


def out_address() -> c_void_p:
    """Return a place for a handle or an address, to be passed as it is; its value is None yet."""
    return c_void_p()


def array_of(kind: type[_C], n: int) -> Array[_C]:
    """Return room for n of a kind."""
    return (kind * n)()


def addresses(of: Sequence[int | None]) -> Array[c_void_p]:
    """Return handles as an array."""
    return (c_void_p * len(of))(*of)
