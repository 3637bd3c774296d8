"""Sending: buffers of all kinds, many at once, in place, and on a full bus."""

from __future__ import annotations

import mmap
import os
import threading
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import HANG

import llmp


def small_sender(send_timeout: float | None = None) -> llmp.Sender:
    return llmp.Sender.new(1, page_size=4096, max_pending_pages=2, send_timeout=send_timeout)


@pytest.fixture
def full() -> Iterator[llmp.Sender]:
    """Yield a sender that waits 50 ms, on a bus that is full."""
    with small_sender(0.05) as out:
        with llmp.Receiver.on(out.map()), pytest.raises(llmp.FullError):
            for _ in range(1000):
                out.send(1, bytes(1000))
        out.mark_safe_to_unmap()
        yield out


def test_buffers_of_all_kinds(pipe: llmp.Client) -> None:
    with mmap.mmap(-1, 4096) as mapped:
        mapped[:4] = b"mmap"
        cases: list[tuple[Any, bytes]] = [
            (b"bytes", b"bytes"),
            (bytearray(b"bytearray"), b"bytearray"),
            (bytearray(), b""),
            (memoryview(b"view")[1:], b"iew"),
            (memoryview(bytearray(b"view"))[1:], b"iew"),
            (array("H", [1, 2]), b"\1\0\2\0"),
            (memoryview(array("I", [7])), b"\7\0\0\0"),
            (memoryview(b"abcdef").cast("B", (2, 3)), b"abcdef"),
            (memoryview(bytearray(b"abcdef")).cast("B", (2, 3)), b"abcdef"),
            (mapped, b"mmap" + bytes(4092)),
        ]
        for data, _ in cases:
            pipe.send(1, data)
        assert [m.data for m in pipe.recv_many(timeout=0)] == [wanted for _, wanted in cases]
        assert pipe.send_many((1, data) for data, _ in cases) == len(cases)
        assert [m.data for m in pipe.recv_many(timeout=0)] == [wanted for _, wanted in cases]


def test_a_buffer_can_be_changed_after_it_was_sent(pipe: llmp.Client) -> None:
    data = bytearray(b"before")
    pipe.send(1, data)
    pipe.send_many([(1, data), (1, data)])
    data[:] = b"after, and longer"
    assert [m.data for m in pipe.recv_many(timeout=0)] == [b"before"] * 3


def test_many_of_all_sizes_keep_their_order(pipe: llmp.Client) -> None:
    sizes = [0, 1, 100, 70_000, 5, 65_536, 65_535, 3, 300_000, 0]
    sent = [(i + 1, bytes([i]) * size, i) for i, size in enumerate(sizes)]
    assert pipe.send_many(sent) == len(sent)
    received: list[llmp.Message] = []
    while messages := pipe.recv_many(timeout=0):
        received += messages
    assert [(m.tag, m.data, m.flags) for m in received] == sent


def test_more_than_one_group(pipe: llmp.Client) -> None:
    assert pipe.send_many(((i + 1, b"") for i in range(3000)), flags=9) == 3000
    received: list[llmp.Message] = []
    while messages := pipe.recv_many(timeout=0):
        received += messages
    assert [(m.tag, m.flags) for m in received] == [(i + 1, 9) for i in range(3000)]


def test_nothing_to_send(pipe: llmp.Client) -> None:
    assert pipe.send_many([]) == 0
    assert pipe.send_many([(1, b"x")]) == 1
    assert len(pipe.recv_many(timeout=0)) == 1


def test_a_message_written_in_place(pipe: llmp.Client) -> None:
    with pipe.alloc(3, 8, flags=0x10) as message:
        assert len(message.data) == 8
        message.data[:] = b"in place"
    assert pipe.recv(0) == llmp.Message(3, b"in place", 7, 0x10, 1)
    with pytest.raises(llmp.InvalidError):
        _ = message.data
    with pytest.raises(llmp.InvalidError):
        message.shrink(1)


def test_an_allocation_can_become_shorter_and_change_its_tag(pipe: llmp.Client) -> None:
    with pipe.alloc(3, 100) as message:
        before = message.data
        message.shrink(5)
        with pytest.raises(llmp.InvalidError):
            message.shrink(6)
        message.data[:] = b"short"
        message.tag, message.flags = 4, 2
        before.release()
    assert pipe.recv(0) == llmp.Message(4, b"short", 7, 2, 1)


def test_an_allocation_of_nothing(pipe: llmp.Client) -> None:
    with pipe.alloc(3, 0) as message:
        assert len(message.data) == 0
    assert pipe.recv(0) == llmp.Message(3, b"", 7, 0, 1)


def test_a_file_can_be_read_onto_the_page(pipe: llmp.Client) -> None:
    path = Path(__file__)
    with path.open("rb", buffering=0) as file, pipe.alloc(3, 1 << 16) as message:
        message.shrink(file.readinto(message.data))
    assert pipe.recv().data == path.read_bytes()


def test_an_exception_gives_the_allocation_back(pipe: llmp.Client) -> None:
    with pytest.raises(KeyError), pipe.alloc(3, 8) as message:
        message.data[:4] = b"lost"
        kept = message.data[1:]
        raise KeyError
    del kept
    pipe.send(1, b"next")
    assert pipe.recv().data == b"next"


def test_cancel_gives_the_allocation_back(pipe: llmp.Client) -> None:
    with pipe.alloc(3, 8) as message:
        message.cancel()
        message.cancel()
        pipe.send(1, b"inside the block")
    assert [m.data for m in pipe.recv_many(timeout=0)] == [b"inside the block"]


def test_one_allocation_at_a_time(pipe: llmp.Client) -> None:
    with pipe.alloc(3, 8) as message:
        for call in (
            lambda: pipe.send(1, b""),
            lambda: pipe.send_many([(1, b""), (2, b"")]),
            lambda: pipe.alloc(1, 1).__enter__(),
            lambda: message.__enter__(),
            pipe.describe,
            lambda: pipe.to_env("LLMP_TEST_BUSY"),
        ):
            with pytest.raises(llmp.BusyError):
                call()
    assert len(pipe.recv_many(timeout=0)) == 1


def test_what_was_made_from_an_allocation_must_be_gone_before_it_is_sent(
    pipe: llmp.Client,
) -> None:
    with pytest.raises(BufferError, match="in use"), pipe.alloc(3, 8) as message:
        kept = message.data[1:]
    del kept
    assert pipe.recv(0) is None
    with pipe.alloc(3, 8) as message:
        kept = message.data[1:]
        with pytest.raises(BufferError):
            pipe.close()
        del kept
    assert pipe.recv(0) is not None


def test_closing_inside_an_allocation(pipe: llmp.Client) -> None:
    pipe.mark_safe_to_unmap()
    with pytest.raises(llmp.ClosedError), pipe.alloc(3, 8):
        pipe.close()


def test_a_full_bus_says_so_and_loses_nothing() -> None:
    out = small_sender(0)
    with out, llmp.Receiver.on(out.map()) as receiver:
        sent = 0
        with pytest.raises(llmp.FullError):
            for sent in range(1000):
                out.send(sent + 1, bytes(500))
        assert 10 < sent < 999
        with pytest.raises(llmp.FullError) as caught:
            out.send_many((tag, bytes(500)) for tag in range(sent + 1, 1000))
        assert caught.value.sent == 0
        with pytest.raises(llmp.FullError), out.alloc(1, 2000):
            pass
        tags = [m.tag for m in receiver.messages(timeout=0)]
        assert tags == list(range(1, sent + 1))
        out.send(9999, b"room again")
        assert receiver.recv(HANG) is not None


def test_many_on_a_bus_that_fills_up_tell_how_many_were_sent() -> None:
    out = small_sender(0)
    with out, llmp.Receiver.on(out.map()) as receiver:
        with pytest.raises(llmp.FullError) as caught:
            out.send_many((tag, bytes(500)) for tag in range(1, 1000))
        tags = [m.tag for m in receiver.messages(timeout=0)]
        assert len(tags) > 10
        assert tags == list(range(1, caught.value.sent + 1))


def test_a_full_bus_is_waited_for(full: llmp.Sender) -> None:
    began = time.monotonic()
    with pytest.raises(llmp.FullError):
        full.send(1, bytes(3000))
    assert time.monotonic() - began >= 0.05


def test_sending_goes_on_when_the_receiver_does() -> None:
    count = 200
    out = small_sender()
    with out, llmp.Receiver.on(out.map()) as receiver:
        seen: list[int] = []

        def receive() -> None:
            for message in receiver:
                seen.append(message.tag)
                if len(seen) == 2 * count:
                    return

        thread = threading.Thread(target=receive)
        thread.start()
        for tag in range(count):
            out.send(tag + 1, bytes(500))
        assert out.send_many((tag + 1, bytes(500)) for tag in range(count, 2 * count)) == count
        thread.join(HANG)
        assert seen == list(range(1, 2 * count + 1))


def test_the_largest_pages_are_followed(pipe: llmp.Client) -> None:
    data = os.urandom(1 << 20) * 8
    pipe.send(1, data)
    message = pipe.recv(0)
    assert message is not None
    assert message.data == data
