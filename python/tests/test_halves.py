"""One-way channels, and clients that are handed over."""

from __future__ import annotations

import os

import pytest
from conftest import HANG, run_python, unread

import llmp


def test_a_one_way_channel() -> None:
    with llmp.Sender.new(42) as out, llmp.Receiver.on(out.map()) as receiver:
        assert out.id == 42
        assert receiver.recv(0) is None
        out.send(1, b"hello")
        assert receiver.recv(HANG) == llmp.Message(1, b"hello", 42, 0, 1)
        out.close()
        with pytest.raises(llmp.ClosedError):
            receiver.recv(HANG)


def test_a_receiver_starts_where_its_map_says() -> None:
    with llmp.Sender.new(1) as out:
        out.send(1, b"first")
        after_first = out.map()
        out.send(2, b"second")
        assert after_first.offset is not None
        with llmp.Receiver.on(after_first) as receiver:
            assert receiver.recv(0) == llmp.Message(2, b"second", 1, 0, 2)
        with llmp.Receiver.on(after_first._replace(offset=None)) as receiver:
            assert [m.tag for m in receiver.recv_many(timeout=0)] == [1, 2]


def test_halves_are_handed_over_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for suffix in ("", "_SIZE", "_OFFSET", "_CLIENT_ID"):
        monkeypatch.delenv("LLMP_TEST_OUT" + suffix, raising=False)
        monkeypatch.delenv("LLMP_TEST_IN" + suffix, raising=False)
    with llmp.Sender.new(5) as out, llmp.Receiver.on(out.map()) as receiver:
        out.send(1, b"before")
        assert receiver.recv(0) is not None
        out.to_env("LLMP_TEST_OUT")
        receiver.to_env("LLMP_TEST_IN")
        assert os.environ["LLMP_TEST_OUT"] == out.map().id
        assert int(os.environ["LLMP_TEST_IN_SIZE"]) == receiver.map().size
        with llmp.Sender.from_env("LLMP_TEST_OUT") as taken:
            assert taken.id == 5
            with llmp.Receiver.from_env("LLMP_TEST_IN") as reader:
                taken.send(2, b"after")
                assert reader.recv(0) == llmp.Message(2, b"after", 5, 0, 2)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_client_is_handed_over_by_description(pipe: llmp.Client, as_bytes: bool) -> None:
    pipe.send(1, b"first")
    pipe.send(2, b"second")
    assert pipe.recv().tag == 1
    description: llmp.Description | bytes = pipe.describe()
    assert isinstance(description, llmp.Description)
    assert llmp.Description.from_bytes(description.to_bytes()) == description
    if as_bytes:
        description = description.to_bytes()
    with unread(llmp.Client.from_description(description)) as taken:
        assert taken.id == 7
        assert taken.recv(0) == llmp.Message(2, b"second", 7, 0, 2)
        taken.send(3, b"third")
        assert taken.recv(0) == llmp.Message(3, b"third", 7, 0, 3)


def test_a_client_is_handed_over_by_its_maps(pipe: llmp.Client) -> None:
    pipe.send(1, b"first")
    sender, receiver = pipe.describe()
    with unread(llmp.Client.from_maps(sender, receiver)) as taken:
        assert taken.recv(0) == llmp.Message(1, b"first", 7, 0, 1)


HAND_OVER = """
    import sys, llmp
    with llmp.Client.from_env("LLMP_TEST_CLIENT") as taken:
        message = taken.recv(30)
        taken.send(message.tag + 1, message.data[::-1])
        print(taken.id, message.tag, message.data.decode())
"""


def test_a_client_is_handed_over_to_another_process(port: int) -> None:
    with llmp.Client.connect(port) as bus, llmp.Client.connect(port) as other:
        bus.send(1, b"mine")
        assert bus.recv(HANG) is not None
        other.send(2, b"yours")
        assert bus.wait_safe_to_unmap(HANG)
        bus.to_env("LLMP_TEST_CLIENT")
        try:
            assert run_python(HAND_OVER).split() == [str(bus.id), "2", "yours"]
        finally:
            for name in [name for name in os.environ if name.startswith("LLMP_TEST_CLIENT")]:
                del os.environ[name]
        received = [other.recv(HANG) for _ in range(3)]
        assert [m and m.data for m in received] == [b"mine", b"yours", b"sruoy"]


@pytest.mark.parametrize(
    "wire", [b"", b"\0", b"\xff" * 200, bytes(128), b"not a description at all"]
)
def test_descriptions_that_are_none_are_corrupt(wire: bytes) -> None:
    with pytest.raises(llmp.CorruptError):
        llmp.Description.from_bytes(wire)
    with pytest.raises(llmp.CorruptError):
        llmp.Client.from_description(wire)


def test_a_description_with_bytes_left_over_is_corrupt(pipe: llmp.Client) -> None:
    wire = pipe.describe().to_bytes()
    for bad in (wire + b"\0", wire[:-1]):
        with pytest.raises(llmp.CorruptError):
            llmp.Description.from_bytes(bad)


def test_a_client_is_announced(broker: llmp.Broker) -> None:
    with llmp.Client.new(broker.map(), 77) as quiet:
        port = broker.listen(0)
        broker.start()
        with llmp.Client.connect(port) as bus:
            bus.announce(quiet.map())
            assert quiet.wait_safe_to_unmap(HANG)
            quiet.send(9, b"heard")
            message = bus.recv(HANG)
            assert message is not None
            assert (message.tag, message.data) == (9, b"heard")


def test_a_client_is_made_from_the_environment(
    broker: llmp.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLMP_TEST_BROKER", raising=False)
    monkeypatch.delenv("LLMP_TEST_BROKER_SIZE", raising=False)
    broker.to_env("LLMP_TEST_BROKER")
    assert os.environ["LLMP_TEST_BROKER"] == broker.map().id
    with llmp.Client.new_from_env("LLMP_TEST_BROKER") as bus:
        assert broker.add_client(bus.map()) >= 0
        bus.send(1, b"x")
        assert broker.once() == 1
        assert bus.recv(HANG) is not None
