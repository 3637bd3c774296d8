"""Properties that hold for all messages, options and descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from conftest import p2p
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import llmp
from llmp import _memory
from llmp.options import milliseconds

tags = st.integers(0, 2**32 - 1).filter(lambda tag: tag not in llmp.RESERVED_TAGS)
flags = st.integers(0, 2**32 - 1)
payloads = st.one_of(
    st.binary(max_size=300), st.binary(min_size=1, max_size=4).map(lambda b: b * 9000)
)
messages = st.lists(st.tuples(tags, payloads, flags), max_size=40)
map_ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=19)
maps = st.builds(
    llmp.Map,
    map_ids,
    st.integers(0, 2**64 - 1),
    st.one_of(st.none(), st.integers(0, 2**64 - 2)),
)

few = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[llmp.Client]:
    with p2p(7, page_size=1 << 16) as client:
        yield client


def drain(bus: llmp.Client) -> list[tuple[int, bytes, int]]:
    return [(m.tag, m.data, m.flags) for batch in bus.batches(timeout=0) for m in batch.copy()]


@few
@given(messages)
def test_what_is_sent_one_by_one_is_received(
    shared: llmp.Client, sent: list[tuple[int, bytes, int]]
) -> None:
    received = []
    for tag, data, flag in sent:
        shared.send(tag, data, flag)
        message = shared.recv(0)
        assert message is not None
        received.append((message.tag, message.data, message.flags))
    assert received == sent


@few
@given(messages)
def test_what_is_sent_together_is_received(
    shared: llmp.Client, sent: list[tuple[int, bytes, int]]
) -> None:
    # Few enough to fit the pages that may wait unread.
    total, some = 0, []
    for message in sent:
        total += len(message[1])
        if total < 150_000:
            some.append(message)
    assert shared.send_many(some) == len(some)
    assert drain(shared) == some


@few
@given(tags, st.binary(max_size=2000), st.integers(0, 2000), flags)
def test_what_is_written_in_place_is_received(
    shared: llmp.Client, tag: int, data: bytes, room: int, flag: int
) -> None:
    with shared.alloc(tag, len(data) + room, flag) as message:
        message.data[: len(data)] = data
        message.shrink(len(data))
    assert drain(shared) == [(tag, data, flag)]


@few
@given(messages.filter(bool))
def test_a_batch_shows_what_its_copies_are(
    shared: llmp.Client, sent: list[tuple[int, bytes, int]]
) -> None:
    short = [(tag, data[:500], flag) for tag, data, flag in sent]
    shared.send_many(short)
    seen = []
    for batch in shared.batches(max=7, timeout=0):
        copies = batch.copy()
        assert [view.copy() for view in batch] == copies
        assert batch.tags.tolist() == [m.tag for m in copies]
        assert batch.lengths.tolist() == [len(m.data) for m in copies]
        assert batch.nbytes == sum(len(m.data) for m in copies)
        seen += [(m.tag, m.data, m.flags) for m in copies]
    assert seen == short


@few
@given(maps, maps)
def test_descriptions_survive_their_wire_form(sender: llmp.Map, receiver: llmp.Map) -> None:
    description = llmp.Description(sender, receiver)
    wire = description.to_bytes()
    assert len(wire) <= 128
    assert llmp.Description.from_bytes(wire) == description


@few
@given(st.binary(max_size=130))
def test_any_bytes_are_a_description_or_corrupt(wire: bytes) -> None:
    try:
        description = llmp.Description.from_bytes(wire)
    except llmp.CorruptError:
        return
    assert llmp.Description.from_bytes(description.to_bytes()) == description


@few
@given(maps, maps, st.data())
def test_bytes_near_a_description_never_break_anything(
    sender: llmp.Map, receiver: llmp.Map, data: st.DataObject
) -> None:
    wire = bytearray(llmp.Description(sender, receiver).to_bytes())
    position = data.draw(st.integers(0, len(wire) - 1))
    wire[position] ^= data.draw(st.integers(1, 255))
    with suppress(llmp.CorruptError):
        llmp.Description.from_bytes(bytes(wire))


@few
@given(st.floats(0, 1e300))
def test_time_outs_are_never_cut_short(seconds: float) -> None:
    ms = milliseconds(seconds)
    assert ms == 0 if seconds == 0 else ms >= 1
    assert ms >= min(seconds * 1000, 2**62)
    assert ms < 2**63


@few
@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_lease_shows_the_bytes_it_was_given(memory: bytes, data: st.DataObject) -> None:
    stop = data.draw(st.integers(0, len(memory)))
    start = data.draw(st.integers(0, stop))
    lease = _memory.Lease(_memory.address_of(memory), len(memory), None)
    view = lease.view(start, stop)
    assert bytes(view) == lease.copy(start, stop) == memory[start:stop]
    part = view[1:]
    with pytest.raises(BufferError):
        lease.end()
    del part
    lease.end()
    lease.end()
    with pytest.raises(ValueError, match="released"):
        bytes(view)
