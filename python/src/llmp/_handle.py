"""What all handles of the library share: who owns one, how it is closed, what a fork does to it."""

from __future__ import annotations

import atexit
import math
import operator
import os
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Callable, TypeVar

from . import _lib, _memory
from .errors import ClosedError, InvalidError, LlmpError
from .options import milliseconds

_Self = TypeVar("_Self", bound="Handle")

SLICE_MS = 100
"""Calls that block return to Python this often, so that Ctrl-C is noticed."""


class Ownership:
    """A handle of the library, closed once: by close(), or when nothing refers to it any more.

    Zero-copy views refer to it too, which is what keeps their memory mapped.
    """

    __slots__ = ("_close", "_pid", "_what", "address", "keep")

    def __init__(self, address: int, close: Callable[[int], int], what: str) -> None:
        self.address: int | None = address
        self.keep: list[object] = []
        """What the library refers to, such as callbacks."""
        self._close = close
        self._pid = os.getpid()
        self._what = what

    def close(self, _getpid: Callable[[], int] = os.getpid) -> int:
        """Close it; 0 when it is closed already. A forked child leaves it to the parent."""
        address, self.address = self.address, None
        if address is None or _getpid() != self._pid:
            return 0
        result = self._close(address)
        self.keep.clear()
        return result

    def here(self) -> bool:
        """Say whether this process owns it still, and not its parent."""
        return self.address is not None and os.getpid() == self._pid

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        if self.address is None:
            return
        if self.here():
            _warn(f"unclosed {self._what}", ResourceWarning, stacklevel=2)
        self.close()


_live: weakref.WeakSet[Handle] = weakref.WeakSet()


def _renew_locks() -> None:
    # Threads of the parent may have held them; the child has none of these threads.
    for handle in list(_live):
        handle._make_locks()


os.register_at_fork(after_in_child=_renew_locks)


def _close_all() -> None:
    """Close what was left open, while Python still works: shared memory would stay for ever.

    And a thread that came back from the library to an interpreter that is gone would be ended in
    the middle of the library.
    """
    for handle in sorted(_live, key=lambda handle: handle._closed_at_exit):
        handle._close_at_exit()


atexit.register(_close_all)


class Handle:
    """Base of Client, Sender, Receiver, Broker and Connection: a context manager that closes."""

    _noun = ""
    """Its functions are called llmp_<noun>_<verb>."""

    _closed_at_exit = 0
    """When the program ends: clients, then brokers (1), then who has one of these (2)."""

    def __init__(self, owner: Ownership) -> None:
        self._owner = owner
        self._in_line: list[None] = []
        # None once it is closed. Reading it and calling the library happen under a lock.
        self._handle: int | None = owner.address
        self._make_locks()
        _live.add(self)

    def _make_locks(self) -> None:
        # Reentrant, for a signal handler that sends between two steps of a send.
        self._send_lock = threading.RLock()
        self._recv_lock = threading.RLock()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Hold both locks, for what concerns sending and receiving."""
        self._in_line.append(None)
        try:
            with self._send_lock, self._recv_lock:
                yield
        finally:
            self._in_line.pop()

    def _give_way(self) -> None:
        """Let others have the locks. For those who take them again and again while they wait."""
        if self._in_line:
            sleep(0.001)

    def _function(self, verb: str) -> Any:
        return getattr(_lib.load(), f"llmp_{self._noun}_{verb}")

    def _error(self, code: int) -> LlmpError:
        """Return the exception for a failed call on this handle."""
        if self._handle is None:
            return ClosedError(f"this {type(self).__name__} is closed")
        return _lib.error(code)

    def _check(self, result: int) -> int:
        if result < 0:
            raise self._error(result)
        return result

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._handle is None

    def close(self) -> None:
        """Free everything. May be called again; any other use raises ClosedError.

        BufferError, and nothing is closed, while something made from a zero-copy view is alive.
        In a forked child it only lets go: what it closes belongs to the parent.
        """
        with self._whole():
            if self._handle is None:
                return
            self._end_leases()
            # Whoever waits in another thread finds it closed at its next slice of time.
            self._handle = None
            result = self._owner.close()
        self._wake()
        if result < 0:
            raise _lib.error(result)

    def _close_at_exit(self) -> None:
        with suppress(BufferError, LlmpError):
            self.close()

    def _end_leases(self) -> None:
        """Release all views of shared memory. BufferError."""

    def _wake(self) -> None:
        """Wake all who wait for this handle elsewhere: it is closed."""

    def __enter__(self: _Self) -> _Self:
        if self._handle is None:
            raise self._error(0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except BufferError:
            # The error under way refers to frames with views in them. What owns the memory is
            # closed with the last view.
            if error is None:
                raise

    def __repr__(self) -> str:
        state = " closed" if self._handle is None else ""
        return f"<llmp.{type(self).__name__}{state}>"


def opened(function: Any, noun: str, what: str, *arguments: Any) -> Ownership:
    """Call a function whose first argument is an out-parameter; return what it opened."""
    library = _lib.load()
    place = _memory.out_address()
    _lib.check(function(place, *arguments))
    assert place.value is not None
    return Ownership(place.value, getattr(library, f"llmp_{noun}_close"), what)


def name_to_c(name: str) -> bytes:
    """Return the name of an environment variable as the library takes it."""
    if not isinstance(name, str):
        raise TypeError(f"the name of an environment variable is a str, not {type(name).__name__}")
    encoded = os.fsencode(name)
    if not encoded or b"=" in encoded or b"\0" in encoded:
        raise InvalidError(f"{name!r} cannot be the name of an environment variable")
    return encoded


class Deadline:
    """A time-out in seconds (None: never), cut into slices. InvalidError when it is none."""

    __slots__ = ("_end", "_slice")

    def __init__(self, seconds: float | None, slice_ms: int = SLICE_MS) -> None:
        milliseconds(seconds)  # checks it
        self._slice = slice_ms
        self._end = math.inf if seconds is None else monotonic() + seconds

    def slice_ms(self) -> int:
        """Return how long to wait now, at most, in milliseconds; 0 when the time is over."""
        left = self._end - monotonic()
        if left * 1000 >= self._slice:
            return self._slice
        return math.ceil(left * 1000) if left > 0 else 0


def u32(name: str, value: int) -> int:
    """Return a number of 32 bits, checked: ctypes would cut it off without a word."""
    return unsigned(name, value, 32)


def unsigned(name: str, value: int, bits: int) -> int:
    """Return a number of so many bits, checked. TypeError, InvalidError."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is an int, not {type(value).__name__}") from None
    if number >> bits:
        raise InvalidError(f"{name} is a number from 0 to {(1 << bits) - 1}, not {number}")
    return number


def wait_in_slices(event: threading.Event, timeout: float | None) -> bool:
    """Wait as event.wait() does, such that Ctrl-C ends it: within a slice, at the latest.

    A signal that the kernel hands to another thread does not wake the main thread.
    """
    deadline = Deadline(timeout)
    while True:
        ms = deadline.slice_ms()
        if event.wait(ms / 1000):
            return True
        if not ms:
            return False


_T = TypeVar("_T")


def interruptible(
    call: Callable[[], _T],
    abandon: Callable[[_T], object],
    interrupt: Callable[[], object] | None = None,
) -> _T:
    """Return call(), such that Ctrl-C need not wait for it.

    Signals reach the main thread only, and only between two steps of Python. So there the call
    is made in a helper thread. When the waiting is interrupted, interrupt() makes the call end
    soon; without it the call goes on alone, and abandon(result) cleans up if it succeeds.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    done: list[_T] = []
    failed: list[BaseException] = []
    abandoned = False
    ending = threading.Lock()

    def work() -> None:
        try:
            result = call()
            with ending:
                if not abandoned:
                    done.append(result)
                    return
            abandon(result)
        except BaseException as error:
            failed.append(error)
        finally:
            ended.set()

    # Not Thread.join(): interrupted, it takes the thread for ended (Python 3.11 and its like).
    ended = threading.Event()
    threading.Thread(target=work, name="llmp", daemon=True).start()
    try:
        wait_in_slices(ended, None)
    except BaseException:
        if interrupt is not None:
            interrupt()
            ended.wait()
        with ending:
            abandoned = True
        for result in done:
            abandon(result)
        raise
    if failed:
        try:
            raise failed[0]
        finally:
            failed.clear()  # or its traceback would hold these frames
    return done[0]
