"""Receiving in asyncio: on the loop's own reader, no thread for each client.

``async for message in bus`` is :func:`messages`. Sending needs nothing of its own: it does not
block unless the bus is full. Where that can be, send with ``await asyncio.to_thread(bus.send, tag,
data)``, or connect with ``send_timeout=0`` and handle FullError.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    TypeVar,
)

from .client import Client
from .errors import ClosedError
from .message import DEFAULT_PORT, Message

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .events import Testcase
    from .options import ClientOptions
    from .receiving import Receiving

_T = TypeVar("_T")

_IN_A_ROW = 64  # messages, then other tasks have their turn


async def connect(port: int = DEFAULT_PORT, **options: Unpack[ClientOptions]) -> Client:
    """Connect as Client.connect(), without holding up the loop.

    The client can be used as ``async with await llmp.aio.connect(port) as bus``.
    """
    return await in_thread(partial(Client.connect, port, **options), abandon=Client.close)


async def recv(source: Receiving, timeout: float | None = None) -> Message | None:
    """Return the next message, or None when the time is over first: see Receiving.recv().

    Cancelling it loses no message.

    Args:
        source: a Client or a Receiver.
        timeout: seconds; None waits for ever, 0 does not wait.
    """
    return await _until(source, timeout, lambda: source.recv(0))


async def recv_many(
    source: Receiving, max: int = 1024, timeout: float | None = None
) -> list[Message]:
    """Return all messages that are there, at least one unless the time is over first.

    Args:
        source: a Client or a Receiver.
        max: how many at most.
        timeout: seconds; None waits for ever, 0 does not wait.
    """
    return await _until(source, timeout, lambda: source.recv_many(max, 0) or None) or []


async def messages(source: Receiving) -> AsyncIterator[Message]:
    """Iterate over messages as they come, until the bus ends. Other tasks have their turns."""
    async for message in _each(source, source.recv):
        yield message


async def recv_testcase(client: Client, timeout: float | None = None) -> Testcase | None:
    """Return the next test case, or None when the time is over: see Client.recv_testcase().

    Cancelling it loses none.

    Args:
        client: who receives.
        timeout: seconds; None waits for ever, 0 does not wait.
    """
    return await _until(client, timeout, lambda: client.recv_testcase(0))


async def testcases(client: Client) -> AsyncIterator[Testcase]:
    """Iterate over test cases as they come, until the bus ends. Other tasks have their turns."""
    async for testcase in _each(client, client.recv_testcase):
        yield testcase


async def _each(source: Receiving, receive: Callable[[float], _T | None]) -> AsyncIterator[_T]:
    in_a_row = 0
    while True:
        try:
            one = receive(0)
            if one is None:
                one = await _until(source, None, lambda: receive(0))
                in_a_row = 0
        except ClosedError:
            if source.closed:
                raise
            return
        assert one is not None  # there is no time-out
        yield one
        in_a_row += 1
        if in_a_row >= _IN_A_ROW:
            in_a_row = 0
            await asyncio.sleep(0)


async def _until(
    source: Receiving, timeout: float | None, poll: Callable[[], _T | None]
) -> _T | None:
    loop = asyncio.get_running_loop()
    end = None if timeout is None else loop.time() + timeout
    while True:
        result = poll()
        if result is not None:
            return result
        left = None if end is None else end - loop.time()
        if left is not None and left <= 0:
            return None
        await _waiters(source, loop).wait(left)


class Waiters:
    """Who waits in one loop for one handle to become readable. For the loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        self._loop = loop
        # A copy: the loop may hold on to it for a while after the handle was closed.
        self._descriptor: int | None = os.dup(descriptor)
        self._futures: set[asyncio.Future[None]] = set()

    async def wait(self, timeout: float | None) -> None:
        """Return when the descriptor is readable, the handle closed, or the time over."""
        if self._descriptor is None:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        if not self._futures:
            self._loop.add_reader(self._descriptor, self._wake)
        self._futures.add(future)
        try:
            await asyncio.wait((future,), timeout=timeout)
        finally:
            self._futures.discard(future)
            if not self._futures and self._descriptor is not None:
                self._loop.remove_reader(self._descriptor)

    def _wake(self) -> None:
        for future in self._futures:
            if not future.done():
                future.set_result(None)

    def close_soon(self) -> None:
        """Wake all who wait, from any thread: the handle is closed."""
        try:
            self._loop.call_soon_threadsafe(self._close)
        except RuntimeError:  # the loop is closed, nobody waits
            self._release()

    def _close(self) -> None:
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
        self._release()
        self._wake()

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self._release()


def _waiters(source: Receiving, loop: asyncio.AbstractEventLoop) -> Waiters:
    there: dict[Any, Waiters] = source._waiters
    waiters = there.get(loop)
    if waiters is None:
        for ended in [other for other in there if other.is_closed()]:
            del there[ended]
        waiters = there[loop] = Waiters(loop, source.fileno())
    return waiters


async def in_thread(
    call: Callable[..., _T], *arguments: Any, abandon: Callable[[_T], object] | None = None
) -> _T:
    """Return call(*arguments), made in a thread that does not outlive the program.

    When the waiting is cancelled and the call still succeeds, abandon(result) cleans up.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def finish(result: _T | None, error: BaseException | None) -> None:
        if not future.cancelled():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]
        elif error is None and abandon is not None:
            threading.Thread(target=abandon, args=(result,), daemon=True).start()

    def work() -> None:
        result, problem = None, None
        try:
            result = call(*arguments)
        except BaseException as error:
            problem = error
        try:
            loop.call_soon_threadsafe(finish, result, problem)
        except RuntimeError:  # the loop was closed meanwhile
            if problem is None and abandon is not None:
                abandon(result)  # type: ignore[arg-type]

    threading.Thread(target=work, name="llmp", daemon=True).start()
    return await future
