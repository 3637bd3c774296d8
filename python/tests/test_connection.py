"""Being whatever is needed on a port."""

from __future__ import annotations

import pytest
from conftest import HANG

import llmp


def free_port() -> int:
    with llmp.Broker() as broker:
        return broker.listen(0)


def test_the_first_is_the_broker_and_the_second_a_client() -> None:
    port = free_port()
    with llmp.Connection.on_port(port) as first:
        assert first.client is None
        assert first.broker is not None
        first.broker.add_hook(
            lambda _client, message: llmp.DROP if message.tag == 7 else llmp.FORWARD
        )
        first.broker.start()
        with llmp.Connection.on_port(port, client={"skip_own": True}) as second:
            assert second.broker is None
            assert second.client is not None
            second.send(7, b"dropped")
            with llmp.Client.connect(port) as bus:
                bus.send(8, b"hello")
                message = second.client.recv(HANG)
                assert message is not None and message.data == b"hello"
        first.broker.stop()
        assert first.broker.join(HANG)
        with pytest.raises(llmp.ClosedError, match="ended"):
            first.send(9, b"too late")


def test_sending_as_the_broker() -> None:
    with llmp.Connection.on_port(free_port()) as connection:
        broker = connection.broker
        assert broker is not None
        connection.send(9, b"from the broker")
        with llmp.Client.new(broker.map(), 1) as bus:
            bus.mark_safe_to_unmap()
            message = bus.recv(HANG)
            assert message is not None
            assert (message.tag, message.data, message.sender) == (9, b"from the broker", 0)


def test_closing_it_closes_what_it_holds() -> None:
    connection = llmp.Connection.on_port(free_port(), broker={"page_size": 1 << 16})
    broker = connection.broker
    assert broker is not None
    broker.start()
    connection.close()
    connection.close()
    assert connection.closed and broker.closed and not broker.running
    with pytest.raises(llmp.ClosedError):
        connection.send(1, b"")
    with pytest.raises(llmp.ClosedError):
        connection.__enter__()


def test_a_view_holds_up_its_end(port: int) -> None:
    connection = llmp.Connection.on_port(port)
    assert connection.client is not None
    connection.send(1, b"abc")
    kept = connection.client.recv(copy=False).data[1:]
    with pytest.raises(BufferError):
        connection.close()
    assert not connection.closed
    del kept
    connection.close()


def test_one_that_is_forgotten_is_closed_with_a_warning() -> None:
    connection = llmp.Connection.on_port(free_port())
    with pytest.warns(ResourceWarning, match=r"unclosed llmp\.Connection"):
        del connection
