"""The LLMP message bus: fuzzers and their tools on shared memory, as LibAFL 0.16.1 speaks it.

::

    import llmp

    with llmp.Client.connect(1337) as bus:
        bus.send(0x1234, b"hello")
        for message in bus:
            print(message.tag, message.sender, message.data)

Start reading at :class:`Client` and :class:`Broker`; for test cases that fuzzers share, LibAFL's
included, at :meth:`Client.send_testcase` and :meth:`Client.testcases`.

Time-outs are in seconds, sizes in bytes.
Errors are subclasses of :class:`LlmpError`. The shared library is loaded by the first call that
needs it, see :func:`library_path`.
"""

from __future__ import annotations

from . import aio
from ._lib import abi_version, library_path, version
from .batch import Batch
from .broker import Broker, run_brokers
from .client import Client, Receiver, Sender
from .connection import Connection
from .description import Description, Map
from .errors import (
    BusyError,
    ClosedError,
    CorruptError,
    ForkedError,
    FullError,
    InputOutputError,
    InternalError,
    InvalidError,
    LibraryError,
    LlmpError,
    NotFoundError,
    OutOfMemoryError,
    PermissionDeniedError,
    ProtocolError,
    RefusedError,
    TimedOutError,
    TooBigError,
    UnsupportedError,
)
from .events import Aggregate, EventCounts, ExitKind, Percent, Ratio, Testcase
from .hooks import DROP, FORWARD, HookMessage, Verdict
from .message import (
    DEFAULT_PORT,
    FLAG_COMPRESSED,
    FLAG_FROM_B2B,
    FLAG_FROM_MACHINE,
    MAX_FRAME,
    MAX_PAYLOAD,
    RESERVED_TAGS,
    TAG_CLIENT_EXIT,
    TAG_END_OF_PAGE,
    TAG_EXITING,
    TAG_LIBAFL_EVENT,
    TAG_NEW_SHM_CLIENT,
    TAG_SLOW_RECEIVER_PANIC,
    TAG_UNINITIALIZED,
    TAG_UNSET,
    Message,
    MessageView,
)
from .options import BrokerOptions, ClientOptions
from .sending import Allocation
from .stats import BrokerStats, ClientStats

__all__ = [
    "DEFAULT_PORT",
    "DROP",
    "FLAG_COMPRESSED",
    "FLAG_FROM_B2B",
    "FLAG_FROM_MACHINE",
    "FORWARD",
    "MAX_FRAME",
    "MAX_PAYLOAD",
    "RESERVED_TAGS",
    "TAG_CLIENT_EXIT",
    "TAG_END_OF_PAGE",
    "TAG_EXITING",
    "TAG_LIBAFL_EVENT",
    "TAG_NEW_SHM_CLIENT",
    "TAG_SLOW_RECEIVER_PANIC",
    "TAG_UNINITIALIZED",
    "TAG_UNSET",
    "Aggregate",
    "Allocation",
    "Batch",
    "Broker",
    "BrokerOptions",
    "BrokerStats",
    "BusyError",
    "Client",
    "ClientOptions",
    "ClientStats",
    "ClosedError",
    "Connection",
    "CorruptError",
    "Description",
    "EventCounts",
    "ExitKind",
    "ForkedError",
    "FullError",
    "HookMessage",
    "InputOutputError",
    "InternalError",
    "InvalidError",
    "LibraryError",
    "LlmpError",
    "Map",
    "Message",
    "MessageView",
    "NotFoundError",
    "OutOfMemoryError",
    "Percent",
    "PermissionDeniedError",
    "ProtocolError",
    "Ratio",
    "Receiver",
    "RefusedError",
    "Sender",
    "Testcase",
    "TimedOutError",
    "TooBigError",
    "UnsupportedError",
    "Verdict",
    "abi_version",
    "aio",
    "library_path",
    "run_brokers",
    "version",
]
