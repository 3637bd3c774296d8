"""Clients of a bus, and the two halves of which one consists."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _lib
from ._handle import Ownership, interruptible, name_to_c, opened, u32, unsigned
from .description import (
    Description,
    Map,
    description_from_c,
    description_to_c,
    id_to_c,
    map_to_c,
)
from .events import Exchanging
from .message import DEFAULT_PORT
from .options import client_options
from .receiving import Receiving
from .sending import Sending, first_wait_ms

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import ClientOptions

_Client = TypeVar("_Client", bound="Client")
_Sender = TypeVar("_Sender", bound="Sender")
_Receiver = TypeVar("_Receiver", bound="Receiver")


class Client(Exchanging):
    """One who sends to a bus and receives what all others send.

    ::

        with llmp.Client.connect(1337) as bus:
            bus.send(0x1234, b"hello")
            message = bus.recv(timeout=1)

    All that make a client take the options of :class:`llmp.ClientOptions` as keyword arguments.
    The verbs are those of :class:`llmp.sending.Sending` and :class:`llmp.receiving.Receiving`,
    where threads and time-outs are explained, too, and for test cases those of
    :class:`llmp.events.Exchanging`.
    """

    _noun = "client"
    _env_suffixes = tuple(
        half + suffix for half in ("_SENDER", "_RECEIVER") for suffix in Sending._env_suffixes
    )

    def __init__(self, owner: Ownership, send_timeout: float | None) -> None:
        """Not to be called: use connect() or another class method."""
        super().__init__(owner)
        self._start_sending(send_timeout)
        self._start_receiving()

    @classmethod
    def _open(cls: type[_Client], verb: str, *arguments: Any, options: ClientOptions) -> _Client:
        return cls(_open("client", cls, verb, arguments, options), options.get("send_timeout"))

    @classmethod
    def connect(
        cls: type[_Client], port: int = DEFAULT_PORT, **options: Unpack[ClientOptions]
    ) -> _Client:
        """Connect to the broker on 127.0.0.1 and join its bus.

        Retries until a broker is there or ``connect_timeout`` is over. The first receive yields
        the broker's history from the start. Ctrl-C interrupts it.

        Args:
            port: 1 to 65535.
            options: see ClientOptions.

        Raises:
            RefusedError: nobody listens there: start a broker.
            TimedOutError: someone listens but does not answer.
            ProtocolError: whoever listens is no broker.
            NotFoundError, CorruptError: the broker's page: wrong provider?
            InvalidError: a port or an option is out of range.
            OutOfMemoryError: no memory or shared memory is left.
        """
        number = unsigned("a port", port, 16)
        struct = options_in_slices(options)
        connect = _lib.load().llmp_client_connect
        owner = interruptible(
            lambda: opened(connect, "client", _what(cls), number, struct), Ownership.close
        )
        return cls(owner, options.get("send_timeout"))

    @classmethod
    def new(
        cls: type[_Client], broker: Map, sender_id: int, **options: Unpack[ClientOptions]
    ) -> _Client:
        """Return a client that reads a broker's page and has a fresh page to send on.

        No broker reads that page until it is announced: see map() and announce().

        Args:
            broker: the broker's page, see Broker.map(); 216 bytes at least.
            sender_id: the id to send as, 32 bits.
            options: see ClientOptions.

        Raises:
            NotFoundError: no such map.
            CorruptError: too small, or no page.
            InvalidError, PermissionDeniedError, OutOfMemoryError.
        """
        size = unsigned("the size of a map", broker.size, 63)
        number = u32("a client id", sender_id)
        return cls._open("new", id_to_c(broker.id), size, number, options=options)

    @classmethod
    def new_from_env(cls: type[_Client], name: str, **options: Unpack[ClientOptions]) -> _Client:
        """Return a client on the broker page that the variables NAME and NAME_SIZE describe.

        Its sender id is that page's. See Broker.to_env().

        Raises:
            NotFoundError: a variable is not set, or there is no such map.
            CorruptError: a variable or the page makes no sense.
            Others as new().
        """
        return cls._open("new_from_env", name_to_c(name), options=options)

    @classmethod
    def from_env(cls: type[_Client], name: str, **options: Unpack[ClientOptions]) -> _Client:
        """Take over an existing client at the places it had reached: see to_env().

        The former owner must not send any more, and the pages must still exist: someone is
        attached to them. Errors as new_from_env().
        """
        return cls._open("attach_env", name_to_c(name), options=options)

    @classmethod
    def from_description(
        cls: type[_Client],
        description: Description | bytes,
        **options: Unpack[ClientOptions],
    ) -> _Client:
        """Take over an existing client by its description, or its bytes: as from_env()."""
        if not isinstance(description, Description):
            description = Description.from_bytes(description)
        return cls._open("attach_description", description_to_c(description), options=options)

    @classmethod
    def from_maps(
        cls: type[_Client], sender: Map, receiver: Map, **options: Unpack[ClientOptions]
    ) -> _Client:
        """Take over an existing client by its two maps with offsets: as from_env()."""
        return cls._open("attach_shmem", map_to_c(sender), map_to_c(receiver), options=options)

    @classmethod
    def p2p(cls: type[_Client], sender_id: int, **options: Unpack[ClientOptions]) -> _Client:
        """Return a channel without a broker: a client that reads its own page.

        Another process takes over one end by description. close() waits for one that is still
        on its way to the last page; with provider "posix" for anybody, once the channel was
        described in whatever way, unless mark_safe_to_unmap() was called.
        """
        return cls._open("new_p2p", u32("a client id", sender_id), options=options)

    @staticmethod
    def detach(port: int, client_id: int) -> None:
        """Tell the broker on 127.0.0.1:port to forget a client, for instance one that crashed.

        There is no answer; an unknown id is ignored. Any thread.

        Raises:
            RefusedError, TimedOutError, ProtocolError.
        """
        number, client = unsigned("a port", port, 16), u32("a client id", client_id)
        library = _lib.load()
        _lib.check(library.llmp_client_detach(number, client))

    def describe(self) -> Description:
        """Return where this client stands, for another process to take it over.

        Raises:
            BusyError: an allocation is open.
        """
        struct = description_to_c(Description(Map("-", 0), Map("-", 0)))
        with self._whole():
            self._check(self._function("describe")(self._handle, struct))
        return description_from_c(struct)

    def announce(self, page: Map) -> None:
        """Tell the broker about another client, by the page it sends on (its map()).

        That page must stay mapped by its owner until safe_to_unmap() is true there. Errors as
        send().
        """
        name, size = id_to_c(page.id), unsigned("the size of a map", page.size, 63)
        with self._send_lock:
            self._check(self._function("announce")(self._handle, name, size))

    def close(self) -> None:
        """Say goodbye, wait until the broker has the last page (at most 2 s), free everything.

        May be called again, and from another thread, where a waiting receive then raises
        ClosedError. The client is closed whatever the result, except for BufferError.

        Raises:
            TimedOutError: the broker did not pick up the last page in time: messages may be lost.
            BufferError: something made from a zero-copy view is alive; nothing was closed.
        """
        super().close()

    async def __aenter__(self: _Client) -> _Client:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from . import aio

        await aio.in_thread(self.__exit__, kind, error, traceback)


class Sender(Sending):
    """The sending half of a client: with a Receiver elsewhere, a one-way channel.

    ::

        with llmp.Sender.new(1) as out:
            page = out.map()  # give it to the other process: llmp.Receiver.on(page)
            out.send(7, b"hello")

    The verbs are those of :class:`llmp.sending.Sending`.
    """

    _noun = "sender"

    def __init__(self, owner: Ownership, send_timeout: float | None) -> None:
        """Not to be called: use new() or another class method."""
        super().__init__(owner)
        self._start_sending(send_timeout)

    @classmethod
    def _open(cls: type[_Sender], verb: str, *arguments: Any, options: ClientOptions) -> _Sender:
        return cls(_open("sender", cls, verb, arguments, options), options.get("send_timeout"))

    @classmethod
    def new(cls: type[_Sender], sender_id: int, **options: Unpack[ClientOptions]) -> _Sender:
        """Return a sender with a fresh page, as sender_id (32 bits)."""
        return cls._open("new", u32("a client id", sender_id), options=options)

    @classmethod
    def from_env(cls: type[_Sender], name: str, **options: Unpack[ClientOptions]) -> _Sender:
        """Take over an existing sender by environment variables: as Client.from_env()."""
        return cls._open("attach_env", name_to_c(name), options=options)

    @classmethod
    def on(cls: type[_Sender], page: Map, **options: Unpack[ClientOptions]) -> _Sender:
        """Take over an existing sender by its page: as Client.from_maps()."""
        return cls._open("attach_map", map_to_c(page), options=options)


class Receiver(Receiving):
    """The receiving half of a client: reads what one other process sends.

    The verbs are those of :class:`llmp.receiving.Receiving`.
    """

    _noun = "receiver"

    def __init__(self, owner: Ownership) -> None:
        """Not to be called: use on() or from_env()."""
        super().__init__(owner)
        self._start_receiving()

    @classmethod
    def _open(
        cls: type[_Receiver], verb: str, *arguments: Any, options: ClientOptions
    ) -> _Receiver:
        return cls(_open("receiver", cls, verb, arguments, options))

    @classmethod
    def on(cls: type[_Receiver], page: Map, **options: Unpack[ClientOptions]) -> _Receiver:
        """Return a receiver on a page; it starts after ``page.offset``, None: from the start.

        Errors as Client.new().
        """
        return cls._open("attach_map", map_to_c(page), options=options)

    @classmethod
    def from_env(cls: type[_Receiver], name: str, **options: Unpack[ClientOptions]) -> _Receiver:
        """Take over an existing receiver by environment variables: as Client.from_env()."""
        return cls._open("attach_env", name_to_c(name), options=options)


def _what(cls: type) -> str:
    return f"llmp.{cls.__name__}: use it in a with block, or call close()"


def options_in_slices(options: ClientOptions) -> Any:
    """Return the C struct of the options, the send time-out cut to a slice."""
    struct = client_options(options)
    struct.send_timeout_ms = first_wait_ms(options.get("send_timeout"))
    return struct


def _open(noun: str, cls: type, verb: str, arguments: Any, options: ClientOptions) -> Ownership:
    function = getattr(_lib.load(), f"llmp_{noun}_{verb}")
    return opened(function, noun, _what(cls), *arguments, options_in_slices(options))
