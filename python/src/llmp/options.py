"""Options of clients and brokers: keyword arguments, checked here, defaults in the library."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _abi, _memory
from .errors import InvalidError

if TYPE_CHECKING:
    from typing_extensions import TypedDict
else:
    from typing import TypedDict

_LONGEST_MS = 2**62


class ClientOptions(TypedDict, total=False):
    """Options of a client, sender or receiver. What is left out has its default."""

    provider: str
    """Shared memory of the broker: "sysv" (default) or "posix"."""
    page_size: int
    """The first map, bytes: a power of two from 4096 to 1 GiB; default 1 MiB."""
    send_timeout: float | None
    """Seconds to wait on a full bus before FullError. None (default): as long as the receiver
    lives; 0: not at all. Ctrl-C ends the waiting."""
    connect_timeout: float | None
    """Seconds to retry until a broker is there; default 10. None: for ever; 0: one try."""
    max_pending_pages: int
    """Unread pages before the bus counts as full: 2 to 1024, default 4."""
    skip_own: bool
    """Receiving passes over this client's own messages; default False."""
    spin: float
    """Seconds a waiting receive looks for a message before it sleeps, in steps of a microsecond,
    up to 4294 s; default 0. A spinning process uses a whole core."""


class BrokerOptions(TypedDict, total=False):
    """Options of a broker. What is left out has its default."""

    provider: str
    """Shared memory: "sysv" (default) or "posix"; its clients must use the same."""
    page_size: int
    """The first broadcast map, bytes: a power of two from 4096 to 1 GiB; default 1 MiB."""
    exit_after_clients: int
    """run() ends once so many clients have come and all have gone; 0 (default): never."""
    bind: str
    """Address to listen on; default "127.0.0.1". A public one can be reached by others: only
    broker-to-broker connections cross it, and nothing is encrypted."""
    history: str | int
    """What a late joiner gets: "all" (default), "none", or how many of the newest bytes at least,
    as a number or like "64MiB"."""
    archive_dir: str | os.PathLike[str]
    """Where history goes that all receivers have read, in a file without a name;
    default: $TMPDIR or /tmp."""
    budget: int
    """Shared memory of the broadcast side, bytes; default 64 MiB."""
    slow_timeout: float | None
    """Seconds a receiver that does not read may hold up a full bus before it is cut off;
    default 10. None: never cut off."""
    spin: float
    """Seconds the broker looks for work before it sleeps; default 0."""
    only_events: bool
    """Forward LibAFL's events only (TAG_LIBAFL_EVENT); default False."""


def milliseconds(seconds: float | None) -> int:
    """Return a time-out for the library: None and infinity wait for ever, the rest rounds up."""
    if seconds is None or seconds == math.inf:
        return _abi.WAIT_FOREVER
    try:
        sensible = seconds >= 0  # a NaN is not
    except TypeError:
        what = type(seconds).__name__
        raise TypeError(f"a time-out is None or a number of seconds, not {what}") from None
    if not sensible:
        raise InvalidError(f"a time-out is None or a number of seconds >= 0, not {seconds!r}")
    return min(math.ceil(seconds * 1000), _LONGEST_MS)


def option_ms(seconds: float | None) -> int:
    """Return a time-out for an option, where 0 means its default."""
    return milliseconds(seconds) or _abi.DONT_WAIT


def _unsigned(bits: int, least: int = 0) -> Any:
    def convert(value: Any) -> int:
        number = operator.index(value)
        if not least <= number < 1 << bits:
            raise InvalidError(f"not from {least} to {(1 << bits) - 1}")
        return number

    return convert


def _micros(seconds: float) -> int:
    micros = seconds * 1e6
    if not 0 <= micros < 2**32:
        raise InvalidError(f"not from 0 to {2**32 / 1e6:.0f} seconds")
    return math.ceil(micros)


def _text(value: Any) -> bytes:
    encoded = os.fsencode(value)
    if not encoded or b"\0" in encoded:
        raise InvalidError("empty, or with a NUL in it")
    return encoded


def _history(value: str | int) -> bytes:
    return _text(value if isinstance(value, str) else str(_unsigned(63)(value)))


# Python's name: the field of the C struct, and how its value is made.
_CLIENT: dict[str, Any] = {
    "provider": ("provider", _text),
    "page_size": ("page_size", _unsigned(64, least=1)),
    "send_timeout": ("send_timeout_ms", option_ms),
    "connect_timeout": ("connect_timeout_ms", option_ms),
    "max_pending_pages": ("max_pending_pages", _unsigned(32, least=1)),
    "skip_own": ("skip_own", bool),
    "spin": ("spin_us", _micros),
}
_BROKER: dict[str, Any] = {
    "provider": ("provider", _text),
    "page_size": ("page_size", _unsigned(64, least=1)),
    "exit_after_clients": ("exit_after_clients", _unsigned(64)),
    "bind": ("bind", _text),
    "history": ("history", _history),
    "archive_dir": ("archive_dir", _text),
    "budget": ("budget", _unsigned(64, least=1)),
    "slow_timeout": ("slow_timeout_ms", option_ms),
    "spin": ("spin_us", _micros),
    "only_events": ("only_events", bool),
}


def _fill(struct: Any, fields: dict[str, Any], options: Mapping[str, Any], of: str) -> None:
    for name, value in options.items():
        if name not in fields:
            raise TypeError(f"{of} have no {name!r}; there are: {', '.join(fields)}")
        field, convert = fields[name]
        try:
            setattr(struct, field, convert(value))
        except InvalidError as problem:
            raise InvalidError(f"option {name}={value!r}: {problem}") from None
        except TypeError as problem:
            raise TypeError(f"option {name}={value!r}: {problem}") from None


def client_options(options: Mapping[str, Any]) -> _abi.ClientOptions:
    """Return the C struct of a client's options. TypeError, InvalidError."""
    struct = _memory.sized(_abi.ClientOptions)
    _fill(struct, _CLIENT, options, "the options of a client")
    return struct


def broker_options(options: Mapping[str, Any]) -> _abi.BrokerOptions:
    """Return the C struct of a broker's options. TypeError, InvalidError."""
    struct = _memory.sized(_abi.BrokerOptions)
    _fill(struct, _BROKER, options, "the options of a broker")
    return struct
