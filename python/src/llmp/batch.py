"""Many messages at once, without an object for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import add
from types import TracebackType
from typing import Any, Callable

from . import _memory
from .message import Message, MessageView

_TOGETHER = 4096  # bytes a message, on average


class Batch:
    """Messages that were received together and still lie in shared memory.

    Valid until the next receive call on the same handle, its close(), or :meth:`release`; later
    use raises ``ValueError``. Columns (:attr:`tags`, :attr:`lengths`, ...) and copies stay valid.
    It can be a context manager, which releases it, and costs next to nothing per message until
    one looks at it::

        for batch in bus.batches():
            total += batch.nbytes
            for i, tag in enumerate(batch.tags):
                if tag == INTERESTING:
                    handle(batch.data(i))
    """

    __slots__ = ("_addresses", "_base", "_ids", "_lease", "_lengths", "_n", "_words")

    def __init__(self, rows: _memory.Rows | None, n: int, owner: object) -> None:
        self._n = n
        self._lease: _memory.Lease | None = None
        if rows is None or n == 0:
            self._words = [_NO_WORDS] * 3
            self._ids = self._lengths = self._addresses = _NO_LONG_WORDS
            self._base = 0
            return
        self._words = [rows.words(column, n) for column in (0, 1, 2)]
        self._ids = rows.long_words(_memory.ID, n)
        self._addresses = rows.long_words(_memory.ADDRESS, n)
        self._lengths = rows.long_words(_memory.LENGTH, n)
        # All of one page, in its order: one window shows them all.
        self._base = self._addresses[0]
        end = self._addresses[n - 1] + self._lengths[n - 1]
        self._lease = _memory.Lease(self._base, end - self._base, owner)

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"<llmp.Batch of {self._n}>"

    @property
    def tags(self) -> memoryview:
        """The tags, 32 bits each, as a column (``memoryview`` of format ``I``)."""
        return self._words[_memory.TAG]

    @property
    def senders(self) -> memoryview:
        """The ids of the clients they came from, as a column of 32-bit numbers."""
        return self._words[_memory.SENDER]

    @property
    def flags(self) -> memoryview:
        """The flags, as a column of 32-bit numbers."""
        return self._words[_memory.FLAGS]

    @property
    def ids(self) -> memoryview:
        """The ids, as a column of 64-bit numbers (format ``Q``)."""
        return self._ids

    @property
    def lengths(self) -> memoryview:
        """How long the payloads are, in bytes, as a column of 64-bit numbers."""
        return self._lengths

    @property
    def nbytes(self) -> int:
        """How long all payloads are together, in bytes."""
        return sum(self._lengths)

    def data(self, i: int) -> memoryview:
        """Return the payload of message i, read-only, without a copy: as MessageView.data."""
        lease, start, stop = self._where(i)
        return lease.view(start, stop)

    def __getitem__(self, i: int) -> MessageView:
        """Return message i, without a copy of its payload."""
        data = self.data(i)
        tags, senders, flags = self._words
        return MessageView(tags[i], data, senders[i], flags[i], self._ids[i])

    def __iter__(self) -> Iterator[MessageView]:
        return (self[i] for i in range(self._n))

    def copy(self) -> list[Message]:
        """Return all messages with copies of their payloads, to keep."""
        tags, senders, flags = self._words
        rows = zip(tags, self.payloads(), senders, flags, self._ids)
        # As Message(*row), without a call into Python for each.
        return list(map(_new_message, repeat(Message), rows))

    def payloads(self) -> list[bytes]:
        """Return copies of all payloads."""
        lease = self._lease
        if lease is None:
            return []
        base = self._base
        starts = [address - base for address in self._addresses]
        spans = zip(starts, map(add, starts, self._lengths))
        if lease.length > self._n * _TOGETHER:
            return [lease.copy(start, stop) for start, stop in spans]
        # One copy of the whole run, then slices of it: half the time for small messages.
        run = lease.copy(0, lease.length)
        return [run[start:stop] for start, stop in spans]

    def release(self) -> None:
        """Release all views. BufferError while something made from one is alive. Idempotent."""
        if self._lease is not None:
            self._lease.end()

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.release()
        except BufferError:
            if error is None:
                raise

    def _where(self, i: int) -> tuple[_memory.Lease, int, int]:
        if self._lease is None or not -self._n <= i < self._n:
            raise IndexError(f"the batch has {self._n} messages, there is none at {i}")
        start = self._addresses[i] - self._base
        return self._lease, start, start + self._lengths[i]


_new_message: Callable[[type[Message], Iterable[Any]], Message] = tuple.__new__
_NO_WORDS = memoryview(b"").cast("I")
_NO_LONG_WORDS = memoryview(b"").cast("Q")
