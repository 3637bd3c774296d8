"""Clients on a broker's bus: connect, send, receive, close."""

from __future__ import annotations

import threading
import time

import pytest
from conftest import HANG

import llmp


def test_a_message_reaches_the_other_client_and_oneself(port: int) -> None:
    with llmp.Client.connect(port) as one, llmp.Client.connect(port) as two:
        assert one.id != two.id
        one.send(0x1234, b"hello", flags=0x80)
        for bus in (one, two):
            message = bus.recv(timeout=HANG)
            assert message is not None
            assert message.tag == 0x1234
            assert message.data == b"hello"
            assert message.sender == one.id
            assert message.flags & 0x80
            assert message.id >= 1


def test_own_messages_can_be_skipped(port: int) -> None:
    with llmp.Client.connect(port, skip_own=True) as one, llmp.Client.connect(port) as two:
        one.send(1, b"mine")
        two.send(2, b"theirs")
        message = one.recv(timeout=HANG)
        assert message is not None
        assert message.tag == 2


def test_a_late_joiner_gets_the_history(port: int) -> None:
    with llmp.Client.connect(port) as early:
        early.send_many((tag, b"x") for tag in range(1, 11))
        for tag in range(1, 11):
            message = early.recv(timeout=HANG)
            assert message is not None and message.tag == tag
        with llmp.Client.connect(port) as late:
            history = [late.recv(HANG) for _ in range(10)]
            assert [m and m.tag for m in history] == list(range(1, 11))


def test_a_receive_without_waiting_returns_none(pipe: llmp.Client) -> None:
    assert pipe.recv(0) is None
    assert pipe.recv_many(timeout=0) == []
    assert len(pipe.recv_batch(timeout=0)) == 0
    assert list(pipe.messages(timeout=0)) == []


def test_a_receive_waits_no_longer_than_it_should(pipe: llmp.Client) -> None:
    assert pipe.recv(0.02) is None
    assert pipe.recv_many(timeout=0.02) == []
    assert not pipe.recv_batch(timeout=0.02)
    with pipe.view(timeout=0.02) as message:
        assert message is None


def test_a_waiting_receive_is_woken(pipe: llmp.Client) -> None:
    def later() -> None:
        time.sleep(0.05)
        pipe.send(5, b"now")

    thread = threading.Thread(target=later)
    thread.start()
    assert pipe.recv().data == b"now"
    thread.join()


@pytest.mark.parametrize("data", [b"", b"\0", b"x" * 63, b"y" * 64, bytes(range(256)) * 4000])
def test_payloads_of_all_lengths_arrive_whole(pipe: llmp.Client, data: bytes) -> None:
    pipe.send(1, data)
    assert pipe.recv(0) == llmp.Message(1, data, 7, 0, 1)


def test_iteration_ends_with_the_bus(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port) as bus:
        bus.send_many([(1, b"a"), (2, b"b")])
        seen = []
        for message in bus:
            seen.append(message.data)
            if len(seen) == 2:
                broker.close()
        assert seen == [b"a", b"b"]
        with pytest.raises(llmp.ClosedError):
            bus.recv()
        assert list(bus.batches()) == []
        assert list(bus.messages(copy=False)) == []


def test_connect_says_when_nobody_listens(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.close()
    with pytest.raises(llmp.RefusedError) as caught:
        llmp.Client.connect(port, connect_timeout=0)
    assert isinstance(caught.value, ConnectionRefusedError)
    assert str(port) in str(caught.value)


def test_connect_waits_for_a_broker(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.close()
    clients: list[llmp.Client] = []

    def connect() -> None:
        clients.append(llmp.Client.connect(port, connect_timeout=HANG))

    thread = threading.Thread(target=connect)
    thread.start()
    time.sleep(0.05)
    with llmp.Broker() as late:
        late.listen(port)
        late.start()
        thread.join(HANG)
        assert len(clients) == 1
        clients[0].close()


def test_close_may_be_repeated_and_ends_all_use(port: int) -> None:
    bus = llmp.Client.connect(port)
    assert not bus.closed
    assert repr(bus) == "<llmp.Client>"
    bus.close()
    bus.close()
    assert bus.closed
    assert repr(bus) == "<llmp.Client closed>"
    uses = [
        lambda: bus.send(1, b""),
        lambda: bus.send_many([(1, b""), (2, b"")]),
        lambda: bus.alloc(1, 1).__enter__(),
        lambda: bus.recv(),
        lambda: bus.recv(0, copy=False),
        lambda: bus.recv_many(),
        lambda: bus.recv_batch(),
        lambda: bus.view().__enter__(),
        lambda: next(iter(bus)),
        lambda: next(bus.batches()),
        lambda: next(bus.messages(copy=False)),
        lambda: bus.fileno(),
        lambda: bus.map(),
        lambda: bus.describe(),
        lambda: bus.to_env("LLMP_TEST_CLOSED"),
        lambda: bus.announce(llmp.Map("1", 4096)),
        lambda: bus.safe_to_unmap(),
        lambda: bus.mark_safe_to_unmap(),
        lambda: bus.wait_safe_to_unmap(0),
        lambda: bus.id,
        lambda: bus.__enter__(),
    ]
    for use in uses:
        with pytest.raises(llmp.ClosedError, match="this Client is closed"):
            use()


def test_others_have_their_turns_while_one_waits(pipe: llmp.Client) -> None:
    thread = threading.Thread(target=pipe.recv)
    thread.start()
    for _ in range(5):
        assert pipe.describe().sender == pipe.map()
    pipe.send(1, b"")
    thread.join(HANG)


def test_close_ends_a_receive_in_another_thread(pipe: llmp.Client) -> None:
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            pipe.recv()
        except llmp.ClosedError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    pipe.mark_safe_to_unmap()
    pipe.close()
    thread.join(HANG)
    assert len(caught) == 1


def test_threads_may_share_a_client(port: int) -> None:
    count, senders = 300, 4
    with llmp.Client.connect(port) as bus:

        def send(tag: int) -> None:
            for i in range(count):
                bus.send(tag, i.to_bytes(4, "little"))

        threads = [threading.Thread(target=send, args=(tag,)) for tag in range(1, senders + 1)]
        for thread in threads:
            thread.start()
        seen: dict[int, list[int]] = {tag: [] for tag in range(1, senders + 1)}
        for _ in range(count * senders):
            message = bus.recv(HANG)
            assert message is not None
            seen[message.tag].append(int.from_bytes(message.data, "little"))
        for thread in threads:
            thread.join(HANG)
        assert all(numbers == list(range(count)) for numbers in seen.values())


def test_one_that_is_forgotten_is_closed_with_a_warning(port: int) -> None:
    bus = llmp.Client.connect(port)
    with pytest.warns(ResourceWarning, match=r"unclosed llmp\.Client"):
        del bus


def test_detach_makes_the_broker_forget_a_client(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port) as crashed, llmp.Client.connect(port) as bus:
        bus.send(1, b"joined")
        assert bus.recv(HANG) is not None
        llmp.Client.detach(port, crashed.id)
        llmp.Client.detach(port, 4_000_000)  # unknown: ignored
        deadline = time.monotonic() + HANG
        while crashed.id in [row.id for row in broker.client_stats()]:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert bus.id in [row.id for row in broker.client_stats()]
        crashed.mark_safe_to_unmap()  # or its close() would wait for the broker


def test_detach_says_when_nobody_listens(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.close()
    with pytest.raises(llmp.RefusedError):
        llmp.Client.detach(port, 1)


def test_safe_to_unmap_once_the_broker_has_the_page(port: int) -> None:
    with llmp.Client.connect(port) as bus:
        bus.send(1, b"")
        assert bus.wait_safe_to_unmap(HANG)
        assert bus.safe_to_unmap()


def test_not_safe_to_unmap_before_anyone_reads() -> None:
    with llmp.Sender.new(1) as out:
        assert not out.safe_to_unmap()
        assert not out.wait_safe_to_unmap(0)
        assert not out.wait_safe_to_unmap(0.01)
        out.mark_safe_to_unmap()
        assert out.safe_to_unmap()
