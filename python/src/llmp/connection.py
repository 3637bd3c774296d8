"""Be whatever is needed on a port: its broker, or a client of the broker there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from . import _lib
from ._handle import Handle, Ownership, interruptible, opened, unsigned
from .broker import Broker
from .client import Client, options_in_slices
from .message import DEFAULT_PORT
from .options import broker_options

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .options import BrokerOptions, ClientOptions

_Connection = TypeVar("_Connection", bound="Connection")


class Connection(Handle):
    """Either a broker or a client, as the port required (LibAFL: LlmpConnection).

    ::

        with llmp.Connection.on_port(1337) as connection:
            if connection.broker is not None:
                connection.broker.run()
            else:
                connection.client.send(1, b"hello")

    What it holds is closed with it. Threads: as for what it holds.
    """

    _noun = "connection"
    _closed_at_exit = 2

    def __init__(self, owner: Ownership, send_timeout: float | None) -> None:
        """Not to be called: use on_port()."""
        super().__init__(owner)
        broker = self._function("broker")(self._handle)
        client = self._function("client")(self._handle)
        self._broker = Broker._borrowed(Borrowed(broker, owner)) if broker else None
        self._client = Client(Borrowed(client, owner), send_timeout) if client else None

    @classmethod
    def on_port(
        cls: type[_Connection],
        port: int = DEFAULT_PORT,
        broker: BrokerOptions | None = None,
        client: ClientOptions | None = None,
    ) -> _Connection:
        """Become the broker on 127.0.0.1:port where nobody listens, else a client of who does.

        Args:
            port: 1 to 65535.
            broker: options for the case that it becomes a broker.
            client: options for the case that it becomes a client.

        Raises:
            As Broker.listen() and Client.connect().
        """
        number = unsigned("a port", port, 16)
        as_broker = broker_options(broker or {})
        as_client = options_in_slices(client or {})
        what = f"llmp.{cls.__name__}: use it in a with block, or call close()"
        on_port = _lib.load().llmp_connection_on_port
        owner = interruptible(
            lambda: opened(on_port, "connection", what, number, as_broker, as_client),
            Ownership.close,
        )
        return cls(owner, (client or {}).get("send_timeout"))

    @property
    def broker(self) -> Broker | None:
        """The broker, or None. It belongs to the connection."""
        return self._broker

    @property
    def client(self) -> Client | None:
        """The client, or None. It belongs to the connection."""
        return self._client

    def send(self, tag: int, data: Buffer, flags: int = 0) -> None:
        """Send as whichever it is: see Broker.send() and Client.send()."""
        holder = self._client if self._broker is None else self._broker
        assert holder is not None
        holder.send(tag, data, flags)

    def close(self) -> None:
        """Close what it holds: see Broker.close() and Client.close(). May be called again."""
        try:
            for holder in (self._broker, self._client):
                if holder is not None:
                    holder.close()
        finally:
            if all(h is None or h.closed for h in (self._broker, self._client)):
                super().close()


class Borrowed(Ownership):
    """A handle that belongs to another one, which it keeps alive."""

    __slots__ = ("_parent",)

    def __init__(self, address: int, parent: Ownership) -> None:
        super().__init__(address, lambda _: 0, "")
        self._parent = parent
        self.keep = parent.keep

    def close(self, _getpid: Any = None) -> int:
        """Let go of it; the parent closes it."""
        self.address = None
        return 0

    def __del__(self, _warn: Any = None) -> None:
        self.address = None
