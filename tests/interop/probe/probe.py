"""The Python side of these tests, on package llmp.

It has the commands and the lines of the Rust peer, see USAGE in ../src/main.rs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from typing import Any, Callable

import llmp


class Series:
    """A row of messages under one tag: number start up to, not including, end."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Take the series from the command line."""
        self.sizes = [int(size) for size in args.sizes.split(",")]
        self.seed: int = args.seed
        self.tag: int = args.tag or 0
        self.flags: int = args.flags
        self.start: int = args.start
        self.end: int = args.start + args.count

    def payload(self, index: int) -> bytes:
        """Return the payload of message index."""
        size = self.sizes[index % len(self.sizes)]
        base = (131 * self.seed + 31 * index) % 256
        return (_ROUND * (size // 256 + 2))[base : base + size]


_ROUND = bytes(range(256))


class Incoming:
    """Which messages are reported, and how many; limit None: until the broker ends."""

    def __init__(
        self, limit: int | None = 0, tag: int | None = None, skip_own: bool = False
    ) -> None:
        """Report messages of one tag, or of all."""
        self.limit = limit
        self.tag = tag
        self.skip_own = skip_own
        self.got = 0

    def complete(self) -> bool:
        """Tell whether all that is wanted has come."""
        return self.limit is not None and self.got >= self.limit

    def take(self, message: llmp.MessageView, own: bool) -> None:
        """Report a message if it is wanted."""
        wanted = self.tag in (None, message.tag) and not (own and self.skip_own)
        if wanted and not self.complete():
            report_message(self.got, message)
            self.got += 1


def report(event: str, **fields: Any) -> None:
    """Print a line."""
    print(json.dumps({"event": event, **fields}), flush=True)


def report_message(index: int, message: llmp.MessageView) -> None:
    """Print a message that came."""
    report(
        "message",
        index=index,
        sender=message.sender,
        tag=message.tag,
        flags=message.flags,
        len=len(message.data),
        sha256=hashlib.sha256(message.data).hexdigest(),
    )


def done(sent: int, received: int) -> None:
    """Print the last line."""
    report("done", sent=sent, received=received)


def send_all(sender: llmp.Client | llmp.Sender, out: Series) -> None:
    """Send a series, every other message in place."""
    for index in range(out.start, out.end):
        payload = out.payload(index)
        if index % 2:
            sender.send(out.tag, payload, out.flags)
        else:
            with sender.alloc(out.tag, len(payload), out.flags) as room:
                room.data[:] = payload


class Sending(threading.Thread):
    """A thread that sends a series; finish() says how that went."""

    def __init__(self, sender: llmp.Client | llmp.Sender, out: Series) -> None:
        """Start to send."""
        super().__init__(daemon=True)
        self._work: Callable[[], None] = lambda: send_all(sender, out)
        self._failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Send."""
        try:
            self._work()
        except llmp.LlmpError as failure:
            self._failure = failure

    def finish(self) -> None:
        """Wait for the end, and raise what it raised."""
        self.join()
        if self._failure is not None:
            raise self._failure


def exchange(
    bus: llmp.Client,
    sender: llmp.Client | llmp.Sender,
    out: Series,
    incoming: Incoming,
    back: int,
    back_until: int,
) -> None:
    """Send out, report what is wanted, and wait for the sender's own messages.

    Those from index back to below back_until have to come back as they were sent.
    """
    sending = Sending(sender, out)
    while back < back_until or not incoming.complete():
        try:
            message = bus.recv(copy=False)
        except llmp.ClosedError:
            if incoming.limit is not None:
                raise
            report("closed")
            break
        own = message.sender == sender.id
        if own and message.tag == out.tag and back < back_until:
            if message.data != out.payload(back):
                raise SystemExit(f"own message {back} came back changed")
            back += 1
        incoming.take(message, own)
    sending.finish()


def connect(args: argparse.Namespace) -> llmp.Client:
    """Join the bus."""
    bus = llmp.Client.connect(args.port, provider=args.provider)
    report("joined", client_id=bus.id)
    return bus


def converse(args: argparse.Namespace, out: Series, incoming: Incoming) -> None:
    """Send and receive as a client of a broker."""
    with connect(args) as bus:
        exchange(bus, bus, out, incoming, out.start, out.end)
    done(out.end - out.start, incoming.got)


def send(args: argparse.Namespace) -> None:
    """Send a series."""
    converse(args, Series(args), Incoming())


def recv(args: argparse.Namespace) -> None:
    """Report what comes."""
    incoming = Incoming(args.count or None, args.tag, args.skip_own)
    args.count = 0
    converse(args, Series(args), incoming)


def mixed(args: argparse.Namespace) -> None:
    """Do both at once."""
    converse(args, Series(args), Incoming(args.receive, skip_own=True))


def echo(args: argparse.Namespace) -> None:
    """Answer each message under another tag."""
    seen = back = 0
    with connect(args) as bus:
        while back < args.count:
            message = bus.recv()
            if message.sender == bus.id and message.tag == args.reply_tag:
                back += 1
            elif message.tag == args.tag and seen < args.count:
                bus.send(args.reply_tag, message.data)
                seen += 1
    done(seen, seen)


def detach(args: argparse.Namespace) -> None:
    """Tell the broker to forget a client."""
    llmp.Client.detach(args.port, args.as_id)
    done(0, 0)


def begin(args: argparse.Namespace) -> llmp.Client:
    """Send, and read all own messages but the last ones that are to stay unread."""
    bus, out = connect(args), Series(args)
    exchange(bus, bus, out, Incoming(), out.start, out.end - args.leave_unread)
    return bus


def leave(sent: int) -> None:
    """End without closing the client: it is another process's by now."""
    done(sent, 0)
    os._exit(0)


def resume(args: argparse.Namespace, bus: llmp.Client) -> None:
    """Go on where another process stood."""
    out, incoming = Series(args), Incoming(args.receive)
    with bus:
        report("joined", client_id=bus.id)
        exchange(bus, bus, out, incoming, out.start - args.unread, out.end)
    done(out.end - out.start, incoming.got)


def to_env(args: argparse.Namespace) -> None:
    """Hand over by the environment."""
    bus = begin(args)
    bus.to_env(args.name)
    subprocess.run(args.rest, check=True, close_fds=True)
    leave(args.count)


def from_env(args: argparse.Namespace) -> None:
    """Take over by the environment."""
    resume(args, llmp.Client.from_env(args.name, provider=args.provider))


def describe(args: argparse.Namespace) -> None:
    """Hand over by a description."""
    bus = begin(args)
    report("description", postcard=bus.describe().to_bytes().hex())
    sys.stdin.read()
    leave(args.count)


def from_description(args: argparse.Namespace) -> None:
    """Take over by a description."""
    place = bytes.fromhex(args.description)
    resume(args, llmp.Client.from_description(place, provider=args.provider))


def announce(args: argparse.Namespace) -> None:
    """Tell the broker about another page."""
    with connect(args) as bus:
        if args.map is not None:
            _announce(bus, llmp.Map(args.map, args.size))
            args.count = 0
        else:
            with llmp.Sender.new(args.as_id, provider=args.provider) as second:
                _announce(bus, second.map())
                out = Series(args)
                exchange(bus, second, out, Incoming(), out.start, out.end)
    done(args.count, 0)


def _announce(bus: llmp.Client, page: llmp.Map) -> None:
    bus.announce(page)
    report("announced", id=page.id, size=page.size)


def p2p_send(args: argparse.Namespace) -> None:
    """Send without a broker."""
    with llmp.Client.p2p(args.as_id, provider=args.provider) as channel:
        report("description", postcard=channel.describe().to_bytes().hex())
        send_all(channel, Series(args))
        sys.stdin.read()
    done(args.count, 0)


def p2p_recv(args: argparse.Namespace) -> None:
    """Take the receiving half of another process's channel."""
    page = llmp.Description.from_bytes(bytes.fromhex(args.description)).receiver
    with closing(llmp.Receiver.on(page, provider=args.provider)) as channel:
        for index in range(args.count):
            report_message(index, channel.recv(copy=False))
    done(0, args.count)


COMMANDS = {
    "send": send,
    "recv": recv,
    "mixed": mixed,
    "echo": echo,
    "to-env": to_env,
    "from-env": from_env,
    "describe": describe,
    "from-description": from_description,
    "announce": announce,
    "detach": detach,
    "p2p-send": p2p_send,
    "p2p-recv": p2p_recv,
}


def number(text: str) -> int:
    """Read a number, decimal or 0x..."""
    return int(text, 0)


def parse() -> argparse.Namespace:
    """Read the command line."""
    words = sys.argv[1:]
    rest: list[str] = []
    if "--" in words:
        cut = words.index("--")
        words, rest = words[:cut], words[cut + 1 :]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--provider", default="sysv")
    parser.add_argument("--sizes", default="0")
    parser.add_argument("--skip-own", action="store_true")
    for name in ("name", "map", "description"):
        parser.add_argument("--" + name)
    for name in ("port", "count", "start", "seed", "flags", "receive", "reply-tag", "size"):
        parser.add_argument("--" + name, type=number, default=0)
    for name in ("leave-unread", "unread"):
        parser.add_argument("--" + name, type=number, default=0)
    parser.add_argument("--tag", type=number)
    parser.add_argument("--as-id", type=number, default=1)
    parser.add_argument("--timeout", type=number, default=60)
    return parser.parse_args(words, argparse.Namespace(rest=rest))


def give_up() -> None:
    """End the process from the timer's thread."""
    report("error", error="not done in time")
    os._exit(124)


def main() -> None:
    """Run one command."""
    args = parse()
    timer = threading.Timer(args.timeout, give_up)
    timer.daemon = True
    timer.start()
    try:
        COMMANDS[args.command](args)
    except (llmp.LlmpError, OSError) as failure:
        report("error", error=f"{type(failure).__name__}: {failure}")
        sys.exit(1)


if __name__ == "__main__":
    main()
