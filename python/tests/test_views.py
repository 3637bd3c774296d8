"""Messages that are looked at where they lie: views end in time, or nothing goes on."""

from __future__ import annotations

import pickle

import pytest

import llmp


def test_a_view_shows_the_payload_and_ends_with_the_next_receive(pipe: llmp.Client) -> None:
    pipe.send(1, b"first")
    pipe.send(2, b"second")
    first = pipe.recv(copy=False)
    assert isinstance(first, llmp.MessageView)
    assert bytes(first.data) == b"first"
    assert first.data.readonly
    assert first.copy() == llmp.Message(1, b"first", 7, 0, 1)
    second = pipe.recv(copy=False)
    with pytest.raises(ValueError, match="released"):
        bytes(first.data)
    assert bytes(second.data) == b"second"


def test_a_copy_stays(pipe: llmp.Client) -> None:
    pipe.send_many([(1, b"first"), (2, b"second")])
    first, second = pipe.recv(), pipe.recv()
    pipe.mark_safe_to_unmap()
    pipe.close()
    assert (first.data, second.data) == (b"first", b"second")
    assert pickle.loads(pickle.dumps(first)) == first


@pytest.mark.parametrize("derive", [lambda v: v[1:3], lambda v: v.cast("H"), memoryview])
def test_what_was_derived_holds_up_the_next_receive(pipe: llmp.Client, derive: object) -> None:
    assert callable(derive)
    pipe.send(1, b"abcd")
    pipe.send(2, b"next")
    message = pipe.recv(copy=False)
    derived = derive(message.data)
    for call in (pipe.recv, pipe.recv_many, pipe.recv_batch, pipe.close):
        with pytest.raises(BufferError, match="in use"):
            call()
    assert not pipe.closed
    del derived
    assert pipe.recv(0) is not None


def test_views_in_a_cycle_are_found(pipe: llmp.Client) -> None:
    pipe.send(1, b"abcd")
    pipe.send(2, b"next")
    cycle: list[object] = [pipe.recv(copy=False).data[1:]]
    cycle.append(cycle)
    del cycle
    assert pipe.recv().data == b"next"


def test_the_with_block_ends_its_view(pipe: llmp.Client) -> None:
    pipe.send_many([(1, b"first"), (2, b"second")])
    with pipe.view() as message:
        assert message is not None
        assert bytes(message.data) == b"first"
    with pytest.raises(ValueError, match="released"):
        len(message.data)
    with pytest.raises(BufferError), pipe.view() as message:
        assert message is not None
        kept = message.data[1:]
    assert bytes(kept) == b"econd"
    del kept


def test_an_error_in_a_with_block_is_what_one_sees(port: int) -> None:
    with pytest.raises(KeyError), llmp.Client.connect(port) as bus:
        bus.send(1, b"payload")
        kept = bus.recv(copy=False).data[1:]
        raise KeyError
    # The view is alive, so is the memory; both end together.
    assert bytes(kept) == b"ayload"
    del kept
    with pytest.warns(ResourceWarning):
        del bus


def test_memory_outlives_the_client_that_nobody_has(pipe: llmp.Client) -> None:
    lost = llmp.Client.p2p(9)
    lost.send(1, b"payload")
    lost.mark_safe_to_unmap()
    kept = lost.recv(copy=False).data[3:]
    del lost
    assert bytes(kept) == b"load"
    with pytest.warns(ResourceWarning):
        del kept


def test_a_batch_has_columns_views_and_copies(pipe: llmp.Client) -> None:
    sent = [(i, bytes([i]) * i, i << 8) for i in range(1, 40)]
    pipe.send_many(sent)
    batch = pipe.recv_batch()
    assert len(batch) == 39
    assert batch.tags.tolist() == [m[0] for m in sent]
    assert batch.flags.tolist() == [m[2] for m in sent]
    assert batch.senders.tolist() == [7] * 39
    assert batch.ids.tolist() == list(range(1, 40))
    assert batch.lengths.tolist() == [m[0] for m in sent]
    assert batch.nbytes == sum(range(1, 40))
    assert [bytes(batch.data(i)) for i in range(39)] == [m[1] for m in sent]
    assert batch.payloads() == [m[1] for m in sent]
    assert batch[-1].copy() == batch.copy()[-1]
    assert [view.copy() for view in batch] == batch.copy()
    assert [(m.tag, m.data, m.flags) for m in batch.copy()] == sent
    with pytest.raises(IndexError):
        batch[39]
    tags = batch.tags
    batch.release()
    batch.release()
    with pytest.raises(ValueError, match="released"):
        batch.data(0)
    assert tags[0] == 1


def test_large_payloads_of_a_batch_are_whole(pipe: llmp.Client) -> None:
    sent = [bytes([i]) * 60_000 for i in range(3)]
    for data in sent:
        pipe.send(1, data)
    with pipe.recv_batch() as batch:
        assert batch.payloads() == sent


def test_an_empty_batch(pipe: llmp.Client) -> None:
    batch = pipe.recv_batch(timeout=0)
    assert not batch
    assert batch.copy() == []
    assert batch.payloads() == []
    assert batch.tags.tolist() == batch.ids.tolist() == []
    assert batch.nbytes == 0
    with pytest.raises(IndexError):
        batch.data(0)
    batch.release()


def test_a_batch_ends_with_the_next_receive(pipe: llmp.Client) -> None:
    pipe.send_many([(1, b"aa"), (2, b"bb"), (3, b"cc")])
    batch = pipe.recv_batch(max=1)
    view = batch[0].data
    part = view[1:]
    with pytest.raises(BufferError):
        pipe.recv(0)
    del part
    assert pipe.recv(0) is not None
    with pytest.raises(ValueError, match="released"):
        bytes(view)
    with pytest.raises(BufferError), pipe.recv_batch() as batch:
        part = batch.data(0)[1:]
    del part


def test_batches_go_over_pages(pipe: llmp.Client) -> None:
    data, total, seen = bytes(50_000), 100, 0
    for _ in range(total // 10):
        for _ in range(10):
            pipe.send(1, data)
        for batch in pipe.batches(timeout=0):
            seen += len(batch)
            assert batch.nbytes == len(batch) * len(data)
    assert seen == total


def test_exports_of_a_view_hold_it_up(pipe: llmp.Client) -> None:
    # What a numpy array on a view does, too.
    pipe.send_many([(1, b"\1\0\2\0"), (2, b"")])
    export = pickle.PickleBuffer(pipe.recv(copy=False).data)
    with pytest.raises(BufferError, match="in use"):
        pipe.recv(0)
    assert bytes(export) == b"\1\0\2\0"
    export.release()
    assert pipe.recv(0) is not None
