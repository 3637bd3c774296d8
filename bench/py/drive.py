"""Measures what the bus costs a Python program, on this machine, now.

Prints JSON, an object a line. bench/run calls it, with the library in $LLMP_LIBRARY.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, NamedTuple

import llmp

TAG = 0x4242
BATCH = 1024


class Way(NamedTuple):
    """How a batch is sent and received."""

    name: str
    send: Callable[[llmp.Client, bytes], None]
    receive: Callable[[llmp.Client], None]


def send_singly(client: llmp.Client, payload: bytes) -> None:
    send = client.send
    for _ in range(BATCH):
        send(TAG, payload)


def receive_singly(client: llmp.Client) -> None:
    receive = client.recv
    for _ in range(BATCH):
        if receive(0) is None:
            raise SystemExit("a message is missing")


def send_together(client: llmp.Client, payload: bytes) -> None:
    client.send_many([(TAG, payload)] * BATCH)


def receive_copies(client: llmp.Client) -> None:
    left = BATCH
    while left:
        messages = client.recv_many(left, timeout=0)
        if not messages:
            raise SystemExit("a message is missing")
        left -= len(messages)


def receive_batches(client: llmp.Client) -> None:
    left = BATCH
    while left:
        with client.recv_batch(left, timeout=0) as batch:
            if not batch:
                raise SystemExit("a message is missing")
            left -= len(batch)


WAYS = (
    Way("single", send_singly, receive_singly),
    Way("many", send_together, receive_copies),
    Way("batch", send_together, receive_batches),
)


@contextmanager
def driven(broker: llmp.Broker, work: Callable[[], None]) -> Iterator[None]:
    """Drive the broker while work, in a thread, needs it."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        broker.once()
        time.sleep(0.0005)
    thread.join()
    yield


def connect(broker: llmp.Broker, port: int) -> llmp.Client:
    """Return a client of a broker that this thread drives."""
    clients: list[llmp.Client] = []
    with driven(broker, lambda: clients.append(llmp.Client.connect(port))):
        return clients[0]


def drain(client: llmp.Client) -> None:
    """Read what is unread: its own messages are not what is measured, but hold up the bus."""
    while client.recv_batch(4096, timeout=0):
        pass


def measure(way: Way, size: int, batches: int, turn: int) -> None:
    payload = b"\x5a" * size
    spans: dict[str, list[int]] = {"send": [], "receive": []}
    clock = time.perf_counter_ns
    with llmp.Broker() as broker:
        port = broker.listen(0)
        sender, receiver = connect(broker, port), connect(broker, port)
        for _ in range(batches):
            t0 = clock()
            way.send(sender, payload)
            t1 = clock()
            forwarded = 0
            while forwarded < BATCH:
                forwarded += broker.once()
            t2 = clock()
            way.receive(receiver)
            t3 = clock()
            spans["send"].append(t1 - t0)
            spans["receive"].append(t3 - t2)
            drain(sender)
        for client in (sender, receiver):
            drain(client)
            with driven(broker, client.close):
                pass
    for step, values in spans.items():
        report(f"{way.name} {step}", size, turn, [value / BATCH for value in values])


def report(step: str, size: int, turn: int, samples: list[float]) -> None:
    samples.sort()
    row = {"bench": "python", "peer": "llmp Python", "step": step, "size": size, "turn": turn}
    shares = {"p10": 0.10, "p50": 0.50, "p90": 0.90, "p99": 0.99}
    spread = {name: samples[int(share * len(samples))] for name, share in shares.items()}
    mean = sum(samples) / len(samples)
    print(
        json.dumps({**row, "unit": "ns/message", "samples": len(samples), **spread, "mean": mean})
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="64", help="bytes, separated by commas")
    parser.add_argument("--batches", type=int, default=100, help=f"of {BATCH} messages")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--timeout", type=int, default=300, help="seconds the process may take")
    options = parser.parse_args()
    signal.alarm(options.timeout)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for turn in range(options.turns):
        for size in map(int, options.sizes.split(",")):
            for way in WAYS:
                measure(way, size, options.batches, turn)
                sys.stdout.flush()


if __name__ == "__main__":
    main()
