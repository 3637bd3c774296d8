"""Exceptions: one class for each error code of llmp.h, one map between them.

Catch :class:`LlmpError` for everything that this package raises on its own, or a subclass for one
cause. Where Python has an exception of the same meaning, the class is one of those too: a
:class:`TimedOutError` is a ``TimeoutError``, an :class:`InvalidError` a ``ValueError``.

Besides these, wrong types raise ``TypeError`` and memory that is still looked at raises
``BufferError``, as everywhere in Python.
"""

from __future__ import annotations

from typing import ClassVar


class LlmpError(Exception):
    """Base of all errors of the bus. ``str()`` says what is wrong and what to do."""

    code: ClassVar[int] = 0
    """The number in llmp.h, negative; 0 for this base class."""

    sent: int = 0
    """How many messages a failed ``send_many`` had sent before the error."""


class InvalidError(LlmpError, ValueError):
    """An argument is out of range, or the call does not fit the state of the handle."""

    code = -1


class OutOfMemoryError(LlmpError, MemoryError):
    """There is no memory or no shared memory left."""

    code = -2


class InputOutputError(LlmpError, OSError):
    """Input or output failed."""

    code = -3


class TimedOutError(LlmpError, TimeoutError):
    """The time-out is over."""

    code = -4


class FullError(LlmpError):
    """The receiver is far behind and the send time-out is over. Nothing was sent or lost."""

    code = -5


class ClosedError(LlmpError):
    """The other side said that it ends, or this handle was closed here."""

    code = -6


class CorruptError(LlmpError):
    """A page, a frame, a description or an environment variable makes no sense."""

    code = -7


class ForkedError(LlmpError):
    """The handle belongs to the parent process: connect anew in a process that execs."""

    code = -8


class PermissionDeniedError(LlmpError, PermissionError):
    """The operating system does not permit it."""

    code = -9


class UnsupportedError(LlmpError):
    """Not supported here."""

    code = -10


class BusyError(LlmpError):
    """In use: a port is taken, an allocation is open, a broker runs in another thread."""

    code = -11


class NotFoundError(LlmpError, LookupError):
    """No such shared memory map, broker or environment variable."""

    code = -12


class TooBigError(LlmpError):
    """The message is larger than 1 GiB."""

    code = -13


class RefusedError(LlmpError, ConnectionRefusedError):
    """No broker listens there: start one."""

    code = -14


class ProtocolError(LlmpError):
    """Whoever listens there does not speak LLMP."""

    code = -15


class InternalError(LlmpError):
    """A bug in the library."""

    code = -16


class LibraryError(UnsupportedError, ImportError):
    """The shared library llmp was not found, could not be loaded, or is of the wrong version."""


BY_CODE: dict[int, type[LlmpError]] = {
    cls.code: cls
    for cls in (
        InvalidError,
        OutOfMemoryError,
        InputOutputError,
        TimedOutError,
        FullError,
        ClosedError,
        CorruptError,
        ForkedError,
        PermissionDeniedError,
        UnsupportedError,
        BusyError,
        NotFoundError,
        TooBigError,
        RefusedError,
        ProtocolError,
        InternalError,
    )
}
"""The exception class of each error code of llmp.h."""


def from_code(code: int, sentence: str) -> LlmpError:
    """Return the exception for an error code. Codes of a newer library get the base class."""
    cls = BY_CODE.get(code)
    if cls is None:
        return LlmpError(f"{sentence} (error {code})")
    return cls(sentence)
