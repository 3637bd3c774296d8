"""Test cases, objectives and figures, against the bytes that LibAFL wrote."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
import zlib
from dataclasses import replace
from typing import Any

import pytest
from conftest import HANG, TREE, p2p

import llmp
from llmp import Aggregate, ExitKind, Testcase, aio

WIRE = TREE / "testdata" / "wire"
EXIT_KINDS = {"Ok": 0, "Crash": 1, "Oom": 2, "Timeout": 3}


def vectors() -> dict[str, Any]:
    events = [
        event
        for name in ("libafl-0.16.1.json", "libafl-0.16.1-events.json")
        for event in json.loads((WIRE / name).read_text())["events"]
    ]
    assert len(events) == 35
    return {event["name"]: event for event in events}


VECTORS = vectors()
FOUND = {
    name: event
    for name, event in VECTORS.items()
    if not {"NewTestcase", "Objective"}.isdisjoint(event["json"]["event"])
}


def event_message(payload: bytes, flags: int = 0) -> llmp.Message:
    return llmp.Message(llmp.TAG_LIBAFL_EVENT, payload, 5, flags, 1)


def expected(event: Any, flags: int) -> Testcase:
    stats = event["json"]["stats"]
    time_ns = stats["time"]["secs"] * 10**9 + stats["time"]["nanos"]
    found = event["json"]["event"]
    if "Objective" in found:
        data, size = found["Objective"]["input"], found["Objective"]["objective_size"]
        exit_kind = 0
    else:
        data, size = found["NewTestcase"]["input"], found["NewTestcase"]["corpus_size"]
        exit_kind = EXIT_KINDS.get(str(found["NewTestcase"]["exit_kind"]), ExitKind.DIFF)
    return Testcase(
        bytes(data or []),
        5,
        "Objective" in found,
        ExitKind(exit_kind),
        size,
        stats["executions"],
        time_ns,
        data is not None,
        flags,
    )


@pytest.mark.parametrize("name", FOUND)
def test_what_libafl_wrote_is_decoded(pipe: llmp.Client, name: str) -> None:
    event = FOUND[name]
    pipe.event_setup(objectives=True)
    plain = event_message(bytes.fromhex(event["postcard_hex"]))
    assert pipe.decode_testcase(plain) == expected(event, 0)
    if event["compressed_hex"]:
        flags = llmp.FLAG_COMPRESSED | llmp.FLAG_FROM_B2B
        message = event_message(bytes.fromhex(event["compressed_hex"]), flags)
        assert pipe.decode_testcase(message) == expected(event, flags)


def test_there_are_seventeen_of_them_and_the_others_are_passed_over(pipe: llmp.Client) -> None:
    assert len(FOUND) == 17
    for name in VECTORS.keys() - FOUND.keys():
        payload = bytes.fromhex(VECTORS[name]["postcard_hex"])
        assert pipe.decode_testcase(event_message(payload)) is None
    assert pipe.event_counts() == llmp.EventCounts(0, 0, 18, 0, 0, 0, 0)


def sent(pipe: llmp.Client) -> bytes:
    """Return the encoding of the event that was sent last."""
    message = pipe.recv(0)
    assert message is not None and message.tag == llmp.TAG_LIBAFL_EVENT
    if message.flags & llmp.FLAG_COMPRESSED:
        return zlib.decompress(message.data, wbits=-15)
    assert len(message.data) < 1024
    return message.data


@pytest.mark.parametrize("name", FOUND)
def test_what_is_sent_has_the_bytes_of_libafl(pipe: llmp.Client, name: str) -> None:
    event = FOUND[name]
    wanted = bytes.fromhex(event["postcard_hex"])
    case = expected(event, 0)
    figures = {
        "corpus_size": case.corpus_size,
        "executions": case.executions,
        "time_ns": case.time_ns,
    }
    if case.objective:
        pipe.send_objective(case.data if case.shared else None, **figures)
    elif case.exit_kind is ExitKind.DIFF:
        with pytest.raises(llmp.InvalidError):
            pipe.send_testcase(case.data, case.exit_kind, **figures)
        return
    else:
        pipe.send_testcase(case.data, case.exit_kind, **figures)
    there = event["json"]["event"].get("NewTestcase", {"client_config": "AlwaysUnique"})
    if there["client_config"] == "AlwaysUnique":  # and so without observers
        assert sent(pipe) == wanted
    else:
        assert len(sent(pipe)) < len(wanted)


FIGURES: list[tuple[str, str, Any, Aggregate, int]] = [
    ("user stats number", "edges", 99, Aggregate.SUM, 0),
    ("user stats ratio", "cov", llmp.Ratio(12, 400), Aggregate.AVG, 0),
    ("user stats float", "f", -1.5, Aggregate.NONE, 0),
    ("user stats string", "kö", "v€", Aggregate.MIN, 0),
    ("user stats percent", "p", llmp.Percent(0.25), Aggregate.MAX, 0),
    ("user stats tagged 1", "", 0, Aggregate.SUM, 1),
]
STATS = bytes.fromhex("80e2cfaa06959aef3aac02")  # the time of all vectors, and 300 executions


@pytest.mark.parametrize(("vector", "name", "value", "aggregate", "tag"), FIGURES)
def test_figures_have_the_bytes_of_libafl_but_for_the_time(
    pipe: llmp.Client, vector: str, name: str, value: Any, aggregate: Aggregate, tag: int
) -> None:
    wanted = bytes.fromhex(VECTORS[vector]["postcard_hex"])
    assert wanted.endswith(STATS)
    pipe.send_stat(name, value, aggregate, executions=300, tag=tag)
    encoding = sent(pipe)
    assert encoding.startswith(wanted[: -len(STATS)])
    assert encoding.endswith(wanted[-2:])


def test_heartbeats_are_heartbeats(pipe: llmp.Client) -> None:
    pipe.send_heartbeat(300)
    encoding = sent(pipe)
    assert encoding[:1] == b"\x01" and encoding.endswith(STATS[-2:])


def test_test_cases_travel(pipe: llmp.Client) -> None:
    assert pipe.recv_testcase(0) is None
    before = time.time_ns()
    pipe.send_testcase(b"input", ExitKind.TIMEOUT, corpus_size=3, executions=4)
    case = pipe.recv_testcase()
    assert case is not None
    assert before <= case.time_ns <= time.time_ns()
    assert replace(case, time_ns=0) == Testcase(b"input", 7, False, ExitKind.TIMEOUT, 3, 4)
    for data in (b"", bytearray(b"abc"), memoryview(b"xyz"), os.urandom(5000), b"x" * 300_000):
        pipe.send_testcase(data)
        got = pipe.recv_testcase(timeout=0.01)
        assert got is not None and got.data == bytes(data)
    assert pipe.recv_testcase(timeout=0.01) is None


def test_objectives_are_received_on_demand(pipe: llmp.Client) -> None:
    pipe.send_objective(b"boom")
    assert pipe.recv_testcase(0) is None
    pipe.event_setup(objectives=True)
    pipe.send_objective(b"")
    pipe.send_objective(None)
    cases = list(pipe.testcases(timeout=0))
    assert [(c.objective, c.data, c.shared) for c in cases] == [
        (True, b"", True),
        (True, b"", False),
    ]
    assert pipe.event_counts() == llmp.EventCounts(0, 2, 1, 0, 0, 0, 0)


def test_all_else_is_passed_over_and_counted(pipe: llmp.Client) -> None:
    tag = llmp.TAG_LIBAFL_EVENT
    pipe.event_setup(max_size=2000)
    pipe.send(1, b"mine")
    pipe.send_heartbeat(1)
    pipe.send(tag, b"\x07")
    pipe.send(tag, b"")
    pipe.send(tag, b"junk", llmp.FLAG_COMPRESSED)
    pipe.send_testcase(b"x" * 3000)
    pipe.send_testcase(b"last")
    assert [case.data for case in pipe.testcases(0)] == [b"last"]
    assert pipe.event_counts() == llmp.EventCounts(1, 0, 1, 1, 1, 2, 1)


def test_own_messages_share_the_client(pipe: llmp.Client) -> None:
    pipe.send(1, b"mine")
    pipe.send_testcase(b"theirs")
    messages = pipe.recv_many()
    cases = [pipe.decode_testcase(message) for message in messages]
    assert cases[0] is None and cases[1] is not None and cases[1].data == b"theirs"
    pipe.send_testcase(b"x" * 2000)
    with pipe.view(timeout=0) as view:
        assert view is not None
        case = pipe.decode_testcase(view)
    assert case is not None and case.data == b"x" * 2000


def test_what_makes_no_sense_is_refused(pipe: llmp.Client) -> None:
    wrong: Any = "text"
    with pytest.raises(TypeError):
        pipe.send_testcase(wrong)
    with pytest.raises(TypeError):
        pipe.send_testcase(None)  # type: ignore[arg-type]
    with pytest.raises(llmp.InvalidError):
        pipe.send_testcase(b"", corpus_size=2**64)
    with pytest.raises(llmp.InvalidError):
        pipe.send_testcase(b"", executions=-1)
    with pytest.raises(llmp.InvalidError):
        pipe.event_setup(max_size=1023)
    with pytest.raises(llmp.InvalidError):
        pipe.recv_testcase(-1)
    with pytest.raises(llmp.InvalidError):
        pipe.testcases(-1)
    for name in ("a\0b", "\ud800", "x" * 65536):
        with pytest.raises(llmp.InvalidError):
            pipe.send_stat(name, 1)
    with pytest.raises(llmp.InvalidError):
        pipe.send_stat("n", -1)
    with pytest.raises(TypeError):
        pipe.send_stat("n", wrong.encode())
    with pytest.raises(TypeError):
        pipe.send_stat(wrong.encode(), 1)
    assert pipe.recv(0) is None


def test_a_closed_client_says_so() -> None:
    with p2p(1) as bus:
        pass
    for call in (
        lambda: bus.send_testcase(b""),
        lambda: bus.send_heartbeat(1),
        lambda: bus.send_stat("n", 1),
        lambda: bus.recv_testcase(0),
        lambda: next(bus.testcases(0)),
        lambda: bus.decode_testcase(event_message(b"")),
        lambda: bus.event_setup(),
        lambda: bus.event_counts(),
    ):
        with pytest.raises(llmp.ClosedError):
            call()


def test_a_waiting_receive_is_woken_and_passes_over_the_rest(pipe: llmp.Client) -> None:
    def later() -> None:
        pipe.send(1, b"not one")
        pipe.send_testcase(b"now")

    thread = threading.Timer(0.05, later)
    thread.start()
    case = pipe.recv_testcase(HANG)
    assert case is not None and case.data == b"now"
    thread.join()


def test_a_full_bus_is_waited_for() -> None:
    with p2p(1, send_timeout=0.01, page_size=4096, max_pending_pages=2) as bus:
        with pytest.raises(llmp.FullError):
            for _ in range(100):
                bus.send_testcase(b"x" * 900)
        n = sum(1 for _ in bus.testcases(0))
        assert 0 < n < 100
        bus.send_testcase(b"y" * 900)
        case = bus.recv_testcase(0)
        assert case is not None and case.data == b"y" * 900


def test_a_bus_that_ends_ends_the_loop(broker: llmp.Broker) -> None:
    port = broker.listen(0)
    broker.start()
    with llmp.Client.connect(port, skip_own=True) as one, llmp.Client.connect(port) as two:
        two.send_testcase(b"x")
        two.send(1, b"y")
        for case in one.testcases():
            assert case == Testcase(b"x", two.id, time_ns=case.time_ns, flags=case.flags)
            broker.close()
        with pytest.raises(llmp.ClosedError):
            one.recv_testcase(0)


def test_asyncio(pipe: llmp.Client) -> None:
    async def main() -> None:
        assert await aio.recv_testcase(pipe, timeout=0.02) is None
        pipe.send(1, b"not one")
        asyncio.get_running_loop().call_later(0.02, pipe.send_testcase, b"later")
        case = await aio.recv_testcase(pipe)
        assert case is not None and case.data == b"later"
        for i in range(100):
            pipe.send_testcase(str(i).encode())
        seen = []
        async for case in aio.testcases(pipe):
            seen.append(int(case.data))
            if len(seen) == 100:
                break
        assert seen == list(range(100))

    asyncio.run(asyncio.wait_for(main(), HANG))
