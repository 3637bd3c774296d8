"""Test cases, objectives and figures: what fuzzers tell each other, as LibAFL 0.16.1 encodes it.

::

    with llmp.Client.connect(1337, skip_own=True) as bus:
        for testcase in bus.testcases(timeout=0):
            run(testcase.data)
        bus.send_testcase(found)

An event is a message with the tag TAG_LIBAFL_EVENT. What the library does with it, and what not,
is written in include/llmp.h under "LibAFL events".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Callable, ClassVar, NamedTuple, Union

from . import _abi, _lib, _memory
from ._handle import u32, unsigned
from .errors import ClosedError, InvalidError
from .message import Message, MessageView
from .receiving import Receiving, no_timeout
from .sending import Sending

if TYPE_CHECKING:
    from typing_extensions import Buffer


class ExitKind(IntEnum):
    """How the run of a test case ended."""

    OK = 0
    CRASH = 1
    OOM = 2
    TIMEOUT = 3
    DIFF = 4
    """Two targets that should agree did not; received only."""


class Aggregate(IntEnum):
    """How a monitor joins the figures of all clients."""

    NONE = 0
    SUM = 1
    AVG = 2
    MIN = 3
    MAX = 4


@dataclass(frozen=True)
class Testcase:
    """A test case or an objective, as it was received; it is yours to keep."""

    __test__: ClassVar[bool] = False  # to pytest the name looks like that of a test

    data: bytes
    """The input; empty for an objective whose finder does not share it."""
    sender: int
    """The id of the client that found it."""
    objective: bool = False
    """Whether it is what is looked for, mostly a crash, and not just worth keeping."""
    exit_kind: ExitKind = ExitKind.OK
    """How its run ended; OK for objectives, which do not say."""
    corpus_size: int = 0
    """Test cases that the sender has; of an objective, objectives."""
    executions: int = 0
    """How often the sender has run its target."""
    time_ns: int = 0
    """The sender's clock, nanoseconds since 1970 in UTC, as of time.time_ns()."""
    shared: bool = True
    """False for an objective whose finder does not share the input."""
    flags: int = 0
    """FLAG_* bits of its message."""


class Ratio(NamedTuple):
    """A figure: so many of a whole. LibAFL multiplies part by 100: keep it below 2**57."""

    part: int
    whole: int


class Percent(float):
    """A figure: a share of one; 0.5 is shown as 50%."""


Figure = Union[int, float, str, Ratio, Percent]
"""What send_stat() takes."""


class EventCounts(NamedTuple):
    """What a client's calls for test cases have seen."""

    testcases: int
    """Given out: test cases."""
    objectives: int
    """Given out: objectives."""
    other: int
    """Passed over: events of other kinds (statistics, logs), and objectives nobody asked for."""
    foreign: int
    """Passed over: messages that are no events, by their tag."""
    unknown: int
    """Passed over: events that LibAFL 0.16.1 does not have."""
    malformed: int
    """Passed over: damaged, or no events in spite of their tag."""
    too_big: int
    """Passed over: longer than max_size, see event_setup()."""


class Exchanging(Sending, Receiving):
    """The verbs of a Client for test cases, beside those for messages.

    Connect with ``skip_own=True``, or your own finds come back to you. On a bus with LibAFL's own
    fuzzers send nothing but these events: see TAG_LIBAFL_EVENT.

    Threads, time-outs and a full bus: as for messages.
    """

    def _start_receiving(self) -> None:
        super()._start_receiving()
        library = _lib.load()
        self._testcase = _memory.sized(_abi.Testcase)
        self._c_testcase_recv = library.llmp_testcase_recv
        self._c_testcase_recv_wait = library.llmp_testcase_recv_wait

    def send_testcase(
        self,
        data: Buffer,
        exit_kind: ExitKind = ExitKind.OK,
        *,
        corpus_size: int = 0,
        executions: int = 0,
        time_ns: int = 0,
    ) -> None:
        """Tell the other fuzzers about an input that is worth keeping.

        Args:
            data: the input, bytes or another contiguous buffer, 1 GiB at most; may be empty.
            exit_kind: how its run ended; not DIFF.
            corpus_size: how many test cases this fuzzer has, 64 bits.
            executions: how often it has run its target, 64 bits.
            time_ns: when it was found, as of time.time_ns(); 0: now.

        Raises:
            InvalidError: DIFF, or a number out of range.
            Others as send().
        """
        struct, keep = _testcase_of(_abi.EVENT_TESTCASE, data)
        struct.exit_kind = u32("an exit kind", exit_kind)
        self._send_found(struct, keep, corpus_size, executions, time_ns)

    def send_objective(
        self,
        data: Buffer | None,
        *,
        corpus_size: int = 0,
        executions: int = 0,
        time_ns: int = 0,
    ) -> None:
        """Report an input that is looked for, mostly one that crashes.

        Args:
            data: the input; None: there is one, but it is not shared.
            corpus_size: how many objectives this fuzzer has, 64 bits.
            executions: as for send_testcase().
            time_ns: as for send_testcase().

        Raises:
            As send_testcase().
        """
        struct, keep = _testcase_of(_abi.EVENT_OBJECTIVE, data)
        self._send_found(struct, keep, corpus_size, executions, time_ns)

    def _send_found(
        self, struct: Any, keep: object, corpus_size: int, executions: int, time_ns: int
    ) -> None:
        struct.corpus_size = unsigned("corpus_size", corpus_size, 64)
        struct.executions = unsigned("executions", executions, 64)
        struct.time_ns = unsigned("time_ns", time_ns, 64)
        send = _lib.load().llmp_testcase_send
        self._send_event(lambda: int(send(self._handle, struct)))
        del keep  # the input had to stay where it is until now

    def _send_event(self, call: Callable[[], int]) -> None:
        with self._send_lock:
            code = call()
        if code < 0:
            self._persist(code, call)

    def send_heartbeat(self, executions: int) -> None:
        """Tell the monitor that this client is alive; LibAFL's fuzzers do so every 15 seconds.

        Args:
            executions: how often it has run its target, 64 bits.

        Raises:
            As send().
        """
        number = unsigned("executions", executions, 64)
        send = _lib.load().llmp_heartbeat_send
        self._send_event(lambda: int(send(self._handle, number)))

    def send_stat(
        self,
        name: str,
        value: Figure,
        aggregate: Aggregate = Aggregate.NONE,
        *,
        executions: int = 0,
        tag: int = 0,
    ) -> None:
        """Tell the monitor a figure.

        ::

            bus.send_stat("edges", llmp.Ratio(1200, 65536), llmp.Aggregate.AVG)

        Args:
            name: what it is called, at most 65,535 bytes of UTF-8.
            value: an int (64 bits, from 0), a float, a str, a Ratio or a Percent.
            aggregate: how the figures of several clients become one.
            executions: how often this client has run its target, 64 bits.
            tag: what it is about, one of LibAFL's numbers; 0: nothing is said.

        Raises:
            TypeError: a value of another type.
            InvalidError: a name or text that is too long or has a NUL, a number out of range.
            Others as send().
        """
        struct = _memory.sized(_abi.UserStat)
        struct.name = _text("the name of a figure", name)
        struct.tag = unsigned("a tag", tag, 64)
        struct.aggregate = u32("an aggregate", aggregate)
        struct.executions = unsigned("executions", executions, 64)
        _set_figure(struct, value)
        send = _lib.load().llmp_user_stat_send
        self._send_event(lambda: int(send(self._handle, struct)))

    def recv_testcase(self, timeout: float | None = None) -> Testcase | None:
        """Return the next test case, or None when the time is over first.

        What else comes is taken off the bus, counted (see event_counts()) and passed over; none of
        it is an error. To receive messages of other tags too, use recv() and decode_testcase().

        Args:
            timeout: seconds; None waits for ever, 0 does not wait.

        Raises:
            OutOfMemoryError: for what a compressed one holds; it is lost.
            Others as recv().
        """
        if timeout is not None and not timeout >= 0:
            raise no_timeout(timeout)
        with self._recv_lock:
            if self._lease is not None:
                self._end_lease()
            code = self._c_testcase_recv(self._handle, self._testcase)
            if code > 0:
                return self._take_testcase(code)
        return self._wait(
            code, timeout, self._testcase, self._take_testcase, self._c_testcase_recv_wait
        )

    def testcases(self, timeout: float | None = None) -> Iterator[Testcase]:
        """Iterate over test cases as they come, until the bus ends or none came for timeout.

        Args and errors are those of recv_testcase().
        """
        if timeout is not None and not timeout >= 0:
            raise no_timeout(timeout)
        return self._testcases(timeout)

    def _testcases(self, timeout: float | None) -> Iterator[Testcase]:
        while True:
            try:
                testcase = self.recv_testcase(timeout)
            except ClosedError:
                if self._handle is None:
                    raise
                return
            if testcase is None:
                return
            yield testcase

    def decode_testcase(self, message: Message | MessageView) -> Testcase | None:
        """Return the test case that a message holds; None, and counted, when it is another.

        Raises:
            As recv_testcase().
        """
        struct = _abi.Msg(tag=message.tag, sender=message.sender, flags=message.flags)
        struct.data, struct.len, keep = _memory.located(message.data)
        with self._recv_lock:
            testcase = None
            decode = _lib.load().llmp_testcase_decode
            code = self._check(decode(self._handle, struct, self._testcase))
            if code > 0:
                testcase = self._take_testcase(code)
        del keep  # what it points into had to stay until now
        return testcase

    def _take_testcase(self, _: int) -> Testcase:
        struct = self._testcase
        address: int | None = struct.data
        return Testcase(
            b"" if address is None else _memory.copy_bytes(address, struct.len),
            struct.sender,
            struct.kind == _abi.EVENT_OBJECTIVE,
            ExitKind(struct.exit_kind),
            struct.corpus_size,
            struct.executions,
            struct.time_ns,
            address is not None,
            struct.flags,
        )

    def event_setup(self, max_size: int = 0, objectives: bool = False) -> None:
        """Say how test cases are received, from the next receive call on.

        Args:
            max_size: the longest encoding that is looked at, bytes, once decompressed: 1024 to
                1 GiB; 0: 128 MiB. A hostile sender can claim a thousand times what it sends.
            objectives: receive objectives, too.

        Raises:
            InvalidError: max_size is out of range.
            ClosedError, ForkedError.
        """
        struct = _memory.sized(_abi.EventOptions)
        struct.max_size = unsigned("max_size", max_size, 64)
        struct.objectives = bool(objectives)
        with self._recv_lock:
            self._check(_lib.load().llmp_client_event_setup(self._handle, struct))

    def event_counts(self) -> EventCounts:
        """Return what was given out and what was passed over until now."""
        struct = _memory.sized(_abi.EventCounts)
        with self._recv_lock:
            self._check(_lib.load().llmp_client_event_counts(self._handle, struct))
        return EventCounts(*(getattr(struct, name) for name in EventCounts._fields))


def _testcase_of(kind: int, data: Buffer | None) -> tuple[Any, object]:
    """Return a struct with an input, and what keeps the input in place."""
    struct = _memory.sized(_abi.Testcase)
    struct.kind = kind
    keep: object = None
    if data is not None or kind == _abi.EVENT_TESTCASE:
        struct.data, struct.len, keep = _memory.located(data)  # type: ignore[arg-type]
    return struct, keep


def _text(what: str, text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{what} is a str, not {type(text).__name__}")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as problem:
        raise InvalidError(f"{what} is no text: {problem}") from None
    if b"\0" in encoded:
        raise InvalidError(f"{what} has a NUL in it")
    return encoded


def _set_figure(struct: Any, value: Figure) -> None:
    if isinstance(value, Ratio):
        struct.value = _abi.STAT_RATIO
        struct.number = unsigned("the part of a ratio", value.part, 64)
        struct.whole = unsigned("the whole of a ratio", value.whole, 64)
    elif isinstance(value, str):
        struct.value, struct.text = _abi.STAT_TEXT, _text("a figure", value)
    elif isinstance(value, float):
        struct.value = _abi.STAT_PERCENT if isinstance(value, Percent) else _abi.STAT_FLOAT
        struct.real = value
    else:
        struct.value, struct.number = _abi.STAT_NUMBER, unsigned("a figure", value, 64)
