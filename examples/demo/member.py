"""A member of the demo's bus, in Python. See member.c."""

import sys
import time
import zlib
from pathlib import Path

import llmp

TAG_FILE = 0x46494C45  # "FILE"
PATIENCE = 20.0  # seconds, for the next message


class Tally:
    def __init__(self) -> None:
        self.sent = self.sent_bytes = 0
        self.received = self.received_bytes = self.checksum = 0

    def send(self, bus: llmp.Client, name: str) -> None:
        data = Path(name).read_bytes()
        bus.send(TAG_FILE, data)
        self.sent += 1
        self.sent_bytes += len(data)

    def take(self, message: llmp.Message) -> None:
        if message.tag != TAG_FILE:
            return
        size = len(message.data)
        self.received += 1
        self.received_bytes += size
        self.checksum += (zlib.crc32(message.data) << 32) + size
        if self.received % 16 == 0:
            print("received", self.received, flush=True)


def main() -> None:
    port, total, names = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    tally = Tally()
    start = time.monotonic()
    with llmp.Client.connect(port) as bus:
        for name in names.read_text().splitlines():
            tally.send(bus, name)
            while (message := bus.recv(timeout=0)) is not None:
                tally.take(message)
        while tally.received < total:
            message = bus.recv(timeout=PATIENCE)
            if message is None:
                sys.exit("no message came for too long")
            tally.take(message)
        seconds = time.monotonic() - start
        print(
            f"done sent={tally.sent} sent_bytes={tally.sent_bytes}"
            f" received={tally.received} received_bytes={tally.received_bytes}"
            f" checksum={tally.checksum % 2**64:016x} seconds={seconds:.3f}",
            flush=True,
        )


main()
