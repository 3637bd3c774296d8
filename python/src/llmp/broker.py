"""A broker, hosted by this program."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Callable,
    TypeVar,
)

from . import _lib, _memory
from ._handle import Ownership, interruptible, opened, u32, unsigned, wait_in_slices
from ._page import OnPage
from .description import Map, id_to_c
from .errors import BusyError, ClosedError, InvalidError, LlmpError
from .hooks import Callbacks, Hook
from .options import broker_options, milliseconds
from .stats import BrokerStats, ClientStats, broker_stats, client_stats

if TYPE_CHECKING:
    from typing_extensions import Buffer, Unpack

    from .options import BrokerOptions

_H = TypeVar("_H", bound=Hook)
_F = TypeVar("_F", bound=Callable[[], object])


class Broker(OnPage):
    """Forwards what each client sends to all of them.

    ::

        with llmp.Broker() as broker:
            port = broker.listen(0)
            broker.start()  # or run() here
            ...

    It takes the options of :class:`llmp.BrokerOptions` as keyword arguments.

    **Threads.** One thread at a time, and while it runs that is the thread it runs in: all
    methods but stop(), stats(), client_stats(), join() and close() raise BusyError then. Inside a
    hook only send() and stop() work.

    **Hooks that raise.** The message goes on unchanged, the broker stops, and the exception is
    raised by run(), once(), join() or close(), whichever comes first. When it can be raised
    nowhere, or is not the first, it goes to ``threading.excepthook``.
    """

    _noun = "broker"
    _closed_at_exit = 1
    _env_suffixes = ("", "_SIZE")

    def __init__(self, **options: Unpack[BrokerOptions]) -> None:
        struct = broker_options(options)
        what = "llmp.Broker: use it in a with block, or call close()"
        self._adopt(opened(_lib.load().llmp_broker_new, "broker", what, struct))

    @classmethod
    def _borrowed(cls, owner: Ownership) -> Broker:
        broker = cls.__new__(cls)
        broker._adopt(owner)
        return broker

    def _adopt(self, owner: Ownership) -> None:
        self._callbacks = Callbacks(owner.keep)
        self._started: threading.Event | None = None  # set when the thread of start() has ended
        self._outcome: BaseException | None = None
        super().__init__(owner)

    def _make_locks(self) -> None:
        # Held by whoever uses the broker, for as long as run() runs.
        self._use = self._send_lock = self._recv_lock = threading.RLock()
        # Held while the handle must not go away.
        self._life = threading.RLock()

    @contextmanager
    def _using(self) -> Iterator[None]:
        if self._in_hook():
            raise BusyError("inside a hook only send() and stop() of its broker work")
        if not self._use.acquire(blocking=False):
            raise BusyError(
                "this broker runs in another thread: do it before start(); a hook, or a client,"
                " can send meanwhile"
            )
        try:
            yield
        finally:
            self._use.release()

    def _in_hook(self) -> bool:
        return self._callbacks.thread == threading.get_ident()

    # ------------------------------------------------------------------ before it runs

    def listen(self, port: int = 0) -> int:
        """Listen for clients and other brokers; return the port.

        Clients are let in while run() or once() is called.

        Args:
            port: 0 picks one that is free.

        Raises:
            BusyError: the port is taken; another broker may run there.
            PermissionDeniedError, InvalidError, InputOutputError.
        """
        number = unsigned("a port", port, 16)
        with self._using():
            return self._check(self._function("listen")(self._handle, number))

    def connect_b2b(self, host: str, port: int) -> None:
        """Join this broker with the one at host:port; messages then cross both ways, once.

        Raises:
            RefusedError, TimedOutError, ProtocolError.
        """
        name, number = host.encode(), unsigned("a port", port, 16)
        if b"\0" in name:
            raise InvalidError(f"{host!r} is no name of a host")
        connect = self._function("connect_b2b")

        def work() -> int:
            with self._using():
                return self._check(connect(self._handle, name, number))

        interruptible(work, lambda _: None)

    def add_client(self, page: Map) -> int:
        """Add a client by the page it sends on, as if it had been announced; return its id.

        Raises:
            NotFoundError, CorruptError, InvalidError.
        """
        name, size = id_to_c(page.id), unsigned("the size of a map", page.size, 63)
        with self._using():
            return self._check(self._function("add_client")(self._handle, name, size))

    def add_hook(self, hook: _H) -> _H:
        """Have hook(client, message) called for each message; return it: it can be a decorator.

        Hooks are called one at a time, in the order they were added, in a thread that runs the
        broker. A hook gets the id of the client that the message came from and a HookMessage,
        which it may change, and returns FORWARD (or None) or DROP.
        """
        if not callable(hook):
            raise TypeError(f"a hook is a function, not {type(hook).__name__}")
        with self._using():
            self._check(self._function("add_hook")(self._handle, self._callbacks.hook(hook), None))
        return hook

    def on_timeout(self, function: _F) -> _F:
        """Have function() called by run() after each ``timeout`` without a message; return it."""
        if not callable(function):
            raise TypeError(f"what on_timeout takes is a function, not {type(function).__name__}")
        with self._using():
            self._check(
                self._function("on_timeout")(self._handle, self._callbacks.timeout(function), None)
            )
        return function

    def map(self) -> Map:
        """Return the page where one new client begins to read, for Client.new().

        Once that has attached it, this returns another page.
        """
        with self._using():
            return super().map()

    def to_env(self, name: str) -> None:
        """Set the variables NAME and NAME_SIZE to that page, for Client.new_from_env()."""
        with self._using():
            super().to_env(name)

    # ------------------------------------------------------------------ running

    def once(self) -> int:
        """Forward what all clients have sent until now, admit waiting ones.

        Returns:
            How many messages were handled.

        Raises:
            What a hook raised; all messages were handled.
        """
        with self._using():
            handled = self._check(self._function("once")(self._handle))
        self._raise_hook_error()
        return handled

    def run(self, timeout: float | None = None) -> None:
        """Run until stop(), or until ``exit_after_clients`` have come and all have gone.

        Then the broker has ended: its clients were told so; it can be closed, and asked for its
        statistics. Sleeps when there is nothing to do. Ctrl-C interrupts it: in the main thread
        the broker runs in a helper thread, where its hooks are called, too.

        Args:
            timeout: seconds without a message after which the function of on_timeout() is called,
                and again; without such a function, TimedOutError is raised. None: no time-out.

        Raises:
            TimedOutError: see timeout.
            What a hook raised.
        """
        _run([self], "run", _interval(timeout))

    def start(self, timeout: float | None = None) -> None:
        """Run in a background thread, as run() does, until stop() or close().

        The thread ends with the program at the latest. How it ended is told by join() or close().

        Raises:
            BusyError: it runs already.
        """
        interval = _interval(timeout)
        ready, ended = threading.Event(), threading.Event()

        def work() -> None:
            try:
                with self._use:
                    ready.set()
                    _run([self], "run", interval)
            except BaseException as error:
                self._outcome = error
            finally:
                ended.set()

        with self._using():
            if self._started is not None:
                raise BusyError("this broker was started already: join() it first")
            self._check(0 if self._handle is not None else -1)
            threading.Thread(target=work, name="llmp broker", daemon=True).start()
            self._started = ended
        ready.wait()

    def stop(self) -> None:
        """Make run() return soon, the current or the next one, and the bus end.

        Any thread, and hooks; from a signal handler, too.
        """
        # A hook holds up the library, which whoever holds this lock may be waiting for.
        with nullcontext() if self._in_hook() else self._life:
            self._check(self._function("stop")(self._handle))

    def join(self, timeout: float | None = None) -> bool:
        """Wait until a broker that was started has ended; return False when the time is over.

        Args:
            timeout: seconds; None waits for ever.

        Raises:
            What a hook raised, or what run() would have raised.
        """
        if self._in_hook():
            raise BusyError("inside a hook only send() and stop() of its broker work")
        if self._started is not None:
            if not wait_in_slices(self._started, timeout):
                return False
            self._started = None
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            raise outcome
        self._raise_hook_error()
        return True

    @property
    def running(self) -> bool:
        """Whether the thread of start() is running."""
        return self._started is not None and not self._started.is_set()

    def send(self, tag: int, data: Buffer, flags: int = 0) -> None:
        """Broadcast a message of the broker's own, as client 0. Hooks do not see it.

        Inside a hook it is sent after the current message. Args and errors as Client.send().
        """
        place, size = _memory.argument(data)
        tag, flags = u32("a tag", tag), u32("flags", flags)
        if self._in_hook():
            self._check(self._function("send")(self._handle, tag, flags, place, size))
            return
        with self._using():
            self._check(self._function("send")(self._handle, tag, flags, place, size))

    # ------------------------------------------------------------------ figures

    def stats(self) -> BrokerStats:
        """Return what the broker has counted. Any thread, not in a hook."""
        with self._counting():
            return broker_stats(lambda *a: self._check(self._function("stats")(self._handle, *a)))

    def client_stats(self) -> list[ClientStats]:
        """Return what the broker has counted for each client. Any thread, not in a hook."""
        with self._counting():
            return client_stats(
                lambda *a: self._check(self._function("client_stats")(self._handle, *a))
            )

    @contextmanager
    def _counting(self) -> Iterator[None]:
        if self._in_hook():
            raise BusyError("inside a hook only send() and stop() of its broker work")
        with self._life:
            yield

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Stop, tell all clients that the bus ends, free everything.

        May be called again, and from any thread, not in a hook. In a forked child it only lets
        go.

        Raises:
            What a hook raised, or what ended the thread of start(), if nobody was told yet. The
            broker is closed all the same.
        """
        if self._handle is None:
            return
        if not self._owner.here():
            self._handle = None
            self._owner.close()
            return
        if self._in_hook():
            raise BusyError("a hook cannot close its broker: stop() it")
        with self._life:
            if self._handle is not None:
                self.stop()
        with self._use, self._life:  # run() has returned
            if self._handle is None:
                return
            self._handle = None
            result = self._owner.close()
        self.join()
        _lib.check(result)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception as problem:
            if error is None:
                raise
            self._callbacks.report(problem)  # not to hide the error under way

    def _raise_hook_error(self) -> None:
        error = self._callbacks.take_error()
        if error is not None:
            raise error

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except Exception as error:
            self._callbacks.report(error)

    def _report_errors(self) -> None:
        """Report what was raised and could not be told to anybody."""
        for error in (self._outcome, self._callbacks.take_error()):
            if error is not None:
                self._callbacks.report(error)
        self._outcome = None

    def __del__(self) -> None:
        if hasattr(self, "_callbacks"):  # __init__ came so far
            self._report_errors()


def run_brokers(brokers: Sequence[Broker], timeout: float | None = None) -> None:
    """Run several brokers in one loop, until each has ended as in Broker.run().

    Args and errors as Broker.run(). A hook that raises, and Ctrl-C, stop all of them.
    """
    if brokers:
        _run(list(brokers), "brokers_run", _interval(timeout))


def _interval(timeout: float | None) -> int:
    ms = milliseconds(timeout)
    if ms == 0:
        raise InvalidError("the time-out of a broker is None or more than 0 seconds")
    return ms


def _run(brokers: list[Broker], verb: str, interval: int) -> None:
    first = brokers[0]

    def stop_all() -> None:
        for broker in brokers:
            with suppress(ClosedError):
                broker.stop()

    def work() -> None:
        with ExitStack() as stack:
            for broker in brokers:
                stack.enter_context(broker._using())
                broker._check(0 if broker._handle is not None else -1)
                stack.callback(setattr, broker._callbacks, "stop", broker._callbacks.stop)
                broker._callbacks.stop = stop_all
            if verb == "run":
                code = first._function("run")(first._handle, interval)
            else:
                handles = _memory.addresses([broker._handle for broker in brokers])
                code = _lib.load().llmp_brokers_run(handles, len(brokers), interval)
            first._check(code)

    try:
        interruptible(work, lambda _: None, interrupt=stop_all)
    except LlmpError:
        for broker in brokers:
            broker._raise_hook_error()
        raise
    for broker in brokers:
        broker._raise_hook_error()
