"""Brokers in this process: running, hooks, statistics, errors."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from conftest import HANG, run_python

import llmp
from llmp import HookMessage


@pytest.fixture
def member(broker: llmp.Broker) -> Iterator[llmp.Client]:
    """Yield a client of a broker that is not running: once() moves its messages."""
    with llmp.Client.new(broker.map(), 5) as bus:
        broker.add_client(bus.map())
        yield bus
        broker.once()


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Yield what goes to threading.excepthook."""
    errors: list[BaseException] = []

    def hook(args: threading.ExceptHookArgs) -> None:
        assert args.exc_value is not None
        errors.append(args.exc_value)

    monkeypatch.setattr(threading, "excepthook", hook)
    return errors


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_once_forwards_what_is_there(broker: llmp.Broker, member: llmp.Client) -> None:
    assert broker.once() == 0
    member.send_many([(1, b"a"), (2, b"b")])
    assert broker.once() == 2
    assert [m.data for m in member.recv_many(timeout=HANG)] == [b"a", b"b"]


def test_a_hook_sees_changes_and_drops(broker: llmp.Broker, member: llmp.Client) -> None:
    seen = []

    @broker.add_hook
    def hook(client: int, message: HookMessage) -> llmp.Verdict | None:
        seen.append((client, message.tag, message.data, message.flags, message.sender, message.id))
        assert len(message) == len(message.data)
        assert message
        if message.tag == 1:
            return llmp.DROP
        if message.tag == 2:
            message.tag, message.flags = 20, 0x30
            message.data = bytearray(b"much longer than it was")
            assert message.data == b"much longer than it was"
            assert len(message) == 23
        if message.tag == 3:
            with message.view() as view:
                assert view.readonly
                assert bytes(view) == b"three"
            message.data = message.data[:2]
            return llmp.FORWARD
        return None

    member.send_many([(1, b"one"), (2, b"two"), (3, b"three"), (4, b"four")])
    assert broker.once() == 4
    assert [s[1:5] for s in seen] == [
        (1, b"one", 0, 5),
        (2, b"two", 0, 5),
        (3, b"three", 0, 5),
        (4, b"four", 0, 5),
    ]
    assert [s[5] for s in seen] == [1, 2, 3, 4]
    assert [(m.tag, m.data, m.flags) for m in member.recv_many(timeout=HANG)] == [
        (20, b"much longer than it was", 0x30),
        (3, b"th", 0),
        (4, b"four", 0),
    ]
    stats = broker.stats()
    assert (stats.messages, stats.dropped, stats.bytes) == (4, 1, 15)


def test_hooks_are_called_in_order_and_see_each_others_changes(
    broker: llmp.Broker, member: llmp.Client
) -> None:
    calls: list[tuple[str, bytes]] = []

    def add(name: str, verdict: llmp.Verdict) -> None:
        def hook(_client: int, message: HookMessage) -> llmp.Verdict:
            calls.append((name, message.data))
            message.data = message.data + name.encode()
            return verdict

        broker.add_hook(hook)

    add("a", llmp.FORWARD)
    add("b", llmp.DROP)
    add("c", llmp.FORWARD)
    member.send(1, b"")
    broker.once()
    assert calls == [("a", b""), ("b", b"a")]
    assert member.recv(0) is None


def test_a_hook_can_send(broker: llmp.Broker, member: llmp.Client) -> None:
    @broker.add_hook
    def answer(_client: int, message: HookMessage) -> None:
        broker.send(message.tag + 1, b"re: " + message.data, flags=4)

    member.send(1, b"question")
    broker.once()
    first, second = member.recv(HANG), member.recv(HANG)
    assert first is not None and second is not None
    assert (first.tag, first.data) == (1, b"question")
    assert (second.tag, second.data, second.sender, second.flags) == (2, b"re: question", 0, 4)


def test_the_broker_sends_by_itself(broker: llmp.Broker, member: llmp.Client) -> None:
    broker.send(9, memoryview(b"from the broker"))
    message = member.recv(HANG)
    assert message is not None
    assert (message.tag, message.data, message.sender) == (9, b"from the broker", 0)


def test_an_exception_in_a_hook_comes_out_of_once(
    broker: llmp.Broker, member: llmp.Client, reported: list[BaseException]
) -> None:
    @broker.add_hook
    def hook(_client: int, message: HookMessage) -> llmp.Verdict:
        message.data = b"must not show"
        raise ArithmeticError(message.tag)

    member.send_many([(1, b"a"), (2, b"b"), (3, b"c")])
    with pytest.raises(ArithmeticError) as caught:
        broker.once()
    assert caught.value.args == (1,)
    assert [error.args for error in reported] == [(2,), (3,)]
    assert [m.data for m in member.recv_many(timeout=HANG)] == [b"a", b"b", b"c"]
    assert broker.once() == 0


@pytest.mark.parametrize("verdict", [True, False, 2, -1, "drop", b""])
def test_a_hook_that_returns_nonsense_is_told(
    broker: llmp.Broker, member: llmp.Client, verdict: Any
) -> None:
    broker.add_hook(lambda _client, _message: verdict)
    member.send(1, b"a")
    with pytest.raises(TypeError, match=r"llmp\.DROP"):
        broker.once()
    assert member.recv(HANG) is not None


def test_a_message_of_a_hook_expires(broker: llmp.Broker, member: llmp.Client) -> None:
    kept: list[HookMessage] = []
    broker.add_hook(lambda _client, message: kept.append(message))
    member.send(1, b"a")
    broker.once()
    (message,) = kept
    for use in (
        lambda: message.tag,
        lambda: message.flags,
        lambda: message.sender,
        lambda: message.id,
        lambda: message.data,
        lambda: len(message),
        lambda: message.view().__enter__(),
        lambda: setattr(message, "tag", 1),
        lambda: setattr(message, "flags", 1),
        lambda: setattr(message, "data", b""),
    ):
        with pytest.raises(llmp.InvalidError, match="until the hook returns"):
            use()


def test_a_hook_cannot_set_what_cannot_be(broker: llmp.Broker, member: llmp.Client) -> None:
    caught: list[type] = []

    @broker.add_hook
    def hook(_client: int, message: HookMessage) -> None:
        bad: Any = "text"
        for name, value in (("tag", 2**32), ("flags", -1), ("tag", bad), ("data", bad)):
            try:
                setattr(message, name, value)
            except (llmp.InvalidError, TypeError) as error:
                caught.append(type(error))

    member.send(1, b"a")
    broker.once()
    assert caught == [llmp.InvalidError, llmp.InvalidError, TypeError, TypeError]
    message = member.recv(HANG)
    assert message is not None and message.data == b"a"


def test_views_must_not_leave_a_hook(broker: llmp.Broker, member: llmp.Client) -> None:
    kept = []

    @broker.add_hook
    def hook(_client: int, message: HookMessage) -> None:
        with message.view() as view:
            kept.append(view[1:])

    member.send(1, b"abc")
    with pytest.raises(BufferError, match="in use"):
        broker.once()
    kept.clear()


def test_inside_a_hook_most_is_refused(broker: llmp.Broker, member: llmp.Client) -> None:
    refused = 0

    @broker.add_hook
    def hook(_client: int, _message: HookMessage) -> None:
        nonlocal refused
        calls: list[Callable[[], object]] = [
            broker.once,
            broker.run,
            broker.start,
            broker.join,
            broker.close,
            broker.stats,
            broker.client_stats,
            broker.map,
            broker.listen,
            lambda: broker.add_hook(hook),
            lambda: broker.on_timeout(lambda: None),
            lambda: broker.to_env("LLMP_TEST_HOOK"),
        ]
        for call in calls:
            with pytest.raises(llmp.BusyError):
                call()
            refused += 1

    member.send(1, b"")
    broker.once()
    assert refused == 12


def test_a_broker_runs_in_the_background_until_it_is_stopped(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    assert not broker.running
    broker.start()
    assert broker.running
    with llmp.Client.connect(port) as bus:
        bus.send(1, b"a")
        assert bus.recv(HANG) is not None
        for call in (broker.listen, broker.once, broker.map, broker.run, broker.start):
            with pytest.raises(llmp.BusyError):
                call()
        with pytest.raises(llmp.BusyError):
            broker.send(1, b"")
        assert not broker.join(0.01)
        stats = broker.stats()
        assert (stats.clients, stats.clients_seen) == (1, 1)
        assert (stats.messages, stats.forwarded, stats.bytes) == (1, 1, 1)
        (row,) = broker.client_stats()
        assert (row.id, row.messages, row.bytes, row.is_broker) == (bus.id, 1, 1, False)
        assert 0 <= row.idle < HANG
        broker.stop()
        assert broker.join(HANG)
        assert not broker.running


def test_many_clients_are_counted(broker: llmp.Broker) -> None:
    clients = [llmp.Client.new(broker.map(), i) for i in range(20)]
    ids = [broker.add_client(client.map()) for client in clients]
    assert sorted(row.id for row in broker.client_stats()) == sorted(ids)
    for client in clients:
        client.mark_safe_to_unmap()
        client.close()


def test_an_exception_in_a_hook_ends_the_run(broker: llmp.Broker) -> None:
    @broker.add_hook
    def hook(_client: int, _message: HookMessage) -> None:
        raise ArithmeticError("in a hook")

    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port) as bus:
        assert bus.recv(0) is None  # who has begun to read gets all that came before the end
        bus.send(1, b"a")
        assert bus.recv(HANG) is not None
        with pytest.raises(ArithmeticError, match="in a hook"):
            broker.join(HANG)
    assert broker.join()
    broker.close()


def test_close_raises_what_nobody_was_told(reported: list[BaseException]) -> None:
    broker = llmp.Broker()
    broker.add_hook(lambda _client, _message: 1 // 0)
    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port) as bus:
        bus.send(1, b"a")
        wait_for(lambda: not broker.running)
    with pytest.raises(ZeroDivisionError):
        broker.close()
    assert broker.closed
    broker.close()
    assert reported == []


def test_an_error_under_way_is_not_hidden(reported: list[BaseException]) -> None:
    def fail() -> None:
        with llmp.Broker() as broker:
            broker.add_hook(lambda _client, _message: 1 // 0)
            port = broker.listen(0)
            broker.start()
            with llmp.Client.connect(port) as bus:
                bus.send(1, b"a")
                wait_for(lambda: not broker.running)
            raise KeyError("the first")

    with pytest.raises(KeyError):
        fail()
    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_run_returns_when_all_clients_have_gone() -> None:
    with llmp.Broker(exit_after_clients=1) as broker:
        port = broker.listen(0)

        def visit() -> None:
            with llmp.Client.connect(port) as bus:
                bus.send(1, b"x")

        thread = threading.Thread(target=visit)
        thread.start()
        broker.run()
        thread.join(HANG)
        assert broker.stats().clients_seen == 1


def test_run_raises_what_a_hook_raised(broker: llmp.Broker) -> None:
    threads = set()

    @broker.add_hook
    def hook(_client: int, _message: HookMessage) -> None:
        threads.add(threading.get_ident())
        raise ArithmeticError

    with llmp.Client.new(broker.map(), 1) as bus:
        broker.add_client(bus.map())
        bus.send(1, b"")
        with pytest.raises(ArithmeticError):
            broker.run()
        assert len(threads) == 1


def test_a_function_is_called_when_nothing_comes(broker: llmp.Broker) -> None:
    calls = []

    @broker.on_timeout
    def silence() -> None:
        calls.append(1)
        if len(calls) == 3:
            broker.stop()

    broker.run(timeout=0.01)
    assert len(calls) == 3


def test_an_exception_in_that_function_comes_out(broker: llmp.Broker) -> None:
    broker.on_timeout(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        broker.run(timeout=0.01)


def test_a_stopped_broker_in_the_background_times_out(broker: llmp.Broker) -> None:
    broker.start(timeout=0.01)
    with pytest.raises(llmp.TimedOutError):
        broker.join(HANG)


def test_only_events() -> None:
    with llmp.Broker(only_events=True) as broker, llmp.Client.new(broker.map(), 1) as bus:
        broker.add_client(bus.map())
        bus.send_many([(1, b"no"), (llmp.TAG_LIBAFL_EVENT, b"yes"), (2, b"no")])
        broker.once()
        assert [m.data for m in bus.messages(timeout=0)] == [b"yes"]
        assert broker.stats().dropped == 2


@pytest.mark.parametrize("history", ["none", 0, "1MiB", 1_000_000, "all"])
def test_history(history: str | int) -> None:
    with llmp.Broker(history=history) as broker:
        port = broker.listen(0)
        broker.start()
        with llmp.Client.connect(port) as early:
            early.send(1, b"past")
            assert early.recv(HANG) is not None
            with llmp.Client.connect(port) as late:
                early.send(2, b"now")
                tags = []
                while 2 not in tags:
                    message = late.recv(HANG)
                    assert message is not None
                    tags.append(message.tag)
                # Without a history it gets what happens to lie on the page in use.
                assert tags == [1, 2] or (history in ("none", 0) and tags == [2])


def test_brokers_are_joined() -> None:
    with llmp.Broker() as one, llmp.Broker() as two:
        port_one, port_two = one.listen(0), two.listen(0)
        one.start()
        two.connect_b2b("127.0.0.1", port_one)
        two.start()
        with llmp.Client.connect(port_one) as left, llmp.Client.connect(port_two) as right:
            left.send(1, b"to the right")
            message = right.recv(HANG)
            assert message is not None and message.data == b"to the right"
            assert message.flags & llmp.FLAG_FROM_B2B
            right.send(2, b"to the left")
            assert [m.data for m in (left.recv(HANG), left.recv(HANG)) if m] == [
                b"to the right",
                b"to the left",
            ]
        assert one.stats().b2b == two.stats().b2b == 1
        wait_for(lambda: len(one.client_stats()) == 1)  # the client has gone
        assert [row.is_broker for row in one.client_stats()] == [True]


def test_no_broker_to_join(broker: llmp.Broker) -> None:
    with llmp.Broker() as gone:
        port = gone.listen(0)
    with pytest.raises(llmp.RefusedError):
        broker.connect_b2b("127.0.0.1", port)


def test_several_brokers_in_one_loop() -> None:
    with llmp.Broker() as one, llmp.Broker() as two:
        brokers = (one, two)
        seen = []

        def hook(_client: int, message: HookMessage) -> None:
            seen.append(message.tag)
            if len(seen) == 2:
                for broker in brokers:
                    broker.stop()

        with llmp.Client.new(one.map(), 1) as a, llmp.Client.new(two.map(), 1) as b:
            for broker, bus, tag in ((one, a, 1), (two, b, 2)):
                broker.add_hook(hook)
                broker.add_client(bus.map())
                bus.send(tag, b"")
            llmp.run_brokers(brokers)
            assert sorted(seen) == [1, 2]
    llmp.run_brokers([])


def test_a_hook_that_raises_stops_all_of_them() -> None:
    with llmp.Broker() as one, llmp.Broker() as two, llmp.Client.new(two.map(), 1) as bus:
        two.add_client(bus.map())
        two.add_hook(lambda _client, _message: 1 // 0)
        bus.send(1, b"")
        with pytest.raises(ZeroDivisionError):
            llmp.run_brokers([one, two])


def test_close_may_be_repeated_and_ends_all_use() -> None:
    broker = llmp.Broker()
    broker.listen(0)
    broker.close()
    broker.close()
    for use in (
        broker.listen,
        broker.once,
        broker.run,
        broker.start,
        broker.stop,
        broker.map,
        broker.stats,
        broker.client_stats,
        lambda: broker.send(1, b""),
        lambda: broker.add_hook(lambda _client, _message: None),
        lambda: broker.on_timeout(lambda: None),
        lambda: broker.to_env("LLMP_TEST_CLOSED"),
        lambda: broker.connect_b2b("127.0.0.1", 1),
        lambda: broker.add_client(llmp.Map("1", 4096)),
        lambda: llmp.run_brokers([broker]),
        broker.__enter__,
    ):
        with pytest.raises(llmp.ClosedError, match="this Broker is closed"):
            use()


def add_hook_that_refers_to(broker: llmp.Broker) -> None:
    broker.add_hook(lambda _client, _message: broker.stop())


def test_one_that_is_forgotten_is_closed_with_a_warning() -> None:
    broker = llmp.Broker()
    add_hook_that_refers_to(broker)
    with pytest.warns(ResourceWarning, match=r"unclosed llmp\.Broker"):
        del broker
        gc.collect()


def test_the_end_of_the_program_ends_its_brokers() -> None:
    said = run_python("""
        import llmp, sys
        broker = llmp.Broker()
        seen = []
        broker.add_hook(lambda client, message: seen.append(message.tag))
        port = broker.listen(0)
        broker.start()
        with llmp.Client.connect(port) as bus:
            bus.send(1, b"x")
            bus.recv(30)
        sys.stderr = sys.stdout
        print(seen)
        forgotten = llmp.Client.connect(port)
        forgotten.send(2, b"y")
    """)
    assert said.startswith("[1]")
    assert "Traceback" not in said
