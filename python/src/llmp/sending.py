"""The sending verbs, which a client and a sender share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Callable, Union

from . import _abi, _memory
from ._handle import Deadline, u32, unsigned
from ._page import OnPage
from .errors import BusyError, ClosedError, FullError, InternalError, InvalidError, LlmpError
from .options import option_ms

if TYPE_CHECKING:
    from typing_extensions import Buffer

    Outgoing = Union[tuple[int, Buffer], tuple[int, Buffer, int]]

# The library finds out that a receiver has died when it has waited for a second in one call.
SEND_SLICE_MS = 1500

_GROUP = 1024  # messages
_GROUP_BYTES = 1 << 20
_ALONE = 1 << 16  # payloads from this size on are not copied together with others


def first_wait_ms(send_timeout: float | None) -> int:
    """Return the send time-out to give the library, so that each call takes a slice at most."""
    ms = option_ms(send_timeout)
    return SEND_SLICE_MS if ms == _abi.WAIT_FOREVER else min(ms, SEND_SLICE_MS)


class Sending(OnPage):
    """The sending verbs of Client and Sender.

    **Threads.** Sends from several threads take turns; one thread may send while another
    receives.

    **A full bus.** When the receiver is far behind, sending waits for up to the option
    ``send_timeout`` and then raises FullError: nothing of that message was sent, nothing that was
    sent is lost. Ctrl-C interrupts the waiting within 1.5 s.
    """

    def _start_sending(self, send_timeout: float | None) -> None:
        self._send_timeout = send_timeout
        self._c_send = self._function("send_flags")
        self._c_send_many = self._function("send_many")
        self._rows: _memory.OutgoingRows | None = None
        self._allocation: _memory.Lease | None = None

    @property
    def id(self) -> int:
        """The client id that messages are sent as."""
        with self._send_lock:
            if self._handle is None:
                raise self._error(0)
            return int(self._function("id")(self._handle))

    def send(self, tag: int, data: Buffer, flags: int = 0) -> None:
        """Send data under a tag.

        Args:
            tag: 32 bits; not one of RESERVED_TAGS.
            data: bytes, bytearray, memoryview or any other contiguous buffer, 1 GiB at most.
            flags: 32 bits, FLAG_* or your own; they travel unchanged.

        Raises:
            InvalidError: a reserved tag, or a number out of range.
            TypeError: data is no buffer; a str must be encoded first.
            BufferError: data is not contiguous.
            TooBigError: over MAX_PAYLOAD.
            FullError: ``send_timeout`` is over.
            BusyError: an allocation is open.
            ClosedError: the broker is gone, or close() was called.
            ForkedError: this is a forked child.
        """
        if data.__class__ is bytes:
            place, size = data, len(data)
        else:
            place, size = _memory.argument(data)
        if tag.__class__ is not int or flags.__class__ is not int or tag >> 32 or flags >> 32:
            tag, flags = u32("a tag", tag), u32("flags", flags)
        with self._send_lock:
            code = self._c_send(self._handle, tag, flags, place, size)
        if code < 0:
            self._persist(code, lambda: self._c_send(self._handle, tag, flags, place, size))

    def send_many(self, messages: Iterable[Outgoing], flags: int = 0) -> int:
        """Send many messages, with as few commits as pages allow: readers see them together.

        Much faster than as many sends when payloads are small. Messages go out in groups of up
        to 1024 messages or 1 MiB.

        Args:
            messages: tuples ``(tag, data)`` or ``(tag, data, flags)``, as for send().
            flags: for those tuples that have none.

        Returns:
            How many were sent: all of them.

        Raises:
            LlmpError: as send(). Its attribute ``sent`` tells how many were sent before.
        """
        sent = 0
        try:
            for group in _groups(messages, flags):
                if len(group.payloads) == 1:
                    self.send(group.tags[0], group.payloads[0], group.flags[0])
                    sent += 1
                    continue
                for n in self._send_group(group):
                    sent += n
        except LlmpError as error:
            error.sent = sent
            raise
        return sent

    def _send_group(self, group: _Group) -> Iterator[int]:
        """Send a group; yield how many were sent, each time some were."""
        n = len(group.payloads)
        # Taken out while in use: a signal handler may send, too.
        rows, self._rows = self._rows or _memory.OutgoingRows(_GROUP), None
        rows.fill(group.tags, group.flags, group.payloads, group.lengths)
        first = 0

        def go_on() -> int:
            return int(self._c_send_many(self._handle, rows.pointer(first), n - first))

        while first < n:
            with self._send_lock:
                code = go_on()
            if code <= 0:
                # The library returns 0 for no messages only.
                code = self._persist(code or InternalError.code, go_on)
            first += code
            yield code
        rows.clear()
        self._rows = rows

    def _persist(self, code: int, call: Callable[[], int]) -> int:
        """Repeat a call that found the bus full until send_timeout is over; return its result."""
        deadline: Deadline | None = None
        while code == FullError.code:
            if deadline is None:
                deadline = _after_first_wait(self._send_timeout)
            if not deadline.slice_ms():
                break
            self._give_way()
            with self._send_lock:
                code = call()
        return self._check(code)

    def alloc(self, tag: int, size: int, flags: int = 0) -> Allocation:
        """Return a message to be written where it will be read, without a copy.

        Use it in a ``with`` block, which sends it at its end, or gives it back when an exception
        leaves the block::

            with bus.alloc(tag, 4096) as message:
                n = file.readinto(message.data)
                message.shrink(n)

        One allocation at a time: sending anything else inside the block raises BusyError.

        Args:
            tag: as for send().
            size: bytes, 1 GiB at most.
            flags: as for send().
        """
        return Allocation(
            self, u32("a tag", tag), unsigned("a size", size, 63), u32("flags", flags)
        )

    def safe_to_unmap(self) -> bool:
        """Return whether the receiver has mapped the page this client sends on.

        Until then messages are lost when this process ends without close().
        """
        with self._send_lock:
            return self._check(self._function("safe_to_unmap")(self._handle)) == 1

    def mark_safe_to_unmap(self) -> None:
        """Mark the page as safe to unmap though nobody may have read it: messages can be lost."""
        with self._send_lock:
            self._check(self._function("mark_safe_to_unmap")(self._handle))

    def wait_safe_to_unmap(self, timeout: float | None = None) -> bool:
        """Wait until safe_to_unmap(); return False when the time is over first.

        Args:
            timeout: seconds; None waits for ever.
        """
        deadline = Deadline(timeout)
        wait = self._function("wait_safe_to_unmap")
        while True:
            ms = deadline.slice_ms()
            with self._send_lock:
                safe = self._check(wait(self._handle, ms)) == 1
            if safe or not ms:
                return safe
            self._give_way()

    def _end_leases(self) -> None:
        super()._end_leases()
        if self._allocation is not None:
            self._allocation.end()
            self._allocation = None


class Allocation:
    """A message that is being written in place: see Sending.alloc."""

    def __init__(self, on: Sending, tag: int, size: int, flags: int) -> None:
        self._on = on
        self._lease: _memory.Lease | None = None
        self._data: memoryview | None = None
        self.tag = tag
        """What it will be sent under; may be changed until the end of the block."""
        self.flags = flags
        """The flags it will be sent with; may be changed until the end of the block."""
        self.size = size
        """Bytes; see shrink()."""

    @property
    def data(self) -> memoryview:
        """The payload: writable, ``size`` bytes, of no particular content at first.

        It is released at the end of the block. What was made from it (a slice, a cast, an array)
        must be deleted before, else BufferError is raised and nothing is sent.
        """
        if self._data is None:
            raise InvalidError("no allocation is open: use it inside its with block")
        return self._data

    def shrink(self, size: int) -> None:
        """Make the payload shorter: ``data`` is a new view of ``size`` bytes.

        InvalidError when size is larger than it was.
        """
        on = self._on
        if self._lease is None:
            raise InvalidError("no allocation is open: use it inside its with block")
        wanted = unsigned("a size", size, 63)
        with on._send_lock:
            on._check(on._function("shrink")(on._handle, wanted))
        self.size = wanted
        self._data = self._lease.view(0, wanted)

    def cancel(self) -> None:
        """Give the allocation back: nothing is sent at the end of the block. BufferError."""
        lease, self._lease, self._data = self._lease, None, None
        if lease is None:
            return
        try:
            lease.end()
        finally:
            self._finish("cancel")

    def _finish(self, verb: str, *arguments: int) -> int:
        on = self._on
        with on._send_lock:
            on._allocation = None
            if on._handle is None:
                return ClosedError.code
            return int(on._function(verb)(on._handle, *arguments))

    def __enter__(self) -> Allocation:
        on = self._on
        if self._lease is not None:
            raise BusyError("this allocation is open already")
        place = _memory.out_address()
        alloc = on._function("alloc")

        def call() -> int:
            return int(alloc(on._handle, self.size, place))

        with on._send_lock:
            code = call()
        if code < 0:
            on._persist(code, call)
        assert place.value is not None
        self._lease = on._allocation = _memory.Lease(
            place.value, self.size, on._owner, writable=True
        )
        self._data = self._lease.view(0, self.size)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lease is None:
            return
        if error is not None:
            with suppress(BufferError):  # the error under way may well hold a slice
                self.cancel()
            return
        try:
            tag, flags = u32("a tag", self.tag), u32("flags", self.flags)
            self._lease.end()
        except BaseException:
            with suppress(BufferError):
                self.cancel()
            raise
        self._lease = self._data = None
        code = self._finish("commit", tag, flags, self.size)
        if code < 0:
            problem = self._on._error(code)
            self._finish("cancel")  # a commit that failed leaves it open
            raise problem


class _Group:
    """Messages that go out together, as columns."""

    __slots__ = ("bytes", "flags", "lengths", "payloads", "tags")

    def __init__(self) -> None:
        self.tags: list[int] = []
        self.flags: list[int] = []
        self.payloads: list[Buffer] = []
        self.lengths: list[int] = []
        self.bytes = 0


def _groups(messages: Iterable[Outgoing], default_flags: int) -> Iterator[_Group]:
    group = _Group()
    for message in messages:
        if len(message) == 2:
            tag, data = message
            flags = default_flags
        elif len(message) == 3:
            tag, data, flags = message
        else:
            raise TypeError("a message to send is a tuple (tag, data) or (tag, data, flags)")
        length = len(data) if data.__class__ is bytes else _memory.argument(data)[1]
        full = len(group.payloads) == _GROUP or group.bytes + length > _GROUP_BYTES
        if group.payloads and (full or length >= _ALONE):
            yield group
            group = _Group()
        group.tags.append(tag)
        group.flags.append(flags)
        group.payloads.append(data)
        group.lengths.append(length)
        group.bytes += length
        if length >= _ALONE:
            yield group
            group = _Group()
    if group.payloads:
        yield group


def _after_first_wait(send_timeout: float | None) -> Deadline:
    if send_timeout is None:
        return Deadline(None)
    return Deadline(max(0.0, send_timeout - SEND_SLICE_MS / 1000))
