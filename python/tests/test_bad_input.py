"""Whatever is wrong is refused with the right exception, and nothing breaks."""

from __future__ import annotations

import math
from typing import Any, Callable

import pytest

import llmp

# The type checker would refuse most of what is tried here.
Bad = Any


@pytest.mark.parametrize("tag", sorted(llmp.RESERVED_TAGS))
def test_reserved_tags_are_refused(pipe: llmp.Client, tag: int) -> None:
    with pytest.raises(llmp.InvalidError):
        pipe.send(tag, b"")
    with pytest.raises(llmp.InvalidError) as caught:
        pipe.send_many([(1, b"a"), (tag, b"b"), (2, b"c")])
    assert caught.value.sent == len(pipe.recv_many(timeout=0))
    with pytest.raises(llmp.InvalidError), pipe.alloc(tag, 1):
        pass
    pipe.send(1, b"still works")
    assert pipe.recv(0) is not None


@pytest.mark.parametrize("number", [-1, 2**32, 2**64, -(2**40)])
def test_numbers_out_of_range_are_refused(pipe: llmp.Client, number: int) -> None:
    calls: list[Callable[[], object]] = [
        lambda: pipe.send(number, b""),
        lambda: pipe.send(1, b"", flags=number),
        lambda: pipe.send_many([(number, b""), (1, b"")]),
        lambda: pipe.send_many([(1, b"", number), (1, b"")]),
        lambda: pipe.send_many([(1, b""), (1, b"")], flags=number),
        lambda: pipe.alloc(number, 1),
        lambda: pipe.alloc(1, 1, flags=number),
        lambda: llmp.Client.connect(number),
        lambda: llmp.Client.detach(number, 1),
        lambda: llmp.Client.detach(1, number),
        lambda: llmp.Client.p2p(number),
        lambda: llmp.Sender.new(number),
        lambda: llmp.Client.new(llmp.Map("1", 4096), number),
        lambda: llmp.Connection.on_port(number),
    ]
    for call in calls:
        with pytest.raises(llmp.InvalidError) as caught:
            call()
        assert isinstance(caught.value, ValueError)
    assert pipe.recv(0) is None


@pytest.mark.parametrize("number", ["1", 1.5, None, b"1"])
def test_what_is_no_number_is_refused(pipe: llmp.Client, number: Bad) -> None:
    calls: list[Callable[[], object]] = [
        lambda: pipe.send(number, b""),
        lambda: pipe.send(1, b"", flags=number),
        lambda: pipe.send_many([(number, b""), (1, b"")]),
        lambda: pipe.alloc(number, 1),
        lambda: pipe.alloc(1, number),
        lambda: pipe.recv_many(number),
        lambda: pipe.recv_batch(number),
        lambda: llmp.Client.connect(number),
        lambda: llmp.Client.p2p(number),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()
    assert pipe.recv(0) is None


def test_bool_and_int_subclasses_are_numbers(pipe: llmp.Client) -> None:
    pipe.send(True, b"")
    pipe.send(llmp.Verdict.DROP, b"")
    assert [m.tag for m in pipe.recv_many(timeout=0)] == [1, 1]


def test_text_is_refused_with_the_likely_mistake(pipe: llmp.Client) -> None:
    text: Bad = "hello"
    for call in (
        lambda: pipe.send(1, text),
        lambda: pipe.send_many([(1, text)]),
        lambda: pipe.send_many([(1, b""), (1, text)]),
    ):
        with pytest.raises(TypeError, match=r"encode\(\)"):
            call()


@pytest.mark.parametrize("data", [None, 5, 4096, object(), [1, 2], {"a": 1}])
def test_what_is_no_buffer_is_refused(pipe: llmp.Client, data: Bad) -> None:
    with pytest.raises(TypeError, match="bytes or another buffer"):
        pipe.send(1, data)
    with pytest.raises(TypeError, match="bytes or another buffer"):
        pipe.send_many([(1, b""), (1, data)])
    assert pipe.recv(0) is None


def test_a_buffer_with_gaps_is_refused(pipe: llmp.Client) -> None:
    with pytest.raises(BufferError, match="contiguous"):
        pipe.send(1, memoryview(b"abcdef")[::2])


def test_outgoing_tuples_of_the_wrong_shape_are_refused(pipe: llmp.Client) -> None:
    for message in ((), (1,), (1, b"", 0, 0)):
        bad: Bad = message
        with pytest.raises(TypeError, match="tuple"):
            pipe.send_many([bad])


@pytest.mark.parametrize("timeout", [-1, -0.001, math.nan, -math.inf])
def test_time_outs_that_are_none_are_refused(pipe: llmp.Client, timeout: float) -> None:
    calls: list[Callable[[], object]] = [
        lambda: pipe.recv(timeout),
        lambda: pipe.recv(timeout, copy=False),
        lambda: pipe.recv_many(timeout=timeout),
        lambda: pipe.recv_batch(timeout=timeout),
        lambda: pipe.messages(timeout),
        lambda: next(pipe.batches(timeout=timeout)),
        lambda: pipe.view(timeout).__enter__(),
        lambda: pipe.wait_safe_to_unmap(timeout),
        lambda: llmp.Client.p2p(1, send_timeout=timeout),
        lambda: llmp.Client.p2p(1, connect_timeout=timeout),
        lambda: llmp.Broker(slow_timeout=timeout),
        lambda: llmp.Broker(spin=timeout),
    ]
    for call in calls:
        with pytest.raises(llmp.InvalidError):
            call()


def test_a_batch_needs_room_for_one(pipe: llmp.Client) -> None:
    for most in (0, -1):
        with pytest.raises(llmp.InvalidError):
            pipe.recv_many(most)
        with pytest.raises(llmp.InvalidError):
            pipe.recv_batch(most)


@pytest.mark.parametrize(
    "options",
    [
        {"provider": "carrier pigeon"},
        {"provider": ""},
        {"provider": "a\0b"},
        {"page_size": 0},
        {"page_size": -1},
        {"page_size": 4095},
        {"page_size": 5000},
        {"page_size": 2 << 30},
        {"page_size": 2**64},
        {"max_pending_pages": 0},
        {"max_pending_pages": 1},
        {"max_pending_pages": 1025},
        {"max_pending_pages": 2**32},
        {"spin": 1e9},
    ],
)
def test_client_options_out_of_range_are_refused(options: Bad) -> None:
    for make in (
        lambda: llmp.Client.p2p(1, **options),
        lambda: llmp.Sender.new(1, **options),
        lambda: llmp.Client.connect(1, **options),
    ):
        with pytest.raises(llmp.InvalidError):
            make()


@pytest.mark.parametrize(
    "options",
    [
        {"provider": "carrier pigeon"},
        {"page_size": 0},
        {"page_size": 12345},
        {"exit_after_clients": -1},
        {"bind": ""},
        {"bind": "not an address"},
        {"history": "some"},
        {"history": -1},
        {"history": ""},
        {"history": "12 parsecs"},
        {"budget": 0},
        {"budget": -5},
    ],
)
def test_broker_options_that_make_no_sense_are_refused(options: Bad) -> None:
    def make() -> None:
        with llmp.Broker(**options) as broker:
            broker.listen(0)

    with pytest.raises(llmp.InvalidError):
        make()


@pytest.mark.parametrize("options", [{"colour": 1}, {"pagesize": 4096}])
def test_unknown_options_are_refused_by_name(options: Bad) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        llmp.Client.p2p(1, **options)
    with pytest.raises(TypeError, match=next(iter(options))):
        llmp.Broker(**options)


@pytest.mark.parametrize("options", [{"page_size": "big"}, {"send_timeout": "1s"}, {"spin": "x"}])
def test_options_of_the_wrong_type_are_refused_by_name(options: Bad) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        llmp.Client.p2p(1, **options)


@pytest.mark.parametrize("name", ["", "x" * 20, "é", "a\0b"])
def test_ids_of_maps_that_cannot_be_are_refused(pipe: llmp.Client, name: str) -> None:
    page = llmp.Map(name, 4096)
    for call in (
        lambda: pipe.announce(page),
        lambda: llmp.Client.new(page, 1),
        lambda: llmp.Receiver.on(page),
        lambda: llmp.Sender.on(page),
        lambda: llmp.Client.from_maps(page, page),
        lambda: llmp.Description(page, page).to_bytes(),
    ):
        with pytest.raises(llmp.InvalidError):
            call()


def test_maps_that_are_not_there_are_not_found() -> None:
    page = llmp.Map("2147483000", 1 << 20)
    for call in (
        lambda: llmp.Client.new(page, 1),
        lambda: llmp.Receiver.on(page),
        lambda: llmp.Sender.on(page),
        lambda: llmp.Client.from_maps(page, page),
        lambda: llmp.Client.from_description(llmp.Description(page, page)),
    ):
        with pytest.raises((llmp.NotFoundError, llmp.InvalidError)) as caught:
            call()
        assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize("size", [0, 215, -1, 2**64])
def test_maps_too_small_for_a_page_are_refused(broker: llmp.Broker, size: int) -> None:
    with pytest.raises((llmp.CorruptError, llmp.InvalidError)):
        llmp.Client.new(broker.map()._replace(size=size), 1)


def test_offsets_beyond_the_page_are_refused(pipe: llmp.Client) -> None:
    pipe.send(1, b"x")
    there = pipe.map()
    for offset in (there.size, 2**63, 2**64 - 2):
        with pytest.raises((llmp.CorruptError, llmp.InvalidError)):
            llmp.Receiver.on(there._replace(offset=offset))


@pytest.mark.parametrize("name", ["", "A=B", "A\0B"])
def test_names_that_no_variable_can_have_are_refused(pipe: llmp.Client, name: str) -> None:
    for call in (
        lambda: pipe.to_env(name),
        lambda: llmp.Client.from_env(name),
        lambda: llmp.Client.new_from_env(name),
        lambda: llmp.Sender.from_env(name),
        lambda: llmp.Receiver.from_env(name),
    ):
        with pytest.raises(llmp.InvalidError):
            call()


def test_variables_that_are_not_set_are_not_found() -> None:
    for call in (
        lambda: llmp.Client.from_env("LLMP_TEST_NOT_SET"),
        lambda: llmp.Client.new_from_env("LLMP_TEST_NOT_SET"),
        lambda: llmp.Sender.from_env("LLMP_TEST_NOT_SET"),
        lambda: llmp.Receiver.from_env("LLMP_TEST_NOT_SET"),
    ):
        with pytest.raises(llmp.NotFoundError, match="LLMP_TEST_NOT_SET"):
            call()


@pytest.mark.parametrize("value", ["", "-1", "many", "4096 bytes", "99999999999999999999999"])
def test_variables_that_make_no_sense_are_corrupt(
    broker: llmp.Broker, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("LLMP_TEST_BAD", broker.map().id)
    monkeypatch.setenv("LLMP_TEST_BAD_SIZE", value)
    with pytest.raises(llmp.CorruptError):
        llmp.Client.new_from_env("LLMP_TEST_BAD")


def test_a_message_over_the_limit_is_too_big(pipe: llmp.Client) -> None:
    with pytest.raises(llmp.TooBigError), pipe.alloc(1, llmp.MAX_PAYLOAD + 1):
        pass
    with pytest.raises(llmp.TooBigError), pipe.alloc(1, 2**62):
        pass
    with pytest.raises(llmp.InvalidError):
        pipe.alloc(1, 2**63)
    pipe.send(1, b"still works")
    assert pipe.recv(0) is not None


def test_errors_of_a_broker(broker: llmp.Broker) -> None:
    taken = broker.listen(0)
    with llmp.Broker() as other:
        with pytest.raises(llmp.BusyError, match=str(taken)):
            other.listen(taken)
        with pytest.raises(llmp.InvalidError):
            other.listen(65536)
        with pytest.raises(llmp.InvalidError):
            other.connect_b2b("a\0b", 1)
        with pytest.raises(llmp.InvalidError):
            other.run(0)
        with pytest.raises(llmp.InvalidError):
            other.start(-1)
        with pytest.raises(llmp.InvalidError):
            other.send(llmp.TAG_EXITING, b"")
        with pytest.raises(TypeError, match="function"):
            other.add_hook(1)  # type: ignore[type-var]
        with pytest.raises(TypeError, match="function"):
            other.on_timeout("f")  # type: ignore[type-var]
        with pytest.raises((llmp.NotFoundError, llmp.InvalidError)):
            other.add_client(llmp.Map("2147483000", 4096))
        with pytest.raises(llmp.TimedOutError) as caught:
            other.run(timeout=0.01)
        assert isinstance(caught.value, TimeoutError)
