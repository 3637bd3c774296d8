"""The receiving verbs, which a client and a receiver share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Literal,
    TypeVar,
    overload,
)

from . import _memory
from ._handle import Deadline, unsigned
from ._page import OnPage
from .batch import Batch
from .errors import ClosedError, InvalidError
from .message import Message, MessageView

if TYPE_CHECKING:
    from . import aio

_MOST = 1 << 16  # messages a batch
_T = TypeVar("_T")


class Receiving(OnPage):
    """The receiving verbs of Client and Receiver.

    **Time-outs.** Every ``timeout`` is in seconds: ``None``, the default, waits for ever, 0 does
    not wait. Waiting sleeps (see the option ``spin``), and Ctrl-C interrupts it within 0.1 s.

    **Copies.** Messages are copied, unless it says otherwise: a copy is safe to keep. What is not
    copied is valid until the next receive call on the same handle, which raises BufferError while
    something made from it is alive.

    **The end.** When the sender or broker said that it ends, receiving first yields all that was
    sent and then raises ClosedError; loops over messages just end.

    **Threads.** Receives from several threads take turns, each message reaches one of them; one
    thread may receive while another sends. A signal handler must not receive on a handle that the
    main thread receives on.
    """

    def _start_receiving(self) -> None:
        self._slot = _memory.Slot()
        self._pointer = self._slot.pointer
        self._many: _memory.Rows | None = None
        self._lease: _memory.Lease | None = None
        self._waiters: dict[Any, aio.Waiters] = {}  # by event loop
        self._c_recv = self._function("recv")
        self._c_recv_many = self._function("recv_many")
        self._c_recv_wait = self._function("recv_wait")

    @overload
    def recv(self, timeout: None = None, *, copy: Literal[True] = True) -> Message: ...
    @overload
    def recv(self, timeout: float | None, *, copy: Literal[True] = True) -> Message | None: ...
    @overload
    def recv(self, timeout: None = None, *, copy: Literal[False]) -> MessageView: ...
    @overload
    def recv(self, timeout: float | None, *, copy: Literal[False]) -> MessageView | None: ...
    def recv(
        self, timeout: float | None = None, *, copy: bool = True
    ) -> Message | MessageView | None:
        """Return the next message, or None when the time is over first.

        Args:
            timeout: seconds; None waits for ever, 0 does not wait.
            copy: False returns a MessageView, valid until the next receive call.

        Raises:
            ClosedError: the sender or broker said that it ends, or close() was called.
            CorruptError: the page makes no sense. Later calls say so, too.
            NotFoundError: the next page is gone: this client was too slow, or the broker died.
            InvalidError: timeout is negative or not a number.
            BufferError: something made from an earlier MessageView or Batch is alive.
            ForkedError: this is a forked child.
        """
        if copy:
            return self._receive(timeout, self._take_copy)
        return self._receive(timeout, self._take_view)

    def _receive(self, timeout: float | None, take: Callable[[int], _T]) -> _T | None:
        if timeout is not None and not timeout >= 0:
            raise no_timeout(timeout)
        with self._recv_lock:
            if self._lease is not None:
                self._end_lease()
            code = self._c_recv(self._handle, self._pointer)
            if code > 0:
                return take(code)
        return self._wait(code, timeout, self._pointer, take)

    def _wait(
        self,
        code: int,
        timeout: float | None,
        pointer: object,
        take: Callable[[int], _T],
        recv_wait: Any = None,
    ) -> _T | None:
        """Go on after a call that returned code and no message; take is called under the lock.

        recv_wait is the function that waits, if not that for messages.
        """
        if code < 0:
            raise self._error(code)
        if timeout == 0:
            return None
        deadline = Deadline(timeout)
        recv_wait = recv_wait or self._c_recv_wait
        while True:
            ms = deadline.slice_ms()
            with self._recv_lock:
                if self._lease is not None:
                    self._end_lease()
                code = recv_wait(self._handle, pointer, ms)
                if code > 0:
                    return take(code)
            if code < 0:
                raise self._error(code)
            if not ms:
                return None
            self._give_way()

    def _take_copy(self, _: int) -> Message:
        tag, sender, flags, _, number, address, length = self._slot.read()
        return Message(tag, _memory.copy_bytes(address, length), sender, flags, number)

    def _take_view(self, _: int) -> MessageView:
        tag, sender, flags, _, number, address, length = self._slot.read()
        lease = self._lease = _memory.Lease(address, length, self._owner)
        return MessageView(tag, lease.view(0, length), sender, flags, number)

    @contextmanager
    def view(self, timeout: float | None = None) -> Iterator[MessageView | None]:
        """Receive a message without a copy, for the length of a ``with`` block.

        ::

            with bus.view(timeout=1) as message:
                if message is not None:
                    checksum(message.data)

        Args:
            timeout: as for recv(); the block gets None when it is over first.

        Raises:
            BufferError: something made from ``message.data`` is alive at the end of the block.
                Other errors as recv().
        """
        lease: _memory.Lease | None = None

        def take(code: int) -> MessageView:
            nonlocal lease
            message = self._take_view(code)
            lease = self._lease
            return message

        yield self._receive(timeout, take)
        # Not after an exception: views in the frames of its traceback are not the point then.
        if lease is not None:
            lease.end()

    def recv_batch(self, max: int = 1024, timeout: float | None = None) -> Batch:
        """Return all messages that are there, without copies, empty when the time is over first.

        The fast way to receive: a message costs next to nothing until it is looked at.

        Args:
            max: how many at most, from 1; a batch never has more than 65536, and none spans pages.
            timeout: seconds to wait for the first message. After waiting the batch may hold that
                message alone: it does not wait to be filled.

        Raises:
            As recv().
        """
        batch = self._receive_rows(max, timeout, self._take_batch)
        return _NOTHING if batch is None else batch

    def recv_many(self, max: int = 1024, timeout: float | None = None) -> list[Message]:
        """Return copies of all messages that are there, none when the time is over first.

        Args and errors are those of recv_batch().
        """

        def take(rows: _memory.Rows, n: int) -> list[Message]:
            batch = Batch(rows, n, self._owner)
            messages = batch.copy()
            batch.release()
            return messages

        return self._receive_rows(max, timeout, take) or []

    def _receive_rows(
        self, max: int, timeout: float | None, take: Callable[[_memory.Rows, int], _T]
    ) -> _T | None:
        if timeout is not None and not timeout >= 0:
            raise no_timeout(timeout)
        if max.__class__ is not int or not 0 < max <= _MOST:
            max = _capacity(max)
        with self._recv_lock:
            if self._lease is not None:
                self._end_lease()
            rows = self._many
            if rows is None or rows.capacity < max:
                rows = self._many = _memory.Rows(max)
            code = self._c_recv_many(self._handle, rows.pointer, max)
            if code > 0:
                return take(rows, code)
        return self._wait(code, timeout, rows.pointer, partial(take, rows))

    def _take_batch(self, rows: _memory.Rows, n: int) -> Batch:
        batch = Batch(rows, n, self._owner)
        self._lease = batch._lease
        return batch

    @overload
    def messages(
        self, timeout: float | None = None, *, copy: Literal[True] = True
    ) -> Iterator[Message]: ...
    @overload
    def messages(
        self, timeout: float | None = None, *, copy: Literal[False]
    ) -> Iterator[MessageView]: ...
    def messages(
        self, timeout: float | None = None, *, copy: bool = True
    ) -> Iterator[Message] | Iterator[MessageView]:
        """Iterate over messages as they come, until the bus ends or none came for timeout.

        ``for m in bus`` is ``for m in bus.messages()``. Args and errors are those of recv().
        """
        if timeout is not None and not timeout >= 0:
            raise no_timeout(timeout)
        return self._copies(timeout) if copy else self._views(timeout)

    def _copies(self, timeout: float | None) -> Iterator[Message]:
        while True:
            try:
                message = self.recv(timeout)
            except ClosedError:
                if self._handle is None:
                    raise
                return
            if message is None:
                return
            yield message

    def _views(self, timeout: float | None) -> Iterator[MessageView]:
        while True:
            try:
                message = self.recv(timeout, copy=False)
            except ClosedError:
                if self._handle is None:
                    raise
                return
            if message is None:
                return
            yield message

    def batches(self, max: int = 1024, timeout: float | None = None) -> Iterator[Batch]:
        """Iterate over batches, until the bus ends or no message came for timeout.

        Args and errors are those of recv_batch().
        """
        while True:
            try:
                batch = self.recv_batch(max, timeout)
            except ClosedError:
                if self._handle is None:
                    raise
                return
            if not batch:
                return
            yield batch

    def __iter__(self) -> Iterator[Message]:
        return self._copies(None)

    def __aiter__(self) -> AsyncIterator[Message]:
        from . import aio

        return aio.messages(self)

    def fileno(self) -> int:
        """Return a descriptor for select, poll, epoll and event loops.

        It is readable while a message, or the end, waits: then receive with ``timeout=0`` until
        there is nothing. It belongs to this handle: do not read or close it. The first call
        starts a helper thread in the library.

        Raises:
            OutOfMemoryError, UnsupportedError, ClosedError, ForkedError.
        """
        with self._whole():
            return self._check(self._function("wait_fd")(self._handle))

    def _end_lease(self) -> None:
        if self._lease is not None:
            self._lease.end()
            self._lease = None

    def _end_leases(self) -> None:
        super()._end_leases()
        self._end_lease()

    def _wake(self) -> None:
        super()._wake()
        while self._waiters:
            self._waiters.popitem()[1].close_soon()


_NOTHING = Batch(None, 0, None)


def no_timeout(timeout: float) -> InvalidError:
    """Return the error for a time-out that is none."""
    return InvalidError(f"a time-out is None or a number of seconds >= 0, not {timeout!r}")


def _capacity(wanted: int) -> int:
    if unsigned("max", wanted, 63) == 0:
        raise InvalidError("max is how many messages at most: 1 or more")
    return min(wanted, _MOST)
