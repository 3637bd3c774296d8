"""What a broker calls while it runs: hooks for messages, and a function for silence."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import _abi, _memory
from ._handle import u32
from .errors import InvalidError

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Verdict(enum.IntEnum):
    """What a hook says about a message."""

    FORWARD = _abi.HOOK_FORWARD
    """On to the next hook, then to all clients."""
    DROP = _abi.HOOK_DROP
    """Handled here: nobody else sees it."""


FORWARD = Verdict.FORWARD
DROP = Verdict.DROP


class HookMessage:
    """A message on its way through a broker: to be looked at, changed, forwarded or dropped.

    Valid until the hook returns; later use raises InvalidError. Changes take effect when the hook
    returns, and are dropped when it raises.
    """

    __slots__ = ("_data", "_flags", "_new_data", "_owner", "_struct", "_tag")

    def __init__(self, struct: Any, owner: object) -> None:
        self._struct = struct
        self._owner = owner
        self._tag: int = struct.tag
        self._flags: int = struct.flags
        self._data: bytes | None = None
        self._new_data = False

    def _current(self) -> Any:
        if self._struct is None:
            raise InvalidError("a message of a hook is valid until the hook returns: copy it there")
        return self._struct

    @property
    def tag(self) -> int:
        """The tag; 32 bits, may be set."""
        self._current()
        return self._tag

    @tag.setter
    def tag(self, tag: int) -> None:
        self._current()
        self._tag = u32("a tag", tag)

    @property
    def flags(self) -> int:
        """The flags; 32 bits, may be set."""
        self._current()
        return self._flags

    @flags.setter
    def flags(self, flags: int) -> None:
        self._current()
        self._flags = u32("flags", flags)

    @property
    def sender(self) -> int:
        """The id of the client of origin, which another broker may have."""
        return int(self._current().sender)

    @property
    def id(self) -> int:
        """1, 2, 3 ... on each page of the sender."""
        return int(self._current().id)

    def __len__(self) -> int:
        """Return the bytes of the payload, without copying it."""
        struct = self._current()
        return int(struct.len) if self._data is None else len(self._data)

    def __bool__(self) -> bool:
        return True

    @property
    def data(self) -> bytes:
        """A copy of the payload, made when first asked for; may be set to any buffer."""
        struct = self._current()
        if self._data is None:
            self._data = _memory.copy_bytes(struct.data, struct.len)
        return self._data

    @data.setter
    def data(self, data: Buffer) -> None:
        self._current()
        _memory.argument(data)  # refuses what cannot be sent
        self._data = bytes(data)
        self._new_data = True

    @contextmanager
    def view(self) -> Iterator[memoryview]:
        """Show the payload as it came, without a copy and read-only, for a ``with`` block.

        BufferError when something made from the view is alive at the end of the block.
        """
        struct = self._current()
        lease = _memory.Lease(struct.data, struct.len, self._owner)
        yield lease.view(0, lease.length)
        lease.end()

    def _finish(self) -> bytes:
        """Write the changes; return what the library must be able to read until the next call."""
        struct = self._current()
        struct.tag = self._tag
        struct.flags = self._flags
        if not self._new_data:
            return b""
        data = self.data
        struct.data = _memory.address_of(data)
        struct.len = len(data)
        return data

    def _expire(self) -> None:
        self._struct = None


Hook = Callable[[int, HookMessage], Optional[int]]
"""A hook: takes the id of the client a message came from, and the message."""


class Callbacks:
    """The callbacks of one broker, and what went wrong in them."""

    def __init__(self, keep: list[object]) -> None:
        self._keep = keep  # as long as the broker lives
        self._errors: list[BaseException] = []
        # What excepthook says it was: hooks may be called in any thread.
        self._thread = threading.Thread(name="llmp broker")
        self.thread: int | None = None
        """The thread that runs a callback now."""
        self.stop: Callable[[], None] = lambda: None
        """Called when a callback has raised."""

    def hook(self, function: Hook) -> Any:
        """Return a hook for the library."""
        replaced = b""

        def call(_broker: object, client: int, pointer: Any, _user: object) -> int:
            nonlocal replaced
            message: HookMessage | None = None
            outside, self.thread = self.thread, threading.get_ident()
            try:
                message = HookMessage(pointer.contents, self._keep)
                verdict = _verdict(function(client, message))
                replaced = message._finish()
                return verdict
            except BaseException as error:
                self._failed(error)
                return _abi.HOOK_FORWARD
            finally:
                self.thread = outside
                if message is not None:
                    message._expire()

        return self._kept(_abi.HookFn(call))

    def timeout(self, function: Callable[[], object]) -> Any:
        """Return a time-out function for the library."""

        def call(_broker: object, _user: object) -> None:
            outside, self.thread = self.thread, threading.get_ident()
            try:
                function()
            except BaseException as error:
                self._failed(error)
            finally:
                self.thread = outside

        return self._kept(_abi.TimeoutFn(call))

    def _kept(self, callback: Any) -> Any:
        self._keep.append(callback)
        return callback

    def _failed(self, error: BaseException) -> None:
        self._errors.append(error)
        self.stop()

    def take_error(self) -> BaseException | None:
        """Return the first error since the last call. Others go to threading.excepthook."""
        errors, self._errors = self._errors, []
        for error in errors[1:]:
            self.report(error)
        return errors[0] if errors else None

    def report(self, error: BaseException) -> None:
        """Report an error that can be raised nowhere."""
        threading.excepthook(
            threading.ExceptHookArgs((type(error), error, error.__traceback__, self._thread))
        )


def _verdict(said: object) -> int:
    if said is None:
        return _abi.HOOK_FORWARD
    if isinstance(said, int) and not isinstance(said, bool) and said in (FORWARD, DROP):
        return int(said)
    raise TypeError(f"a hook returns llmp.FORWARD (or None) or llmp.DROP, not {said!r}")
