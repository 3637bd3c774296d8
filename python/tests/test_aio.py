"""Receiving in asyncio."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
from conftest import HANG, p2p

import llmp
from llmp import aio


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, HANG))


def test_messages_are_iterated_until_the_bus_ends() -> None:
    async def main() -> None:
        with llmp.Broker() as broker:
            port = broker.listen(0)
            broker.start()
            async with await aio.connect(port) as bus:
                asyncio.get_running_loop().call_later(0.02, bus.send, 1, b"later")
                seen = []
                async for message in bus:
                    seen.append(message.data)
                    if len(seen) == 1:
                        bus.send_many([(1, b"a"), (1, b"b")])
                    if len(seen) == 3:
                        await aio.in_thread(broker.close)
                assert seen == [b"later", b"a", b"b"]

    run(main())


def test_receiving_times_out(pipe: llmp.Client) -> None:
    async def main() -> None:
        assert await aio.recv(pipe, timeout=0) is None
        assert await aio.recv(pipe, timeout=0.02) is None
        assert await aio.recv_many(pipe, timeout=0.02) == []
        pipe.send_many([(1, b""), (2, b""), (3, b"")])
        message = await aio.recv(pipe, timeout=0.02)
        assert message is not None and message.tag == 1
        assert [m.tag for m in await aio.recv_many(pipe, max=1)] == [2]
        assert [m.tag for m in await aio.recv_many(pipe)] == [3]

    run(main())


def test_two_tasks_may_wait_for_one_client(pipe: llmp.Client) -> None:
    async def main() -> None:
        tasks = [asyncio.ensure_future(aio.recv(pipe)) for _ in range(2)]
        await asyncio.sleep(0.02)
        pipe.send(1, b"one")
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert sum(task.done() for task in tasks) == 1
        pipe.send(2, b"two")
        messages = await asyncio.gather(*tasks)
        assert sorted(m.data for m in messages if m) == [b"one", b"two"]

    run(main())


def test_cancelling_loses_nothing(pipe: llmp.Client) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(aio.recv(pipe))
        await asyncio.sleep(0.02)
        pipe.send(1, b"kept")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        message = await aio.recv(pipe)
        assert message is not None and message.data == b"kept"

    run(main())


def test_other_tasks_have_their_turns(pipe: llmp.Client) -> None:
    async def main() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.ensure_future(count())
        await asyncio.sleep(0)
        pipe.send_many((1, b"") for _ in range(1000))
        before, seen = turns, 0
        async for _ in pipe:
            seen += 1
            if seen == 1000:
                break
        assert turns - before >= 10
        task.cancel()

    run(main())


@pytest.mark.parametrize("from_thread", [False, True])
def test_close_wakes_who_waits(from_thread: bool) -> None:
    async def main() -> None:
        bus = llmp.Client.p2p(1)
        bus.mark_safe_to_unmap()
        task = asyncio.ensure_future(aio.recv(bus))
        await asyncio.sleep(0.02)
        if from_thread:
            thread = threading.Thread(target=bus.close)
            thread.start()
            await aio.in_thread(thread.join)
        else:
            bus.close()
        with pytest.raises(llmp.ClosedError):
            await task

    run(main())


def test_a_client_can_go_from_loop_to_loop(pipe: llmp.Client) -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, pipe.send, 1, b"x")
        assert await aio.recv(pipe) is not None

    for _ in range(3):
        run(main())


def test_connect_raises_as_without_a_loop() -> None:
    with llmp.Broker() as broker:
        port = broker.listen(0)

    async def main() -> None:
        with pytest.raises(llmp.RefusedError):
            await aio.connect(port, connect_timeout=0)

    run(main())


def test_a_cancelled_connect_leaves_no_client(port: int) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(aio.connect(port))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(100):
            helpers = [t for t in threading.enumerate() if t.name == "llmp"]
            for helper in helpers:
                await aio.in_thread(helper.join)
            await asyncio.sleep(0.001)

    run(main())
    gc.collect()  # an unclosed client would warn


def test_the_descriptor_works_with_select_and_poll(pipe: llmp.Client) -> None:
    descriptor = pipe.fileno()
    assert pipe.fileno() == descriptor
    for _ in range(3):
        assert select.select([pipe], [], [], 0)[0] == []
        pipe.send_many([(1, b""), (2, b"")])
        assert select.select([pipe], [], [], HANG)[0] == [pipe]
        while pipe.recv(0) is not None:
            pass
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    pipe.send(1, b"")
    assert poll.poll(HANG * 1000) == [(descriptor, select.POLLIN)]


def test_descriptors_are_given_back() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    async def main() -> None:
        with p2p(1) as bus:
            await aio.recv(bus, timeout=0.001)

    run(main())
    before = count()
    for _ in range(20):
        run(main())
    assert count() <= before
